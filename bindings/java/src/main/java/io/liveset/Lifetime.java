package io.liveset;

import java.time.Duration;
import java.util.Objects;

/** How long an operator's decision holds. */
public sealed interface Lifetime {
    /** Until an operator clears it. */
    record UntilCleared() implements Lifetime {}

    /**
     * For a time, counted from the decision.
     *
     * @param span 0 to ten days
     */
    record For(Duration span) implements Lifetime {
        /** Bounds are checked when it is used. */
        public For {
            Objects.requireNonNull(span, "span");
        }
    }

    /** For the life of the instance it was made about; a newer incarnation comes without it. */
    record ThisIncarnation() implements Lifetime {}

    /**
     * For a time counted only while the instance is absent, from zero at each disappearance.
     *
     * @param span 0 to ten days
     */
    record Absent(Duration span) implements Lifetime {
        /** Bounds are checked when it is used. */
        public Absent {
            Objects.requireNonNull(span, "span");
        }
    }
}
