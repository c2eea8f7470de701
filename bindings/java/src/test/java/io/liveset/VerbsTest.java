package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each verb as a host calls it. */
class VerbsTest {
    private static final ServiceKey ORDERS = ServiceKey.of("orders");
    private static final Address FIRST = Address.of("10.0.0.1", 8080);
    private static final Registration CLAIM = Registration.of(ORDERS, FIRST, "order-1");

    private final Registry registry = Registry.open(Policy.strict());

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void an_instance_that_stops_beating_turns_unhealthy_then_leaves() {
        assertEquals(OptionalLong.empty(), registry.nextDeadline());
        Registered registered = registry.register(0, CLAIM);
        assertTrue(registered.created());
        registry.beat(5_000, registered.lease());
        registry.advance(19_999);
        assertTrue(only(Reader.CONSUMER).healthy());
        registry.advance(20_000);
        assertFalse(only(Reader.CONSUMER).healthy());
        assertEquals(OptionalLong.of(35_000), registry.nextDeadline());
        registry.advance(35_000);
        assertEquals(List.of(), registry.instances(ORDERS, Reader.OPERATOR).instances());
        assertEquals(List.of(Cause.REGISTERED, Cause.SILENT, Cause.EXPIRED),
                registry.transitions(0).stream().map(Transition::cause).toList());
        LivesetException gone = refused(() -> registry.beat(35_000, registered.lease()));
        assertEquals(LivesetException.Kind.UNKNOWN_LEASE, gone.kind());
        assertEquals(200, gone.code());
    }

    @Test
    void content_arrives_as_it_was_registered() {
        Map<String, String> metadata = Map.of("zone", "a", "emoji", "\ud83d\ude80", "quote", "\"\\\n\u0000");
        registry.register(0, CLAIM.withContent(new Content(2.5, true, metadata)));
        InstanceView view = only(Reader.CONSUMER);
        assertEquals(2.5, view.weight());
        assertEquals(metadata, view.metadata());
        assertEquals(FIRST, view.address());
    }

    @Test
    void a_second_source_is_counted_and_named() {
        registry.register(0, CLAIM);
        Registered second = registry.register(1, Registration.of(ORDERS, FIRST, "ghost").withIncarnation(1));
        assertFalse(second.created());
        assertEquals(List.of("order-1"), second.otherSources());
        Deregistered left = registry.deregister(2, second.lease());
        assertEquals(new Deregistered(1, List.of("order-1")), left);
        assertEquals(new Deregistered(1, List.of()), registry.deregister(3, Deregistration.of(ORDERS, FIRST, "order-1")));
    }

    @Test
    void a_beat_by_name_finds_its_lease_or_says_register_again() {
        InstanceBeat beat = InstanceBeat.of(ORDERS, FIRST, "order-1");
        assertEquals(200, refused(() -> registry.beatInstance(0, beat)).code());
        Registered registered = registry.register(0, CLAIM);
        assertEquals(new Beaten(registered.lease(), Duration.ofSeconds(5), Optional.empty()), registry.beatInstance(1, beat));
        try (Registry nacos = Registry.open(Policy.preset("nacos_2_5"))) {
            Beaten full = nacos.beatInstance(0, beat.withContent(Content.DEFAULT));
            assertEquals(full.lease(), full.registered().orElseThrow().lease());
        }
    }

    @Test
    void a_session_that_closes_takes_its_instances_with_it() {
        long session = registry.openSession(0, "conn-1");
        registry.register(0, CLAIM.withSession(session));
        registry.touchSession(1, session);
        assertEquals(1, registry.closeSession(2, session));
        assertEquals(203, refused(() -> registry.touchSession(3, session)).code());
        assertEquals(203, refused(() -> registry.closeSession(3, session)).code());
        assertEquals(203, refused(() -> registry.register(3, CLAIM.withSession(session))).code());
        assertEquals(List.of(), registry.instances(ORDERS, Reader.OPERATOR).instances());
    }

