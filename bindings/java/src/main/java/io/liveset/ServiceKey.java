package io.liveset;

import java.util.Objects;

/**
 * Which service.
 *
 * @param namespace the tenant, 1 to 256 bytes without spaces or {@code @@}; {@value #PUBLIC} by default
 * @param group a group of services, 1 to 256 bytes without spaces or {@code @@}; {@value #DEFAULT_GROUP} by default
 * @param name the service's own name, 1 to 1024 bytes without spaces or {@code @@}
 */
public record ServiceKey(String namespace, String group, String name) {
    /** The namespace where none is named. */
    public static final String PUBLIC = "public";
    /** The group where none is named. */
    public static final String DEFAULT_GROUP = "DEFAULT_GROUP";

    /** Bounds are checked when the key is used. */
    public ServiceKey {
        Objects.requireNonNull(namespace, "namespace");
        Objects.requireNonNull(group, "group");
        Objects.requireNonNull(name, "name");
    }

    /** The service {@code name} in the default namespace and group. */
    public static ServiceKey of(String name) {
        return new ServiceKey(PUBLIC, DEFAULT_GROUP, name);
    }

    void write(Document to) {
        to.object("service", key -> key.text("namespace", namespace).text("group", group).text("name", name));
    }

    static ServiceKey read(Node from) {
        return new ServiceKey(from.text("namespace"), from.text("group"), from.text("name"));
    }
}
