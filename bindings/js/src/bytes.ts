// Bytes out of text, for wasm that is within a module.

/** By the platform where it can: a loop of our own takes longer than compiling what comes out. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  type Bytes = Uint8Array<ArrayBuffer>;
  const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Bytes };
  if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, base64);
  const { Buffer } = globalThis as { Buffer?: { from(text: string, encoding: "base64"): Bytes } };
  if (Buffer !== undefined) return Buffer.from(base64, "base64");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
