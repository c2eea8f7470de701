package io.liveset;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A sign of life by name, as clients without ids send it.
 *
 * @param service which service
 * @param address which instance
 * @param source who beats, 1 to 128 printable bytes
 * @param incarnation for which life, below 2^53; empty counts as the life that the source last had
 * @param content the whole instance, in a full beat; a light beat has none
 */
public record InstanceBeat(
        ServiceKey service, Address address, String source, OptionalLong incarnation, Optional<Content> content) {
    /** Bounds are checked when it is used. */
    public InstanceBeat {
        Objects.requireNonNull(service, "service");
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(incarnation, "incarnation");
        Objects.requireNonNull(content, "content");
    }

    /** A light beat. */
    public static InstanceBeat of(ServiceKey service, Address address, String source) {
        return new InstanceBeat(service, address, source, OptionalLong.empty(), Optional.empty());
    }

    /** The same for a life with a number of the host's. */
    public InstanceBeat withIncarnation(long incarnation) {
        return new InstanceBeat(service, address, source, OptionalLong.of(incarnation), content);
    }

    /** The same as a full beat. */
    public InstanceBeat withContent(Content content) {
        return new InstanceBeat(service, address, source, incarnation, Optional.of(content));
    }

    void write(Document to) {
        service.write(to);
        address.write(to);
        to.text("source", source);
        incarnation.ifPresent(life -> to.exactNumber("incarnation", life));
        content.ifPresent(whole -> whole.write(to));
    }
}
