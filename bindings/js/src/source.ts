// Where the wasm of the registry comes from: it is text of this module, so that whatever bundles the module bundles the wasm.

import { bytesOf } from "./bytes.js";
import wasm from "./wasm/liveset_bg.wasm";

export function registryWasm(): BufferSource {
  return bytesOf(wasm);
}
