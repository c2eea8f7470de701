package io.liveset;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * A service registry without a clock, threads or sockets: it lives at the moments it is handed.
 *
 * <p>A command takes {@code now}: milliseconds since a zero that the host chose once, 0 to 2^53 - 1. Time never goes backwards; an
 * earlier moment counts as the latest one. A refused command throws {@link LivesetException}, and the registry is as if only time had
 * passed. Every method throws it with kind {@code CLOSED} after {@link #close}, and where it takes {@code now}, with kind
 * {@code OUT_OF_RANGE} when that is negative or 2^53 and more.
 *
 * <p>Any thread may call any method; one call runs at a time. A registry that is dropped without {@link #close} is closed by a cleaner.
 */
public final class Registry extends Questions implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final int POLL_MAX = 65_536;

    private final Handle handle;
    private final Cleaner.Cleanable closer;

    private Registry(Handle handle) {
        this.handle = handle;
        this.closer = CLEANER.register(this, handle);
    }

    /**
     * An empty registry.
     *
     * @throws LivesetException {@code INVALID} or {@code MALFORMED} for a policy that cannot be, naming the field
     * @throws UnsatisfiedLinkError when there is no native library for this platform
     */
    public static Registry open(Policy policy) {
        return new Registry(Handle.open(policy));
    }

    /**
     * The registry that a snapshot holds, all or nothing. It goes on exactly where the other stood, future ids included.
     *
     * @throws LivesetException {@code CORRUPT_SNAPSHOT} or {@code NEWER_SNAPSHOT}
     * @throws UnsatisfiedLinkError when there is no native library for this platform
     */
    public static Registry restore(byte[] snapshot) {
        return new Registry(Handle.restore(Objects.requireNonNull(snapshot, "snapshot")));
    }

    /** Closes it; again is harmless. */
    @Override
    public void close() {
        closer.clean();
    }

    // Per beat.

    /**
     * A sign of life of one lease. Prefer {@link #beatMany(long, LeaseBatch)}.
     *
     * @throws LivesetException {@code UNKNOWN_LEASE}: register again
     */
    public void beat(long now, long lease) {
        try {
            handle.beat(now, Document.exact("lease", lease));
        } finally {
            // Without it the cleaner could close the registry while a call on it, its last use, is still running.
            Reference.reachabilityFence(this);
        }
    }

    /** Signs of life of many leases. Returns how many of them nobody holds any more; the batch names them. */
    public int beatMany(long now, LeaseBatch leases) {
        try {
            return handle.beatMany(now, leases);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Signs of life of many leases. Returns those that nobody holds any more, in the order given: register again. */
    public long[] beatMany(long now, long... leases) {
        try {
            return handle.beatMany(now, leases);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Lets everything happen that is due by {@code now}, each at its own due time: how often a host calls is unobservable. */
    public void advance(long now) {
        try {
            handle.advance(now);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The moment before which nothing happens by itself; empty when nothing will. It may be early, never late. */
    public OptionalLong nextDeadline() {
        try {
            long next = handle.nextDeadline();
            return next < 0 ? OptionalLong.empty() : OptionalLong.of(next);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The number that equal registries share, in every language: all 64 bits of it. */
    public long digest() {
        try {
            return handle.digest();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    // Providers.

    /**
     * Claims an instance, or says anew what it is. Counts as a beat.
     *
     * @throws LivesetException {@code INVALID}, {@code UNKNOWN_SESSION}, {@code FENCED}, {@code STALE}, {@code OTHER_KIND} or
     *     {@code LIMIT_REACHED}
     */
    public Registered register(long now, Registration registration) {
        return Registered.read(command(now, "register", registration::write).at("registered"));
    }

    /**
     * Claims several instances of one service over one session, in the place of all that the session holds there. All or nothing.
     *
     * @throws LivesetException as {@link #register}
     */
    public RegisteredBatch registerBatch(long now, BatchRegistration batch) {
        return RegisteredBatch.read(command(now, "register_batch", batch::write).at("registered_batch"));
    }

    /**
     * A sign of life by name, for clients without ids.
     *
     * @throws LivesetException {@code INVALID}, {@code UNKNOWN_LEASE} (register again), {@code FENCED} (stop), {@code STALE}
     */
    public Beaten beatInstance(long now, InstanceBeat beat) {
        return Beaten.read(command(now, "beat_instance", beat::write).at("beaten"));
    }

    /**
     * What the host's checker found out about a persistent instance. Returns whether it is healthy now: one report may not be enough.
     *
     * @throws LivesetException {@code INVALID} for an ephemeral instance, too; {@code UNKNOWN_INSTANCE}
     */
    public boolean reportHealth(long now, HealthReport report) {
        return command(now, "report_health", report::write).at("health_reported").flag("healthy");
    }

    /**
     * Takes back a claim, by name.
     *
     * @throws LivesetException {@code INVALID}, {@code UNKNOWN_LEASE}, {@code STALE} or {@code NOT_OWNER}
     */
    public Deregistered deregister(long now, Deregistration deregistration) {
        return Deregistered.read(command(now, "deregister", deregistration::write).at("deregistered"));
    }

    /**
     * Takes back a claim, by its lease.
     *
     * @throws LivesetException {@code UNKNOWN_LEASE}
     */
    public Deregistered deregister(long now, long lease) {
        Node done = command(now, "deregister_lease", fields -> fields.exactNumber("lease", lease));
        return Deregistered.read(done.at("deregistered"));
    }

    /**
     * A connection opens. Returns the session's id.
     *
     * @param name whose it is, 1 to 128 printable bytes
     * @throws LivesetException {@code INVALID} or {@code LIMIT_REACHED}
     */
    public long openSession(long now, String name) {
        return command(now, "open_session", fields -> fields.text("name", name)).at("session_opened").number("session");
    }

    /**
     * A sign of life of a connection.
     *
     * @throws LivesetException {@code UNKNOWN_SESSION}
     */
    public void touchSession(long now, long session) {
        command(now, "touch_session", fields -> fields.exactNumber("session", session));
    }

    /**
     * A connection ended, and so do its leases. Returns how many.
     *
     * @throws LivesetException {@code UNKNOWN_SESSION}
     */
    public int closeSession(long now, long session) {
        Node done = command(now, "close_session", fields -> fields.exactNumber("session", session));
        return (int) done.at("session_closed").number("withdrawn");
    }

    // Operators.

    /**
     * Ends every claim on an instance and fences the life that ended.
     *
     * @throws LivesetException {@code INVALID} or {@code UNKNOWN_INSTANCE}
     */
    public Removed remove(long now, Removal removal) {
        return Removed.read(command(now, "remove", removal::write).at("removed"));
    }

    /**
     * Lifts the fence of an instance.
     *
     * @throws LivesetException {@code INVALID} or {@code UNKNOWN_INSTANCE}
     */
    public void liftFence(long now, ServiceKey service, Address address, String by) {
        command(now, "lift_fence", fields -> about(service, address).accept(fields.text("by", by)));
    }

    /**
     * Decides about an instance, present or not.
     *
     * @throws LivesetException {@code INVALID}
     */
    public void setOverride(long now, OverrideChange change) {
        command(now, "set_override", change::write);
    }

    /**
     * Takes back every decision about an instance.
     *
     * @throws LivesetException {@code INVALID} or {@code UNKNOWN_INSTANCE}
     */
    public void clearOverride(long now, ServiceKey service, Address address, String by) {
        command(now, "clear_override", fields -> about(service, address).accept(fields.text("by", by)));
    }

    /**
     * Takes back the decision about one field of an instance.
     *
     * @throws LivesetException {@code INVALID} or {@code UNKNOWN_INSTANCE}
     */
    public void clearOverride(long now, ServiceKey service, Address address, String by, OverrideField field) {
        command(now, "clear_override", fields -> {
            about(service, address).accept(fields.text("by", by));
            if (field instanceof OverrideField.Metadata metadata) {
                fields.object("field", one -> one.text("metadata", metadata.key()));
            } else {
                fields.text("field", field instanceof OverrideField.Enabled ? "enabled" : "weight");
            }
        });
    }

    /**
     * Sets the settings of a service as a whole, creating it where it is not known. Returns its id.
     *
     * @throws LivesetException {@code INVALID}
     */
    public long setService(long now, ServiceSettings settings) {
        return command(now, "set_service", settings::write).at("service_set").number("service");
    }

    /**
     * Takes an empty service away, with its settings.
     *
     * @throws LivesetException {@code INVALID}, {@code UNKNOWN_SERVICE} or {@code NOT_EMPTY}
     */
    public void removeService(long now, ServiceKey service) {
        command(now, "remove_service", service::write);
    }

    /**
     * The registry's process ended and began again: what the policy does not keep over that is gone. To imitate a server; a host that
     * has {@link #snapshot} and {@link #restore} loses nothing.
     */
    public void restart(long now) {
        done(now, Document.word("restart"));
    }

    /** All that a restart lost has been handed in again: lists are marked as incomplete no more. */
    public void loaded(long now) {
        done(now, Document.word("loaded"));
    }

    /**
     * The host could hear nobody from that moment on until now: a change of leaders, a registry that stood still. Nobody's silence
     * meanwhile counts, and everybody has his whole time from here on.
     *
     * @param from since when (ms), not after now
     * @throws LivesetException {@code INVALID}
     */
    public void excuse(long now, long from) {
        command(now, "excuse", to -> to.exactNumber("from", from));
    }

    // Subscribers.

    /**
     * Somebody wants to be told of a service, known or not.
     *
     * @param subscriber who, 1 to 128 printable bytes
     * @throws LivesetException {@code INVALID} or {@code LIMIT_REACHED}
     */
    public Subscribed subscribe(long now, ServiceKey service, String subscriber) {
        Node done = command(now, "subscribe", fields -> {
            service.write(fields);
            fields.text("subscriber", subscriber);
        });
        return Subscribed.read(done.at("subscribed"));
    }

    /**
     * Nobody wants to be told any more.
     *
     * @throws LivesetException {@code UNKNOWN_SUBSCRIPTION}
     */
    public void unsubscribe(long now, long subscription) {
        command(now, "unsubscribe", fields -> fields.exactNumber("subscription", subscription));
    }

    /**
     * A reader is about to read a service: where the policy computes views late and nobody computed this one yet, it is computed now.
     *
     * @throws LivesetException {@code INVALID}
     */
    public void look(long now, ServiceKey service) {
        command(now, "look", service::write);
    }

    /**
     * Takes up to {@code max} notices; fewer than that means that there are no more. Time does not pass.
     *
     * @param max 1 to 65536
     */
    public List<Notice> poll(int max) {
        if (max < 1 || max > POLL_MAX) {
            throw LivesetException.invalid("max", max, "1 to " + POLL_MAX);
        }
        try {
            return handle.poll(max);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * What happened to a service after a revision, as rows.
     *
     * @param service its id, from a notice or {@link #subscribe}
     * @param since the revision the caller has, 0 for none
     * @param into receives the rows
     * @throws LivesetException {@code UNKNOWN_SERVICE}
     */
    public void changes(long service, long since, ChangeRows into) {
        try {
            handle.changes(Document.exact("service", service), Document.exact("since", since), into);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** All there is, as bytes for {@link #restore}. */
    public byte[] snapshot() {
        try {
            return handle.snapshot();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    // The doors behind all of the above.

    /**
     * Does what a command document says, as {@code {"beat": {"lease": 1}}}. Returns the outcome's document.
     *
     * @throws LivesetException whatever the command is refused for; {@code MALFORMED} when it is not JSON
     */
    public String apply(long now, String command) {
        return content(done(now, Document.utf8(command)));
    }

    /**
     * Answers a question document, as {@code "counters"}. Returns the answer's document.
     *
     * @throws LivesetException {@code INVALID} or {@code MALFORMED} for what is no question, and what the question meets
     */
    public String ask(String question) {
        return content(question(Document.utf8(question)));
    }

    private Node command(long now, String verb, Consumer<Document> fields) {
        return Node.parse(done(now, Document.of(verb, fields))).at("ok");
    }

    private byte[] done(long now, byte[] command) {
        try {
            return handle.apply(now, command);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    byte[] question(byte[] question) {
        try {
            return handle.ask(question);
        } finally {
            Reference.reachabilityFence(this);
        }
    }
}