    @Test
    void an_override_outlasts_a_registration_and_ends_when_it_is_cleared() {
        registry.register(0, CLAIM);
        registry.setOverride(1, OverrideChange.of(ORDERS, FIRST, "console").withBecause("release 42").withEnabled(false)
                .withWeight(3).withMetadata(Map.of("note", "x")).withLifetime(new Lifetime.UntilCleared()));
        registry.register(2, CLAIM);
        assertEquals(List.of(), registry.instances(ORDERS, Reader.CONSUMER).instances());
        assertEquals(List.of(new InstanceName(ORDERS, FIRST)), registry.overridden());
        assertEquals(3.0, only(Reader.OPERATOR).weight());

        Explanation why = registry.explain(ORDERS, FIRST);
        assertEquals(Explanation.Standing.OFFLINE, why.standing());
        assertEquals(Explanation.Rule.OVERRIDE, why.decidedBy().rule());
        assertEquals(Optional.of("release 42"), why.decidedBy().because());
        assertEquals(List.of("enabled", "weight", "metadata.note"),
                why.overrides().stream().map(Explanation.Decision::field).toList());
        assertTrue(why.remedies().contains(new Remedy.ClearOverride("console")));
        assertTrue(why.document().startsWith("{\"service\""), why.document());
        assertTrue(why.sentences().get(0).contains("console"), why.sentences()::toString);

        registry.clearOverride(3, ORDERS, FIRST, "console", new OverrideField.Enabled());
        assertTrue(only(Reader.CONSUMER).enabled());
        registry.clearOverride(4, ORDERS, FIRST, "console", new OverrideField.Weight());
        registry.clearOverride(5, ORDERS, FIRST, "console", new OverrideField.Metadata("note"));
        assertEquals(List.of(), registry.overridden());
        for (Lifetime lifetime : List.of(new Lifetime.For(Duration.ofSeconds(9)),
                new Lifetime.Absent(Duration.ofSeconds(8)), new Lifetime.ThisIncarnation())) {
            registry.setOverride(6, OverrideChange.of(ORDERS, FIRST, "ops").withEnabled(false).withLifetime(lifetime));
            assertEquals(lifetime, registry.explain(ORDERS, FIRST).overrides().get(0).lifetime());
        }
        registry.clearOverride(7, ORDERS, FIRST, "ops");
        assertEquals(List.of(), registry.overridden());
    }

    @Test
    void a_removed_instance_is_told_to_stop_until_the_fence_is_lifted() {
        registry.register(0, CLAIM.withIncarnation(4));
        Removed removed = registry.remove(
                1, Removal.of(ORDERS, FIRST, "ops").withBecause("gone").withFenceFor(Duration.ofMinutes(1)));
        assertEquals(new Removed(1, OptionalLong.of(60_001)), removed);
        assertEquals(List.of(new InstanceName(ORDERS, FIRST)), registry.fenced());
        LivesetException stop = refused(() -> registry.register(2, CLAIM.withIncarnation(4)));
        assertEquals(LivesetException.Kind.FENCED, stop.kind());
        Explanation.Fence fence = registry.explain(ORDERS, FIRST).fence().orElseThrow();
        assertEquals(new Explanation.Fence(4, "ops", Optional.of("gone"), 1, 60_001, true), fence);
        registry.liftFence(3, ORDERS, FIRST, "ops");
        assertEquals(4, registry.register(4, CLAIM.withIncarnation(4)).incarnation());
        registry.register(5, CLAIM.withIncarnation(6));
        assertEquals(301, refused(() -> registry.deregister(
                6, Deregistration.of(ORDERS, FIRST, "order-1").withIncarnation(5))).code());
    }

