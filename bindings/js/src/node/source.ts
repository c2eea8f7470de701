// The same where Node loads it: the wasm is read from the file beside the module. As text, Node reads it as JavaScript first, for a
// third of the time that the package takes to start.

import { withFiles } from "./files.js";

declare const __filename: string | undefined;
declare const require: (path: "./inlined.cjs") => typeof import("../source.js");

export function registryWasm(): BufferSource {
  return beside() ?? require("./inlined.cjs").registryWasm();
}

/** Nothing where a bundler took the module elsewhere: under its own name it is beside its own wasm. */
function beside(): BufferSource | undefined {
  const folder = /^(.*[\\/])liveset\.cjs$/.exec(typeof __filename === "string" ? __filename : "")?.[1];
  return folder === undefined ? undefined : withFiles((files) => files.readFileSync(`${folder}liveset.wasm`));
}
