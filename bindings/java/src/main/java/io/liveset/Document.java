package io.liveset;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonStreamContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Writes a document for the core. What JSON cannot say, or says wrongly, is refused here with the path of the field: NaN, half a
 * surrogate pair, fractions of a millisecond, numbers beyond 2^53. Every other bound is the core's to check.
 */
final class Document {
    static final JsonFactory FACTORY = new JsonFactory();

    /** Largest id, moment and incarnation: what every language holds exactly. */
    private static final long EXACT_MAX = (1L << 53) - 1;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    private final JsonGenerator out;

    private Document() throws IOException {
        out = FACTORY.createGenerator(bytes);
    }

    /** The document {@code {"verb": {fields}}}. */
    static byte[] of(String verb, Consumer<Document> fields) {
        try {
            Document document = new Document();
            document.out.writeStartObject();
            document.object(verb, fields);
            document.out.writeEndObject();
            document.out.close();
            return document.bytes.toByteArray();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** The document {@code "word"}: a question without fields, or the name of a preset. */
    static byte[] word(String word) {
        try {
            Document document = new Document();
            document.string("document", Objects.requireNonNull(word, "word"));
            document.out.close();
            return document.bytes.toByteArray();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** A text as UTF-8. Java's own conversion would turn half a surrogate pair into a question mark without a word. */
    static byte[] utf8(String text) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (CharacterCodingException unpaired) {
            throw LivesetException.malformed("document is not Unicode text: a surrogate without its pair at " + unpaired(text));
        }
    }

    /** An id, moment or revision that crosses as a plain number. */
    static long exact(String field, long value) {
        if ((value & ~EXACT_MAX) != 0) {
            throw LivesetException.invalid(field, value, "a number from 0 to " + EXACT_MAX);
        }
        return value;
    }

    Document object(String name, Consumer<Document> fields) {
        return write(() -> {
            out.writeObjectFieldStart(name);
            fields.accept(this);
            out.writeEndObject();
        });
    }

    Document text(String name, String value) {
        Objects.requireNonNull(value, name);
        return write(() -> {
            out.writeFieldName(name);
            string(path(), value);
        });
    }

    Document flag(String name, boolean value) {
        return write(() -> out.writeBooleanField(name, value));
    }

    /** A number whose bounds are the core's to check. */
    Document number(String name, long value) {
        return write(() -> out.writeNumberField(name, value));
    }

    /** An id, a moment or an incarnation. */
    Document exactNumber(String name, long value) {
        return write(() -> {
            out.writeFieldName(name);
            out.writeNumber(exact(path(), value));
        });
    }

    Document real(String name, double value) {
        return write(() -> {
            out.writeFieldName(name);
            if (!Double.isFinite(value)) {
                throw LivesetException.invalid(path(), value, "a finite number");
            }
            out.writeNumber(value);
        });
    }

    Document span(String name, Duration value) {
        return write(() -> {
            out.writeFieldName(name);
            if (value.getNano() % 1_000_000 != 0 || value.getSeconds() > Integer.MAX_VALUE || value.isNegative()) {
                throw LivesetException.invalid(path(), value, "a span of whole milliseconds from 0 to ten days");
            }
            out.writeNumber(value.toMillis());
        });
    }

    Document texts(String name, Map<String, String> entries) {
        return write(() -> {
            out.writeFieldName(name);
            String field = path();
            out.writeStartObject();
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                wellFormed(field, entry.getKey());
                out.writeFieldName(entry.getKey());
                string(path(), entry.getValue());
            }
            out.writeEndObject();
        });
    }

    Document texts(String name, List<String> items) {
        return write(() -> {
            out.writeFieldName(name);
            String field = path();
            out.writeStartArray();
            for (int place = 0; place < items.size(); place++) {
                string(field + "[" + place + "]", items.get(place));
            }
            out.writeEndArray();
        });
    }

    <T> Document objects(String name, List<T> items, BiConsumer<T, Document> fields) {
        return write(() -> {
            out.writeArrayFieldStart(name);
            for (T item : items) {
                out.writeStartObject();
                fields.accept(item, this);
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    private void string(String field, String value) throws IOException {
        wellFormed(field, value);
        out.writeString(value);
    }

    private static void wellFormed(String field, String value) {
        int place = unpaired(value);
        if (place >= 0) {
            throw LivesetException.invalid(field, "a surrogate without its pair at " + place, "Unicode text");
        }
    }

    /** Place of the first surrogate without its pair, or -1. */
    private static int unpaired(String text) {
        for (int place = 0; place < text.length(); place++) {
            if (!Character.isSurrogate(text.charAt(place))) {
                continue;
            }
            if (place + 1 == text.length() || !Character.isSurrogatePair(text.charAt(place), text.charAt(place + 1))) {
                return place;
            }
            place++;
        }
        return -1;
    }

    /** The path of the field that is being written, as the core writes it: {@code register_batch.members[1].content.weight}. */
    private String path() {
        String path = "";
        for (JsonStreamContext place = out.getOutputContext(); !place.inRoot(); place = place.getParent()) {
            String step = place.inArray() ? "[" + place.getCurrentIndex() + "]" : place.getCurrentName();
            path = path.isEmpty() || path.startsWith("[") ? step + path : step + "." + path;
        }
        return path;
    }

    private Document write(Step step) {
        try {
            step.run();
            return this;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private interface Step {
        void run() throws IOException;
    }
}
