package io.liveset;

import java.util.List;

/**
 * A service as a reader gets it; empty at revision 0 when nobody ever named it.
 *
 * @param service which
 * @param revision where it stands
 * @param protectedNow whether protection is in force
 * @param instances by host, port and cluster
 */
public record ServiceView(ServiceKey service, long revision, boolean protectedNow, List<InstanceView> instances) {
    static ServiceView read(Node from) {
        return new ServiceView(ServiceKey.read(from.at("service")), from.number("revision"), from.flag("protected"),
                from.list("instances", InstanceView::read));
    }
}
