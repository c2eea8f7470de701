// Vectors: commands with the answers and digests that every language must give.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LivesetError, Registry } from "liveset";

/** Replays the files of a folder in the order of their names; yields `FILE DIGEST` for each. */
export function* replayFolder(folder, open = openPackage) {
  for (const name of vectorFiles(folder)) yield `${name} ${replay(readFileSync(join(folder, name), "utf8"), name, open)}`;
}

/** Names of the vector files. */
export function vectorFiles(folder) {
  return readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort();
}

/** Replays one file; returns its last digest, and throws at the first answer or digest that differs. */
export function replay(vector, name, open = openPackage) {
  const [header, ...steps] = vector.trimEnd().split("\n").map((line) => JSON.parse(line));
  const registry = open(header.policy);
  let digest = registry.digest();
  steps.forEach((step, index) => {
    const where = `${name}, line ${index + 2}: ${JSON.stringify(step.command)}`;
    assert.deepEqual(registry.answer(step.now, step.command), registry.comparable(step), where);
    digest = registry.digest();
    assert.equal(digest, step.digest, where);
  });
  registry.close();
  return digest;
}

/** The package: the calls of its own where a command has one, and `apply` for the rest. */
function openPackage(policy) {
  const registry = new Registry({ policy });
  const calls = {
    beat: (now, { lease }) => registry.beat(now, lease),
    beat_many: (now, { leases }) => ({ stale: registry.beatMany(now, leases) }),
    advance: (now) => registry.advance(now),
  };
  return {
    answer(now, command) {
      const [verb, body] = typeof command === "string" ? [command] : Object.entries(command)[0];
      try {
        return { ok: calls[verb]?.(now, body) ?? (verb in calls ? "done" : registry.apply(now, command)) };
      } catch (error) {
        if (!(error instanceof LivesetError)) throw error;
        const { code, message, field } = error;
        return { error: field === undefined ? { code, message } : { code, message, field } };
      }
    },
    /** What the vector says, in the words of the call that answers. */
    comparable({ command, answer }) {
      const verb = typeof command === "string" ? command : Object.keys(command)[0];
      if ("error" in answer) return answer;
      if (verb === "advance" || verb === "beat") return { ok: "done" };
      return verb === "beat_many" ? { ok: answer.ok.beaten_many } : answer;
    },
    digest: () => registry.digest(),
    close: () => registry.close(),
  };
}
