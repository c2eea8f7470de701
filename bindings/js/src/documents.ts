// The core's documents as types: field for field what crosses as JSON and stands in logs and scenarios. Times are milliseconds since
// the zero that the host chose; `null` is said where the core says it.

/** One source's claim on an instance; what a beat names. */
export type LeaseId = number & { readonly __liveset: "lease" };
/** An instance of a service, as rows of changes name it. */
export type InstanceId = number & { readonly __liveset: "instance" };
/** A service. */
export type ServiceId = number & { readonly __liveset: "service" };
/** A connection whose end ends all its leases. */
export type SessionId = number & { readonly __liveset: "session" };
/** One subscriber's interest in one service. */
export type SubscriptionId = number & { readonly __liveset: "subscription" };

/** Which service. */
export interface ServiceKey {
  /** `public` where none is named. */
  namespace?: string;
  /** `DEFAULT_GROUP` where none is named. */
  group?: string;
  name: string;
}

/** Which instance of a service. */
export interface Address {
  /** IP address or host name. */
  host: string;
  /** 0 to 65535. */
  port: number;
  /** `DEFAULT` where none is named. */
  cluster?: string;
}

/** A service; a string is a name in namespace `public` and group `DEFAULT_GROUP`. */
export type Service = string | ServiceKey;
/** An instance; a string is `host:port` in cluster `DEFAULT`. IPv6 addresses need the object. */
export type Place = string | Address;

/** What keeps an instance: beats or its session; or nothing, so that it stays until its source or an operator takes it back, and is as
 * healthy as the host's checker reports. */
export type Kind = "ephemeral" | "persistent";

/** What a provider says of its instance. */
export interface Content {
  /** Share of traffic, 0 to 10000; 1 where none is named. */
  weight?: number;
  /** Whether the provider itself wants traffic; true where nothing is said. */
  enabled?: boolean;
  /** Free texts. `preserved.heart.beat.interval`, `preserved.heart.beat.timeout` and `preserved.ip.delete.timeout` (milliseconds)
   * set the instance's own times. */
  metadata?: Record<string, string>;
}

/** A claim on an instance. */
export interface Registration {
  service: Service;
  address: Place;
  /** Who claims: a client id, a proxy, a connection's name. */
  source: string;
  /** Over which session; without one the claim lives by beats. */
  session?: SessionId | null;
  /** Which life of the instance; the registry mints one where none is given. */
  incarnation?: number | null;
  /** Whether it is a copy of a claim that another node of a cluster holds. */
  copied?: boolean;
  /** `ephemeral` where none is named. */
  kind?: Kind;
  /** Whether it is healthy to begin with; true where nothing is said. */
  healthy?: boolean;
  content?: Content;
}

/** Several claims of one session on instances of one service. */
export interface BatchRegistration {
  service: Service;
  /** Who claims. */
  source: string;
  session: SessionId;
  /** What it claims, each address once; whatever else the session holds in the service is withdrawn. */
  members: BatchMember[];
}

/** One claim of a batch. */
export interface BatchMember {
  address: Place;
  content?: Content;
}

/** What a registration returns. */
export interface Registered {
  /** What to beat with. */
  lease: LeaseId;
  /** The instance in rows of changes. */
  instance: InstanceId;
  service: ServiceId;
  /** Which life this is. */
  incarnation: number;
  /** Whether it was absent before. */
  created: boolean;
  /** Other sources that hold the same instance: usually none. A ghost process or a sync proxy shows here. */
  other_sources: string[];
}

/** What a batch returns. */
export interface RegisteredBatch {
  /** In the order given. */
  members: Registered[];
  /** How many other claims of the session ended. */
  withdrawn: number;
}

/** What the host's checker found out about a persistent instance. */
export interface HealthReport {
  service: Service;
  address: Place;
  healthy: boolean;
  /** Whether this report is enough by itself; else it takes as many equal ones in a row as the policy says. */
  sure?: boolean;
}

/** A sign of life by name, as clients without ids send it. */
export interface InstanceBeat {
  service: Service;
  address: Place;
  source: string;
  incarnation?: number | null;
  /** The whole instance, in a full beat; a light beat has none. */
  content?: Content | null;
}

export interface Beaten {
  /** The lease that beats; a host without ids may keep it. */
  lease: LeaseId;
  /** How often to beat, in ms. */
  interval: number;
  /** Set when the beat registered an instance that was not there. */
  registered: Registered | null;
}

/** A claim taken back by name. */
export interface Deregistration {
  service: Service;
  address: Place;
  source: string;
  /** Of which life; a late command of an older one is refused. */
  incarnation?: number | null;
  /** Over which session; without one, a claim by beats, or by name alone. */
  session?: SessionId | null;
  /** Which of the two instances that an address may have; whichever is there where none is named. */
  kind?: Kind | null;
  /** Whether the claim ended at another node of a cluster, and this takes its copy away. */
  copied?: boolean;
  /** Why. */
  because?: string | null;
}

