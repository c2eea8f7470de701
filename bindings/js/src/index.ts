// `import { Registry } from "liveset"`: synchronous, the wasm comes with it.

export { Cause, ErrorCode, LivesetError, Registry, State } from "./liveset.js";
export type * from "./api.js";
