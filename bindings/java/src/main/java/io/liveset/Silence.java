package io.liveset;

import java.util.OptionalLong;

/**
 * A silence that had a consequence.
 *
 * @param since the last sign of life before it (ms)
 * @param asked when the connection was asked for another one (ms); empty for claims by beats, which are not asked
 */
public record Silence(long since, OptionalLong asked) {
    static Silence read(Node from) {
        return new Silence(from.number("since"), from.optionalNumber("asked"));
    }
}
