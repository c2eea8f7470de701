package io.liveset;

import java.util.List;

/**
 * What a batch brought.
 *
 * @param members what each of its claims brought, in the order given
 * @param withdrawn how many other claims of the session ended
 */
public record RegisteredBatch(List<Registered> members, int withdrawn) {
    static RegisteredBatch read(Node from) {
        return new RegisteredBatch(from.list("members", Registered::read), (int) from.number("withdrawn"));
    }
}
