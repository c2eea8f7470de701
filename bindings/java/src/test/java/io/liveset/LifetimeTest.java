package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Open, closed, dropped, shared. */
class LifetimeTest {
    private static final ServiceKey ORDERS = ServiceKey.of("orders");
    private static final Address FIRST = Address.of("10.0.0.1", 8080);

    @Test
    void every_method_of_a_closed_registry_says_that_it_is_closed() {
        Registry registry = Registry.open(Policy.strict());
        registry.close();
        registry.close();
        List<Consumer<Registry>> calls = List.of(
                r -> r.beat(0, 1),
                r -> r.beatMany(0, 1L),
                r -> r.beatMany(0, new LeaseBatch(1).add(1)),
                r -> r.advance(0),
                Registry::nextDeadline,
                Registry::digest,
                r -> r.poll(1),
                r -> r.changes(1, 0, new ChangeRows()),
                r -> r.register(0, Registration.of(ORDERS, FIRST, "s")),
                r -> r.explain(ORDERS, FIRST),
                Registry::counters,
                r -> r.apply(0, "\"advance\""),
                r -> r.apply(0, "nonsense"),
                r -> r.ask("\"counters\""),
                Registry::snapshot);
        for (Consumer<Registry> call : calls) {
            LivesetException closed = assertThrows(LivesetException.class, () -> call.accept(registry));
            assertEquals(LivesetException.Kind.CLOSED, closed.kind());
            assertEquals(600, closed.code());
        }
    }

    @Test
    void a_closed_registry_does_not_touch_the_one_that_takes_its_place() {
        Registry closed = Registry.open(Policy.strict());
        closed.close();
        try (Registry next = Registry.open(Policy.strict())) {
            long lease = next.register(0, Registration.of(ORDERS, FIRST, "s")).lease();
            closed.close();
            assertThrows(LivesetException.class, () -> closed.beat(0, lease));
            next.beat(0, lease);
        }
    }

    @Test
    void an_id_of_another_registry_finds_nothing() {
        try (Registry one = Registry.open(Policy.strict()); Registry other = Registry.open(Policy.strict())) {
            Registered registered = one.register(0, Registration.of(ORDERS, FIRST, "s"));
            assertEquals(200, assertThrows(LivesetException.class, () -> other.beat(0, registered.lease())).code());
            assertEquals(202, assertThrows(
                    LivesetException.class, () -> other.changes(registered.service(), 0, new ChangeRows())).code());
        }
    }

    @Test
    void thousands_open_and_close() {
        for (int round = 0; round < 2_000; round++) {
            try (Registry registry = Registry.open(Policy.strict())) {
                registry.register(round, Registration.of(ORDERS, FIRST, "s"));
            }
        }
    }

    @Test
    void dropped_registries_are_closed_by_the_cleaner() throws Exception {
        for (int round = 0; round < 500; round++) {
            Registry.open(Policy.strict()).register(0, Registration.of(ORDERS, FIRST, "dropped"));
        }
        // The native side gives the lowest free slot to the next registry, so slots tell how many are open.
        long highest = Long.MAX_VALUE;
        for (int round = 0; round < 100 && highest > 400; round++) {
            System.gc();
            Thread.sleep(20);
            highest = 0;
            List<Handle> open = new ArrayList<>();
            for (int probe = 0; probe < 100; probe++) {
                open.add(Handle.open(Policy.strict()));
                highest = Math.max(highest, slot(open.get(probe)));
            }
            open.forEach(Handle::run);
        }
        assertTrue(highest <= 400, "slot " + highest + " is the lowest free one");
    }

    /** The low half of the number that the native side gave. */
    private static int slot(Handle handle) throws ReflectiveOperationException {
        Field number = Handle.class.getDeclaredField("handle");
        number.setAccessible(true);
        return (int) number.getLong(handle);
    }

    @Test
    void many_threads_share_a_registry_and_none_is_turned_away() throws Exception {
        try (Registry registry = Registry.open(Policy.strict())) {
            ExecutorService threads = Executors.newFixedThreadPool(8);
            List<Callable<Long>> work = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                Address address = Address.of("10.0.0.1", thread + 1);
                work.add(() -> {
                    long lease = registry.register(0, Registration.of(ORDERS, address, "s")).lease();
                    for (int round = 0; round < 300; round++) {
                        registry.beat(round, lease);
                        registry.explain(ORDERS, address);
                    }
                    return lease;
                });
            }
            for (Future<Long> done : threads.invokeAll(work)) {
                done.get();
            }
            threads.shutdown();
            assertEquals(8, registry.counters().instances());
        }
    }
}
