package io.liveset;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What is known of a service, or remembered of one that was forgotten.
 *
 * @param service which
 * @param known whether it is known; else only its settings are remembered, or somebody waits for it
 * @param kind its kind; empty before its first instance where nobody said
 * @param protectThreshold its protect threshold, where one was set
 * @param metadata free texts an operator set
 * @param clusters clusters that have or had instances, by name
 * @param instances instances held by some lease
 * @param computed whether readers have a view of it: where the policy computes views late, somebody must have looked, or time must have
 *     passed
 */
public record ServiceRecord(
        ServiceKey service, boolean known, Optional<Kind> kind, OptionalDouble protectThreshold, Map<String, String> metadata,
        List<String> clusters, long instances, boolean computed) {
    static ServiceRecord read(Node from) {
        return new ServiceRecord(ServiceKey.read(from.at("service")), from.flag("known"),
                from.optionalText("kind").map(Kind::of), from.optionalReal("protect_threshold"), from.entries("metadata"),
                from.texts("clusters"), from.number("instances"), from.flag("computed"));
    }
}
