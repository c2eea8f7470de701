package io.liveset;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Why an instance is, or is not, what its readers get; for instances present, hidden, gone and never seen. All moments are
 * milliseconds of the host's clock.
 *
 * @param service the instance's service
 * @param address the instance
 * @param kind which of the two that an address may have; the ephemeral one where both are there
 * @param at the moment it is explained at
 * @param standing what it is, in a word
 * @param sights what each kind of reader gets
 * @param telling who was told of its last change, and who was not yet
 * @param copies the copies that were handed in, beside what consumers get here
 * @param decidedBy what decides its standing
 * @param leases every claim on it, oldest first
 * @param differing what each of its sources says of it, where they do not all say the same
 * @param overrides every field an operator decided
 * @param fence the fence of its ended life
 * @param protection the protection of its service, when in force
 * @param doubtedBy who reports its health to be other than it is, where more of them must agree
 * @param unheeded times in its metadata that nobody looks at, because it does not live by beats: {@code KEY=VALUE}
 * @param brake the brake, where it holds the removal of a claim up
 * @param clusterProtection the protection that readers of its cluster alone meet, where its service has several clusters
 * @param unprotected why protection does not show it as healthy, where it is unhealthy and served
 * @param keptUntil until when its service is served as it last was, because everybody in it is silent
 * @param warmingUntil until when the registry, which restarted without its instances, does not know whether what it does not list is there
 * @param newestLife its newest life, where claims as an older one are refused
 * @param keptKind the kind that its empty service keeps
 * @param gap the time in which nobody watched the registry, where that gave its claims a fresh start
 * @param history what happened to it, newest first, at most eight entries
 * @param next what happens next by itself
 * @param remedies what would change its standing
 * @param sentences the same for people, the verdict first
 * @param document the same as JSON
 */
