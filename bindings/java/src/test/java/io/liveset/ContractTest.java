package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The numbers that this binding repeats are those of the core's own sources. */
class ContractTest {
    @Test
    void causes_have_the_numbers_of_the_core() throws IOException {
        Map<String, String> ours = new TreeMap<>();
        for (Cause cause : Cause.values()) {
            ours.put(String.valueOf(cause.number()), cause.name());
        }
        Map<String, String> theirs = new TreeMap<>();
        matches("instance.rs", "(?m)^    ([A-Z]\\w+) = (\\d+),$").forEach((number, name) ->
                theirs.put(number, name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase()));
        assertEquals(theirs, ours);
    }

    @Test
    void state_bits_have_the_values_of_the_core() throws IOException {
        Map<String, String> shifts = matches("instance.rs", "pub const (\\w+): u32 = 1 << (\\d+);");
        Map<String, Integer> ours = Map.of("HEALTHY", Change.HEALTHY, "ENABLED", Change.ENABLED, "SERVED", Change.SERVED,
                "OVERRIDDEN", Change.OVERRIDDEN, "SHARED", Change.SHARED);
        assertEquals(ours.size(), shifts.size());
        shifts.forEach((shift, name) -> assertEquals(1 << Integer.parseInt(shift), ours.get(name), name));
    }

    @Test
    void every_code_of_the_core_has_a_kind() throws IOException {
        Map<String, String> codes = matches("error.rs", "Error::(\\w+) \\{ \\.\\. \\} => (\\d+),");
        assertTrue(codes.size() > 10, codes::toString);
        codes.forEach((code, name) ->
                assertNotEquals(LivesetException.Kind.OTHER, LivesetException.Kind.of(Integer.parseInt(code)), name));
    }

    @Test
    void what_explanations_are_made_of_has_the_words_of_the_core() throws IOException {
        assertEquals(words("account/explain.rs", "Standing"), names(Explanation.Standing.values()));
        assertEquals(words("account/explain.rs", "Rule"), names(Explanation.Rule.values()));
        assertEquals(words("account/explain.rs", "LeaseKind"), names(Explanation.LeaseKind.values()));
        assertEquals(words("account/explain.rs", "NextKind"), names(Explanation.NextKind.values()));
        assertEquals(words("instance.rs", "Kind"), names(Kind.values()));
    }

    private static Set<String> names(Enum<?>[] constants) {
        return Arrays.stream(constants).map(Enum::name).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The variants of an enum of the core. */
    private static Set<String> words(String source, String name) throws IOException {
        String text = Files.readString(Path.of("../../core/src", source));
        int from = text.indexOf("pub enum " + name + " {");
        String body = text.substring(from, text.indexOf("\n}", from));
        return Pattern.compile("(?m)^    ([A-Z]\\w+),$").matcher(body).results()
                .map(found -> found.group(1).replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** First group by second group, of every match in a source of the core. */
    private static Map<String, String> matches(String source, String pattern) throws IOException {
        Map<String, String> found = new TreeMap<>();
        String text = Files.readString(Path.of("../../core/src", source));
        for (MatchResult match : Pattern.compile(pattern).matcher(text).results().toList()) {
            found.put(match.group(2), match.group(1));
        }
        return found;
    }
}