    @Test
    void a_service_below_its_threshold_is_protected() {
        long service = registry.setService(0, ServiceSettings.of(ORDERS).withProtectThreshold(0.9));
        registry.register(0, CLAIM);
        Registered second = registry.register(0, Registration.of(ORDERS, Address.of("10.0.0.2", 8080), "order-2"));
        assertEquals(service, second.service());
        for (long now = 5_000; now <= 20_000; now += 5_000) {
            registry.beat(now, second.lease());
        }
        assertTrue(registry.instances(ORDERS, Reader.CONSUMER).protectedNow());
        assertTrue(registry.instances(ORDERS, Reader.CONSUMER).instances().get(0).healthy());
        assertFalse(registry.instances(ORDERS, Reader.OPERATOR).instances().get(0).healthy());
        assertEquals(new Explanation.Protection(1, 2, 0.9), registry.explain(ORDERS, FIRST).protection().orElseThrow());
        registry.setService(20_000, ServiceSettings.of(ORDERS));
        assertFalse(registry.instances(ORDERS, Reader.CONSUMER).protectedNow());
    }

    @Test
    void a_subscription_that_is_over_gets_no_notices() {
        Subscribed subscribed = registry.subscribe(0, ORDERS, "gateway");
        registry.unsubscribe(1, subscribed.subscription());
        registry.register(2, CLAIM);
        assertEquals(List.of(), registry.poll(10));
        assertEquals(204, refused(() -> registry.unsubscribe(3, subscribed.subscription())).code());
    }

    @Test
    void what_was_never_there_is_unknown() {
        Explanation unknown = registry.explain(ORDERS, FIRST);
        assertEquals(Explanation.Standing.UNKNOWN, unknown.standing());
        assertEquals(0, registry.instances(ORDERS, Reader.CONSUMER).revision());
        assertEquals(201, refused(() -> registry.instanceName(7)).code());
        assertEquals(202, refused(() -> registry.changes(7, 0, new ChangeRows())).code());
        assertEquals(201, refused(() -> registry.remove(0, Removal.of(ORDERS, FIRST, "ops"))).code());
    }

    @Test
    void a_full_registry_names_the_limit() {
        String small = registry.policy().json().replaceAll("\"instances_max\":\\d+", "\"instances_max\":1");
        try (Registry full = Registry.open(Policy.fromJson(small))) {
            full.register(0, CLAIM);
            LivesetException limit =
                    refused(() -> full.register(0, Registration.of(ORDERS, Address.of("10.0.0.2", 1), "s")));
            assertEquals(LivesetException.Kind.LIMIT_REACHED, limit.kind());
            assertEquals(Optional.of("instances_max"), limit.field());
        }
    }

    @Test
    void the_doors_speak_documents_and_agree_with_the_verbs() {
        String outcome = registry.apply(0, "{\"register\":{\"service\":{\"name\":\"orders\"},"
                + "\"address\":{\"host\":\"10.0.0.1\",\"port\":8080},\"source\":\"order-1\"}}");
        assertTrue(outcome.startsWith("{\"registered\":{\"lease\":"), outcome);
        try (Registry other = Registry.open(Policy.strict())) {
            other.register(0, CLAIM);
            assertEquals(other.digest(), registry.digest());
        }
        assertEquals("\"advanced\"", registry.apply(1, "\"advance\""));
        assertEquals(1, registry.counters().instances());
        assertEquals(1, registry.counters().now());
        assertTrue(registry.ask("\"counters\"").startsWith("{\"now\":1,"));
        assertEquals(List.of(ORDERS), registry.services());
        assertEquals(registry.policy().json(), registry.ask("\"policy\""));
    }

    @Test
    void an_earlier_moment_counts_as_the_latest_one() {
        registry.advance(10);
        registry.advance(5);
        assertEquals(1, registry.counters().clamped());
        assertEquals(10, registry.counters().now());
    }

    private InstanceView only(Reader reader) {
        List<InstanceView> instances = registry.instances(ORDERS, reader).instances();
        assertEquals(1, instances.size());
        return instances.get(0);
    }

    private static LivesetException refused(Runnable call) {
        return assertThrows(LivesetException.class, call::run);
    }
}
