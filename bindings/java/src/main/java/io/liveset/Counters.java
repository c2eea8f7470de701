package io.liveset;

/**
 * How many of everything there are.
 *
 * @param now the latest moment handed in, in ms
 * @param clamped how often a moment was earlier than one before
 * @param instances instances held by some lease
 * @param services services met
 * @param sessions open sessions
 * @param subscriptions active subscriptions
 * @param newestTransition newest entry of the journal
 * @param transitionsDropped entries the journal dropped
 */
public record Counters(
        long now, long clamped, long instances, long services, long sessions, long subscriptions,
        long newestTransition, long transitionsDropped) {
    static Counters read(Node from) {
        return new Counters(from.number("now"), from.number("clamped"), from.number("instances"), from.number("services"),
                from.number("sessions"), from.number("subscriptions"), from.number("newest_transition"),
                from.number("transitions_dropped"));
    }
}
