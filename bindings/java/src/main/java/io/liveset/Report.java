package io.liveset;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A scenario, played: several registries, clients and operators on a faulty network in virtual time, from one seed.
 *
 * @param title what the scenario is called
 * @param passed whether every expectation held
 * @param document the whole report as JSON, {@code {"ok": {...}}}: the timeline, what was expected and what was found
 */
public record Report(String title, boolean passed, String document) {
    /**
     * Plays a scenario in a world of its own. Equal texts give equal reports.
     *
     * @throws LivesetException {@code MALFORMED} when the text is not a scenario, with line and column
     */
    public static Report play(String scenario) {
        NativeLibrary.load();
        byte[][] report = new byte[1][];
        int status = Native.play(Document.utf8(scenario), report);
        if (status != Native.OK) {
            throw LivesetException.of(status);
        }
        Node played = Node.parse(report[0]);
        Optional<Node> refused = played.optional("error");
        if (refused.isPresent()) {
            throw LivesetException.of(refused.get());
        }
        Node ok = played.at("ok");
        return new Report(ok.text("title"), ok.flag("passed"), new String(report[0], StandardCharsets.UTF_8));
    }
}
