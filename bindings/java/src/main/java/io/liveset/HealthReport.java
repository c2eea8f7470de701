package io.liveset;

import java.util.Objects;
import java.util.Optional;

/**
 * What the host's checker found out about a persistent instance.
 *
 * @param service which service
 * @param address which instance
 * @param healthy what was found
 * @param sure whether this report is enough by itself; else it takes as many equal ones in a row, of as many observers, as the policy
 *     says
 * @param by who found it, 1 to 128 printable bytes, where the checker has a name
 */
public record HealthReport(
        ServiceKey service, Address address, boolean healthy, boolean sure, Optional<String> by) {
    /** Bounds are checked when it is used. */
    public HealthReport {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(by, "by");
    }

    /** One report of several. */
    public static HealthReport of(ServiceKey service, Address address, boolean healthy) {
        return new HealthReport(service, address, healthy, false, Optional.empty());
    }

    /** The same, enough by itself or not. */
    public HealthReport withSure(boolean sure) {
        return new HealthReport(service, address, healthy, sure, by);
    }

    /** The same by a checker with a name. */
    public HealthReport by(String checker) {
        return new HealthReport(service, address, healthy, sure, Optional.of(checker));
    }

    void write(Document to) {
        service.write(to);
        address.write(to);
        to.flag("healthy", healthy).flag("sure", sure);
        by.ifPresent(checker -> to.text("by", checker));
    }
}
