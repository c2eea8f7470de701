package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What explanations say beyond the verdict. */
class ExplainTest {
    private static final ServiceKey ORDERS = ServiceKey.of("orders");
    private static final ServiceKey STORES = ServiceKey.of("stores");
    private static final Address FIRST = Address.of("10.0.0.1", 8080);
    private static final Address SECOND = Address.of("10.0.0.2", 8080);
    private static final String ONE_AT_A_TIME =
            "{\"floor\":0,\"share\":0,\"pace\":1,\"of\":\"held\",\"longest\":null}";

    @Test
    void an_explanation_says_which_silence_ended_a_claim_and_what_holds_the_next_one_up() {
        try (Registry registry = Registry.open(strictWith("brake", ONE_AT_A_TIME))) {
            registry.register(0, Registration.of(ORDERS, FIRST, "order-1"));
            registry.register(0, Registration.of(ORDERS, SECOND, "order-2"));
            // A registry that hears nobody removes nobody.
            for (long now : new long[] {8_000, 16_000, 24_000}) {
                registry.register(now, Registration.of(ORDERS, Address.of("10.0.0.3", 8080), "order-3"));
            }
            registry.advance(30_500);
            Explanation gone = registry.explain(ORDERS, FIRST);
            Optional<Silence> silence = Optional.of(new Silence(0, OptionalLong.empty()));
            assertEquals(silence, gone.decidedBy().silence());
            assertEquals(silence, gone.history().get(0).silence());
            Explanation waits = registry.explain(ORDERS, SECOND);
            assertEquals(Optional.of(new Explanation.Brake(1, 2, 0, OptionalLong.empty(), 1, 30_000)), waits.brake());
            assertTrue(waits.leases().get(0).watched());
            assertEquals(OptionalLong.empty(), waits.leases().get(0).asked());
            for (Explanation each : List.of(gone, waits)) {
                Node document = Node.parse(each.document().getBytes(StandardCharsets.UTF_8));
                assertEquals(new TreeSet<>(), unread(document.value(), Explanation.class, "", new TreeSet<>()));
            }
        }
    }

    @Test
    void reports_of_one_observer_are_doubts_where_two_must_agree() {
        String policy = strictWith("observers", "2").json().replaceAll("\"fall\":\\d+", "\"fall\":1");
        try (Registry registry = Registry.open(Policy.fromJson(policy))) {
            Content timed = Content.DEFAULT.withMetadata(Map.of("preserved.heart.beat.timeout", "9000"));
            registry.register(0, Registration.of(STORES, FIRST, "console").withKind(Kind.PERSISTENT).withContent(timed));
            HealthReport report = HealthReport.of(STORES, FIRST, false);
            assertTrue(registry.reportHealth(0, report.by("prober-1")));
            Explanation why = registry.explain(STORES, FIRST);
            assertEquals(List.of("prober-1"), why.doubtedBy());
            assertEquals(List.of("preserved.heart.beat.timeout=9000"), why.unheeded());
            assertFalse(registry.reportHealth(0, report.by("prober-2")));
        }
    }

    @Test
    void silence_while_the_host_heard_nobody_is_excused() {
        try (Registry registry = Registry.open(Policy.strict())) {
            registry.register(0, Registration.of(ORDERS, FIRST, "order-1"));
            registry.excuse(100_000, 5_000);
            Explanation why = registry.explain(ORDERS, FIRST);
            assertEquals(Explanation.Standing.ONLINE, why.standing());
            assertEquals(Optional.of(new Explanation.Gap(5_000, 100_000)), why.gap());
            LivesetException refused = assertThrows(LivesetException.class, () -> registry.excuse(100_000, 100_001));
            assertEquals(Optional.of("excuse.from"), refused.field());
        }
    }

    private static Policy strictWith(String member, String value) {
        try (Registry registry = Registry.open(Policy.strict())) {
            String policy = registry.policy().json();
            String changed = policy.replaceFirst("\"" + member + "\":(\\{[^}]*\\}|[^,}]*)", "\"" + member + "\":" + value);
            return Policy.fromJson(changed);
        }
    }

    /** Members of a document for which a record has no component, at any depth. */
    private static TreeSet<String> unread(Object found, Type into, String path, TreeSet<String> unread) {
        if (into instanceof ParameterizedType holder) {
            List<?> items = found instanceof List<?> list ? list : found == null ? List.of() : List.of(found);
            items.forEach(item -> unread(item, holder.getActualTypeArguments()[0], path, unread));
        } else if (found instanceof Map<?, ?> members && into instanceof Class<?> type && type.isRecord()) {
            members.forEach((name, member) -> {
                Optional<RecordComponent> component = List.of(type.getRecordComponents()).stream()
                        .filter(each -> snake(each.getName()).equals(name)).findFirst();
                if (component.isPresent()) {
                    unread(member, component.get().getGenericType(), path + "." + name, unread);
                } else {
                    unread.add(path + "." + name);
                }
            });
        }
        return unread;
    }

    private static String snake(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
