package io.liveset;

import java.util.List;

/**
 * A claim taken back.
 *
 * @param withdrawn how many claims ended; 0 where the policy answers so and does nothing
 * @param remaining sources that hold the instance still
 */
public record Deregistered(int withdrawn, List<String> remaining) {
    static Deregistered read(Node from) {
        return new Deregistered((int) from.number("withdrawn"), from.texts("remaining"));
    }
}
