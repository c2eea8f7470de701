// `import { playScenario, VirtualTime } from "liveset/testing"`: for test suites.

export { playScenario, type Report } from "./play.js";
export { type TimedNotice, VirtualTime } from "./virtual.js";
