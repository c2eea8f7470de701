// `import { playScenario, VirtualTime } from "liveset/testing"`: for test suites.

export { playScenario, VirtualTime } from "./liveset.js";
export type { Report, TimedNotice } from "./liveset.js";
