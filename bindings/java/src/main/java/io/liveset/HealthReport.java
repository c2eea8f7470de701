package io.liveset;

import java.util.Objects;

/**
 * What the host's checker found out about a persistent instance.
 *
 * @param service which service
 * @param address which instance
 * @param healthy what was found
 * @param sure whether this report is enough by itself; else it takes as many equal ones in a row as the policy says
 */
public record HealthReport(ServiceKey service, Address address, boolean healthy, boolean sure) {
    /** Bounds are checked when it is used. */
    public HealthReport {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(address, "address");
    }

    /** One report of several. */
    public static HealthReport of(ServiceKey service, Address address, boolean healthy) {
        return new HealthReport(service, address, healthy, false);
    }

    /** The same, enough by itself or not. */
    public HealthReport withSure(boolean sure) {
        return new HealthReport(service, address, healthy, sure);
    }

    void write(Document to) {
        service.write(to);
        address.write(to);
        to.flag("healthy", healthy).flag("sure", sure);
    }
}
