package io.liveset;

import java.util.Locale;

/** What keeps an instance. */
public enum Kind {
    /** Beats, or its session. */
    EPHEMERAL,
    /** Nothing: it stays until its source or an operator takes it back, and its health is what the host's checker reports. */
    PERSISTENT;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Kind of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
