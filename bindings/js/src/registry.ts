/// <reference lib="esnext.disposable" preserve="true" />
import type {
  CopyReport,
  Counters,
  Explanation,
  InstanceFilter,
  InstanceNames,
  Question,
  Reader,
  ReplyTo,
  ServiceRecord,
  ServiceView,
  SubscriberAccount,
  Transition,
} from "./answers.js";
import { batch, bytes, invalid, json, record, whole } from "./check.js";
import type {
  BatchRegistration,
  Beaten,
  Command,
  Deregistered,
  Deregistration,
  HealthReport,
  InstanceBeat,
  InstanceId,
  LeaseId,
  Outcome,
  Outcomes,
  OverrideChange,
  OverrideClearing,
  Place,
  Registered,
  RegisteredBatch,
  Registration,
  Removal,
  Removed,
  Service,
  ServiceId,
  ServiceSettings,
  SessionId,
  Subscribed,
  SubscriptionId,
} from "./documents.js";
import { loaded, refusing } from "./engine.js";
import { ErrorCode, LivesetError } from "./error.js";
import type { Policy, Preset } from "./policy.js";
import { type Changes, changesOf, type Notice, noticesOf } from "./rows.js";
import { seed } from "./seed.js";
import { shorthand } from "./shorthand.js";
import { Registry as Engine } from "./wasm/liveset.js";

/** How a registry is opened. */
export interface RegistryOptions {
  /** A preset's name, or all fields; `strict` where none is named. */
  policy?: Preset | Policy;
}

/**
 * A service registry as a pure state machine: it decides which instances are live, and says why.
 *
 * It has no clock, timer or socket. The host hands in `now` with every verb: whole milliseconds since a zero that it chose once, below
 * 2^53, never backwards (an earlier moment counts as the latest). Equal policies and equal commands at equal times give equal
 * registries, byte for byte, in every language.
 *
 * Every method throws a {@link LivesetError} when it refuses. An argument of the wrong type or out of range never reaches the
 * registry; any other refusal leaves it as if only time had passed.
 */
export class Registry {
  #engine: Engine | undefined;
  #ended = () => new LivesetError(ErrorCode.closed, "the registry is closed");

  /** Opens an empty registry at the host's zero. */
  constructor(options?: RegistryOptions);
  constructor(options: RegistryOptions | Engine = {}) {
    this.#engine = options instanceof Engine ? options : opened(options);
  }

  /** The registry that {@link snapshot} wrote, future ids included; all or nothing. */
  static restore(snapshot: Uint8Array): Registry {
    const state = bytes(snapshot, "snapshot");
    loaded();
    const restore = Registry as new (engine: Engine) => Registry;
    return new restore(refusing(() => Engine.restore(state, seed())));
  }

  /** Claims an instance for a source, or says anew what it is. Counts as a beat. */
  register(now: number, registration: Registration): Registered {
    return this.#outcome(now, { register: registration }, "registered");
  }

  /** Claims several instances of one service over one session, in the place of all that the session holds there. All or nothing. */
  registerBatch(now: number, batch: BatchRegistration): RegisteredBatch {
    return this.#outcome(now, { register_batch: batch }, "registered_batch");
  }

  /** A sign of life of one lease; refused with `unknownLease` when nobody holds it: register again. Prefer {@link beatMany}. */
  beat(now: number, lease: LeaseId): void {
    whole(now, "now");
    whole(lease, "lease");
    this.#call((engine) => engine.beat(now, lease));
  }

  /** Signs of life of many leases, at most 1048576 a call. Returns the ones nobody holds, in the order given: register again. */
  beatMany(now: number, leases: readonly LeaseId[] | Float64Array): LeaseId[] {
    whole(now, "now");
    const packed = batch(leases, "leases");
    const stale = this.#call((engine) => engine.beat_many(now, packed));
    return stale === undefined ? [] : (Array.from(stale) as LeaseId[]);
  }

  /** A sign of life by name. Where the policy says so, a full beat for an instance that is not there registers it. */
  beatInstance(now: number, beat: InstanceBeat): Beaten {
    return this.#outcome(now, { beat_instance: beat }, "beaten");
  }

