package io.liveset;

import java.util.Objects;

/**
 * Which instance of a service.
 *
 * @param host an IP address or a host name, 1 to 128 bytes without spaces
 * @param port 0 to 65535
 * @param cluster the cluster inside the service, 1 to 256 bytes without spaces or {@code @@}; {@value #DEFAULT_CLUSTER} by default
 */
public record Address(String host, int port, String cluster) {
    /** The cluster where none is named. */
    public static final String DEFAULT_CLUSTER = "DEFAULT";

    /** Bounds are checked when the address is used. */
    public Address {
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(cluster, "cluster");
    }

    /** {@code host:port} in the default cluster. */
    public static Address of(String host, int port) {
        return new Address(host, port, DEFAULT_CLUSTER);
    }

    void write(Document to) {
        to.object("address", address -> address.text("host", host).number("port", port).text("cluster", cluster));
    }

    static Address read(Node from) {
        return new Address(from.text("host"), (int) from.number("port"), from.text("cluster"));
    }
}
