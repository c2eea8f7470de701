// What the hashes of a registry begin with.

/** 128 random bits: names come from strangers, and wasm has no randomness of its own. They never reach an output. */
export function seed(): Uint32Array {
  return crypto.getRandomValues(new Uint32Array(4));
}