  /** What the host's checker found out about a persistent instance. Returns whether it is healthy now: one report may not be enough. */
  reportHealth(now: number, report: HealthReport): boolean {
    return this.#outcome(now, { report_health: report }, "health_reported").healthy;
  }

  /** Takes back the claim of its source. Other sources keep the instance, and the outcome names them. */
  deregister(now: number, deregistration: Deregistration): Deregistered {
    return this.#outcome(now, { deregister: deregistration }, "deregistered");
  }

  /** Takes back one claim by id. */
  deregisterLease(now: number, lease: LeaseId): Deregistered {
    return this.#outcome(now, { deregister_lease: { lease } }, "deregistered");
  }

  /** An operator ends every claim on an instance and fences the life that ended. */
  remove(now: number, removal: Removal): Removed {
    return this.#outcome(now, { remove: removal }, "removed");
  }

  /** An operator lifts the fence of an instance. */
  liftFence(now: number, lifting: { service: Service; address: Place; by: string }): void {
    this.apply(now, { lift_fence: lifting });
  }

  /** An operator decides about an instance, present or not. */
  setOverride(now: number, change: OverrideChange): void {
    this.apply(now, { set_override: change });
  }

  /** An operator takes a decision back: one field, or all of them. */
  clearOverride(now: number, clearing: OverrideClearing): void {
    this.apply(now, { clear_override: clearing });
  }

  /** Sets the settings of a service as a whole, creating it where it is not known. */
  setService(now: number, settings: ServiceSettings): ServiceId {
    return this.#outcome(now, { set_service: settings }, "service_set").service;
  }

  /** An operator takes an empty service away, with its settings; refused with `notEmpty` while it has instances. */
  removeService(now: number, service: Service): void {
    this.apply(now, { remove_service: { service } });
  }

  /** A reader is about to read a service: where the policy computes views late and nobody computed this one yet, it is computed now. */
  look(now: number, service: Service): void {
    this.apply(now, { look: { service } });
  }

  /** Opens a session for a connection. Its end will end every lease registered over it. */
  openSession(now: number, name: string): SessionId {
    return this.#outcome(now, { open_session: { name } }, "session_opened").session;
  }

  /** A sign of life of a connection. */
  touchSession(now: number, session: SessionId): void {
    this.apply(now, { touch_session: { session } });
  }

  /** The connection ended; its leases end at once. Returns how many there were. */
  closeSession(now: number, session: SessionId): number {
    return this.#outcome(now, { close_session: { session } }, "session_closed").withdrawn;
  }

  /** Asks for notices of a service, known or not. */
  subscribe(now: number, interest: { service: Service; subscriber: string }): Subscribed {
    return this.#outcome(now, { subscribe: interest }, "subscribed");
  }

  /** Ends a subscription. */
  unsubscribe(now: number, subscription: SubscriptionId): void {
    this.apply(now, { unsubscribe: { subscription } });
  }

  /** The registry's process ended and began again: what the policy does not keep over that is gone. To imitate a server; a host that
   * has {@link snapshot} and {@link restore} loses nothing. */
  restart(now: number): void {
    this.apply(now, "restart");
  }

  /** All that a restart lost has been handed in again: lists are marked as incomplete no more. */
  loaded(now: number): void {
    this.apply(now, "loaded");
  }

  /** Lets everything happen that is due by `now`, each at its own moment. How often a host calls it cannot be observed. */
  advance(now: number): void {
    whole(now, "now");
    this.#call((engine) => engine.advance(now));
  }

  /** The moment before which nothing happens by itself; undefined while nothing is pending. It may be early, never late. */
  nextDeadline(): number | undefined {
    return this.#call((engine) => engine.next_deadline());
  }

