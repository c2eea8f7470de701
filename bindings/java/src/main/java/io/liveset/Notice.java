package io.liveset;

/** What the host should do next; taken with {@link Registry#poll}. */
public sealed interface Notice {
    /**
     * A service moved, and its subscriber has not looked yet. Read its changes and tell the subscriber.
     *
     * @param subscription whom to tell
     * @param service about what
     * @param revision where it stands
     */
    record Changed(long subscription, long service, long revision) implements Notice {}

    /**
     * A session has been silent for long. Ask its peer for a sign of life, and touch the session when one comes.
     *
     * @param session which
     */
    record Probe(long session) implements Notice {}
}
