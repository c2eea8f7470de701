// Everything there is, with the wasm inlined and started on import. `liveset` and `liveset/testing` are parts of this one module, so
// that a process holds one wasm whichever of them it imports, and however.

import { loadNow } from "./engine.js";
import wasm from "./wasm/liveset_bg.wasm";

loadNow(bytesOf(wasm));

export * from "./api.js";
export { playScenario, type Report } from "./play.js";
export { type TimedNotice, VirtualTime } from "./virtual.js";

/** By the platform where it can: a loop of our own takes longer than compiling what comes out. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  type Bytes = Uint8Array<ArrayBuffer>;
  const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Bytes };
  if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, base64);
  const { Buffer } = globalThis as { Buffer?: { from(text: string, encoding: "base64"): Bytes } };
  if (Buffer !== undefined) return Buffer.from(base64, "base64");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
