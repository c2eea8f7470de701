package io.liveset;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
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
public final class Registry implements AutoCloseable {
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
     * @throws LivesetException {@code INVALID}, {@code UNKNOWN_SESSION}, {@code FENCED}, {@code STALE} or {@code LIMIT_REACHED}
     */
    public Registered register(long now, Registration registration) {
        return Registered.read(command(now, "register", registration::write).at("registered"));
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
     * Changes the settings of a service, creating it where it is not known. Returns its id.
     *
     * @param protectThreshold 0 to 1; empty goes back to the policy's
     * @throws LivesetException {@code INVALID}
     */
    public long setService(long now, ServiceKey service, OptionalDouble protectThreshold) {
        Node done = command(now, "set_service", fields -> {
            service.write(fields);
            protectThreshold.ifPresent(threshold -> fields.real("protect_threshold", threshold));
        });
        return done.at("service_set").number("service");
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

    // Questions: they change nothing, not even time.

    /** Why an instance is, or is not, what its readers get. */
    public Explanation explain(ServiceKey service, Address address) {
        byte[] answer = question(Document.of("explain", about(service, address)));
        return Explanation.read(Node.parse(answer).at("ok"), content(answer));
    }

    /** A service as a reader gets it. */
    public ServiceView instances(ServiceKey service, Reader reader) {
        return ServiceView.read(asked(Document.of("instances", fields -> {
            service.write(fields);
            fields.text("reader", reader.word());
        })));
    }

    /** What happened after entry {@code since} of the journal (0 for all that it still has), oldest first. */
    public List<Transition> transitions(long since) {
        return asked(Document.of("transitions", fields -> fields.exactNumber("since", since))).list(Transition::read);
    }

    /**
     * The names behind an id in a row of changes.
     *
     * @throws LivesetException {@code UNKNOWN_INSTANCE}
     */
    public InstanceName instanceName(long instance) {
        byte[] question = Document.of("instance_name", fields -> fields.exactNumber("instance", instance));
        return asked(question).list(InstanceName::read).get(0);
    }

    /** Services known here, by name. */
    public List<ServiceKey> services() {
        return asked(Document.word("services")).list(ServiceKey::read);
    }

    /** Instances about which an operator's decision is remembered. */
    public List<InstanceName> overridden() {
        return asked(Document.word("overridden")).list(InstanceName::read);
    }

    /** Instances that are fenced. */
    public List<InstanceName> fenced() {
        return asked(Document.word("fenced")).list(InstanceName::read);
    }

    /** How many of everything there are. */
    public Counters counters() {
        return Counters.read(asked(Document.word("counters")));
    }

    /** The rules in force, every field of them. */
    public Policy policy() {
        return Policy.fromJson(content(question(Document.word("policy"))));
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

    private Node asked(byte[] question) {
        return Node.parse(question(question)).at("ok");
    }

    private byte[] done(long now, byte[] command) {
        try {
            return handle.apply(now, command);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private byte[] question(byte[] question) {
        try {
            return handle.ask(question);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private static Consumer<Document> about(ServiceKey service, Address address) {
        return fields -> {
            service.write(fields);
            address.write(fields);
        };
    }

    /** What stands between <code>{"ok":</code> and the last brace of an answer that is not a refusal. */
    private static String content(byte[] answer) {
        int head = "{\"ok\":".length();
        return new String(answer, head, answer.length - head - 1, StandardCharsets.UTF_8);
    }
}
