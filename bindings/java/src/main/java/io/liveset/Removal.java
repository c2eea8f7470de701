package io.liveset;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * An operator ends every claim on an instance.
 *
 * @param service which service
 * @param address which instance
 * @param by who removes it, 1 to 128 printable bytes
 * @param because why, 1 to 256 printable bytes
 * @param fenceFor how long the ended life stays fenced, 0 (no fence) to ten days; empty for the policy's time
 */
public record Removal(
        ServiceKey service, Address address, String by, Optional<String> because, Optional<Duration> fenceFor) {
    /** Bounds are checked when it is used. */
    public Removal {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(by, "by");
        Objects.requireNonNull(because, "because");
        Objects.requireNonNull(fenceFor, "fenceFor");
    }

    /** Without a reason, fenced for the policy's time. */
    public static Removal of(ServiceKey service, Address address, String by) {
        return new Removal(service, address, by, Optional.empty(), Optional.empty());
    }

    /** The same with a reason. */
    public Removal withBecause(String because) {
        return new Removal(service, address, by, Optional.of(because), fenceFor);
    }

    /** The same with a fence of its own length. */
    public Removal withFenceFor(Duration fenceFor) {
        return new Removal(service, address, by, because, Optional.of(fenceFor));
    }

    void write(Document to) {
        service.write(to);
        address.write(to);
        to.text("by", by);
        because.ifPresent(reason -> to.text("because", reason));
        fenceFor.ifPresent(span -> to.span("fence_for", span));
    }
}
