// Every case under `node:test`; Vitest runs the same ones.

import { describe, test } from "node:test";
import { all } from "./cases/all.js";

for (const [group, cases] of Object.entries(all)) {
  describe(group, () => {
    for (const [sentence, run] of Object.entries(cases)) test(sentence, run);
  });
}