  /** Takes the waiting notices, at most `max`: all of them where no number is given. One stands for any number of changes. */
  poll(max = 0xffff_ffff): Notice[] {
    whole(max, "max", 0xffff_ffff, "an integer from 0 to 4294967295");
    return noticesOf(this.#call((engine) => engine.poll(max)));
  }

  /** What happened to a service after revision `since`: rows of changes, or the full list to a reader too far behind. Applied in
   * order to a copy, they give the service's list as of the returned revision. */
  changes(service: ServiceId, since = 0): Changes {
    whole(service, "service");
    whole(since, "since");
    return changesOf(this.#call((engine) => engine.changes(service, since)));
  }

  /** Service and address behind an instance id in a row of changes. */
  instanceName(instance: InstanceId): InstanceNames {
    whole(instance, "instance");
    return this.ask({ instance_name: { instance } })[0]!;
  }

  /** A service as a reader gets it, or those of its instances that are wanted; empty at revision 0 when nobody ever named it. */
  instances(service: Service, reader: Reader = "consumer", wanted: InstanceFilter = {}): ServiceView {
    return this.ask({ instances: { ...wanted, service, reader } });
  }

  /** What is known or remembered of a service; null when nobody ever named it, or everything is forgotten. */
  service(service: Service): ServiceRecord | null {
    return this.ask({ service: { service } });
  }

  /** Why is this instance what it is? For instances present, hidden, gone and never seen. `copies` are what readers' own layers hold of
   * it, to be told beside what consumers get here. */
  explain(service: Service, address: Place, copies: CopyReport[] = []): Explanation {
    return this.ask({ explain: { service, address, copies } });
  }

  /** The subscribers of a service, in the order of their subscriptions, and how far each was told. */
  subscribers(service: Service): SubscriberAccount[] {
    return this.ask({ subscribers: { service } });
  }

  /** What happened after entry `since` of the journal, oldest first; 0 for all that is remembered. */
  transitions(since = 0): Transition[] {
    return this.ask({ transitions: { since } });
  }

  /** How many of everything there are. */
  counters(): Counters {
    return this.ask("counters");
  }

  /** Does what a command document says: the door behind every verb, for logs and replays. */
  apply(now: number, command: Command): Outcome {
    whole(now, "now");
    const document = json(shorthand(command), "");
    return JSON.parse(this.#call((engine) => engine.apply(now, document))) as Outcome;
  }

  /** Answers a question document; it changes nothing, not even time. */
  ask<const Q extends Question>(question: Q): ReplyTo<Q> {
    const document = json(shorthand(question), "");
    return JSON.parse(this.#call((engine) => engine.ask(document))) as ReplyTo<Q>;
  }

  /** Everything, as bytes: a container with version, sections and checksums. */
  snapshot(): Uint8Array {
    return this.#call((engine) => engine.snapshot());
  }

  /** 16 hex digits that equal registries share, in every language, and different ones practically never do. */
  digest(): string {
    return this.#call((engine) => engine.digest());
  }

  /** Gives the memory back. Every call from here on is refused with `closed`; closing again does nothing. */
  close(): void {
    this.#engine?.free();
    this.#engine = undefined;
  }

  /** {@link close}, for `using registry = new Registry()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #outcome<Name extends keyof Outcomes>(now: number, command: Command, name: Name): Outcomes[Name] {
    return (this.apply(now, command) as { [Only in Name]: Outcomes[Name] })[name];
  }

  #call<T>(call: (engine: Engine) => T): T {
    const engine = this.#engine;
    if (engine === undefined) throw this.#ended();
    try {
      return refusing(() => call(engine));
    } catch (thrown) {
      if (!(thrown instanceof LivesetError)) {
        // A panic in the middle of a verb: what it left behind is not to be trusted, and freeing it would read it.
        this.#engine = undefined;
        this.#ended = () => broken(thrown);
        throw broken(thrown);
      }
      throw thrown;
    }
  }
}

function opened(options: RegistryOptions): Engine {
  const { policy, ...others } = record(options, "options", 'an object, as in { policy: "strict" }');
  for (const unknown of Object.keys(others)) throw invalid(`options.${unknown}`, others[unknown], "no such option");
  const document = policy === undefined ? "" : json(policy, "policy");
  loaded();
  return refusing(() => new Engine(document, seed()));
}

function broken(cause: unknown): LivesetError {
  return new LivesetError(ErrorCode.broken, "the registry is broken: a call panicked inside it; close it and restore a snapshot", { cause });
}
