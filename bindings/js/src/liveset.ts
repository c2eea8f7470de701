// Everything there is, with the wasm inlined and started on import. `liveset` and `liveset/testing` are parts of this one module, so
// that a process holds one wasm whichever of them it imports, and however.

import { loadNow } from "./engine.js";
import wasm from "./wasm/liveset_bg.wasm";

loadNow(wasm);

export * from "./api.js";
export { playScenario, type Report } from "./play.js";
export { type TimedNotice, VirtualTime } from "./virtual.js";
