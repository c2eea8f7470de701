package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Persistent instances, batches, services and restarts. */
class ServicesTest {
    private static final ServiceKey ORDERS = ServiceKey.of("orders");
    private static final ServiceKey STORES = ServiceKey.of("stores");
    private static final Address FIRST = Address.of("10.0.0.1", 8080);
    private static final Address SECOND = Address.of("10.0.0.2", 8080);
    private static final Registration CLAIM = Registration.of(ORDERS, FIRST, "order-1");
    private static final Registration STORE = Registration.of(STORES, FIRST, "console").withKind(Kind.PERSISTENT);

    private final Registry registry = Registry.open(Policy.strict());

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void a_persistent_instance_is_as_healthy_as_its_reports_say() {
        long service = registry.register(0, STORE).service();
        registry.advance(600_000);
        InstanceView view = registry.instances(STORES, Reader.CONSUMER).instances().get(0);
        assertEquals(Kind.PERSISTENT, view.kind());
        assertTrue(view.healthy());

        HealthReport down = HealthReport.of(STORES, FIRST, false);
        assertTrue(registry.reportHealth(600_000, down));
        assertTrue(registry.reportHealth(600_000, down));
        assertFalse(registry.reportHealth(600_000, down));
        ChangeRows rows = new ChangeRows();
        registry.changes(service, 1, rows);
        assertEquals(Cause.REPORTED_DOWN, rows.cause(0));
        Explanation why = registry.explain(STORES, FIRST);
        assertEquals(Kind.PERSISTENT, why.kind());
        assertEquals(Explanation.Standing.UNHEALTHY, why.standing());
        assertEquals(Explanation.Rule.HEALTH_REPORT, why.decidedBy().rule());
        assertEquals(Explanation.LeaseKind.PERSISTENT, why.leases().get(0).kind());
        assertEquals(Optional.empty(), why.leases().get(0).silenceAllowed());
        assertFalse(why.leases().get(0).waits());

        assertTrue(registry.reportHealth(600_001, HealthReport.of(STORES, FIRST, true).withSure(true)));
        assertEquals(201, refused(() -> registry.reportHealth(600_001, HealthReport.of(STORES, SECOND, true))).code());
    }

    @Test
    void an_instance_may_be_unhealthy_to_begin_with() {
        registry.register(0, STORE.withHealthy(false));
        assertEquals(Explanation.Standing.UNHEALTHY, registry.explain(STORES, FIRST).standing());
    }

    @Test
    void where_both_kinds_may_be_the_one_that_is_meant_is_named() {
        try (Registry both = Registry.open(Policy.preset("nacos_1_4"))) {
            both.register(0, STORE);
            both.register(0, Registration.of(STORES, FIRST, "order-1"));
            both.setOverride(1, OverrideChange.of(STORES, FIRST, "ops").withKind(Kind.PERSISTENT).withEnabled(false));
            List<InstanceView> views = both.instances(STORES, Reader.OPERATOR).instances();
            assertEquals(List.of(Kind.EPHEMERAL, Kind.PERSISTENT), views.stream().map(InstanceView::kind).toList());
            assertEquals(List.of(true, false), views.stream().map(InstanceView::enabled).toList());
            both.deregister(2, Deregistration.of(STORES, FIRST, "console").withKind(Kind.PERSISTENT));
            views = both.instances(STORES, Reader.OPERATOR).instances();
            assertEquals(List.of(Kind.EPHEMERAL), views.stream().map(InstanceView::kind).toList());
        }
    }

    @Test
    void a_batch_takes_the_place_of_all_that_its_session_holds() {
        long session = registry.openSession(0, "conn-1");
        BatchRegistration none = BatchRegistration.of(ORDERS, "order-1", session);
        BatchRegistration second = none.withMember(SECOND, Content.DEFAULT.withWeight(3));
        RegisteredBatch done = registry.registerBatch(0, second.withMember(FIRST));
        assertEquals(List.of(true, true), done.members().stream().map(Registered::created).toList());
        assertEquals(0, done.withdrawn());
        done = registry.registerBatch(1, second);
        assertEquals(1, done.withdrawn());
        InstanceView left = registry.instances(ORDERS, Reader.CONSUMER).instances().get(0);
        assertEquals(SECOND, left.address());
        assertEquals(3.0, left.weight());
        assertTrue(registry.transitions(0).stream().anyMatch(one -> one.cause() == Cause.REPLACED));

        Deregistration own = Deregistration.of(ORDERS, SECOND, "order-1").withSession(session);
        assertEquals(new Deregistered(1, List.of()), registry.deregister(2, own));
        assertEquals(new RegisteredBatch(List.of(), 0), registry.registerBatch(3, none));
        assertEquals(203, refused(() -> registry.registerBatch(3, BatchRegistration.of(ORDERS, "order-1", 77))).code());
    }

    @Test
    void the_settings_of_a_service_hold_as_a_whole() {
        assertEquals(Optional.empty(), registry.service(ORDERS));
        registry.setService(0, ServiceSettings.of(ORDERS).withProtectThreshold(0.5).withMetadata(Map.of("team", "shop")));
        registry.register(0, CLAIM);
        ServiceRecord known = new ServiceRecord(ORDERS, true, Optional.of(Kind.EPHEMERAL), OptionalDouble.of(0.5),
                Map.of("team", "shop"), List.of("DEFAULT"), 1, true);
        assertEquals(Optional.of(known), registry.service(ORDERS));
        registry.setService(1, ServiceSettings.of(ORDERS));
        assertEquals(OptionalDouble.empty(), registry.service(ORDERS).orElseThrow().protectThreshold());
        assertEquals(Map.of(), registry.service(ORDERS).orElseThrow().metadata());
    }

