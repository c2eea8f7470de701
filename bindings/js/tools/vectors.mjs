// Vectors: commands with the answers and digests that every language must give.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Replays the files of a folder, in the order of their names, in the registries that `open` opens; yields `FILE DIGEST` for each.
 */
export function* replayFolder(folder, open) {
  for (const name of vectorFiles(folder)) yield `${name} ${replay(readFileSync(join(folder, name), "utf8"), name, open)}`;
}

/** Names of the vector files. */
export function vectorFiles(folder) {
  return readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort();
}

/** Replays one file; returns its last digest, and throws at the first answer or digest that differs. */
export function replay(vector, name, open) {
  const [header, ...steps] = vector.trimEnd().split("\n").map((line) => JSON.parse(line));
  const registry = open(header.policy);
  let digest = "";
  steps.forEach((step, index) => {
    const where = `${name}, line ${index + 2}: ${JSON.stringify(step.command)}`;
    assert.deepEqual(registry.answer(step.now, step.command), registry.comparable(step), where);
    digest = registry.digest();
    assert.equal(digest, step.digest, where);
  });
  registry.close();
  return digest;
}
