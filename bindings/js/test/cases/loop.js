// The loop of a host, and what it reads on the way.

import assert from "node:assert/strict";
import { Cause, ErrorCode, LivesetError, Registry, State } from "liveset";

const orders = { service: "orders", address: "10.0.0.1:8080" };

export const cases = {
  "the loop: open, register, beat a batch, advance, ask for the deadline, poll, read changes, ask why, close"() {
    const registry = new Registry({ policy: "strict" });
    const { subscription, service } = registry.subscribe(0, { service: "orders", subscriber: "gateway" });
    const registered = registry.register(0, { ...orders, source: "order-1", content: { weight: 2, metadata: { zone: "a" } } });
    const { lease, instance } = registered;
    assert.deepEqual(registered, { lease, instance, service, incarnation: 1, created: true, other_sources: [] });

    assert.deepEqual(registry.beatMany(5_000, [lease]), []);
    assert.equal(registry.nextDeadline(), 15_000, "early, as it may be: the beat moved what is due to 20 s");
    registry.advance(20_000);

    assert.deepEqual(registry.poll(), [{ kind: "changed", subscription, service, revision: 2 }]);
    assert.deepEqual(registry.poll(), []);
    const { revision, full, rows } = registry.changes(service);
    const state = State.present | State.enabled | State.served;
    assert.deepEqual([revision, full], [2, false]);
    assert.deepEqual(rows, [{ instance, revision: 2, state, cause: Cause.silent }]);
    assert.deepEqual(registry.instanceName(instance).address, { host: "10.0.0.1", port: 8080, cluster: "DEFAULT" });

    const why = registry.explain("orders", "10.0.0.1:8080");
    assert.equal(why.standing, "unhealthy");
    assert.match(why.sentences[0], /^unhealthy: no beat of order-1 for 15s/);
    assert.equal(why.leases[0].last_seen, 5_000);
    assert.deepEqual(why.remedies, [{ beat: { source: "order-1" } }]);

    registry.close();
    assert.throws(() => registry.advance(21_000), { code: ErrorCode.closed });
  },

  "nothing is pending in an empty registry"() {
    using_(new Registry(), (registry) => {
      assert.equal(registry.nextDeadline(), undefined);
      assert.deepEqual(registry.poll(), []);
      assert.match(registry.digest(), /^[0-9a-f]{16}$/);
    });
  },

  "stale leases come back from a batch in the order given, from an array and from a typed array"() {
    using_(new Registry(), (registry) => {
      const { lease } = registry.register(0, { ...orders, source: "a" });
      assert.deepEqual(registry.beatMany(1, [77, lease, 5]), [77, 5]);
      assert.deepEqual(registry.beatMany(2, Float64Array.of(77, lease, 5)), [77, 5]);
      assert.deepEqual(registry.beatMany(3, []), []);
    });
  },

  "polled notices and rows of changes, applied in order, rebuild the list that consumers get"() {
    using_(new Registry(), (registry) => {
      const { service } = registry.subscribe(0, { service: "orders", subscriber: "gateway" });
      const copy = new Map();
      let seen = 0;
      const leases = new Map();
      for (let step = 0; step < 400; step++) {
        const now = step * 500;
        const port = (step * 7) % 23;
        const place = { service: "orders", address: { host: "h", port } };
        if (step % 5 === 0) registry.setOverride(now, { ...place, by: "ops", enabled: step % 10 === 0 });
        else leases.set(port, registry.register(now, { ...place, source: `s${step % 2}` }).lease);
        if (step % 11 === 0) registry.beatMany(now, [...leases.values()]);
        if (step % 17 === 0) refusalOf(() => registry.remove(now, { ...place, by: "ops", fence_for: 0 }));
        for (const notice of registry.poll()) {
          assert.equal(notice.kind, "changed");
          const { revision, full, rows } = registry.changes(service, seen);
          if (full) copy.clear();
          for (const row of rows) row.state === 0 ? copy.delete(row.instance) : copy.set(row.instance, row.state);
          assert.equal(notice.revision, revision);
          seen = revision;
        }
        const served = [...copy].filter(([, state]) => state & State.served);
        const rebuilt = served.map(([id, state]) => [registry.instanceName(id).address.port, (state & State.healthy) !== 0]);
        const listed = registry.instances("orders").instances.map((one) => [one.address.port, one.healthy]);
        assert.deepEqual(rebuilt.sort(byPort), listed);
      }
      assert.ok(copy.size > 10);
    });
  },

  "a reader too far behind gets the whole service"() {
    using_(new Registry(), (registry) => {
      for (let port = 0; port < 40; port++) registry.register(0, { service: "s", address: { host: "h", port }, source: "a" });
      const { service } = registry.subscribe(0, { service: "s", subscriber: "late" });
      const { full, rows, revision } = registry.changes(service, 1);
      assert.deepEqual([full, rows.length, revision], [true, 40, 40]);
      assert.equal(registry.changes(service, 39).rows.length, 1);
    });
  },

  "a silent session is probed, and lost when it does not answer"() {
    using_(new Registry(), (registry) => {
      const session = registry.openSession(0, "conn-1");
      registry.register(0, { ...orders, source: "order-1", session });
      registry.advance(20_000);
      assert.deepEqual(registry.poll(), [{ kind: "probe", session }]);
      registry.touchSession(21_000, session);
      registry.advance(41_000);
      assert.deepEqual(registry.poll(), [{ kind: "probe", session }]);
      registry.advance(46_000);
      assert.equal(registry.explain("orders", "10.0.0.1:8080").decided_by.rule, "session_lost");
      assert.equal(refusalOf(() => registry.touchSession(46_000, session)).code, ErrorCode.unknownSession);
    });
  },

  "a closed session takes its claims with it"() {
    using_(new Registry(), (registry) => {
      const session = registry.openSession(0, "conn-1");
      registry.register(0, { ...orders, source: "order-1", session });
      assert.equal(registry.closeSession(1, session), 1);
      assert.equal(registry.instances("orders", "operator").instances.length, 0);
    });
  },

  "what an operator switched off stays off until it is cleared, and the explanation says who and why"() {
    using_(new Registry(), (registry) => {
      registry.register(0, { ...orders, source: "order-1" });
      registry.setOverride(1, { ...orders, by: "ana", because: "release 42", enabled: false, weight: 3, metadata: { v: "2" } });
      registry.register(2, { ...orders, source: "order-1" });
      const why = registry.explain("orders", { host: "10.0.0.1", port: 8080 });
      assert.deepEqual([why.standing, why.decided_by.by, why.decided_by.because], ["offline", "ana", "release 42"]);
      assert.deepEqual(why.overrides.map((one) => one.field), ["enabled", "weight", "metadata.v"]);
      assert.deepEqual(registry.ask("overridden")[0].address.port, 8080);
      registry.clearOverride(3, { ...orders, by: "ana", field: "enabled" });
      registry.clearOverride(3, { ...orders, by: "ana", field: { metadata: "v" } });
      assert.deepEqual(registry.instances("orders").instances.map((one) => one.weight), [3]);
      registry.clearOverride(4, { ...orders, by: "ana" });
      assert.deepEqual(registry.instances("orders").instances.map((one) => one.weight), [1]);
    });
  },

  "a removal fences the life it ended, until the fence is lifted or a newer life comes"() {
    using_(new Registry(), (registry) => {
      const { lease, incarnation } = registry.register(0, { ...orders, source: "order-1" });
      const { withdrawn, fenced_until } = registry.remove(1, { ...orders, by: "ana", because: "ghost", fence_for: 60_000 });
      assert.deepEqual([withdrawn, fenced_until], [1, 60_001]);
      assert.deepEqual(registry.beatMany(2, [lease]), [lease]);
      assert.equal(refusalOf(() => registry.register(2, { ...orders, source: "order-1" })).code, ErrorCode.fenced);
      assert.equal(registry.explain("orders", orders.address).fence.by, "ana");
      assert.ok(registry.register(3, { ...orders, source: "order-1", incarnation: incarnation + 1 }).created);
      registry.remove(4, { ...orders, by: "ana" });
      registry.liftFence(5, { ...orders, by: "ana" });
      assert.deepEqual(registry.ask("fenced"), []);
      assert.ok(registry.register(6, { ...orders, source: "order-1" }).created);
    });
  },

  "two sources of one instance see each other, and it lives until both took it back"() {
    using_(new Registry(), (registry) => {
      const first = registry.register(0, { ...orders, source: "order-1" });
      assert.deepEqual(registry.register(0, { ...orders, source: "proxy" }).other_sources, ["order-1"]);
      assert.deepEqual(registry.deregister(1, { ...orders, source: "proxy" }), { withdrawn: 1, remaining: ["order-1"] });
      assert.deepEqual(registry.deregisterLease(2, first.lease), { withdrawn: 1, remaining: [] });
      assert.equal(registry.explain("orders", orders.address).standing, "gone");
    });
  },

  "sources that describe one instance in different ways are told apart, and readers get what was said last"() {
    using_(new Registry(), (registry) => {
      registry.register(0, { ...orders, source: "order-1" });
      const content = { weight: 2, enabled: true, metadata: { v: "new" } };
      registry.register(1, { ...orders, source: "proxy", content });
      const plain = { weight: 1, enabled: true, metadata: {} };
      assert.deepEqual(registry.explain("orders", orders.address).differing, {
        shared: "newest",
        sources: [
          { source: "order-1", connection: null, content: plain },
          { source: "proxy", connection: null, content },
        ],
      });
      assert.deepEqual(registry.instances("orders").instances.map((one) => one.weight), [2]);
    });
  },

  "a beat by name keeps the lease, and registers the unknown where the policy says so"() {
    using_(new Registry({ policy: "nacos_2_5" }), (registry) => {
      const beaten = registry.beatInstance(0, { ...orders, source: "order-1", content: {} });
      assert.deepEqual([beaten.interval, beaten.registered?.created], [5_000, true]);
      assert.deepEqual(registry.beatInstance(1, { ...orders, source: "order-1" }), { ...beaten, registered: null });
    });
    using_(new Registry(), (registry) => {
      const refused = refusalOf(() => registry.beatInstance(0, { ...orders, source: "order-1", content: {} }));
      assert.equal(refused.code, ErrorCode.unknownLease);
    });
  },

  "a protect threshold shows consumers all as healthy, and operators the truth"() {
    using_(new Registry(), (registry) => {
      const service = registry.setService(0, { service: "orders", protect_threshold: 0.9 });
      registry.register(0, { ...orders, source: "order-1" });
      registry.advance(15_000);
      assert.ok(registry.changes(service).protected);
      assert.deepEqual(registry.instances("orders").instances.map((one) => one.healthy), [true]);
      assert.deepEqual(registry.instances("orders", "operator").instances.map((one) => one.healthy), [false]);
      assert.deepEqual(registry.explain("orders", orders.address).protection, { healthy: 0, total: 1, threshold: 0.9 });
    });
  },

  "who was told, and what readers' own layers hold, is told beside the registry's view"() {
    using_(new Registry(), (registry) => {
      registry.register(0, { ...orders, source: "order-1" });
      registry.subscribe(0, { service: "orders", subscriber: "gateway" });
      registry.deregister(7_000, { ...orders, source: "order-1" });
      assert.equal(registry.counters().oldest_notice, 7_000);
      assert.equal(registry.subscribers("orders")[0].waiting_since, 7_000);
      const copy = { reader: "gateway", layer: "framework", taken: 3_000, listed: true, healthy: true };
      const why = registry.explain("orders", orders.address, [copy]);
      assert.equal(why.telling.behind, 1);
      assert.equal(why.copies[0].agrees, false);
      assert.equal(why.copies[0].missed.cause, "deregistered");
      assert.ok(
        why.sentences.includes(
          "gateway's framework: still has it as healthy, by its list of 3s; since then: deregistered by order-1 at 7s",
        ),
        why.sentences.join("\n"),
      );
    });
  },

  "the journal tells what happened after an entry, with the names that rows have as numbers"() {
    using_(new Registry(), (registry) => {
      const { service } = registry.register(0, { ...orders, source: "order-1" });
      registry.advance(30_000);
      const told = registry.transitions();
      assert.deepEqual(told.map((entry) => [entry.at, entry.cause]), [[0, "registered"], [15_000, "silent"], [30_000, "expired"]]);
      assert.deepEqual(registry.transitions(2).length, 1);
      assert.equal(registry.changes(service).rows[0].cause, Cause[told[2].cause]);
      assert.deepEqual(registry.counters().newest_transition, 3);
    });
  },

  "every verb is also data, and every question"() {
    using_(new Registry(), (registry) => {
      assert.equal(registry.apply(5, "advance"), "advanced");
      const { subscribed } = registry.apply(5, { subscribe: { service: "orders", subscriber: "gateway" } });
      registry.apply(5, { register: { ...orders, source: "a" } });
      const { notices } = registry.apply(5, { poll: { max: 10 } }).notices;
      assert.deepEqual(notices, [{ changed: { subscription: subscribed.subscription, service: subscribed.service, revision: 1 } }]);
      registry.unsubscribe(6, subscribed.subscription);
      assert.equal(registry.counters().subscriptions, 0);
      assert.deepEqual(registry.ask("services"), [{ namespace: "public", group: "DEFAULT_GROUP", name: "orders" }]);
      assert.equal(registry.ask("policy").label, "strict");
      assert.equal(registry.ask({ transitions: { since: 0 } }).length, 1);
    });
  },

  "a policy is a preset's name or all fields"() {
    const policy = using_(new Registry({ policy: "nacos_1_4" }), (registry) => registry.ask("policy"));
    policy.expiry.timeout = 1_000;
    using_(new Registry({ policy }), (registry) => {
      assert.deepEqual(registry.ask("policy"), policy);
      registry.register(0, { ...orders, source: "a" });
    });
  },

  "equal commands at equal times give equal digests, however often the host woke in between"() {
    const digests = [1, 7, 500].map((step) =>
      using_(new Registry(), (registry) => {
        registry.register(0, { ...orders, source: "a" });
        for (let now = 0; now <= 40_000; now += step) registry.advance(now);
        registry.advance(40_000);
        return registry.digest();
      }),
    );
    assert.equal(new Set(digests).size, 1);
  },

  "metadata keys are data, whatever they are called"() {
    using_(new Registry(), (registry) => {
      const metadata = JSON.parse('{"__proto__":"a","constructor":"b","toJSON":"c","ключ":"значение 🚀"}');
      registry.register(0, { ...orders, source: "a", content: { metadata } });
      assert.deepEqual(Object.entries(registry.instances("orders").instances[0].metadata).sort(), Object.entries(metadata).sort());
    });
  },

  "a registry is disposed of as a resource"() {
    const registry = new Registry();
    registry[Symbol.dispose]();
    assert.equal(refusalOf(() => registry.digest()).code, ErrorCode.closed);
  },
};

/** `using` without its syntax, which Node 20 does not have. */
export function using_(registry, run) {
  try {
    return run(registry);
  } finally {
    registry[Symbol.dispose]();
  }
}

/** The error that a call is refused with, if it is. */
export function refusalOf(call) {
  try {
    call();
  } catch (error) {
    if (error instanceof LivesetError) return error;
    throw error;
  }
  return undefined;
}

function byPort([a], [b]) {
  return a - b;
}
