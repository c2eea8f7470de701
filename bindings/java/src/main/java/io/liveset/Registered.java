package io.liveset;

import java.util.List;

/**
 * What a registration brought.
 *
 * @param lease what to beat with
 * @param instance the instance's id in rows of changes
 * @param service its service's id
 * @param incarnation which life this is
 * @param created whether the instance was absent before
 * @param otherSources other sources that hold the same instance: usually none; a ghost process or a sync proxy shows here
 */
public record Registered(
        long lease, long instance, long service, long incarnation, boolean created, List<String> otherSources) {
    static Registered read(Node from) {
        return new Registered(from.number("lease"), from.number("instance"), from.number("service"),
                from.number("incarnation"), from.flag("created"), from.texts("other_sources"));
    }
}
