package io.liveset;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What a provider says of its instance. Each registration replaces it as a whole.
 *
 * @param weight share of traffic, 0 to 10000
 * @param enabled whether the provider itself wants traffic
 * @param metadata free texts, at most 64 KiB together (the policy may be stricter), with keys of at least one byte. The keys
 *     {@code preserved.heart.beat.interval}, {@code preserved.heart.beat.timeout} and {@code preserved.ip.delete.timeout}
 *     (milliseconds) set the instance's own times, as in Nacos
 */
public record Content(double weight, boolean enabled, Map<String, String> metadata) {
    /** Weight 1, enabled, no metadata. */
    public static final Content DEFAULT = new Content(1, true, Map.of());

    /** Copies the metadata; bounds are checked when the content is used. */
    public Content {
        Map<String, String> copy = new TreeMap<>(metadata);
        copy.values().forEach(value -> Objects.requireNonNull(value, "metadata"));
        metadata = Collections.unmodifiableMap(copy);
    }

    /** The same with another weight, 0 to 10000. */
    public Content withWeight(double weight) {
        return new Content(weight, enabled, metadata);
    }

    /** The same, wanting traffic or not. */
    public Content withEnabled(boolean enabled) {
        return new Content(weight, enabled, metadata);
    }

    /** The same with other metadata. */
    public Content withMetadata(Map<String, String> metadata) {
        return new Content(weight, enabled, metadata);
    }

    void write(Document to) {
        to.object("content", content -> content.real("weight", weight).flag("enabled", enabled).texts("metadata", metadata));
    }
}
