package io.liveset;

import java.util.Objects;
import java.util.Optional;

/**
 * A refusal: nothing was done. After a refused command a registry is as if only time had passed; after an argument that was
 * refused before it got there ({@link Kind#INVALID}, {@link Kind#MALFORMED}, {@link Kind#OUT_OF_RANGE}) not even time has.
 *
 * <p>{@link #code} is stable: it means the same in every language and every version. The message is for people; it names the field
 * and its bound, or the holder and what to do instead.
 */
public final class LivesetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;
    private final String field;

    /** What a refusal is about, by its code. */
    public enum Kind {
        /** 100: a field is out of its bounds, of the wrong type, missing, or unknown. */
        INVALID(100, "an argument is out of its bounds"),
        /** 101: a document is not JSON, or a text is not Unicode. */
        MALFORMED(101, "the document is not JSON"),
        /** 200: nobody holds this lease here. What to do: register again. */
        UNKNOWN_LEASE(200, "register again: no such lease here"),
        /** 201: no such instance, present or remembered. */
        UNKNOWN_INSTANCE(201, "no such instance"),
        /** 202: no such service. */
        UNKNOWN_SERVICE(202, "no such service"),
        /** 203: the session is closed, or was never open. */
        UNKNOWN_SESSION(203, "no such session"),
        /** 204: the subscription is over, or never was. */
        UNKNOWN_SUBSCRIPTION(204, "no such subscription"),
        /** 300: this life of the instance was ended on purpose. What to do: stop, or come back as a newer incarnation. */
        FENCED(300, "stop: this incarnation was ended"),
        /** 301: a newer life of this instance is known. */
        STALE(301, "a newer incarnation is known"),
        /** 302: the caller holds no lease on this instance; others do. */
        NOT_OWNER(302, "others hold the instance"),
        /** 303: the service is persistent and the instance is not, or the reverse. */
        OTHER_KIND(303, "the service is of the other kind"),
        /** 304: a service that has instances is not taken away. */
        NOT_EMPTY(304, "the service has instances"),
        /** 400: a limit of the policy is reached; {@link #field} names it. */
        LIMIT_REACHED(400, "a limit is reached"),
        /** 500: the snapshot is damaged, or no snapshot at all. */
        CORRUPT_SNAPSHOT(500, "the snapshot is damaged"),
        /** 501: the snapshot was made by a newer version. */
        NEWER_SNAPSHOT(501, "the snapshot was made by a newer version"),
        /** 600: the registry is closed. */
        CLOSED(600, "the registry is closed"),
        /** 602: a call failed inside the registry in a way that must not be; it can only be closed. */
        POISONED(602, "an earlier call broke the registry; it can only be closed"),
        /** 604: an answer is larger than a Java array. */
        TOO_SMALL(604, "the answer is larger than an array"),
        /** 605: {@code now} is negative, or 2^53 or later. */
        OUT_OF_RANGE(605, "now is out of range; expected a moment from 0 to 9007199254740991 ms"),
        /** Any code that this version does not name. */
        OTHER(0, "refused");

        private final int code;
        private final String text;

        Kind(int code, String text) {
            this.code = code;
            this.text = text;
        }

        /** The kind with this code; {@link #OTHER} where there is none. */
        static Kind of(int code) {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            return OTHER;
        }
    }

    LivesetException(int code, String message, String field) {
        super(Objects.requireNonNull(message, "message"));
        this.code = code;
        this.field = field;
    }

    /** What a status says that came without a document. */
    static LivesetException of(int status) {
        Kind kind = Kind.of(status);
        return new LivesetException(status, kind.text, kind == Kind.OUT_OF_RANGE ? "now" : null);
    }

    /** What an error document says. */
    static LivesetException of(Node error) {
        return new LivesetException(
                (int) error.number("code"), error.text("message"), error.optionalText("field").orElse(null));
    }

    /** An argument that does not get as far as a registry. */
    static LivesetException invalid(String field, Object found, String expected) {
        return new LivesetException(Kind.INVALID.code, field + ": " + found + "; expected " + expected, field);
    }

    /** A document that does not get as far as a registry. */
    static LivesetException malformed(String problem) {
        return new LivesetException(Kind.MALFORMED.code, problem, null);
    }

    /** The stable number: 100 to 599 from the rules, 600 and above from the boundary. */
    public int code() {
        return code;
    }

    /** The same as a constant, to switch on. */
    public Kind kind() {
        return Kind.of(code);
    }

    /** The path of the field at fault, where one is: {@code register.content.weight}, {@code policy.limits.journal_max}. */
    public Optional<String> field() {
        return Optional.ofNullable(field);
    }
}
