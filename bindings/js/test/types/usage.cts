// Checked by tsc: the types of the CommonJS entries.

import liveset = require("liveset");
import testing = require("liveset/testing");

const registry: liveset.Registry = new liveset.Registry({ policy: "nacos_2_5" });
const stale: liveset.LeaseId[] = registry.beatMany(0, []);
const time: testing.VirtualTime = new testing.VirtualTime(registry);
// @ts-expect-error: a plain number is no lease
registry.beat(time.now, 5);

export = stale;