    @Test
    void a_service_is_of_one_kind_and_only_an_empty_one_is_taken_away() {
        registry.setService(0, ServiceSettings.of(STORES).withKind(Kind.PERSISTENT));
        LivesetException other = refused(() -> registry.register(0, Registration.of(STORES, FIRST, "order-1")));
        assertEquals(LivesetException.Kind.OTHER_KIND, other.kind());
        registry.register(0, STORE);
        assertEquals(LivesetException.Kind.NOT_EMPTY, refused(() -> registry.removeService(1, STORES)).kind());
        registry.deregister(1, Deregistration.of(STORES, FIRST, "console"));
        registry.removeService(2, STORES);
        assertEquals(List.of(), registry.services());
        assertEquals(202, refused(() -> registry.removeService(2, STORES)).code());
    }

    @Test
    void a_reader_who_looks_has_the_first_view_computed() {
        try (Registry late = Registry.open(Policy.preset("nacos_2_5"))) {
            late.register(0, CLAIM);
            assertFalse(late.service(ORDERS).orElseThrow().computed());
            assertEquals(List.of(), late.instances(ORDERS, Reader.CONSUMER).instances());
            late.look(0, ORDERS);
            assertTrue(late.service(ORDERS).orElseThrow().computed());
            assertEquals(1, late.instances(ORDERS, Reader.CONSUMER).instances().size());
        }
    }

    @Test
    void a_restart_leaves_what_the_policy_keeps() {
        for (String preset : List.of("strict", "nacos_2_5")) {
            try (Registry restarted = Registry.open(Policy.preset(preset))) {
                restarted.register(0, STORE);
                restarted.register(0, CLAIM);
                restarted.restart(1_000);
                List<Transition> happened = restarted.transitions(0);
                Cause last = preset.equals("strict") ? Cause.REGISTERED : Cause.REGISTRY_RESTARTED;
                assertEquals(last, happened.get(happened.size() - 1).cause(), preset);
                assertEquals(1, restarted.service(STORES).orElseThrow().instances(), preset);
            }
        }
    }

    @Test
    void a_reader_may_ask_for_some_clusters_and_for_healthy_instances() {
        Registered last = null;
        for (String host : List.of("blue-1", "green-1", "green-2")) {
            Address address = new Address(host, 80, host.substring(0, host.length() - 2));
            last = registry.register(0, Registration.of(ORDERS, address, host));
        }
        registry.beat(14_000, last.lease());
        registry.advance(15_000);
        InstanceQuery all = InstanceQuery.of(ORDERS, Reader.CONSUMER);
        assertEquals(List.of("blue-1", "green-1", "green-2"), hosts(all));
        assertEquals(List.of("green-1", "green-2"), hosts(all.withClusters("green")));
        assertEquals(List.of("green-2"), hosts(all.withClusters("blue", "green").withHealthyOnly(true)));
    }

    @Test
    void sources_that_describe_one_instance_in_different_ways_are_told_apart() {
        Content content = Content.DEFAULT.withWeight(2).withMetadata(Map.of("v", "new"));
        registry.register(0, CLAIM);
        registry.register(1, Registration.of(ORDERS, FIRST, "proxy").withContent(content));
        assertEquals(
                Optional.of(new Explanation.Differing(Explanation.SharedRows.NEWEST, List.of(
                        new Explanation.Saying("order-1", Optional.empty(), Content.DEFAULT),
                        new Explanation.Saying("proxy", Optional.empty(), content)))),
                registry.explain(ORDERS, FIRST).differing());
    }

    @Test
    void what_was_not_watched_and_what_is_kept_is_told() {
        String policy = registry.policy().json().replace("\"gap_max\":null", "\"gap_max\":1000")
                .replace("\"keep_last\":null", "\"keep_last\":60000");
        try (Registry patient = Registry.open(Policy.fromJson(policy))) {
            patient.register(0, CLAIM);
            patient.advance(100_000);
            assertEquals(Optional.of(new Explanation.Gap(15_000, 100_000)), patient.explain(ORDERS, FIRST).gap());
            long silent = patient.nextDeadline().orElseThrow();
            patient.advance(silent);
            ServiceView kept = patient.instances(ORDERS, Reader.CONSUMER);
            assertEquals(OptionalLong.of(silent + 60_000), kept.keptUntil());
        }
    }

    @Test
    void what_readers_own_layers_hold_is_told_beside_the_registrys_view() {
        registry.register(0, CLAIM);
        registry.subscribe(0, ORDERS, "gateway");
        registry.deregister(7_000, Deregistration.of(ORDERS, FIRST, "order-1"));
        assertEquals(OptionalLong.of(7_000), registry.counters().oldestNotice());
        assertEquals(OptionalLong.of(7_000), registry.subscribers(ORDERS).get(0).waitingSince());
        CopyReport copy = CopyReport.of("gateway", CopyReport.Layer.FRAMEWORK, 3_000, true, true);
        Explanation why = registry.explain(ORDERS, FIRST, List.of(copy));
        assertEquals(1, why.telling().behind());
        assertEquals(List.of(copy), why.copies().stream().map(Explanation.Copied::copy).toList());
        assertFalse(why.copies().get(0).agrees());
        assertEquals(Optional.of(Cause.DEREGISTERED), why.copies().get(0).missed().map(Transition::cause));
    }

    private List<String> hosts(InstanceQuery query) {
        return registry.instances(query).instances().stream().map(view -> view.address().host()).toList();
    }

    private static LivesetException refused(Runnable call) {
        return assertThrows(LivesetException.class, call::run);
    }
}
