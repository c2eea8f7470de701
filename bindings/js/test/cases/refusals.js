// What is refused: each error of the core and of the boundary, and bad input in every field of every command.

import assert from "node:assert/strict";
import { ErrorCode, LivesetError, Registry } from "liveset";
import { refusalOf, using_ } from "./loop.js";

const END = 2 ** 53;
const place = { service: "orders", address: "10.0.0.1:8080" };

export const cases = {
  "each refusal has its stable code"() {
    const policy = using_(new Registry(), (registry) => registry.ask("policy"));
    policy.limits.instances_max = 1;
    using_(new Registry({ policy }), (registry) => {
      const { incarnation } = registry.register(0, { ...place, source: "a", incarnation: 5 });
      const refusals = [
        [100, () => registry.setOverride(0, { ...place, by: "ops" })],
        [200, () => registry.beat(0, 77)],
        [201, () => registry.remove(0, { ...place, address: "other:1", by: "ops" })],
        [202, () => registry.changes(77)],
        [203, () => registry.closeSession(0, 77)],
        [204, () => registry.unsubscribe(0, 77)],
        [301, () => registry.register(0, { ...place, source: "a", incarnation: incarnation - 1 })],
        [302, () => registry.deregister(0, { ...place, source: "b" })],
        [303, () => registry.register(0, { ...place, source: "a", kind: "persistent" })],
        [304, () => registry.removeService(0, "orders")],
        [400, () => registry.register(0, { ...place, address: "other:1", source: "a" })],
      ];
      for (const [code, call] of refusals) {
        const refused = refusalOf(call);
        assert.equal(refused?.code, code, String(call));
        assert.ok(refused.message.length > 10);
        assert.ok(refused instanceof Error && refused.name === "LivesetError" && refused.stack.includes("refusals.js"));
      }
      assert.equal(refusalOf(refusals.at(-1)[1]).field, "instances_max");
      registry.remove(0, { ...place, by: "ops" });
      assert.equal(refusalOf(() => registry.register(0, { ...place, source: "a" })).code, ErrorCode.fenced);
    });
  },

  "a stale id finds nothing, and never a stranger"() {
    using_(new Registry(), (registry) => {
      const { lease } = registry.register(0, { ...place, source: "a" });
      registry.deregisterLease(1, lease);
      const { lease: next } = registry.register(40_000, { ...place, source: "b" });
      assert.notEqual(next, lease);
      const digest = registry.digest();
      assert.equal(refusalOf(() => registry.beat(40_000, lease)).code, ErrorCode.unknownLease);
      assert.deepEqual(registry.beatMany(40_000, [lease]), [lease]);
      assert.equal(registry.digest(), digest);
    });
  },

  "after close every call is refused as closed, and closing again does nothing"() {
    const registry = new Registry();
    const calls = methodsOf(registry, { beatMany: [0, []], beat: [0, 1], advance: [0], changes: [1], poll: [] });
    registry.close();
    registry.close();
    for (const [name, call] of calls) assert.equal(refusalOf(call)?.code, ErrorCode.closed, name);
  },

  "options and policies that cannot work are refused with the path of the field"() {
    const strict = using_(new Registry(), (registry) => registry.ask("policy"));
    const table = [
      ["options", "strict"],
      ["options", null],
      ["options.polcy", { polcy: "strict" }],
      ["policy", { policy: "nacos_9" }],
      ["policy", { policy: "half \ud800" }],
      ["policy", { policy: null }],
      ["policy.expiry.timeout", { policy: { ...strict, expiry: { ...strict.expiry, timeout: NaN } } }],
      ["policy.expiry.timeout", { policy: { ...strict, expiry: { ...strict.expiry, timeout: 0 } } }],
      ["policy.expiry.timeout", { policy: { ...strict, expiry: { ...strict.expiry, timeout: -1 } } }],
      ["policy.expiry.timeout", { policy: { ...strict, expiry: { ...strict.expiry, timeout: "1" } } }],
      ["policy.expiry.bound", { policy: { ...strict, expiry: { ...strict.expiry, bound: "sideways" } } }],
      ["policy.limits.journal_max", { policy: { ...strict, limits: { ...strict.limits, journal_max: 1 } } }],
      ["policy.further", { policy: { ...strict, further: 1 } }],
    ];
    for (const [field, options] of table) {
      const refused = refusalOf(() => new Registry(options));
      assert.deepEqual([refused?.code, refused?.field], [100, field], refused?.message);
    }
  },

  "bad input to the calls is refused before it crosses: the error names the argument, the digest does not move"() {
    withSomething((registry, { lease, service }) => {
      const numbers = [NaN, Infinity, -Infinity, -1, 0.5, END, 2 ** 64, "5", "", null, true, {}, [], 5n, Symbol("x"), () => 5];
      const calls = {
        now: [
          (bad) => registry.beat(bad, lease), (bad) => registry.beatMany(bad, [lease]), (bad) => registry.advance(bad),
          (bad) => registry.apply(bad, "advance"), (bad) => registry.openSession(bad, "c"),
          (bad) => registry.register(bad, { ...place, source: "a" }),
        ],
        lease: [(bad) => registry.beat(1_000, bad)],
        service: [(bad) => registry.changes(bad, 0)],
        since: [(bad) => registry.changes(service, bad)],
        instance: [(bad) => registry.instanceName(bad)],
        max: [(bad) => registry.poll(bad)],
        "leases[1]": [(bad) => registry.beatMany(1_000, [lease, bad])],
      };
      for (const [field, several] of Object.entries(calls)) {
        for (const call of several) for (const bad of numbers) refuses(registry, field, () => call(bad));
        if (field !== "since" && field !== "max") for (const call of several) refuses(registry, field, () => call(undefined));
      }
      refuses(registry, "leases[0]", () => registry.beatMany(1_000, Float64Array.of(NaN)));
      refuses(registry, "leases[2]", () => registry.beatMany(1_000, Float64Array.of(lease, lease, -1)));
      refuses(registry, "max", () => registry.poll(2 ** 32));
      for (const bad of [undefined, null, 5, "x", {}, new Set([lease]), Uint32Array.of(5), Array(1_048_577).fill(lease)]) {
        refuses(registry, "leases", () => registry.beatMany(1_000, bad));
      }
    });
  },

  "bad input in any field of any command is refused with the path of the field, and the digest does not move"() {
    withSomething((registry) => {
      let refused = 0;
      for (const [verb, { body, fields }] of Object.entries(COMMANDS)) {
        for (const [path, bad] of Object.entries(fields)) {
          for (const value of bad) {
            const command = { [verb]: changed(body, path.split("."), value) };
            // An absent or unknown field is named in the message; the path is that of what should, or should not, hold it.
            const field = value === ABSENT ? above(`${verb}.${path}`) : `${verb}.${path}`;
            refuses(registry, field, () => registry.apply(1_000, command), path.split(".").at(-1));
            refused++;
          }
        }
        const extra = refuses(registry, undefined, () => registry.apply(1_000, { [verb]: { ...body, further: 1 } }));
        assert.match(extra.message, /further/);
        for (const value of [null, 5, "x", new Map(), new Date(0)]) {
          refuses(registry, verb, () => registry.apply(1_000, { [verb]: value }));
        }
      }
      assert.ok(refused > 300, String(refused));
      for (const value of ["nonsense", { nonsense: {} }, undefined, NaN, Symbol("x"), 5n]) {
        refuses(registry, undefined, () => registry.apply(1_000, value));
      }
      for (const value of [{}, null, 5, [], { register: {}, beat: {} }, new Map()]) {
        refuses(registry, undefined, () => registry.apply(1_000, value));
      }
    });
  },

  "what the typed verbs are handed is checked the same way"() {
    withSomething((registry, { session, subscription }) => {
      refuses(registry, "register.content.weight", () => registry.register(1_000, { ...place, source: "a", content: { weight: NaN } }));
      refuses(registry, "register", () => registry.register(1_000, "orders"));
      refuses(registry, "register.address", () => registry.register(1_000, { ...place, address: "10.0.0.1", source: "a" }));
      refuses(registry, "register.address", () => registry.register(1_000, { ...place, address: "::1:8080", source: "a" }));
      refuses(registry, "register.address.port", () => registry.register(1_000, { ...place, address: "h:70000", source: "a" }));
      refuses(registry, "register.address.host", () => registry.register(1_000, { ...place, address: ":80", source: "a" }));
      refuses(registry, "register.service.name", () => registry.register(1_000, { ...place, service: "g@@orders", source: "a" }));
      refuses(registry, "open_session.name", () => registry.openSession(1_000, ""));
      refuses(registry, "touch_session.session", () => registry.touchSession(1_000, String(session)));
      refuses(registry, "unsubscribe.subscription", () => registry.unsubscribe(1_000, -subscription));
      refuses(registry, "subscribe.subscriber", () => registry.subscribe(1_000, { service: "orders", subscriber: 5 }));
      refuses(registry, "set_service.protect_threshold", () => registry.setService(1_000, { service: "orders", protect_threshold: 2 }));
      refuses(registry, "look.service", () => registry.look(1_000, 5));
      refuses(registry, "remove_service.service.name", () => registry.removeService(1_000, ""));
      refuses(registry, "report_health.address", () => registry.reportHealth(1_000, { ...place, healthy: true }));
    });
  },

  "bad questions are refused the same way"() {
    withSomething((registry) => {
      refuses(registry, "explain.address", () => registry.explain("orders", "nowhere"));
      refuses(registry, "explain.service.name", () => registry.explain("", "h:1"));
      refuses(registry, "explain", () => registry.explain("orders"));
      refuses(registry, "instances.reader", () => registry.instances("orders", "auditor"));
      refuses(registry, "service.service.name", () => registry.service("a@@b"));
      refuses(registry, "transitions.since", () => registry.transitions(-1));
      refuses(registry, "transitions.since", () => registry.transitions(NaN));
      refuses(registry, undefined, () => registry.ask("everything"));
      refuses(registry, undefined, () => registry.ask(undefined));
      assert.equal(refusalOf(() => registry.instanceName(77)).code, ErrorCode.unknownInstance);
    });
  },

  "a value that JSON would change on the way is refused instead"() {
    withSomething((registry) => {
      const loop = {};
      loop.metadata = loop;
      for (const content of [loop, new Map([["weight", 2]]), new Date(0), { weight: 1n }, { metadata: { a: Symbol("x") } }]) {
        refuses(registry, undefined, () => registry.register(1_000, { ...place, source: "a", content }));
      }
      refuses(registry, "register.content.metadata", () =>
        registry.register(1_000, { ...place, source: "a", content: { metadata: { "half \udc00": "x" } } }));
    });
  },
};