export interface Deregistered {
  /** How many claims ended; 0 where the policy answers so and does nothing. */
  withdrawn: number;
  /** Sources that hold the instance still. */
  remaining: string[];
}

/** An operator's removal. */
export interface Removal {
  service: Service;
  address: Place;
  /** Who removes it. */
  by: string;
  because?: string | null;
  /** How long the ended life stays fenced, in ms; the policy's time where none is named, no fence at 0. */
  fence_for?: number | null;
}

export interface Removed {
  /** How many claims ended. */
  withdrawn: number;
  /** Until when that life is fenced; null without a fence. */
  fenced_until: number | null;
}

/** How long an operator's decision holds: for a time, or for a time counted only while the instance is absent, in ms. */
export type Lifetime = "until_cleared" | "this_incarnation" | { for: number } | { absent: number };

/** An operator's decision about an instance, present or not; at least one of `enabled`, `weight` and `metadata`. */
export interface OverrideChange {
  service: Service;
  address: Place;
  /** Which of the two instances that an address may have; whichever is there where none is named. */
  kind?: Kind | null;
  /** Who decides. */
  by: string;
  because?: string | null;
  /** The policy's lifetime where none is named. */
  lifetime?: Lifetime | null;
  /** False takes it offline, true says that the operator allows it. */
  enabled?: boolean | null;
  weight?: number | null;
  metadata?: Record<string, string> | null;
}

/** A field of an override. */
export type OverrideField = "enabled" | "weight" | { metadata: string };

/** A decision taken back. */
export interface OverrideClearing {
  service: Service;
  address: Place;
  by: string;
  /** All fields where none is named. */
  field?: OverrideField | null;
}

/** What an operator sets for a service, as a whole: what is not named goes back to what it was at first. */
export interface ServiceSettings {
  service: Service;
  /** When healthy / total is at or below it, 0 to 1, all instances are served as healthy; the policy's where none is named. */
  protect_threshold?: number | null;
  /** Free texts. */
  metadata?: Record<string, string>;
  /** Its kind where it is created by this; the kind of its first instance where none is named. */
  kind?: Kind | null;
}

export interface Subscribed {
  subscription: SubscriptionId;
  service: ServiceId;
  /** Where the service stands now. */
  revision: number;
}

/** Everything that can be done to a registry: its verbs as data. */
export type Command =
  | { register: Registration }
  | { register_batch: BatchRegistration }
  | { beat: { lease: LeaseId } }
  | { beat_many: { leases: LeaseId[] } }
  | { beat_instance: InstanceBeat }
  | { report_health: HealthReport }
  | { watch: { service: Service; address: Place; watches: boolean } }
  | { deregister: Deregistration }
  | { deregister_lease: { lease: LeaseId } }
  | { remove: Removal }
  | { lift_fence: { service: Service; address: Place; by: string } }
  | { set_override: OverrideChange }
  | { clear_override: OverrideClearing }
  | { end_override: { service: Service; address: Place } }
  | { set_service: ServiceSettings }
  | { remove_service: { service: Service } }
  | { look: { service: Service } }
  | { open_session: { name: string } }
  | { touch_session: { session: SessionId } }
  | { close_session: { session: SessionId } }
  | { subscribe: { service: Service; subscriber: string } }
  | { unsubscribe: { subscription: SubscriptionId } }
  | { poll: { max: number } }
  | "restart"
  | "loaded"
  | "advance";

/** A notice in a document; {@link Registry.poll} gives the same as rows. */
export type NoticeDocument =
  | { changed: { subscription: SubscriptionId; service: ServiceId; revision: number } }
  | { probe: { session: SessionId } };

/** What commands bring about, by name, for those that have something to say. */
export interface Outcomes {
  registered: Registered;
  registered_batch: RegisteredBatch;
  health_reported: { healthy: boolean };
  beaten: Beaten;
  beaten_many: { stale: LeaseId[] };
  deregistered: Deregistered;
  removed: Removed;
  service_set: { service: ServiceId };
  session_opened: { session: SessionId };
  session_closed: { withdrawn: number };
  subscribed: Subscribed;
  notices: { notices: NoticeDocument[] };
}

/** What a command brought about: a name, or an object with the name as its one key. */
export type Outcome =
  | { [Name in keyof Outcomes]: { [Only in Name]: Outcomes[Name] } }[keyof Outcomes]
  | "fence_lifted"
  | "override_set"
  | "override_cleared"
  | "override_ended"
  | "watched"
  | "service_removed"
  | "looked"
  | "session_touched"
  | "unsubscribed"
  | "restarted"
  | "loaded"
  | "advanced";
