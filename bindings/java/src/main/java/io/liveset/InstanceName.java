package io.liveset;

/**
 * The names of an instance.
 *
 * @param service its service
 * @param address its address
 */
public record InstanceName(ServiceKey service, Address address) {
    static InstanceName read(Node from) {
        return new InstanceName(ServiceKey.read(from.at("service")), Address.read(from.at("address")));
    }
}
