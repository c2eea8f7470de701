package io.liveset;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * A provider's claim that an instance exists.
 *
 * @param service which service
 * @param address which instance of it
 * @param source who claims: a client id, a proxy, a connection's name; 1 to 128 printable bytes
 * @param session over which session; empty for a claim that lives by beats
 * @param incarnation which life of the instance, below 2^53. Where none is given, the claim counts as the life its source last had,
 *     and as a new life when the source had none
 * @param kind what ends it
 * @param healthy whether it is healthy to begin with
 * @param content what the instance asks of load balancers
 */
public record Registration(
        ServiceKey service, Address address, String source, OptionalLong session, OptionalLong incarnation, Kind kind,
        boolean healthy, Content content) {
    /** Bounds are checked when it is used. */
    public Registration {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(session, "session");
        Objects.requireNonNull(incarnation, "incarnation");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(content, "content");
    }

    /** An ephemeral one, healthy to begin with. */
    public Registration(
            ServiceKey service, Address address, String source, OptionalLong session, OptionalLong incarnation,
            Content content) {
        this(service, address, source, session, incarnation, Kind.EPHEMERAL, true, content);
    }

    /** A claim that lives by beats, with default content. */
    public static Registration of(ServiceKey service, Address address, String source) {
        return new Registration(service, address, source, OptionalLong.empty(), OptionalLong.empty(), Content.DEFAULT);
    }

    /** The same over a session: it ends when the session does. */
    public Registration withSession(long session) {
        return new Registration(service, address, source, OptionalLong.of(session), incarnation, kind, healthy, content);
    }

    /** The same for a life with a number of the host's. */
    public Registration withIncarnation(long incarnation) {
        return new Registration(service, address, source, session, OptionalLong.of(incarnation), kind, healthy, content);
    }

    /** The same of another kind. */
    public Registration withKind(Kind kind) {
        return new Registration(service, address, source, session, incarnation, kind, healthy, content);
    }

    /** The same, healthy to begin with or not. */
    public Registration withHealthy(boolean healthy) {
        return new Registration(service, address, source, session, incarnation, kind, healthy, content);
    }

    /** The same with other content. */
    public Registration withContent(Content content) {
        return new Registration(service, address, source, session, incarnation, kind, healthy, content);
    }

    void write(Document to) {
        service.write(to);
        address.write(to);
        to.text("source", source);
        session.ifPresent(id -> to.exactNumber("session", id));
        incarnation.ifPresent(life -> to.exactNumber("incarnation", life));
        to.text("kind", kind.word()).flag("healthy", healthy);
        content.write(to);
    }
}
