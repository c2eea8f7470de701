package io.liveset;

import java.util.Map;

/**
 * An instance as a reader gets it.
 *
 * @param id its id in rows of changes
 * @param address its address
 * @param kind what keeps it
 * @param healthy as this reader gets it: protection shows all as healthy
 * @param enabled whether traffic is allowed
 * @param weight weight in force, the operator's where one is set
 * @param metadata metadata in force, the operator's keys over the provider's
 */
public record InstanceView(
        long id, Address address, Kind kind, boolean healthy, boolean enabled, double weight, Map<String, String> metadata) {
    static InstanceView read(Node from) {
        return new InstanceView(from.number("id"), Address.read(from.at("address")), Kind.of(from.text("kind")),
                from.flag("healthy"), from.flag("enabled"), from.real("weight"), from.entries("metadata"));
    }
}
