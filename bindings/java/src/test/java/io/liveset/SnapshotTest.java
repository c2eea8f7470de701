package io.liveset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SnapshotTest {
    private static final ServiceKey ORDERS = ServiceKey.of("orders");

    @Test
    void a_restored_registry_goes_on_as_the_one_it_was_taken_from_future_ids_included() {
        try (Registry registry = populated(); Registry restored = Registry.restore(registry.snapshot())) {
            assertEquals(registry.digest(), restored.digest());
            assertArrayEquals(registry.snapshot(), restored.snapshot());
            for (Registry each : new Registry[] {registry, restored}) {
                each.register(9_000, Registration.of(ORDERS, Address.of("10.0.1.1", 80), "late"));
                each.advance(40_000);
            }
            assertEquals(registry.digest(), restored.digest());
        }
    }

    @Test
    void a_snapshot_that_is_cut_short_or_changed_anywhere_is_refused() {
        byte[] snapshot;
        try (Registry registry = populated()) {
            snapshot = registry.snapshot();
        }
        for (int length = 0; length < snapshot.length; length++) {
            corrupt(Arrays.copyOf(snapshot, length));
        }
        for (int place = 0; place < snapshot.length; place++) {
            byte[] changed = snapshot.clone();
            changed[place] ^= 0x40;
            corrupt(changed);
        }
        corrupt(Arrays.copyOf(snapshot, snapshot.length + 1));
    }

    private static void corrupt(byte[] bytes) {
        LivesetException refused = assertThrows(LivesetException.class, () -> Registry.restore(bytes));
        int code = refused.code();
        assertEquals(500, code == 501 ? 500 : code, refused::getMessage);
    }

    private static Registry populated() {
        Registry registry = Registry.open(Policy.strict());
        for (int host = 1; host <= 3; host++) {
            registry.register(host, Registration.of(ORDERS, Address.of("10.0.0." + host, 80), "order-" + host));
        }
        registry.setOverride(5, OverrideChange.of(ORDERS, Address.of("10.0.0.2", 80), "ops").withEnabled(false));
        registry.subscribe(6, ORDERS, "gateway");
        return registry;
    }
}
