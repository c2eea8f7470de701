import { type Notice, type Registry, whole } from "./liveset.js";

/** A notice, and the virtual moment at which it arose. */
export interface TimedNotice {
  at: number;
  notice: Notice;
}

/**
 * Virtual time for a registry: nothing waits, and every deadline is met at its own moment.
 *
 * It is a host's loop without the sleeping: ask for the next deadline, advance to it, take the notices. It holds nothing but the
 * moment; the registry is yours, and its verbs take {@link now}.
 */
export class VirtualTime {
  readonly #registry: Registry;
  #now: number;

  /** Begins where the registry stands. */
  constructor(registry: Registry) {
    this.#registry = registry;
    this.#now = registry.counters().now;
  }

  /** The moment it is, in ms. */
  get now(): number {
    return this.#now;
  }

  /** Lets `ms` milliseconds pass, from deadline to deadline, and returns the notices of the way. */
  pass(ms: number): TimedNotice[] {
    const end = whole(this.#now + whole(ms, "ms"), "ms");
    const notices = this.#take();
    for (;;) {
      // A deadline may be early and come to nothing, but the clock has to move on.
      const next = Math.max(this.#registry.nextDeadline() ?? end, this.#now + 1);
      if (next >= end) break;
      notices.push(...this.#advance(next));
    }
    notices.push(...this.#advance(end));
    return notices;
  }

  #advance(to: number): TimedNotice[] {
    this.#now = to;
    this.#registry.advance(to);
    return this.#take();
  }

  #take(): TimedNotice[] {
    return this.#registry.poll().map((notice) => ({ at: this.#now, notice }));
  }
}
