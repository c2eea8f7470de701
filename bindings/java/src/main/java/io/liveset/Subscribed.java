package io.liveset;

/**
 * A subscription: notices will come.
 *
 * @param subscription its id, as notices name it
 * @param service the service's id, to read changes with
 * @param revision where the service stands now
 */
public record Subscribed(long subscription, long service, long revision) {
    static Subscribed read(Node from) {
        return new Subscribed(from.number("subscription"), from.number("service"), from.number("revision"));
    }
}
