// `node tools/play.mjs FILE...`: plays scenarios through the package; the report document of each on a line of its own.

import { readFileSync } from "node:fs";
import { LivesetError } from "liveset";
import { playScenario } from "liveset/testing";

for (const file of process.argv.slice(2)) console.log(JSON.stringify(answer(readFileSync(file, "utf8"))));

function answer(scenario) {
  try {
    return { ok: playScenario(scenario) };
  } catch (error) {
    if (!(error instanceof LivesetError)) throw error;
    const { code, message, field } = error;
    return { error: field === undefined ? { code, message } : { code, message, field } };
  }
}
