// `import init, { Registry } from "liveset/slim"`: the wasm is a file of its own, which a page fetches and compiles as it streams in.

export { load as default, type WasmSource } from "./engine.js";
export * from "./api.js";
