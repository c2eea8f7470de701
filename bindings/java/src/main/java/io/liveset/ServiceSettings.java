package io.liveset;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * What an operator sets for a service, as a whole: what is not named goes back to what it was at first.
 *
 * @param service which service
 * @param protectThreshold when healthy / total is at or below it, 0 to 1, all instances are served as healthy; empty for the policy's
 * @param metadata free texts, with keys of at least one byte
 * @param kind its kind where it is created by this; empty for the kind of its first instance
 */
public record ServiceSettings(
        ServiceKey service, OptionalDouble protectThreshold, Map<String, String> metadata, Optional<Kind> kind) {
    /** Copies the metadata; bounds are checked when it is used. */
    public ServiceSettings {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(protectThreshold, "protectThreshold");
        Objects.requireNonNull(kind, "kind");
        Map<String, String> copy = new TreeMap<>(metadata);
        copy.values().forEach(value -> Objects.requireNonNull(value, "metadata"));
        metadata = Collections.unmodifiableMap(copy);
    }

    /** No settings at all. */
    public static ServiceSettings of(ServiceKey service) {
        return new ServiceSettings(service, OptionalDouble.empty(), Map.of(), Optional.empty());
    }

    /** The same with a protect threshold of its own, 0 to 1. */
    public ServiceSettings withProtectThreshold(double protectThreshold) {
        return new ServiceSettings(service, OptionalDouble.of(protectThreshold), metadata, kind);
    }

    /** The same with other metadata. */
    public ServiceSettings withMetadata(Map<String, String> metadata) {
        return new ServiceSettings(service, protectThreshold, metadata, kind);
    }

    /** The same for a service of this kind. */
    public ServiceSettings withKind(Kind kind) {
        return new ServiceSettings(service, protectThreshold, metadata, Optional.of(kind));
    }

    void write(Document to) {
        service.write(to);
        protectThreshold.ifPresent(threshold -> to.real("protect_threshold", threshold));
        to.texts("metadata", metadata);
        kind.ifPresent(either -> to.text("kind", either.word()));
    }
}
