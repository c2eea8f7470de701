package io.liveset;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/** What tests write by hand. */
final class Json {
    private Json() {}

    static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
