import { cases as loop } from "./loop.js";
import { cases as refusals } from "./refusals.js";
import { cases as snapshots } from "./snapshots.js";
import { cases as verbs } from "./verbs.js";

export const all = { loop, verbs, refusals, "snapshots, vectors, scenarios": snapshots };
