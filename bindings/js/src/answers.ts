// What can be asked, and the documents that answer.

import type { Address, Content, InstanceId, Kind, Lifetime, Place, Service, ServiceKey, SubscriptionId } from "./documents.js";
import type { CauseName } from "./rows.js";
import type { Policy } from "./policy.js";

/** Who reads: an operator gets every instance with its real health, a consumer the enabled ones, all as healthy under protection. */
export type Reader = "operator" | "consumer";

/** Which instances of a service are wanted. */
export interface InstanceFilter {
  /** Of which clusters; of all where none is named. */
  clusters?: string[];
  /** Whether only healthy ones are wanted; the policy says what that means for a protected service. */
  healthy_only?: boolean;
}

/** Everything that can be asked of a registry. */
export type Question =
  | { explain: { service: Service; address: Place; copies?: CopyReport[] } }
  | { instances: { service: Service; reader: Reader } & InstanceFilter }
  | { transitions: { since: number } }
  | { instance_name: { instance: InstanceId } }
  | { service: { service: Service } }
  | { subscribers: { service: Service } }
  | "services"
  | "overridden"
  | "fenced"
  | "counters"
  | "policy";

/** The document that answers a question. */
export type ReplyTo<Q extends Question> = Q extends { explain: unknown }
  ? Explanation
  : Q extends { instances: unknown }
    ? ServiceView
    : Q extends { transitions: unknown }
      ? Transition[]
      : Q extends { service: unknown }
        ? ServiceRecord | null
        : Q extends { subscribers: unknown }
          ? SubscriberAccount[]
          : Q extends "services"
            ? Required<ServiceKey>[]
            : Q extends "counters"
              ? Counters
              : Q extends "policy"
                ? Policy
                : InstanceNames[];

/** An instance's two names. */
export interface InstanceNames {
  service: Required<ServiceKey>;
  address: Required<Address>;
}

/** What is known of a service, or remembered of one that was forgotten. */
export interface ServiceRecord {
  service: Required<ServiceKey>;
  /** Whether it is known; else only its settings are remembered, or somebody waits for it. */
  known: boolean;
  /** Null before its first instance where nobody said. */
  kind: Kind | null;
  /** Protect threshold, where one was set. */
  protect_threshold: number | null;
  /** Free texts an operator set. */
  metadata: Record<string, string>;
  /** Clusters that have or had instances, by name. */
  clusters: string[];
  /** Instances held by some lease. */
  instances: number;
  /** Whether readers have a view of it: where the policy computes views late, somebody must have looked, or time must have passed. */
  computed: boolean;
}

/** A service as a reader gets it. */
export interface ServiceView {
  service: Required<ServiceKey>;
  revision: number;
  /** Whether protection is in force. */
  protected: boolean;
  /** Until when it is served as it last was, because everybody in it is silent; null while it is not. */
  kept_until: number | null;
  /** Until when the list is incomplete, because the registry restarted without its instances; null while it is not. */
  warming_until: number | null;
  /** By host, port and cluster; several rows of one that its sources describe in different ways, where `view.shared` is `each`. */
  instances: InstanceView[];
}

/** An instance as a reader gets it. */
export interface InstanceView {
  /** Its id in rows of changes. */
  id: InstanceId;
  address: Required<Address>;
  /** What keeps it. */
  kind: Kind;
  healthy: boolean;
  enabled: boolean;
  /** Weight in force, the operator's where one is set. */
  weight: number;
  /** Metadata in force, the operator's keys over the provider's. */
  metadata: Record<string, string>;
}

/** One thing that happened to an instance. */
export interface Transition {
  /** Place in the journal, from 1 on without gaps. */
  sequence: number;
  at: number;
  service: Required<ServiceKey>;
  address: Required<Address>;
  cause: CauseName;
  /** Who did it; null where time did. */
  by: string | null;
  because: string | null;
  /** The silence that brought it about, where one did. */
  silence: Silence | null;
}

/** A silence that had a consequence. */
export interface Silence {
  /** The last sign of life before it. */
  since: number;
  /** When the connection was asked for another one; null for claims by beats. */
  asked: number | null;
}

