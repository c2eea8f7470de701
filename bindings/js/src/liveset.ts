// The registry, with its wasm started on import. `liveset` and `liveset/testing` stand on this one module, so that a process holds
// one wasm of it and one class of errors, whichever of them it imports, and however.

import { loadNow } from "./engine.js";
import { registryWasm } from "./source.js";

loadNow(registryWasm());

export * from "./api.js";
export { text, whole } from "./check.js";
export { type ErrorDocument, refusal } from "./error.js";
