package io.liveset;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Replays what registries of scenarios were told, through the public API: every answer and every digest must be the same. */
public final class Vectors {
    private Vectors() {}

    /** The vector files of a folder, by name. */
    public static List<Path> in(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jsonl")).sorted().toList();
        }
    }

    /** Replays a file; returns the digest of its last line as 16 hex digits. */
    public static String replay(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        String digest = "";
        try (Registry registry = Registry.open(Policy.fromJson(fields(lines.get(0)).get("policy")))) {
            for (int number = 1; number < lines.size(); number++) {
                Map<String, String> line = fields(lines.get(number));
                String place = file.getFileName() + " line " + (number + 1);
                step(registry, line, place);
                digest = String.format("%016x", registry.digest());
                same(place + ", digest", line.get("digest"), '"' + digest + '"');
            }
        }
        return digest;
    }

    private static void step(Registry registry, Map<String, String> line, String place) {
        long now = Long.parseLong(line.get("now"));
        Node command = node(line.get("command"));
        Node answer = node(line.get("answer"));
        switch (command.variant()) {
            case "advance" -> same(place, code(answer), code(() -> registry.advance(now)));
            case "beat" -> {
                long lease = command.at("beat").number("lease");
                same(place, code(answer), code(() -> registry.beat(now, lease)));
            }
            case "beat_many" -> {
                long[] leases = longs(command.at("beat_many").at("leases"));
                long[] stale = longs(answer.at("ok").at("beaten_many").at("stale"));
                same(place, Arrays.toString(stale), Arrays.toString(registry.beatMany(now, leases)));
            }
            default -> same(place, answer, node(applied(registry, now, line.get("command"))));
        }
    }

    private static String applied(Registry registry, long now, String command) {
        try {
            return "{\"ok\":" + registry.apply(now, command) + "}";
        } catch (LivesetException refused) {
            StringBuilder error = new StringBuilder("{\"error\":{\"code\":" + refused.code() + ",\"message\":");
            error.append(Json.quoted(refused.getMessage()));
            refused.field().ifPresent(field -> error.append(",\"field\":").append(Json.quoted(field)));
            return error.append("}}").toString();
        }
    }

    /** The code that an answer document names; 0 for done. */
    private static long code(Node answer) {
        return answer.optional("error").map(error -> error.number("code")).orElse(0L);
    }

    private static long code(Runnable call) {
        try {
            call.run();
            return 0;
        } catch (LivesetException refused) {
            return refused.code();
        }
    }

    private static long[] longs(Node list) {
        return list.list(Node::number).stream().mapToLong(Long::longValue).toArray();
    }

    private static void same(String place, Object expected, Object found) {
        if (!Objects.equals(expected, found)) {
            throw new AssertionError(place + ": expected " + expected + ", found " + found);
        }
    }

    private static Node node(String json) {
        return Node.parse(Document.utf8(json));
    }

    /** The fields of a line, each as the very text that stands there: what is replayed is what was written. */
    private static Map<String, String> fields(String line) throws IOException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser parser = Document.FACTORY.createParser(line)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                int start = (int) parser.currentTokenLocation().getCharOffset();
                if (token.isScalarValue()) {
                    fields.put(name, token == JsonToken.VALUE_STRING ? Json.quoted(parser.getText()) : parser.getText());
                } else {
                    parser.skipChildren();
                    fields.put(name, line.substring(start, (int) parser.currentLocation().getCharOffset()));
                }
            }
        }
        return fields;
    }
}
