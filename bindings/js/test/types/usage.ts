// Checked by tsc in every module resolution; never run.

import {
  Cause, ErrorCode, LivesetError, Registry, State,
  type Change, type Command, type Explanation, type LeaseId, type Notice, type Policy, type Question, type Remedy, type SessionId,
} from "liveset";
import { playScenario, VirtualTime, type TimedNotice } from "liveset/testing";

const registry = new Registry({ policy: "strict" });
const place = { service: "orders", address: { host: "::1", port: 8080, cluster: "blue" } };

const { lease, instance, service } = registry.register(0, { ...place, source: "a", content: { weight: 1, metadata: { zone: "a" } } });
const stale: LeaseId[] = registry.beatMany(5_000, [lease]);
registry.beatMany(5_000, new Float64Array(stale));
const deadline: number | undefined = registry.nextDeadline();
const sealed: Change[] = registry.changes(service).rows.filter(({ state, cause }) => state & State.served && cause !== Cause.beat);

for (const notice of registry.poll()) {
  if (notice.kind === "changed") registry.changes(notice.service, notice.revision);
  else registry.touchSession(1, notice.session);
  // @ts-expect-error: a probe has no revision
  if (notice.kind === "probe") notice.revision;
}

const why: Explanation = registry.explain("orders", "h:1");
const ways: string[] = why.remedies.map((way: Remedy) => (typeof way === "string" ? way : Object.keys(way)[0]!));
const standing: "online" | "unhealthy" | "offline" | "gone" | "unknown" = why.standing;
const policy: Policy = registry.ask("policy");
const label: string = registry.ask("policy").label;
const asked: Explanation = registry.ask({ explain: { service: "orders", address: "h:1" } });
const command: Command = { clear_override: { ...place, by: "ops", field: { metadata: "zone" } } };
const outcome = registry.apply(0, command);
if (typeof outcome === "object" && "registered" in outcome) registry.beat(1, outcome.registered.lease);
const notices: TimedNotice[] = new VirtualTime(registry).pass(1_000);
const passed: boolean = playScenario("").passed;
Registry.restore(registry.snapshot())[Symbol.dispose]();
try {
  registry.close();
} catch (error) {
  if (error instanceof LivesetError && error.code === ErrorCode.fenced) error.field?.trim();
}

const { members } = registry.registerBatch(0, { service: "orders", source: "a", session: registry.openSession(0, "c"), members: [place] });
const up: boolean = registry.reportHealth(0, { ...place, healthy: true });
registry.setService(0, { service: "orders", protect_threshold: null, kind: "persistent" });
registry.look(0, "orders");
registry.removeService(0, { name: "orders" });
registry.restart(0);
const kind: "ephemeral" | "persistent" | null | undefined = registry.service("orders")?.kind;
const known: boolean | undefined = registry.ask({ service: { service: "orders" } })?.known;
registry.instances("orders", "consumer", { clusters: ["blue"], healthy_only: true });

// @ts-expect-error: nobody may know the service
registry.service("orders").known;
// @ts-expect-error: a batch is over a session
registry.registerBatch(0, { service: "orders", source: "a", members: [] });
// @ts-expect-error: no such kind
registry.register(0, { ...place, source: "a", kind: "eternal" });
// @ts-expect-error: an instance is no lease
registry.beat(0, instance);
// @ts-expect-error: a plain number is no lease
registry.beat(0, 5);
// @ts-expect-error: times are numbers
registry.advance("0");
// @ts-expect-error: times are no bigints
registry.advance(0n);
// @ts-expect-error: a registration has a source
registry.register(0, place);
// @ts-expect-error: it has no such field
registry.register(0, { ...place, source: "a", wieght: 1 });
// @ts-expect-error: ids of leases, not of sessions
registry.beatMany(0, [5 as SessionId]);
// @ts-expect-error: no such reader
registry.instances("orders", "auditor");
// @ts-expect-error: no such command
registry.apply(0, "retreat");
// @ts-expect-error: the poll of a document has a bound
const unbounded: Command = { poll: {} };
// @ts-expect-error: no such question
const question: Question = "everything";
// @ts-expect-error: errors are read, not written
new LivesetError(100, "x").code = 200;
// @ts-expect-error: no deadline is not 0
const soon: number = registry.nextDeadline();
// @ts-expect-error: a policy has all its fields
new Registry({ policy: { label: "mine" } });

export { asked, deadline, kind, known, label, members, notices, outcome, passed, policy, question, sealed, soon, standing, unbounded, up, ways, type Notice };
