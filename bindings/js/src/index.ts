// `import { Registry } from "liveset"`: synchronous, the wasm is inside.

export { Cause, ErrorCode, LivesetError, Registry, State } from "./liveset.js";
export type * from "./api.js";