const text = (max) => ["", "x".repeat(max + 1), "line\nbreak", "half \ud800", 5, true, {}, []];
const required = (bad) => [...bad, null, ABSENT];
const name = (max) => [...text(max), "with space", "a@@b"];
const integer = [-1, 0.5, NaN, Infinity, END, "5", true, {}, []];
const flag = ["true", 1, {}, []];
const kind = ["eternal", "Ephemeral", "", 5, true, {}, []];
const weight = [-1, -1e-9, 10_000.1, NaN, Infinity, "1", true, {}];
const metadata = [5, "x", [], { "": "x" }, { k: "x".repeat(65_536) }];
const metadataValue = [5, true, {}, "half \ud800", null];
const ABSENT = Symbol("absent");

const KEYS = {
  service: required(["", 5, []]),
  "service.namespace": [...name(256), null],
  "service.group": [...name(256), null],
  "service.name": required(name(1024)),
  address: required(["", "h", "h:x", "h:123456", 5, []]),
  "address.host": required([...text(128), "with space"]),
  "address.port": required([...integer, 65_536]),
  "address.cluster": [...name(256), null],
};
const SERVICE = Object.fromEntries(Object.entries(KEYS).filter(([path]) => path.startsWith("service")));
// A string is a service's name, so the bad ones are reported as such.
SERVICE.service = KEYS.service = required([5, []]);

