package io.liveset;

import java.util.List;
import java.util.OptionalLong;

/**
 * A service as a reader gets it; empty at revision 0 when nobody ever named it.
 *
 * @param service which
 * @param revision where it stands
 * @param protectedNow whether protection is in force
 * @param keptUntil until which moment (ms) it is served as it last was, because everybody in it is silent; empty while it is not
 * @param warmingUntil until which moment (ms) the list is incomplete, because the registry restarted without its instances; empty while it is not
 * @param instances by host, port and cluster; several rows of one that its sources describe in different ways, where {@code view.shared} is {@code each}
 */
public record ServiceView(
        ServiceKey service, long revision, boolean protectedNow, OptionalLong keptUntil, OptionalLong warmingUntil,
        List<InstanceView> instances) {
    static ServiceView read(Node from) {
        return new ServiceView(ServiceKey.read(from.at("service")), from.number("revision"), from.flag("protected"),
                from.optionalNumber("kept_until"), from.optionalNumber("warming_until"),
                from.list("instances", InstanceView::read));
    }
}
