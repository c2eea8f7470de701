package io.liveset;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * A claim taken back by name.
 *
 * @param service which service
 * @param address which instance
 * @param source who takes its claim back, 1 to 128 printable bytes
 * @param incarnation of which life, below 2^53; a late command of an older one is refused
 */
public record Deregistration(ServiceKey service, Address address, String source, OptionalLong incarnation) {
    /** Bounds are checked when it is used. */
    public Deregistration {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(incarnation, "incarnation");
    }

    /** Whatever life the source last had. */
    public static Deregistration of(ServiceKey service, Address address, String source) {
        return new Deregistration(service, address, source, OptionalLong.empty());
    }

    /** The same for a life with a number of the host's. */
    public Deregistration withIncarnation(long incarnation) {
        return new Deregistration(service, address, source, OptionalLong.of(incarnation));
    }

    void write(Document to) {
        service.write(to);
        address.write(to);
        to.text("source", source);
        incarnation.ifPresent(life -> to.exactNumber("incarnation", life));
    }
}
