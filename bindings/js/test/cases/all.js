import { cases as loop } from "./loop.js";
import { cases as refusals } from "./refusals.js";
import { cases as snapshots } from "./snapshots.js";

export const all = { loop, refusals, "snapshots, vectors, scenarios": snapshots };
