package io.liveset;

/** {@link Lifetime} in documents. */
final class Lifetimes {
    private Lifetimes() {}

    static void write(Lifetime lifetime, Document to) {
        if (lifetime instanceof Lifetime.For counted) {
            to.object("lifetime", fields -> fields.span("for", counted.span()));
        } else if (lifetime instanceof Lifetime.Absent counted) {
            to.object("lifetime", fields -> fields.span("absent", counted.span()));
        } else {
            to.text("lifetime", lifetime instanceof Lifetime.UntilCleared ? "until_cleared" : "this_incarnation");
        }
    }

    static Lifetime read(Node from) {
        return switch (from.variant()) {
            case "until_cleared" -> new Lifetime.UntilCleared();
            case "this_incarnation" -> new Lifetime.ThisIncarnation();
            case "for" -> new Lifetime.For(from.at("for").span());
            case "absent" -> new Lifetime.Absent(from.at("absent").span());
            default -> throw new IllegalStateException("unknown lifetime: " + from);
        };
    }
}
