// Rows: what comes out of the wasm in bulk, four numbers each.

import type { InstanceId, ServiceId, SessionId, SubscriptionId } from "./documents.js";

/** What the host should do next; taken with {@link Registry.poll}. */
export type Notice =
  /** A service moved, and its subscriber has not been told. Read its changes and tell. */
  | { kind: "changed"; subscription: SubscriptionId; service: ServiceId; /** Where it stands. */ revision: number }
  /** A session has been silent for long. Ask its peer for a sign of life, and touch the session when one comes. */
  | { kind: "probe"; session: SessionId };

/** What happened to a service after a revision. */
export interface Changes {
  /** The revision that the rows lead to; ask with it next time. */
  revision: number;
  /** True when the rows are the whole service: what is not among them is gone. It is so for a reader too far behind. */
  full: boolean;
  /** Whether protection is in force: consumers treat every served instance as healthy. */
  protected: boolean;
  /** Oldest change first, one row an instance. */
  rows: Change[];
}

/** The newest state of one instance. */
export interface Change {
  /** Which. Read its address once with {@link Registry.instanceName}, when the id is first seen. */
  instance: InstanceId;
  /** The service's revision that brought it. */
  revision: number;
  /** Bits of {@link State}; 0 when it is gone. */
  state: number;
  /** Why: a number of {@link Cause}. */
  cause: number;
}

/** Bits of {@link Change.state}. */
export const State = {
  /** It is there: some lease holds it. */
  present: 1,
  /** At least one lease is alive. */
  healthy: 2,
  /** Provider and operator let it have traffic, as the policy joins the two. */
  enabled: 4,
  /** Consumers get it: present and enabled. */
  served: 8,
  /** An operator's override is in force. */
  overridden: 16,
  /** More than one source holds it. */
  shared: 32,
} as const;

/** Numbers of {@link Change.cause}, by the names that {@link Registry.transitions} and explanations use. */
export const Cause = {
  registered: 1,
  registered_by_beat: 2,
  beat: 3,
  reregistered: 4,
  source_joined: 5,
  source_left: 6,
  replaced: 7,
  silent: 10,
  expired: 11,
  deregistered: 12,
  session_closed: 13,
  session_lost: 14,
  removed: 15,
  reported_up: 16,
  reported_down: 17,
  registry_restarted: 18,
  copy_ended: 19,
  override_set: 20,
  override_cleared: 21,
  override_ended: 22,
  fence_lifted: 23,
  deregistration_ignored: 24,
  not_recovered: 25,
  service_changed: 30,
  service_forgotten: 31,
} as const;

/** Why an instance changed, by name. */
export type CauseName = keyof typeof Cause;

const WIDTH = 4;

/** Notices from rows of kind, subscription or session, service, revision. */
export function noticesOf(packed: Float64Array): Notice[] {
  return rowsOf(packed, 0, (kind, subject, service, revision): Notice =>
    kind === 1
      ? { kind: "changed", subscription: subject as SubscriptionId, service: service as ServiceId, revision }
      : { kind: "probe", session: subject as SessionId },
  );
}

/** Changes from a head of revision, full, protected, and rows of instance, revision, state, cause. */
export function changesOf(packed: Float64Array): Changes {
  const [head] = rowsOf(packed.subarray(0, WIDTH), 0, (revision, full, guarded) => ({
    revision,
    full: full === 1,
    protected: guarded === 1,
  }));
  const rows = rowsOf(packed, WIDTH, (instance, revision, state, cause): Change => ({
    instance: instance as InstanceId,
    revision,
    state,
    cause,
  }));
  return { ...head!, rows };
}

function rowsOf<T>(packed: Float64Array, from: number, row: (a: number, b: number, c: number, d: number) => T): T[] {
  const rows = new Array<T>((packed.length - from) / WIDTH);
  for (let place = 0; place < rows.length; place++) {
    const at = from + place * WIDTH;
    rows[place] = row(packed[at]!, packed[at + 1]!, packed[at + 2]!, packed[at + 3]!);
  }
  return rows;
}
