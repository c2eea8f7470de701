package io.liveset;

import java.util.OptionalLong;

/**
 * An instance is gone.
 *
 * @param withdrawn how many claims ended
 * @param fencedUntil until which moment (ms) that life is fenced; empty without a fence
 */
public record Removed(int withdrawn, OptionalLong fencedUntil) {
    static Removed read(Node from) {
        return new Removed((int) from.number("withdrawn"), from.optionalNumber("fenced_until"));
    }
}
