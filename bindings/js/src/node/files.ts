// Files, where there are any.

interface Files {
  openSync(path: string): number;
  readSync(file: number, into: Uint32Array): number;
  closeSync(file: number): void;
  readFileSync(path: string): Uint8Array<ArrayBuffer>;
}

/** What `use` makes of them; nothing where there are none (no Node, or one before 20.16), or where they fail. */
export function withFiles<T>(use: (files: Files) => T): T | undefined {
  // It would ask its user for leave to read them.
  if ("Deno" in globalThis) return undefined;
  // A `require` would be in the way of bundlers for browsers.
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): Files } };
  try {
    const files = process?.getBuiltinModule?.("node:fs");
    return files && use(files);
  } catch {
    return undefined;
  }
}
