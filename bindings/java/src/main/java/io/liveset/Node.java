package io.liveset;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;

/** A place in a document that the core wrote. The core keeps to its schema, so what is not there is a fault of this binding. */
record Node(Object value) {
    static Node parse(byte[] document) {
        try (JsonParser parser = Document.FACTORY.createParser(document)) {
            parser.nextToken();
            return new Node(read(parser));
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private static Object read(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> fields = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    fields.put(name, read(parser));
                }
                yield fields;
            }
            case START_ARRAY -> {
                List<Object> items = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    items.add(read(parser));
                }
                yield items;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> parser.getNumberValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    Node at(String name) {
        Object found = value instanceof Map<?, ?> fields ? fields.get(name) : null;
        if (found == null) {
            throw new IllegalStateException("the core's document has no `" + name + "`: " + value);
        }
        return new Node(found);
    }

    Optional<Node> optional(String name) {
        return value instanceof Map<?, ?> fields ? Optional.ofNullable(fields.get(name)).map(Node::new) : Optional.empty();
    }

    /** The name of a variant: the word itself, or the only key. */
    String variant() {
        return value instanceof Map<?, ?> fields ? (String) fields.keySet().iterator().next() : (String) value;
    }

    String text(String name) {
        return (String) at(name).value;
    }

    Optional<String> optionalText(String name) {
        return optional(name).map(found -> (String) found.value);
    }

    long number() {
        return ((Number) value).longValue();
    }

    long number(String name) {
        return at(name).number();
    }

    OptionalLong optionalNumber(String name) {
        Optional<Node> found = optional(name);
        return found.isPresent() ? OptionalLong.of(found.get().number()) : OptionalLong.empty();
    }

    double real(String name) {
        return ((Number) at(name).value).doubleValue();
    }

    OptionalDouble optionalReal(String name) {
        return optional(name).isPresent() ? OptionalDouble.of(real(name)) : OptionalDouble.empty();
    }

    boolean flag(String name) {
        return (Boolean) at(name).value;
    }

    Duration span() {
        return Duration.ofMillis(number());
    }

    <E extends Enum<E>> E word(String name, Class<E> kind) {
        return Enum.valueOf(kind, text(name).toUpperCase(Locale.ROOT));
    }

    <T> List<T> list(Function<Node, T> read) {
        List<T> items = new ArrayList<>();
        for (Object item : (List<?>) value) {
            items.add(read.apply(new Node(item)));
        }
        return Collections.unmodifiableList(items);
    }

    <T> List<T> list(String name, Function<Node, T> read) {
        return at(name).list(read);
    }

    List<String> texts(String name) {
        return list(name, item -> (String) item.value);
    }

    Map<String, String> entries(String name) {
        Map<String, String> entries = new LinkedHashMap<>();
        ((Map<?, ?>) at(name).value).forEach((key, value) -> entries.put((String) key, (String) value));
        return Collections.unmodifiableMap(entries);
    }
}
