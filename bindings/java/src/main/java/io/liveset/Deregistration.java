package io.liveset;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A claim taken back by name.
 *
 * @param service which service
 * @param address which instance
 * @param source who takes its claim back, 1 to 128 printable bytes
 * @param incarnation of which life, below 2^53; a late command of an older one is refused
 * @param session over which session; empty for a claim by beats, or by name alone
 * @param kind which of the two instances that an address may have; empty for whichever is there
 * @param because why, in the source's words
 */
public record Deregistration(
        ServiceKey service, Address address, String source, OptionalLong incarnation, OptionalLong session,
        Optional<Kind> kind, Optional<String> because) {
    /** Bounds are checked when it is used. */
    public Deregistration {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(incarnation, "incarnation");
        Objects.requireNonNull(session, "session");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(because, "because");
    }

    /** By name alone, of whichever kind is there. */
    public Deregistration(ServiceKey service, Address address, String source, OptionalLong incarnation) {
        this(service, address, source, incarnation, OptionalLong.empty(), Optional.empty(), Optional.empty());
    }

    /** Whatever life the source last had. */
    public static Deregistration of(ServiceKey service, Address address, String source) {
        return new Deregistration(service, address, source, OptionalLong.empty());
    }

    /** The same for a life with a number of the host's. */
    public Deregistration withIncarnation(long incarnation) {
        return new Deregistration(service, address, source, OptionalLong.of(incarnation), session, kind, because);
    }

    /** The same of a claim over a session. */
    public Deregistration withSession(long session) {
        return new Deregistration(service, address, source, incarnation, OptionalLong.of(session), kind, because);
    }

    /** The same of the instance of this kind. */
    public Deregistration withKind(Kind kind) {
        return new Deregistration(service, address, source, incarnation, session, Optional.of(kind), because);
    }

    /** The same for a reason, which accounts of the instance tell. */
    public Deregistration because(String reason) {
        return new Deregistration(service, address, source, incarnation, session, kind, Optional.of(reason));
    }

    void write(Document to) {
        service.write(to);
        address.write(to);
        to.text("source", source);
        incarnation.ifPresent(life -> to.exactNumber("incarnation", life));
        session.ifPresent(id -> to.exactNumber("session", id));
        kind.ifPresent(either -> to.text("kind", either.word()));
        because.ifPresent(reason -> to.text("because", reason));
    }
}
