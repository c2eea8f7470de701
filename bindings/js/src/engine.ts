// The wasm: loading it, and reading what it throws.

import { ErrorCode, type ErrorDocument, LivesetError, refusal } from "./error.js";
import init, { initSync } from "./wasm/liveset.js";

/** What the wasm can be loaded from. */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

let ready = false;

/** Compiles and starts it at once. */
export function loadNow(wasm: BufferSource): void {
  initSync({ module: wasm });
  ready = true;
}

/** Fetches it where that is needed, compiles it as it streams in, and starts it; once, however often it is called. */
export async function load(from: WasmSource | Promise<WasmSource>): Promise<void> {
  await init({ module_or_path: from });
  ready = true;
}

/** Refuses to go on without it. */
export function loaded(): void {
  if (!ready) throw new LivesetError(ErrorCode.closed, "the wasm is not loaded yet: await the default export of liveset/slim first");
}

/** Runs a call; the wasm throws a refusal as the text of its error document. */
export function refusing<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw typeof thrown === "string" ? refusal(JSON.parse(thrown) as ErrorDocument) : thrown;
  }
}
