// Snapshots, vectors, scenarios, and many registries.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Cause, ErrorCode, LivesetError, Registry } from "liveset";
import { playScenario, VirtualTime } from "liveset/testing";
import { open } from "../../tools/package.mjs";
import { replay, vectorFiles } from "../../tools/vectors.mjs";
import { refusalOf, using_ } from "./loop.js";

const core = fileURLToPath(new URL("../../../../core/", import.meta.url));

export const cases = {
  "a restored registry equals the one that was written, future ids included"() {
    using_(filled(), (registry) => {
      const snapshot = registry.snapshot();
      assert.ok(snapshot instanceof Uint8Array);
      using_(Registry.restore(snapshot), (restored) => {
        assert.equal(restored.digest(), registry.digest());
        const claim = { service: "s", address: "later:1", source: "later" };
        assert.deepEqual(restored.register(60_000, claim), registry.register(60_000, claim));
        assert.equal(restored.digest(), registry.digest());
        assert.deepEqual(restored.snapshot(), registry.snapshot());
      });
      using_(Registry.restore(Buffer.from(snapshot)), (restored) => assert.notEqual(restored.digest(), ""));
    });
  },

  "a snapshot that is damaged anywhere is refused, and so is what is none"() {
    const snapshot = using_(filled(), (registry) => registry.snapshot());
    for (let length = 0; length < snapshot.length; length += 1 + (snapshot.length >> 6)) {
      assert.equal(refusalOf(() => Registry.restore(snapshot.subarray(0, length)))?.code, ErrorCode.corruptSnapshot);
    }
    for (let place = 0; place < snapshot.length; place += 1 + (snapshot.length >> 7)) {
      const damaged = Uint8Array.from(snapshot);
      damaged[place] ^= 0x40;
      const refused = refusalOf(() => Registry.restore(damaged));
      assert.ok([ErrorCode.corruptSnapshot, ErrorCode.newerSnapshot].includes(refused?.code), `byte ${place}`);
    }
    for (const bad of [undefined, null, "bytes", [1, 2], new ArrayBuffer(8), Uint16Array.of(1), {}, 5]) {
      const refused = refusalOf(() => Registry.restore(bad));
      assert.deepEqual([refused?.code, refused?.field], [ErrorCode.invalid, "snapshot"]);
    }
  },

  "many registries are opened and closed, and live side by side"() {
    const kept = [];
    for (let round = 0; round < 2_000; round++) {
      const registry = filled();
      if (round % 100 === 0) kept.push(registry);
      else registry.close();
    }
    assert.equal(new Set(kept.map((registry) => registry.digest())).size, 1);
    for (const registry of kept) registry.close();
  },

  ...Object.fromEntries(
    vectorFiles(`${core}vectors`).map((name) => [
      `the vector holds: ${name}`,
      () => void replay(readFileSync(`${core}vectors/${name}`, "utf8"), name, open),
    ]),
  ),

  "a vector that does not hold is noticed: one digit of one digest, one word of one answer"() {
    const [name] = vectorFiles(`${core}vectors`);
    const lines = readFileSync(`${core}vectors/${name}`, "utf8").trimEnd().split("\n");
    const last = JSON.parse(lines.at(-1));
    for (const change of [{ digest: last.digest.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) }, { answer: { error: { code: 200 } } }]) {
      const spoilt = [...lines.slice(0, -1), JSON.stringify({ ...last, ...change })].join("\n");
      assert.throws(() => replay(spoilt, name, open), assert.AssertionError);
    }
  },

  "every scenario can be played, and its report says what came of it"() {
    for (const file of scenarios(`${core}scenarios/`)) {
      const report = playScenario(readFileSync(file, "utf8"));
      assert.ok(report.passed, `${file}: ${JSON.stringify(report.expectations)}`);
      assert.ok(report.title.length > 0 && report.timeline.length > 0, file);
    }
  },

  "what is no scenario is refused"() {
    for (const bad of [undefined, 5, null, "half \ud800"]) {
      assert.deepEqual(refusalOf(() => playScenario(bad))?.field, "scenario");
    }
    assert.ok(refusalOf(() => playScenario("this is no scenario")) instanceof LivesetError);
  },

  "virtual time goes from deadline to deadline, and brings each notice at its moment"() {
    using_(new Registry(), (registry) => {
      const time = new VirtualTime(registry);
      const { service } = registry.subscribe(time.now, { service: "orders", subscriber: "gateway" });
      const { lease } = registry.register(time.now, { service: "orders", address: "h:1", source: "a" });
      assert.deepEqual(time.pass(0).map(({ at, notice }) => [at, notice.revision]), [[0, 1]]);
      assert.deepEqual(time.pass(10_000), []);
      registry.beat(time.now, lease);
      assert.deepEqual(time.pass(60_000).map(({ at, notice }) => [at, notice.revision]), [[25_000, 2], [40_000, 3]]);
      assert.deepEqual([time.now, registry.nextDeadline()], [70_000, 100_000], "the empty service is forgotten after a minute");
      assert.equal(registry.changes(service).rows[0].cause, Cause.expired);
      assert.equal(refusalOf(() => time.pass(-1)).field, "ms");
      assert.equal(new VirtualTime(registry).now, 70_000);
    });
  },
};

function filled() {
  const registry = new Registry();
  const session = registry.openSession(0, "conn");
  for (let port = 0; port < 5; port++) {
    registry.register(port, { service: "s", address: { host: "h", port }, source: `a${port}`, session: port % 2 ? session : null });
  }
  registry.setOverride(9, { service: "s", address: "h:1", by: "ops", enabled: false, lifetime: { for: 5_000 } });
  registry.remove(10, { service: "s", address: "h:2", by: "ops" });
  registry.subscribe(11, { service: "s", subscriber: "g" });
  registry.advance(16_000);
  return registry;
}

function scenarios(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => folder + name).filter((file) => statSync(file).isFile());
}