public record Explanation(
        ServiceKey service, Address address, Kind kind, long at, Standing standing, Sights sights, Telling telling,
        List<Copied> copies, Deciding decidedBy, List<Lease> leases, Optional<Differing> differing, List<Decision> overrides, Optional<Fence> fence,
        Optional<Protection> protection, List<String> doubtedBy, List<String> unheeded, Optional<Brake> brake,
        Optional<Protection> clusterProtection, Optional<Unprotected> unprotected,
        OptionalLong keptUntil, OptionalLong warmingUntil, OptionalLong newestLife, Optional<KeptKind> keptKind,
        Optional<Gap> gap, List<Transition> history, Optional<Next> next, List<Remedy> remedies,
        List<String> sentences, String document) {

    /** What an instance is. */
    public enum Standing {
        /** Held, alive, and allowed to have traffic. */
        ONLINE,
        /** Held and allowed, but silent. */
        UNHEALTHY,
        /** Held, but not allowed to have traffic. */
        OFFLINE,
        /** Held no more. */
        GONE,
        /** Never seen here, or forgotten. */
        UNKNOWN
    }

    /**
     * What each kind of reader gets of the instance now.
     *
     * @param operator the operator's page
     * @param consumer a consumer's query
     * @param stale whether both still get an older state, because the view has not been computed again since the last change
     */
    public record Sights(Sight operator, Sight consumer, boolean stale) {}

    /**
     * An instance in one reader's list.
     *
     * @param listed whether it is there
     * @param healthy whether it is listed as healthy
     * @param enabled whether it is listed as enabled
     */
    public record Sight(boolean listed, boolean healthy, boolean enabled) {}

    /**
     * Who was told of an instance's last change.
     *
     * @param subscribers subscribers of its service
     * @param behind how many of them were not told of it yet
     * @param first the first of those, at most eight
     */
    public record Telling(long subscribers, long behind, List<SubscriberAccount> first) {
        static Telling read(Node from) {
            return new Telling(from.number("subscribers"), from.number("behind"), from.list("first", SubscriberAccount::read));
        }
    }

    /**
     * A copy beside what the registry gives consumers.
     *
     * @param copy the copy
     * @param agrees whether it lists the instance as the registry does
     * @param subscribed whether the reader is subscribed to the service here, so that it will be told of the next change
     * @param missed the newest that happened to the instance since the copy was taken, where they differ
     */
    public record Copied(CopyReport copy, boolean agrees, boolean subscribed, Optional<Transition> missed) {
        static Copied read(Node from) {
            return new Copied(
                    CopyReport.read(from.at("copy")), from.flag("agrees"), from.flag("subscribed"),
                    from.optional("missed").map(Transition::read));
        }
    }

    /**
     * The rule that decides, and the event that set it.
     *
     * @param rule which rule
     * @param at when it came to be so
     * @param by who brought it about; empty where time did
     * @param because why, in an operator's words
     * @param silence the silence that brought it about, where one did
     */
    public record Deciding(
            Rule rule, OptionalLong at, Optional<String> by, Optional<String> because, Optional<Silence> silence) {
        static Deciding read(Node from) {
            return new Deciding(from.word("rule", Rule.class), from.optionalNumber("at"), from.optionalText("by"),
                    from.optionalText("because"), from.optional("silence").map(Silence::read));
        }
    }

    /** Rules that can decide an instance's standing. */
    public enum Rule {
        /** A registration holds it. */
        REGISTRATION,
        /** A full beat registered it. */
        BEAT_FOR_THE_UNKNOWN,
        /** A beat came after silence. */
        RECOVERY,
        /** Silence past a timeout. */
        BEAT_EXPIRY,
        /** A session that was closed. */
        SESSION_CLOSED,
        /** A session that fell silent. */
        SESSION_LOST,
        /** A report of the host's checker. */
        HEALTH_REPORT,
        /** A restart of the registry that had not kept it. */
        RESTART,
        /** Its source went to another address. */
        REPLACEMENT,
        /** A source that had said otherwise left it to the others. */
        SOURCE_LEFT,
        /** A deregistration. */
        DEREGISTRATION,
        /** Its claim ended at another node, of which this one held a copy. */
        ENDED_ELSEWHERE,
        /** An operator's removal. */
        REMOVAL,
        /** An operator's override. */
        OVERRIDE,
        /** The end of an operator's override. */
        OVERRIDE_ENDED,
        /** The provider's own word. */
        PUBLISHED,
        /** Nothing is known of it. */
        NOTHING
    }

    /**
     * One claim.
     *
     * @param source who claims
     * @param kind what the claim lives by
     * @param connection the name of the connection that carries it, where one does
     * @param incarnation which life it is for
     * @param since when it was made
     * @param lastSeen the last sign of life
     * @param age how long ago that was
     * @param asked when its connection was asked for a sign of life, while the answer is out
     * @param watched whether its silence is looked for here; that of a copy may be another node's to find
     * @param silenceAllowed how long silence may last
     * @param alive whether it makes the instance healthy
     * @param due when silence has its next consequence
     * @param waits whether its removal waits though its time is over: too many are silent at once, or its service is served as it last was
     */
    public record Lease(
            String source, LeaseKind kind, Optional<String> connection, long incarnation, long since, long lastSeen, Duration age,
            OptionalLong asked, boolean watched, Optional<Duration> silenceAllowed, boolean alive, OptionalLong due, boolean waits) {
        static Lease read(Node from) {
            return new Lease(from.text("source"), from.word("kind", LeaseKind.class),
                    from.optionalText("connection"), from.number("incarnation"),
                    from.number("since"), from.number("last_seen"), from.at("age").span(),
                    from.optionalNumber("asked"), from.flag("watched"), from.optional("silence_allowed").map(Node::span), from.flag("alive"), from.optionalNumber("due"),
                    from.flag("waits"));
        }
    }

    /** What a claim lives by. */
    public enum LeaseKind {
        /** Beats. */
        BEATS,
        /** A connection. */
        SESSION,
        /** Nothing: it stays until somebody takes it back. */
        PERSISTENT
    }

    /**
     * Sources of one instance that describe it in different ways.
     *
     * @param shared what readers get of that
     * @param sources each source with what it says, the newest word last
     */
    public record Differing(SharedRows shared, List<Saying> sources) {
        static Differing read(Node from) {
            return new Differing(from.word("shared", SharedRows.class), from.list("sources", Saying::read));
        }
    }

    /** What readers get of an instance that its sources describe in different ways. */
    public enum SharedRows {
        /** What was said last, by a source that still holds it. */
        NEWEST,
        /** A row for each description that differs. */
        EACH
    }

    /**
     * What one source says of an instance.
     *
     * @param source who
     * @param connection the name of the connection that carries the claim, where one does
     * @param content what it published
     */
    public record Saying(String source, Optional<String> connection, Content content) {
        static Saying read(Node from) {
            Node said = from.at("content");
            return new Saying(from.text("source"), from.optionalText("connection"),
                    new Content(said.real("weight"), said.flag("enabled"), said.entries("metadata")));
        }
    }

    /**
     * One field that an operator decided.
     *
     * @param field {@code enabled}, {@code weight} or {@code metadata.KEY}
     * @param value the decided value
     * @param published the provider's own value, where there is one
     * @param by who decided
     * @param because why
     * @param at when
     * @param lifetime for how long
     * @param ends when it ends as things stand
     */
    public record Decision(
            String field, String value, Optional<String> published, String by, Optional<String> because, long at,
            Lifetime lifetime, OptionalLong ends) {
        static Decision read(Node from) {
            return new Decision(from.text("field"), from.text("value"), from.optionalText("published"), from.text("by"),
                    from.optionalText("because"), from.number("at"), Lifetimes.read(from.at("lifetime")),
                    from.optionalNumber("ends"));
        }
    }

    /**
     * The fence of an ended life.
     *
     * @param incarnation highest incarnation that is dead
     * @param by who ended it
     * @param because why
     * @param at when
     * @param until when the fence ends
     * @param byOperator whether an operator ended it; an owner that took itself back may come again
     */
    public record Fence(
            long incarnation, String by, Optional<String> because, long at, long until, boolean byOperator) {
        static Fence read(Node from) {
            return new Fence(from.number("incarnation"), from.text("by"), from.optionalText("because"),
                    from.number("at"), from.number("until"), from.flag("by_operator"));
        }
    }

    /**
     * The protection of a service: too few are healthy, so all are served as healthy.
     *
     * @param healthy healthy served instances
     * @param total served instances
     * @param threshold the share they are at or below, 0 to 1
     */
    public record Protection(long healthy, long total, double threshold) {
        static Protection read(Node from) {
            return new Protection(from.number("healthy"), from.number("total"), from.real("threshold"));
        }
    }

    /**
     * A service that protection leaves alone.
     *
     * @param healthy healthy served instances
     * @param total served instances
     * @param threshold the share they are not at or below, 0 to 1; empty where none is set
     */
    public record Unprotected(long healthy, long total, OptionalDouble threshold) {
        static Unprotected read(Node from) {
            return new Unprotected(from.number("healthy"), from.number("total"), from.optionalReal("threshold"));
        }
    }

    /**
     * An empty service that keeps the kind of its first instance: one of the other kind cannot register.
     *
     * @param kind the kind
     * @param since since when the service is known
     * @param emptySince since when it is empty, or when anything about it last happened
     * @param until when it is forgotten; empty where it never is
     */
    public record KeptKind(Kind kind, long since, long emptySince, OptionalLong until) {
        static KeptKind read(Node from) {
            return new KeptKind(Kind.of(from.text("kind")), from.number("since"), from.number("empty_since"),
                    from.optionalNumber("until"));
        }
    }

    /**
     * The brake, while it holds removals up.
     *
     * @param silent claims by beats that are silent
     * @param all all claims by beats
     * @param share the share above which removals wait, in percent
     * @param deafUntil until when nobody was heard at all, which holds removals up for a timeout from then on
     * @param waiting how many removals wait
     * @param oldest when the oldest of them was due
     */
    public record Brake(long silent, long all, long share, OptionalLong deafUntil, long waiting, long oldest) {
        static Brake read(Node from) {
            return new Brake(from.number("silent"), from.number("all"), from.number("share"),
                    from.optionalNumber("deaf_until"), from.number("waiting"), from.number("oldest"));
        }
    }

    /**
     * Time in which the host did not run the registry.
     *
     * @param from when it should have been called
     * @param until when it was
     */
    public record Gap(long from, long until) {
        static Gap read(Node from) {
            return new Gap(from.number("from"), from.number("until"));
        }
    }

    /**
     * What happens next by itself.
     *
     * @param at when
     * @param what what
     */
    public record Next(long at, NextKind what) {
        static Next read(Node from) {
            return new Next(from.number("at"), from.word("what", NextKind.class));
        }
    }

    /** Kinds of events that time brings. */
    public enum NextKind {
        /** It turns unhealthy unless it beats. */
        UNHEALTHY,
        /** It is removed unless it beats. */
        REMOVED,
        /** Its connection is given up unless it gives a sign of life. */
        CONNECTION_GIVEN_UP,
        /** Its removal, which waits, is considered again. */
        REMOVAL_CONSIDERED,
        /** What an operator decided is forgotten, unless it comes back before. */
        OVERRIDE_FORGOTTEN,
        /** What an operator decided is forgotten although the instance lives. */
        OVERRIDE_FORGOTTEN_WHILE_ALIVE,
        /** The view is computed again. */
        VIEW_COMPUTED,
        /** The fence of its ended life ends. */
        FENCE_ENDS
    }

    static Explanation read(Node from, String document) {
        Node sights = from.at("sights");
        return new Explanation(
                ServiceKey.read(from.at("service")),
                Address.read(from.at("address")),
                Kind.of(from.text("kind")),
                from.number("at"),
                from.word("standing", Standing.class),
                new Sights(sight(sights.at("operator")), sight(sights.at("consumer")), sights.flag("stale")),
                Telling.read(from.at("telling")),
                from.list("copies", Copied::read),
                Deciding.read(from.at("decided_by")),
                from.list("leases", Lease::read),
                from.optional("differing").map(Differing::read),
                from.list("overrides", Decision::read),
                from.optional("fence").map(Fence::read),
                from.optional("protection").map(Protection::read),
                from.texts("doubted_by"),
                from.texts("unheeded"),
                from.optional("brake").map(Brake::read),
                from.optional("cluster_protection").map(Protection::read),
                from.optional("unprotected").map(Unprotected::read),
                from.optionalNumber("kept_until"),
                from.optionalNumber("warming_until"),
                from.optionalNumber("newest_life"),
                from.optional("kept_kind").map(KeptKind::read),
                from.optional("gap").map(Gap::read),
                from.list("history", Transition::read),
                from.optional("next").map(Next::read),
                from.list("remedies", Remedy::read),
                from.texts("sentences"),
                document);
    }

    private static Sight sight(Node from) {
        return new Sight(from.flag("listed"), from.flag("healthy"), from.flag("enabled"));
    }
}
