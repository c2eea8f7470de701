package io.liveset;

import java.util.List;
import java.util.OptionalLong;

/** What would change the standing of an instance that is explained. */
public sealed interface Remedy {
    /**
     * An operator clears or reverses an override.
     *
     * @param by who decided it
     */
    record ClearOverride(String by) implements Remedy {}

    /** The provider registers it as enabled. */
    record PublishEnabled() implements Remedy {}

    /**
     * A beat of one of its sources.
     *
     * @param source which
     */
    record Beat(String source) implements Remedy {}

    /** Reports of its checker that it is healthy. */
    record ReportHealthy() implements Remedy {}

    /**
     * One of its sources registers it as healthy.
     *
     * @param source which
     */
    record PublishHealthy(String source) implements Remedy {}

    /** A registration. */
    record Register() implements Remedy {}

    /**
     * A registration as a newer incarnation.
     *
     * @param than the dead one
     * @param until when the fence ends
     */
    record RegisterNewer(long than, long until) implements Remedy {}

    /**
     * Its only claim ends: it deregisters, its connection ends, or it is silent until then.
     *
     * @param source whose claim
     * @param kind what it lives by
     * @param until when silence would end it
     */
    record ClaimEnds(String source, Explanation.LeaseKind kind, OptionalLong until) implements Remedy {}

    /**
     * All its claims end.
     *
     * @param sources whose
     */
    record AllClaimsEnd(List<String> sources) implements Remedy {}

    static Remedy read(Node from) {
        String kind = from.variant();
        return switch (kind) {
            case "clear_override" -> new ClearOverride(from.at(kind).text("by"));
            case "publish_enabled" -> new PublishEnabled();
            case "beat" -> new Beat(from.at(kind).text("source"));
            case "report_healthy" -> new ReportHealthy();
            case "publish_healthy" -> new PublishHealthy(from.at(kind).text("source"));
            case "register" -> new Register();
            case "register_newer" ->
                new RegisterNewer(from.at(kind).number("than"), from.at(kind).number("until"));
            case "claim_ends" -> new ClaimEnds(from.at(kind).text("source"),
                    from.at(kind).word("kind", Explanation.LeaseKind.class), from.at(kind).optionalNumber("until"));
            case "all_claims_end" -> new AllClaimsEnd(from.at(kind).texts("sources"));
            default -> throw new IllegalStateException("unknown remedy: " + from);
        };
    }
}
