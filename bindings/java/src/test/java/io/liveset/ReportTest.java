package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ReportTest {
    @Test
    void every_scenario_passes_and_plays_the_same_twice() throws Exception {
        List<Path> files;
        try (Stream<Path> all = Files.walk(Path.of("../../core/scenarios"))) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        assertTrue(files.size() > 1, "no scenarios found");
        for (Path file : files) {
            Report report = Report.play(Files.readString(file));
            assertTrue(report.passed(), file + "\n" + report.document());
            assertTrue(report.document().startsWith("{\"ok\":"));
            assertTrue(Files.readString(file).contains(report.title()));
            assertEquals(report, Report.play(Files.readString(file)));
        }
    }

    @Test
    void a_text_that_is_no_scenario_is_refused() {
        LivesetException refused = assertThrows(LivesetException.class, () -> Report.play("once upon a time"));
        assertEquals(LivesetException.Kind.MALFORMED, refused.kind());
    }
}
