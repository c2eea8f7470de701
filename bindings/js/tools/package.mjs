// The package under its public API, as an engine of vectors.

import { LivesetError, Registry } from "liveset";

/** A registry of the package, as vectors are replayed in it: the calls of its own where a command has one, and `apply` for the rest. */
export function open(policy) {
  const registry = new Registry({ policy });
  const calls = {
    beat: (now, { lease }) => registry.beat(now, lease),
    beat_many: (now, { leases }) => ({ stale: registry.beatMany(now, leases) }),
    advance: (now) => registry.advance(now),
  };
  return {
    answer(now, command) {
      const [verb, body] = typeof command === "string" ? [command] : Object.entries(command)[0];
      try {
        return { ok: calls[verb]?.(now, body) ?? (verb in calls ? "done" : registry.apply(now, command)) };
      } catch (error) {
        if (!(error instanceof LivesetError)) throw error;
        const { code, message, field } = error;
        return { error: field === undefined ? { code, message } : { code, message, field } };
      }
    },
    /** What the vector says, in the words of the call that answers. */
    comparable({ command, answer }) {
      const verb = typeof command === "string" ? command : Object.keys(command)[0];
      if ("error" in answer) return answer;
      if (verb === "advance" || verb === "beat") return { ok: "done" };
      return verb === "beat_many" ? { ok: answer.ok.beaten_many } : answer;
    },
    digest: () => registry.digest(),
    close: () => registry.close(),
  };
}
