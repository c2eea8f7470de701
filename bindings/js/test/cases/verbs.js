// Persistent instances, batches, services and restarts.

import assert from "node:assert/strict";
import { Cause, ErrorCode, Registry } from "liveset";
import { refusalOf, using_ } from "./loop.js";

const store = { service: "stores", address: "10.0.0.7:3306" };
const orders = { service: "orders", address: "10.0.0.1:8080" };

export const cases = {
  "a persistent instance outlives silence, and its health turns at the third equal report, or at once at a sure one"() {
    using_(new Registry(), (registry) => {
      const { service } = registry.register(0, { ...store, source: "console", kind: "persistent" });
      registry.advance(600_000);
      assert.deepEqual(registry.instances("stores").instances.map((one) => [one.kind, one.healthy]), [["persistent", true]]);

      const down = () => registry.reportHealth(600_000, { ...store, healthy: false });
      assert.deepEqual([down(), down(), down()], [true, true, false]);
      assert.equal(registry.changes(service).rows[0].cause, Cause.reported_down);
      const why = registry.explain("stores", store.address);
      assert.deepEqual([why.kind, why.standing, why.decided_by.rule], ["persistent", "unhealthy", "health_report"]);
      assert.deepEqual(why.leases.map((lease) => [lease.kind, lease.silence_allowed, lease.waits]), [["persistent", null, false]]);

      assert.equal(registry.reportHealth(600_001, { ...store, healthy: true, sure: true }), true);
      assert.equal(registry.transitions().at(-1).cause, "reported_up");
      assert.equal(refusalOf(() => registry.reportHealth(600_001, { ...orders, healthy: true })).code, ErrorCode.unknownInstance);
    });
  },

  "an instance may be unhealthy to begin with"() {
    using_(new Registry(), (registry) => {
      registry.register(0, { ...store, source: "console", kind: "persistent", healthy: false });
      assert.equal(registry.explain("stores", store.address).standing, "unhealthy");
    });
  },

  "a service is of one kind, and one that has instances is not taken away"() {
    using_(new Registry(), (registry) => {
      registry.setService(0, { service: "stores", kind: "persistent" });
      const refused = refusalOf(() => registry.register(0, { ...store, source: "a" }));
      assert.deepEqual([refused?.code, refused?.message.includes("persistent")], [ErrorCode.otherKind, true]);
      registry.register(0, { ...store, source: "console", kind: "persistent" });
      assert.equal(refusalOf(() => registry.removeService(0, "stores"))?.code, ErrorCode.notEmpty);
      registry.deregister(0, { ...store, source: "console", kind: "persistent" });
      registry.removeService(0, "stores");
      assert.deepEqual(registry.ask("services"), []);
      assert.equal(refusalOf(() => registry.removeService(0, "stores"))?.code, ErrorCode.unknownService);
    });
  },

  "where both kinds may be, a decision and a deregistration name the one they mean"() {
    using_(new Registry({ policy: "nacos_1_4" }), (registry) => {
      registry.register(0, { ...store, source: "a" });
      registry.register(0, { ...store, source: "console", kind: "persistent" });
      registry.setOverride(1, { ...store, kind: "persistent", by: "ops", enabled: false });
      const listed = () => registry.instances("stores", "operator").instances.map((one) => [one.kind, one.enabled]);
      assert.deepEqual(listed(), [["ephemeral", true], ["persistent", false]]);
      registry.deregister(2_000, { ...store, source: "console", kind: "persistent" });
      assert.deepEqual(listed(), [["ephemeral", true]]);
    });
  },

  "a batch takes the place of all that its session holds in the service, or does nothing"() {
    using_(new Registry(), (registry) => {
      const session = registry.openSession(0, "conn");
      const batch = (now, ...addresses) =>
        registry.registerBatch(now, { service: "orders", source: "a", session, members: addresses.map((address) => ({ address })) });
      const { members, withdrawn } = batch(0, "h:1", "h:2");
      assert.deepEqual([members.map((one) => one.created), withdrawn], [[true, true], 0]);
      assert.equal(batch(1, "h:2", { host: "::1", port: 3 }).withdrawn, 1);
      assert.deepEqual(registry.instances("orders").instances.map((one) => one.address.port), [3, 2]);
      assert.equal(registry.transitions().find((one) => one.address.port === 1 && one.at === 1)?.cause, "replaced");

      const before = registry.digest();
      assert.equal(refusalOf(() => batch(1, "h:9", "h:9")).field, "members[1].address");
      assert.equal(refusalOf(() => batch(1, "h:9", "h")).field, "register_batch.members[1].address");
      assert.equal(registry.digest(), before);

      assert.deepEqual(registry.deregister(2, { service: "orders", address: "h:2", source: "a", session }), { withdrawn: 1, remaining: [] });
      assert.equal(registry.closeSession(3, session), 1);
    });
  },

  "the settings of a service hold as a whole, and can be read"() {
    using_(new Registry(), (registry) => {
      assert.equal(registry.service("orders"), null);
      registry.setService(0, { service: "orders", protect_threshold: 0.5, metadata: { team: "shop" } });
      registry.register(0, { ...orders, source: "a" });
      assert.deepEqual(registry.service("orders"), {
        service: { namespace: "public", group: "DEFAULT_GROUP", name: "orders" },
        known: true, kind: "ephemeral", protect_threshold: 0.5, metadata: { team: "shop" }, clusters: ["DEFAULT"], instances: 1, computed: true,
      });
      registry.setService(1, { service: "orders" });
      const { protect_threshold, metadata } = registry.ask({ service: { service: "orders" } });
      assert.deepEqual([protect_threshold, metadata], [null, {}]);
    });
  },

  "where views are computed late, a reader who looks has the first one computed"() {
    using_(new Registry({ policy: "nacos_2_5" }), (registry) => {
      registry.register(0, { ...orders, source: "a" });
      assert.deepEqual([registry.service("orders").computed, registry.instances("orders").instances.length], [false, 0]);
      registry.look(0, "orders");
      assert.deepEqual([registry.service("orders").computed, registry.instances("orders").instances.length], [true, 1]);
    });
  },

  "a node of a cluster counts the silence of another's claim only when it is told to watch"() {
    using_(new Registry(), (registry) => {
      registry.register(0, { ...orders, source: "a", copied: true });
      registry.advance(60_000);
      assert.equal(registry.explain("orders", orders.address).standing, "online");
      assert.equal(registry.apply(60_000, { watch: { ...orders, watches: true } }), "watched");
      registry.advance(70_000);
      assert.notEqual(registry.explain("orders", orders.address).standing, "online");
      registry.register(80_000, { ...orders, source: "a", copied: true });
      registry.deregister(80_001, { ...orders, source: "a", copied: true });
      assert.equal(registry.transitions().at(-1).cause, "copy_ended");
    });
  },

  "a restart leaves what the policy keeps"() {
    for (const [policy, left] of [["strict", ["orders", "stores"]], ["nacos_2_5", ["stores"]]]) {
      using_(new Registry({ policy }), (registry) => {
        registry.register(0, { ...orders, source: "a" });
        registry.register(0, { ...store, source: "console", kind: "persistent" });
        registry.restart(1_000);
        const held = ["orders", "stores"].filter((service) => registry.service(service)?.instances);
        assert.deepEqual(held, left, policy);
        const { cause } = registry.transitions().at(-1);
        assert.equal(cause, policy === "strict" ? "registered" : "registry_restarted");
      });
    }
  },

  "a reader may ask for some clusters, and for healthy instances only"() {
    using_(new Registry(), (registry) => {
      for (const [port, cluster] of [[1, "blue"], [2, "green"], [3, "green"]]) {
        registry.register(0, { service: "orders", address: { host: "h", port, cluster }, source: `s${port}` });
      }
      registry.beatInstance(14_000, { service: "orders", address: { host: "h", port: 3, cluster: "green" }, source: "s3" });
      registry.advance(15_000);
      const ports = (...asked) => registry.instances("orders", ...asked).instances.map((one) => one.address.port);
      assert.deepEqual(ports(), [1, 2, 3]);
      assert.deepEqual(ports("operator", { clusters: ["green"] }), [2, 3]);
      assert.deepEqual(ports("consumer", { clusters: ["blue", "green"], healthy_only: true }), [3]);
      assert.equal(refusalOf(() => ports("consumer", { clusters: ["@@"] })).field, "instances.clusters[0]");
      assert.equal(refusalOf(() => ports("consumer", { cluster: "blue" })).field, "instances.cluster");
    });
  },

  "what was not watched, and what is kept as it was, is told"() {
    const policy = using_(new Registry(), (registry) => registry.ask("policy"));
    policy.expiry.gap_max = 1_000;
    policy.view.keep_last = 60_000;
    using_(new Registry({ policy }), (registry) => {
      registry.register(0, { ...orders, source: "a" });
      registry.advance(100_000);
      assert.deepEqual(registry.explain("orders", orders.address).gap, { from: 15_000, until: 100_000 });
      registry.advance(registry.nextDeadline());
      assert.ok(registry.instances("orders").kept_until > 100_000);
    });
  },
};
