// The same cases as under `node:test`, in the runner whose users this package is for.

import { describe, test } from "vitest";
import { all } from "../cases/all.js";

for (const [group, cases] of Object.entries(all)) {
  describe(group, () => {
    // All scenarios play in one case.
    for (const [sentence, run] of Object.entries(cases)) test(sentence, run, 120_000);
  });
}
