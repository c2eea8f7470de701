package io.liveset;

import java.util.OptionalLong;

/**
 * How many of everything there are.
 *
 * @param now the latest moment handed in, in ms
 * @param clamped how often a moment was earlier than one before
 * @param instances instances held by some lease
 * @param services services met
 * @param sessions open sessions
 * @param subscriptions active subscriptions
 * @param notices notices of changes that the host has not taken yet
 * @param oldestNotice since when (ms) the oldest of them waits; empty where none does
 * @param overrides instances about which an operator's decision is remembered
 * @param fences fences in force
 * @param names names held: services, hosts that are no IPv4 addresses, clusters, actors
 * @param newestTransition newest entry of the journal
 * @param transitions entries the journal holds
 * @param transitionBytes what they count for, in bytes
 * @param transitionsDropped entries the journal dropped
 */
public record Counters(
        long now, long clamped, long instances, long services, long sessions, long subscriptions, long notices,
        OptionalLong oldestNotice, long overrides, long fences, long names, long newestTransition, long transitions,
        long transitionBytes, long transitionsDropped) {
    static Counters read(Node from) {
        return new Counters(from.number("now"), from.number("clamped"), from.number("instances"), from.number("services"),
                from.number("sessions"), from.number("subscriptions"), from.number("notices"),
                from.optionalNumber("oldest_notice"), from.number("overrides"), from.number("fences"), from.number("names"),
                from.number("newest_transition"), from.number("transitions"), from.number("transition_bytes"),
                from.number("transitions_dropped"));
    }
}