/** How many of everything there are. */
export interface Counters {
  /** The latest moment handed in. */
  now: number;
  /** How often a moment was earlier than one before. */
  clamped: number;
  instances: number;
  services: number;
  sessions: number;
  subscriptions: number;
  /** Notices of changes that the host has not taken yet. */
  notices: number;
  /** Since when the oldest of them waits. */
  oldest_notice: number | null;
  /** Instances about which an operator's decision is remembered. */
  overrides: number;
  /** Fences in force. */
  fences: number;
  /** Names held: services, hosts that are no IPv4 addresses, clusters, actors. */
  names: number;
  newest_transition: number;
  /** Entries the journal holds. */
  transitions: number;
  /** What they count for, in bytes. */
  transition_bytes: number;
  transitions_dropped: number;
}

/** Online: held, alive, allowed to have traffic. Unhealthy: held and allowed, but silent. Offline: held, but not allowed to have
 * traffic. Gone: held no more. Unknown: never seen here, or forgotten. */
export type Standing = "online" | "unhealthy" | "offline" | "gone" | "unknown";

/** Why an instance is, or is not, what its readers get. */
export interface Explanation {
  service: Required<ServiceKey>;
  address: Required<Address>;
  /** Which of the two that an address may have; the ephemeral one where both are there. */
  kind: Kind;
  /** The moment it is explained at. */
  at: number;
  standing: Standing;
  /** What each kind of reader gets; `stale` while the view has not been computed again since the last change. */
  sights: { operator: Sight; consumer: Sight; stale: boolean };
  /** Who was told of its last change, and who was not yet: the first eight of those. */
  telling: { subscribers: number; behind: number; first: SubscriberAccount[] };
  /** The copies that were handed in, beside what consumers get here. */
  copies: CopyAccount[];
  /** The rule that decides, and the event that set it. */
  decided_by: { rule: Rule; at: number | null; by: string | null; because: string | null; silence: Silence | null };
  /** Every claim on it, oldest first. */
  leases: LeaseAccount[];
  /** What each of its sources says of it, the newest word last, where they do not all say the same; and what readers get of that. */
  differing: {
    shared: Policy["view"]["shared"];
    sources: { source: string; connection: string | null; content: Required<Content> }[];
  } | null;
  /** Every field an operator decided. */
  overrides: OverrideAccount[];
  /** The fence of its ended life. */
  fence: FenceAccount | null;
  /** The protection of its service, when in force. */
  protection: { healthy: number; total: number; threshold: number } | null;
  /** Who reports its health to be other than it is, where more of them must agree. */
  doubted_by: string[];
  /** Times in its metadata that nobody looks at, because it does not live by beats: `KEY=VALUE`. */
  unheeded: string[];
  /**
   * The brake, where it holds the removal of a claim up: silent claims of all, until when nobody was heard at all, removals that wait,
   * and when the first was due.
   */
  brake: {
    silent: number;
    all: number;
    share: number;
    deaf_until: number | null;
    waiting: number;
    oldest: number;
  } | null;
  /** The protection that readers of its cluster alone meet, where its service has several clusters. */
  cluster_protection: { healthy: number; total: number; threshold: number } | null;
  /** Why protection does not show it as healthy, where it is unhealthy and served. */
  unprotected: { healthy: number; total: number; threshold: number | null } | null;
  /** Until when its service is served as it last was, because everybody in it is silent. */
  kept_until: number | null;
  /** Until when the registry, which restarted without its instances, does not know whether what it does not list is there. */
  warming_until: number | null;
  /** Its newest life, where claims as an older one are refused. */
  newest_life: number | null;
  /** The kind that its empty service keeps. */
  kept_kind: { kind: Kind; since: number; empty_since: number; until: number | null } | null;
  /** The time in which nobody watched the registry, where that gave its claims a fresh start. */
  gap: { from: number; until: number } | null;
  /** What happened to it, newest first, at most eight entries. */
  history: Transition[];
  /** What happens next by itself. */
  next: { at: number; what: NextKind } | null;
  /** What would change its standing. */
  remedies: Remedy[];
  /** The same in sentences, the verdict first. */
  sentences: string[];
}