const at = { service: { namespace: "n", group: "g", name: "orders" }, address: { host: "h", port: 1, cluster: "c" } };
const id = (field) => ({ body: { [field]: 1 }, fields: { [field]: required(integer) } });
const actor = required(text(128));

const COMMANDS = {
  register: {
    body: { ...at, source: "a", session: null, incarnation: 9, copied: false, kind: "ephemeral", healthy: true, content: { weight: 1, enabled: true, metadata: { k: "v" } } },
    fields: {
      ...KEYS, source: actor, session: integer, incarnation: integer, copied: [...flag, null], kind: [...kind, null], healthy: [...flag, null],
      content: [5, "x", null],
      "content.weight": [...weight, null], "content.enabled": [...flag, null], "content.metadata": [...metadata, null],
      "content.metadata.k": metadataValue,
    },
  },
  beat: id("lease"),
  beat_many: { body: { leases: [1] }, fields: { leases: required([5, "x", {}]), "leases[0]": integer } },
  beat_instance: {
    body: { ...at, source: "a", incarnation: 1, content: { weight: 1 } },
    fields: { ...KEYS, source: actor, incarnation: integer, content: [5, "x"], "content.weight": weight },
  },
  register_batch: {
    body: { service: at.service, source: "a", session: 1, members: [{ address: at.address, content: {} }] },
    fields: { ...SERVICE, source: actor, session: required(integer), members: required([5, "x", {}]), "members[0]": [5, "x", null, []] },
  },
  report_health: { body: { ...at, healthy: true, sure: true }, fields: { ...KEYS, healthy: required([...flag]), sure: [...flag, null] } },
  deregister: {
    body: { ...at, source: "a", incarnation: 1, session: 1, kind: "ephemeral", copied: false },
    fields: { ...KEYS, source: actor, incarnation: integer, session: integer, kind, copied: [...flag, null] },
  },
  watch: { body: { ...at, watches: true }, fields: { ...KEYS, watches: required([...flag]) } },
  deregister_lease: id("lease"),
  remove: {
    body: { ...at, by: "ops", because: "x", fence_for: 1 },
    fields: { ...KEYS, by: actor, because: text(256), fence_for: [...integer, 864_000_001] },
  },
  lift_fence: { body: { ...at, by: "ops" }, fields: { ...KEYS, by: actor } },
  set_override: {
    body: { ...at, kind: "ephemeral", by: "ops", because: "x", lifetime: { for: 5 }, enabled: true, weight: 1, metadata: { k: "v" } },
    fields: {
      ...KEYS, kind, by: actor, because: text(256), lifetime: ["sometimes", 5, {}, { weekly: 5 }], "lifetime.for": [...integer, 864_000_001],
      enabled: flag, weight, metadata, "metadata.k": metadataValue,
    },
  },
  clear_override: { body: { ...at, by: "ops", field: { metadata: "k" } }, fields: { ...KEYS, by: actor, field: ["port", 5, {}] } },
  end_override: { body: at, fields: KEYS },
  set_service: {
    body: { service: at.service, protect_threshold: 0.5, metadata: { k: "v" }, kind: "ephemeral" },
    fields: { ...SERVICE, protect_threshold: [-0.1, 1.1, NaN, "1", true], metadata: [...metadata.slice(0, 3), null], "metadata.k": metadataValue, kind },
  },
  remove_service: { body: { service: at.service }, fields: SERVICE },
  look: { body: { service: at.service }, fields: SERVICE },
  open_session: { body: { name: "c" }, fields: { name: actor } },
  touch_session: id("session"),
  close_session: id("session"),
  subscribe: { body: { service: at.service, subscriber: "s" }, fields: { ...SERVICE, subscriber: actor } },
  unsubscribe: id("subscription"),
  poll: { body: { max: 1 }, fields: { max: required([...integer, 0, 65_537]) } },
};

