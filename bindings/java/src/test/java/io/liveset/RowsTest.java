package io.liveset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RowsTest {
    private static final ServiceKey ORDERS = ServiceKey.of("orders");

    @Test
    void rows_applied_in_order_give_the_view_at_every_notice() {
        Random random = new Random(7);
        Map<Long, Integer> rebuilt = new TreeMap<>();
        ChangeRows rows = new ChangeRows();
        int notices = 0;
        try (Registry registry = Registry.open(Policy.strict())) {
            Subscribed subscribed = registry.subscribe(0, ORDERS, "gateway");
            long revision = 0;
            long now = 0;
            for (int step = 0; step < 1_000; step++) {
                now += random.nextInt(3_000);
                act(registry, random, now);
                for (Notice notice : registry.poll(8)) {
                    Notice.Changed changed = (Notice.Changed) notice;
                    assertEquals(subscribed.subscription(), changed.subscription());
                    registry.changes(changed.service(), revision, rows);
                    apply(rows, rebuilt);
                    revision = rows.revision();
                    assertEquals(changed.revision(), revision);
                    notices++;
                }
                assertEquals(view(registry), rebuilt, "step " + step);
            }
        }
        assertTrue(notices > 100, "only " + notices + " notices");
    }

    private static void act(Registry registry, Random random, long now) {
        Address address = Address.of("10.0.0." + random.nextInt(12), 80);
        String source = "source-" + random.nextInt(3);
        try {
            switch (random.nextInt(6)) {
                case 0, 1, 2 -> registry.register(now, Registration.of(ORDERS, address, source)
                        .withContent(Content.DEFAULT.withEnabled(random.nextInt(5) > 0)));
                case 3 -> registry.deregister(now, Deregistration.of(ORDERS, address, source));
                case 4 -> registry.setOverride(
                        now, OverrideChange.of(ORDERS, address, "ops").withEnabled(random.nextBoolean()));
                default -> registry.advance(now);
            }
        } catch (LivesetException refused) {
            assertTrue(refused.code() < 400, refused::getMessage);
        }
    }

    private static void apply(ChangeRows rows, Map<Long, Integer> rebuilt) {
        if (rows.full()) {
            rebuilt.clear();
        }
        for (int row = 0; row < rows.size(); row++) {
            if (rows.get(row).is(Change.PRESENT)) {
                rebuilt.put(rows.instance(row), rows.state(row) & (Change.HEALTHY | Change.ENABLED));
            } else {
                rebuilt.remove(rows.instance(row));
            }
        }
    }

    private static Map<Long, Integer> view(Registry registry) {
        Map<Long, Integer> view = new TreeMap<>();
        for (InstanceView instance : registry.instances(ORDERS, Reader.OPERATOR).instances()) {
            view.put(instance.id(), (instance.healthy() ? Change.HEALTHY : 0) | (instance.enabled() ? Change.ENABLED : 0));
        }
        return view;
    }

    @Test
    void a_service_with_more_rows_than_there_is_room_for_arrives_whole() {
        try (Registry registry = Registry.open(Policy.strict())) {
            long service = 0;
            for (int port = 1; port <= 1_000; port++) {
                service = registry.register(0, Registration.of(ORDERS, Address.of("10.0.0.1", port), "order")).service();
            }
            ChangeRows rows = new ChangeRows();
            registry.changes(service, 0, rows);
            assertTrue(rows.full());
            assertEquals(1_000, rows.size());
            assertEquals(1_000, rows.revision());
            assertEquals(Cause.REGISTERED, rows.cause(999));
            assertEquals(Address.of("10.0.0.1", 1_000), registry.instanceName(rows.instance(999)).address());
            registry.changes(service, 999, rows);
            assertFalse(rows.full());
            assertFalse(rows.protectedNow());
            assertEquals(List.of(new Change(rows.instance(0), 1_000, 15, Cause.REGISTERED)), List.of(rows.get(0)));
            assertThrows(IndexOutOfBoundsException.class, () -> rows.instance(1));
        }
    }

    @Test
    void a_batch_beats_as_each_of_its_leases_would_and_names_the_stale_ones() {
        try (Registry batched = Registry.open(Policy.strict()); Registry single = Registry.open(Policy.strict());
                Registry array = Registry.open(Policy.strict())) {
            LeaseBatch batch = new LeaseBatch(4);
            List<Long> leases = new ArrayList<>();
            for (int port = 1; port <= 3_000; port++) {
                Registration claim = Registration.of(ORDERS, Address.of("10.0.0.1", port), "order");
                batched.register(0, claim);
                array.register(0, claim);
                leases.add(single.register(0, claim).lease());
                batch.add(leases.get(port - 1));
            }
            for (Registry each : List.of(batched, single, array)) {
                each.deregister(1, leases.get(6));
                each.deregister(1, leases.get(2_999));
            }
            long[] expected = {leases.get(6), leases.get(2_999)};
            assertEquals(2, batched.beatMany(9_000, batch));
            assertArrayEquals(expected, LongStream.range(0, batch.staleCount()).map(i -> batch.stale((int) i)).toArray());
            assertArrayEquals(expected, array.beatMany(9_000, leases.stream().mapToLong(Long::longValue).toArray()));
            for (long lease : leases) {
                try {
                    single.beat(9_000, lease);
                } catch (LivesetException stale) {
                    assertEquals(LivesetException.Kind.UNKNOWN_LEASE, stale.kind());
                }
            }
            assertEquals(single.digest(), batched.digest());
            assertEquals(single.digest(), array.digest());
        }
    }

    @Test
    void an_empty_batch_has_no_stale_leases() {
        try (Registry registry = Registry.open(Policy.strict())) {
            assertEquals(0, registry.beatMany(5, new LeaseBatch(0)));
            assertArrayEquals(new long[0], registry.beatMany(5));
        }
    }

    @Test
    void a_cleared_batch_is_filled_anew() {
        LeaseBatch batch = new LeaseBatch(0).add(1).add(2);
        batch.set(1, 3);
        assertEquals(3, batch.get(1));
        batch.clear();
        assertEquals(0, batch.size());
        assertThrows(IndexOutOfBoundsException.class, () -> batch.get(0));
        assertThrows(IndexOutOfBoundsException.class, () -> batch.stale(0));
        assertEquals(9, batch.add(9).get(0));
    }

    @Test
    void notices_come_once_and_a_probe_asks_for_a_silent_session() {
        try (Registry registry = Registry.open(Policy.strict())) {
            long session = registry.openSession(0, "conn-1");
            for (int subscriber = 0; subscriber < 600; subscriber++) {
                registry.subscribe(0, ORDERS, "gateway-" + subscriber);
            }
            registry.register(0, Registration.of(ORDERS, Address.of("10.0.0.1", 80), "order").withSession(session));
            assertEquals(1, registry.poll(1).size());
            assertEquals(599, registry.poll(65_536).size());
            assertEquals(List.of(), registry.poll(10));
            registry.advance(20_000);
            assertTrue(registry.poll(10).contains(new Notice.Probe(session)));
        }
    }
}
