package io.liveset;

import java.nio.charset.StandardCharsets;

/**
 * All rules and constants of a registry, as a document: the name of a preset, or every field. To change one field, take the document
 * of {@link Registry#policy} as JSON, change it there, and read it with {@link #fromJson}.
 */
public final class Policy {
    private final byte[] document;

    private Policy(byte[] document) {
        this.document = document;
    }

    /** What operators asked for. */
    public static Policy strict() {
        return preset("strict");
    }

    /**
     * A preset: {@code strict}, or one named after a Nacos version that it does as ({@code nacos_1_4}, {@code nacos_2_0},
     * {@code nacos_2_1}, {@code nacos_2_5}, {@code nacos_3_0}). {@link Registry#open} refuses a name it does not know, and says which it knows.
     */
    public static Policy preset(String name) {
        return new Policy(Document.word(name));
    }

    /** A policy document. {@link Registry#open} refuses what is out of bounds, missing or unknown, and names the field. */
    public static Policy fromJson(String document) {
        return new Policy(Document.utf8(document));
    }

    /** The document. */
    public String json() {
        return new String(document, StandardCharsets.UTF_8);
    }

    byte[] document() {
        return document;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Policy policy && json().equals(policy.json());
    }

    @Override
    public int hashCode() {
        return json().hashCode();
    }

    @Override
    public String toString() {
        return "Policy" + json();
    }
}