/** How far one subscriber was told of its service. */
export interface SubscriberAccount {
  subscription: SubscriptionId;
  subscriber: string;
  /** When it subscribed. */
  since: number;
  /** The revision it was last told of, or subscribed at. */
  told: number;
  told_at: number;
  /** Since when a notice waits that its host has not taken. */
  waiting_since: number | null;
}

/** What one layer of a reader holds of an instance, as its host reports it: the list of its registry client, or of the framework above. */
export interface CopyReport {
  reader: string;
  layer: "client" | "framework";
  /** When it took the list it holds; null where it never took one. */
  taken: number | null;
  /** Whether the instance is in that list. */
  listed: boolean;
  healthy?: boolean;
  /** Since when, and until when, push-empty protection keeps that list against a newer one. */
  kept_since?: number | null;
  kept_until?: number | null;
}

/** A copy beside what the registry gives consumers. */
export interface CopyAccount {
  copy: Required<CopyReport>;
  /** Whether it lists the instance as the registry does. */
  agrees: boolean;
  /** Whether the reader is subscribed to the service here, so that it will be told of the next change. */
  subscribed: boolean;
  /** The newest that happened to the instance since the copy was taken, where they differ. */
  missed: Transition | null;
}

/** An instance in one reader's list. */
export interface Sight {
  listed: boolean;
  healthy: boolean;
  enabled: boolean;
}

export type Rule =
  | "registration"
  | "beat_for_the_unknown"
  | "recovery"
  | "beat_expiry"
  | "session_closed"
  | "session_lost"
  | "health_report"
  | "restart"
  | "replacement"
  | "source_left"
  | "deregistration"
  | "ended_elsewhere"
  | "removal"
  | "override"
  | "override_ended"
  | "published"
  | "nothing";

/** What a claim lives by; a persistent one by nothing, it stays until somebody takes it back. */
export type LeaseKind = "beats" | "session" | "persistent";

/** One claim. */
export interface LeaseAccount {
  source: string;
  kind: LeaseKind;
  /** The name of the connection that carries it, where one does. */
  connection: string | null;
  incarnation: number;
  /** When it was made. */
  since: number;
  /** The last sign of life. */
  last_seen: number;
  /** How long ago that was, in ms. */
  age: number;
  /** When its connection was asked for a sign of life, while the answer is out. */
  asked: number | null;
  /** Whether its silence is looked for here; that of a copy may be another node's to find. */
  watched: boolean;
  /** How long silence may last, in ms. */
  silence_allowed: number | null;
  /** Whether it makes the instance healthy. */
  alive: boolean;
  /** When silence has its next consequence. */
  due: number | null;
  /** Whether its removal waits though its time is over: too many are silent at once, or its service is served as it last was. */
  waits: boolean;
}

/** One decided field. */
export interface OverrideAccount {
  /** `enabled`, `weight` or `metadata.KEY`. */
  field: string;
  value: string;
  /** The provider's own value. */
  published: string | null;
  by: string;
  because: string | null;
  at: number;
  lifetime: Lifetime;
  /** When it ends as things stand. */
  ends: number | null;
}

/** The fence of an ended life. */
export interface FenceAccount {
  /** Highest incarnation that is dead. */
  incarnation: number;
  by: string;
  because: string | null;
  at: number;
  until: number;
  /** Whether an operator ended it; an owner that took itself back may come again. */
  by_operator: boolean;
}

export type NextKind =
  | "unhealthy"
  | "removed"
  | "connection_given_up"
  | "removal_considered"
  | "override_forgotten"
  | "override_forgotten_while_alive"
  | "view_computed"
  | "fence_ends";

/** What would change the standing. */
export type Remedy =
  | "publish_enabled"
  | "report_healthy"
  | "register"
  | { publish_healthy: { source: string } }
  | { clear_override: { by: string } }
  | { beat: { source: string } }
  | { register_newer: { than: number; until: number } }
  | { claim_ends: { source: string; kind: LeaseKind; until: number | null } }
  | { all_claims_end: { sources: string[] } };
