package io.liveset;

import java.time.Duration;
import java.util.Optional;

/**
 * A beat by name that counts.
 *
 * @param lease the lease that beats; with it, the next beat needs no names
 * @param interval how often to beat
 * @param registered present when the beat registered an instance that was not there
 */
public record Beaten(long lease, Duration interval, Optional<Registered> registered) {
    static Beaten read(Node from) {
        return new Beaten(
                from.number("lease"), from.at("interval").span(), from.optional("registered").map(Registered::read));
    }
}
