package io.liveset;

import java.util.Locale;

/** Who reads. Each gets what a server of the registry's policy would give it. */
public enum Reader {
    /** An operator's page: every instance, with its real health. */
    OPERATOR,
    /** A consumer: enabled instances, all as healthy while protection is in force. */
    CONSUMER;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
