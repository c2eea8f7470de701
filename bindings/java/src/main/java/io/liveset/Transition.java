package io.liveset;

import java.util.Optional;

/**
 * One thing that happened to an instance.
 *
 * @param sequence place in the journal, from 1 on without gaps; ask for what came after the last one you have
 * @param at when it happened (ms), which may be earlier than when the host looked
 * @param service the instance's service
 * @param address the instance
 * @param cause what happened
 * @param by who did it; empty where time did
 * @param because why, in an operator's words
 * @param silence the silence that brought it about, where one did
 */
public record Transition(
        long sequence, long at, ServiceKey service, Address address, Cause cause, Optional<String> by,
        Optional<String> because, Optional<Silence> silence) {
    static Transition read(Node from) {
        return new Transition(from.number("sequence"), from.number("at"), ServiceKey.read(from.at("service")),
                Address.read(from.at("address")), from.word("cause", Cause.class), from.optionalText("by"),
                from.optionalText("because"), from.optional("silence").map(Silence::read));
    }
}
