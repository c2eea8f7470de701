package io.liveset;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * What one layer of a reader holds of an instance, as its host reports it. Moments are milliseconds of the host's clock.
 *
 * @param reader whose
 * @param layer which layer
 * @param taken when it took the list it holds; empty where it never took one
 * @param listed whether the instance is in that list
 * @param healthy whether it is there as healthy
 * @param keptSince since when push-empty protection keeps that list against a newer one; empty where it does not
 * @param keptUntil until when it keeps it; empty without end
 */
public record CopyReport(
        String reader, Layer layer, OptionalLong taken, boolean listed, boolean healthy, OptionalLong keptSince,
        OptionalLong keptUntil) {
    /** Checks that nothing is null. */
    public CopyReport {
        Objects.requireNonNull(reader, "reader");
        Objects.requireNonNull(layer, "layer");
        Objects.requireNonNull(taken, "taken");
        Objects.requireNonNull(keptSince, "keptSince");
        Objects.requireNonNull(keptUntil, "keptUntil");
    }

    /** A copy that no protection keeps. */
    public static CopyReport of(String reader, Layer layer, long taken, boolean listed, boolean healthy) {
        return new CopyReport(
                reader, layer, OptionalLong.of(taken), listed, healthy, OptionalLong.empty(), OptionalLong.empty());
    }

    /** A layer between the registry and the calls that a reader makes. */
    public enum Layer {
        /** The list of its registry client. */
        CLIENT,
        /** The list of the framework above that client: a load balancer's or a gateway's cache. */
        FRAMEWORK
    }

    void write(Document to) {
        to.text("reader", reader).text("layer", layer.name().toLowerCase(java.util.Locale.ROOT));
        optional(to, "taken", taken);
        to.flag("listed", listed).flag("healthy", healthy);
        optional(to, "kept_since", keptSince);
        optional(to, "kept_until", keptUntil);
    }

    static CopyReport read(Node from) {
        return new CopyReport(from.text("reader"), from.word("layer", Layer.class), from.optionalNumber("taken"),
                from.flag("listed"), from.flag("healthy"), from.optionalNumber("kept_since"),
                from.optionalNumber("kept_until"));
    }

    private static void optional(Document to, String name, OptionalLong moment) {
        moment.ifPresent(at -> to.exactNumber(name, at));
    }
}
