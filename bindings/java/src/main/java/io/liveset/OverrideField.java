package io.liveset;

import java.util.Objects;

/** A field of an instance that an operator can decide about. */
public sealed interface OverrideField {
    /** On or off. */
    record Enabled() implements OverrideField {}

    /** Weight. */
    record Weight() implements OverrideField {}

    /**
     * One metadata key.
     *
     * @param key which
     */
    record Metadata(String key) implements OverrideField {
        /** Any key can be named. */
        public Metadata {
            Objects.requireNonNull(key, "key");
        }
    }
}
