package io.liveset;

import java.util.List;
import java.util.Objects;

/**
 * Which instances of a service are wanted.
 *
 * @param service which service
 * @param reader for whom
 * @param clusters of which clusters; of all where none is named
 * @param healthyOnly whether only healthy instances are wanted; the policy says what that means for a protected service
 */
public record InstanceQuery(ServiceKey service, Reader reader, List<String> clusters, boolean healthyOnly) {
    /** Copies the clusters; bounds are checked when it is used. */
    public InstanceQuery {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(reader, "reader");
        clusters = List.copyOf(clusters);
    }

    /** All that the reader gets. */
    public static InstanceQuery of(ServiceKey service, Reader reader) {
        return new InstanceQuery(service, reader, List.of(), false);
    }

    /** The same of these clusters only. */
    public InstanceQuery withClusters(String... clusters) {
        return new InstanceQuery(service, reader, List.of(clusters), healthyOnly);
    }

    /** The same, healthy instances only or not. */
    public InstanceQuery withHealthyOnly(boolean healthyOnly) {
        return new InstanceQuery(service, reader, clusters, healthyOnly);
    }

    void write(Document to) {
        service.write(to);
        to.text("reader", reader.word()).texts("clusters", clusters).flag("healthy_only", healthyOnly);
    }
}
