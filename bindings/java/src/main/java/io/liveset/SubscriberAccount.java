package io.liveset;

import java.util.OptionalLong;

/**
 * How far one subscriber was told of its service.
 *
 * @param subscription its subscription
 * @param subscriber who it is
 * @param since when (ms) it subscribed
 * @param told the revision it was last told of, or subscribed at
 * @param toldAt when (ms) that was
 * @param waitingSince since when (ms) a notice waits that its host has not taken; empty where none waits
 */
public record SubscriberAccount(
        long subscription, String subscriber, long since, long told, long toldAt, OptionalLong waitingSince) {
    static SubscriberAccount read(Node from) {
        return new SubscriberAccount(from.number("subscription"), from.text("subscriber"), from.number("since"),
                from.number("told"), from.number("told_at"), from.optionalNumber("waiting_since"));
    }
}