/** A registry at 1 s that holds one of everything. */
function withSomething(run) {
  using_(new Registry(), (registry) => {
    const session = registry.openSession(0, "conn");
    const { lease, service } = registry.register(0, { ...place, source: "a" });
    const { subscription } = registry.subscribe(0, { service: "orders", subscriber: "s" });
    registry.setOverride(0, { ...place, by: "ops", weight: 2 });
    registry.advance(1_000);
    run(registry, { session, lease, service, subscription });
  });
}

/** The call is refused with code 100 and this field, and leaves the registry as it was. */
function refuses(registry, field, call, named = "") {
  const before = registry.digest();
  const refused = refusalOf(call);
  assert.ok(refused instanceof LivesetError, `not refused: ${field} in ${call}`);
  assert.equal(refused.code, ErrorCode.invalid, refused.message);
  if (field !== undefined) assert.equal(refused.field, field, refused.message);
  assert.ok(refused.message.includes(named.replace(/\[.*/, "")), refused.message);
  assert.equal(registry.digest(), before, `moved: ${refused.message}`);
  return refused;
}

/** A copy of `body` with another value at the path. */
function changed(body, [step, ...further], value) {
  const item = /^(\w+)\[(\d+)\]$/.exec(step);
  if (item) return { ...body, [item[1]]: body[item[1]].with(Number(item[2]), value) };
  const copy = { ...body };
  if (further.length > 0) copy[step] = changed(body[step], further, value);
  else if (value === ABSENT) delete copy[step];
  else copy[step] = value;
  return copy;
}

function above(path) {
  return path.split(".").slice(0, -1).join(".");
}

/** Every method of a registry as a call; the ones that check their arguments first get good ones. */
function methodsOf(registry, args) {
  const names = Object.getOwnPropertyNames(Registry.prototype).filter((name) => !["constructor", "close"].includes(name));
  const given = { instanceName: [1], snapshot: [], digest: [], nextDeadline: [], counters: [], transitions: [0], ask: ["policy"], ...args };
  const body = { ...place, by: "x", source: "x", subscriber: "x" };
  return names.map((name) => [name, () => registry[name](...(given[name] ?? argumentsOf(name, body)))]);
}

function argumentsOf(name, body) {
  if (name === "explain") return [body.service, body.address];
  if (name === "instances" || name === "service") return [body.service];
  if (name === "look" || name === "removeService") return [0, body.service];
  if (name === "apply") return [0, "advance"];
  return [0, /Session$|^unsubscribe$|Lease$/.test(name) && name !== "openSession" ? 1 : name === "openSession" ? "x" : body];
}
