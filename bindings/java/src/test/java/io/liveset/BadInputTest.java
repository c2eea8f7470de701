package io.liveset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is handed in: the code and the field are named, and the registry does not move. */
class BadInputTest {
    private static final long NOW = 1_000;
    private static final ServiceKey ORDERS = ServiceKey.of("orders");
    private static final Address FIRST = Address.of("10.0.0.1", 8080);
    private static final Registration CLAIM = Registration.of(ORDERS, FIRST, "order-1");
    private static final String LONE = "half \ud83d";
    private static final long TOO_LARGE = 1L << 53;

    private Registry registry;
    private long lease;

    @BeforeEach
    void open() {
        registry = Registry.open(Policy.strict());
        lease = registry.register(NOW, CLAIM).lease();
    }

    @AfterEach
    void close() {
        registry.close();
    }

    /** S and A stand for a service and an address that are as they should be; apostrophes for quotes. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {'register':{'service':{'name':''},A,'source':'s'}} | register.service.name
            {'register':{'service':{'name':'a b'},A,'source':'s'}} | register.service.name
            {'register':{'service':{'name':'a@@b'},A,'source':'s'}} | register.service.name
            {'register':{'service':{'name':7},A,'source':'s'}} | register.service.name
            {'register':{'service':{'name':'LONG'},A,'source':'s'}} | register.service.name
            {'register':{'service':{},A,'source':'s'}} | register.service
            {'register':{'service':'orders',A,'source':'s'}} | register.service
            {'register':{'service':{'name':'o','namespace':''},A,'source':'s'}} | register.service.namespace
            {'register':{'service':{'name':'o','group':'LONG'},A,'source':'s'}} | register.service.group
            {'register':{'service':{'name':'o','x':1},A,'source':'s'}} | register.service.x
            {'register':{S,'address':{'host':'','port':1},'source':'s'}} | register.address.host
            {'register':{S,'address':{'host':'LONG','port':1},'source':'s'}} | register.address.host
            {'register':{S,'address':{'host':'h','port':-1},'source':'s'}} | register.address.port
            {'register':{S,'address':{'host':'h','port':65536},'source':'s'}} | register.address.port
            {'register':{S,'address':{'host':'h','port':'80'},'source':'s'}} | register.address.port
            {'register':{S,'address':{'host':'h','port':1.5},'source':'s'}} | register.address.port
            {'register':{S,'address':{'host':'h','port':1,'cluster':''},'source':'s'}} | register.address.cluster
            {'register':{S,A,'source':''}} | register.source
            {'register':{S,A,'source':'LONG'}} | register.source
            {'register':{S,A,'source':null}} | register.source
            {'register':{S,A}} | register
            {'register':{S,A,'source':'s','session':'1'}} | register.session
            {'register':{S,A,'source':'s','session':-1}} | register.session
            {'register':{S,A,'source':'s','session':9007199254740992}} | register.session
            {'register':{S,A,'source':'s','incarnation':-1}} | register.incarnation
            {'register':{S,A,'source':'s','incarnation':'1'}} | register.incarnation
            {'register':{S,A,'source':'s','content':{'weight':-1}}} | register.content.weight
            {'register':{S,A,'source':'s','content':{'weight':10001}}} | register.content.weight
            {'register':{S,A,'source':'s','content':{'weight':'heavy'}}} | register.content.weight
            {'register':{S,A,'source':'s','content':{'enabled':'yes'}}} | register.content.enabled
            {'register':{S,A,'source':'s','content':{'metadata':{'':'v'}}}} | register.content.metadata
            {'register':{S,A,'source':'s','content':{'metadata':{'k':1}}}} | register.content.metadata.k
            {'register':{S,A,'source':'s','healthy':1}} | register.healthy
            {'register':{S,A,'source':'s','kind':'eternal'}} | register.kind
            {'register':{S,A,'source':'s','colour':'red'}} | register.colour
            {'register_batch':{S,'source':'s','session':1}} | register_batch
            {'register_batch':{S,'source':'s','session':-1,'members':[]}} | register_batch.session
            {'register_batch':{S,'source':'s','session':1,'members':[{}]}} | register_batch.members[0]
            {'report_health':{S,A,'healthy':'yes'}} | report_health.healthy
            {'report_health':{S,A,'healthy':true,'sure':1}} | report_health.sure
            {'beat':{'lease':-1}} | beat.lease
            {'beat':{'lease':9007199254740992}} | beat.lease
            {'beat':{'lease':'1'}} | beat.lease
            {'beat':{}} | beat
            {'beat_many':{'leases':[1,-1]}} | beat_many.leases[1]
            {'beat_many':{'leases':1}} | beat_many.leases
            {'beat_instance':{S,A,'source':''}} | beat_instance.source
            {'beat_instance':{S,A,'source':'s','content':{'weight':-1}}} | beat_instance.content.weight
            {'deregister':{S,A,'source':''}} | deregister.source
            {'deregister':{S,A,'source':'s','incarnation':1.5}} | deregister.incarnation
            {'deregister':{S,A,'source':'s','kind':''}} | deregister.kind
            {'deregister':{S,A,'source':'s','session':1.5}} | deregister.session
            {'watch':{S,A,'watches':1}} | watch.watches
            {'deregister_lease':{'lease':1.5}} | deregister_lease.lease
            {'remove':{S,A,'by':''}} | remove.by
            {'remove':{S,A,'by':'ops','because':''}} | remove.because
            {'remove':{S,A,'by':'ops','because':'LONG'}} | remove.because
            {'remove':{S,A,'by':'ops','fence_for':-1}} | remove.fence_for
            {'remove':{S,A,'by':'ops','fence_for':864000001}} | remove.fence_for
            {'lift_fence':{S,A,'by':''}} | lift_fence.by
            {'set_override':{S,A,'by':'ops','lifetime':'forever'}} | set_override.lifetime
            {'set_override':{S,A,'by':'ops','lifetime':{'for':864000001}}} | set_override.lifetime.for
            {'set_override':{S,A,'by':'ops','enabled':1}} | set_override.enabled
            {'set_override':{S,A,'by':'ops','weight':1e9}} | set_override.weight
            {'set_override':{S,A,'by':'ops','metadata':{'':'x'}}} | set_override.metadata
            {'clear_override':{S,A,'by':'ops','field':'colour'}} | clear_override.field
            {'set_override':{S,A,'by':'ops','enabled':true,'kind':1}} | set_override.kind
            {'set_service':{S,'protect_threshold':1.01}} | set_service.protect_threshold
            {'set_service':{S,'metadata':{'k':1}}} | set_service.metadata.k
            {'remove_service':{'service':{'name':''}}} | remove_service.service.name
            {'look':{}} | look
            {'open_session':{'name':''}} | open_session.name
            {'touch_session':{'session':-1}} | touch_session.session
            {'close_session':{'session':'1'}} | close_session.session
            {'subscribe':{S,'subscriber':''}} | subscribe.subscriber
            {'unsubscribe':{'subscription':-1}} | unsubscribe.subscription
            {'poll':{'max':0}} | poll.max
            {'poll':{'max':65537}} | poll.max
            {'fly':{}} | document
            'beat' | beat
            'nothing' | document
            """)
    void a_command_out_of_bounds_names_its_field_and_moves_nothing(String template, String field) {
        refused(100, field, r -> r.apply(NOW, document(template)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {'explain':{S,'address':{'host':'','port':1}}} | explain.address.host
            {'instances':{S,'reader':'nobody'}} | instances.reader
            {'instances':{S,'reader':'consumer','clusters':['a b']}} | instances.clusters[0]
            {'service':{'service':{'name':'a@@b'}}} | service.service.name
            {'transitions':{'since':-1}} | transitions.since
            {'instance_name':{'instance':9007199254740992}} | instance_name.instance
            {'why':{}} | document
            'explain' | explain
            """)
    void a_question_out_of_bounds_names_its_field_and_moves_nothing(String template, String field) {
        refused(100, field, r -> r.ask(document(template)));
    }

    @Test
    void what_is_not_json_is_malformed_and_moves_nothing() {
        for (String document : new String[] {
            "", " ", "{\"beat\"", "{\"beat\":{\"lease\":NaN}}", "{\"beat\":{\"lease\":1}} x", "\"advance\"[", "\"advance\u0000\""
        }) {
            refused(101, null, r -> r.apply(NOW, document));
        }
        for (String document : new String[] {"[]", "7", "null"}) {
            refused(100, "document", r -> r.apply(NOW, document));
        }
        for (String document : new String[] {"", "{\"explain\"", "\"counters\" x", "\ufeff\"counters\""}) {
            refused(101, null, r -> r.ask(document));
        }
    }

    @Test
    void half_a_surrogate_pair_is_refused_wherever_text_goes_in() {
        refused(100, "register.source", r -> r.register(NOW, Registration.of(ORDERS, FIRST, LONE)));
        refused(100, "register.content.metadata",
                r -> r.register(NOW, CLAIM.withContent(Content.DEFAULT.withMetadata(Map.of(LONE, "v")))));
        refused(100, "register.content.metadata.k",
                r -> r.register(NOW, CLAIM.withContent(Content.DEFAULT.withMetadata(Map.of("k", "\udc00")))));
        long session = registry.openSession(NOW, "conn-1");
        BatchRegistration batch = BatchRegistration.of(ORDERS, "order-1", session).withMember(FIRST);
        refused(100, "register_batch.members[1].address.host", r -> r.registerBatch(NOW, batch.withMember(Address.of(LONE, 1))));
        refused(100, "register_batch.members[1].content.metadata.k", r -> r.registerBatch(
                NOW, batch.withMember(FIRST, Content.DEFAULT.withMetadata(Map.of("k", LONE)))));
        refused(100, "set_service.metadata.k",
                r -> r.setService(NOW, ServiceSettings.of(ORDERS).withMetadata(Map.of("k", LONE))));
        refused(100, "instances.clusters[1]",
                r -> r.instances(InstanceQuery.of(ORDERS, Reader.CONSUMER).withClusters("a", LONE)));
        refused(100, "subscribe.service.name", r -> r.subscribe(NOW, ServiceKey.of(LONE), "s"));
        refused(101, null, r -> r.apply(NOW, LONE));
        refused(101, null, r -> r.ask(LONE));
        refused(101, null, r -> Policy.fromJson(LONE));
        refused(100, "document", r -> Policy.preset(LONE));
        refused(101, null, r -> Report.play(LONE));
    }

    @Test
    void a_number_that_is_no_number_is_refused_before_it_crosses() {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            refused(100, "register.content.weight",
                    r -> r.register(NOW, CLAIM.withContent(Content.DEFAULT.withWeight(bad))));
            refused(100, "set_override.weight",
                    r -> r.setOverride(NOW, OverrideChange.of(ORDERS, FIRST, "ops").withWeight(bad)));
            refused(100, "set_service.protect_threshold",
                    r -> r.setService(NOW, ServiceSettings.of(ORDERS).withProtectThreshold(bad)));
            refused(100, "register_batch.members[0].content.weight", r -> r.registerBatch(NOW,
                    BatchRegistration.of(ORDERS, "s", 1).withMember(FIRST, Content.DEFAULT.withWeight(bad))));
        }
    }

    @Test
    void an_id_that_is_negative_or_from_2_to_the_53_on_is_refused_by_every_method_that_takes_one() {
        for (long bad : new long[] {-1, TOO_LARGE, Long.MIN_VALUE, Long.MAX_VALUE}) {
            refused(100, "lease", r -> r.beat(NOW, bad));
            refused(100, "leases[1]", r -> r.beatMany(NOW, lease, bad));
            refused(100, "lease", r -> new LeaseBatch(1).add(bad));
            refused(100, "lease", r -> new LeaseBatch(1).add(lease).set(0, bad));
            refused(100, "deregister_lease.lease", r -> r.deregister(NOW, bad));
            refused(100, "register.session", r -> r.register(NOW, CLAIM.withSession(bad)));
            refused(100, "register.incarnation", r -> r.register(NOW, CLAIM.withIncarnation(bad)));
            refused(100, "beat_instance.incarnation",
                    r -> r.beatInstance(NOW, InstanceBeat.of(ORDERS, FIRST, "order-1").withIncarnation(bad)));
            refused(100, "deregister.incarnation",
                    r -> r.deregister(NOW, Deregistration.of(ORDERS, FIRST, "order-1").withIncarnation(bad)));
            refused(100, "deregister.session",
                    r -> r.deregister(NOW, Deregistration.of(ORDERS, FIRST, "order-1").withSession(bad)));
            refused(100, "register_batch.session", r -> r.registerBatch(NOW, BatchRegistration.of(ORDERS, "s", bad)));
            refused(100, "touch_session.session", r -> r.touchSession(NOW, bad));
            refused(100, "close_session.session", r -> r.closeSession(NOW, bad));
            refused(100, "unsubscribe.subscription", r -> r.unsubscribe(NOW, bad));
            refused(100, "service", r -> r.changes(bad, 0, new ChangeRows()));
            refused(100, "since", r -> r.changes(0, bad, new ChangeRows()));
            refused(100, "instance_name.instance", r -> r.instanceName(bad));
            refused(100, "transitions.since", r -> r.transitions(bad));
        }
        refused(100, "max", r -> r.poll(0));
        refused(100, "max", r -> r.poll(65_537));
        refused(100, "capacity", r -> new LeaseBatch(-1));
    }

    @Test
    void a_span_that_is_negative_too_long_or_finer_than_a_millisecond_is_refused() {
        for (Duration bad : new Duration[] {
            Duration.ofMillis(-1), Duration.ofDays(10).plusMillis(1), Duration.ofNanos(1), Duration.ofSeconds(Long.MAX_VALUE)
        }) {
            refused(100, "remove.fence_for", r -> r.remove(NOW, Removal.of(ORDERS, FIRST, "ops").withFenceFor(bad)));
            refused(100, "set_override.lifetime.for",
                    r -> r.setOverride(NOW, OverrideChange.of(ORDERS, FIRST, "ops").withLifetime(new Lifetime.For(bad))));
        }
    }

    @Test
    void a_moment_that_is_negative_or_from_2_to_the_53_on_is_refused_by_every_command() {
        for (long bad : new long[] {-1, TOO_LARGE, Long.MIN_VALUE}) {
            refused(605, "now", r -> r.beat(bad, lease));
            refused(605, "now", r -> r.beatMany(bad, lease));
            refused(605, "now", r -> r.beatMany(bad, new LeaseBatch(1).add(lease)));
            refused(605, "now", r -> r.advance(bad));
            refused(605, "now", r -> r.apply(bad, "\"advance\""));
            refused(605, "now", r -> r.register(bad, CLAIM));
            refused(605, "now", r -> r.restart(bad));
        }
    }

    @Test
    void null_is_refused_before_it_crosses() {
        long before = registry.digest();
        assertThrows(NullPointerException.class, () -> registry.register(NOW, null));
        assertThrows(NullPointerException.class, () -> registry.beatMany(NOW, (long[]) null));
        assertThrows(NullPointerException.class, () -> registry.beatMany(NOW, (LeaseBatch) null));
        assertThrows(NullPointerException.class, () -> registry.apply(NOW, null));
        assertThrows(NullPointerException.class, () -> registry.ask(null));
        assertThrows(NullPointerException.class, () -> registry.changes(0, 0, null));
        assertThrows(NullPointerException.class, () -> registry.subscribe(NOW, ORDERS, null));
        assertThrows(NullPointerException.class, () -> registry.explain(ORDERS, null));
        assertThrows(NullPointerException.class, () -> Registry.open(null));
        assertThrows(NullPointerException.class, () -> Registry.restore(null));
        assertThrows(NullPointerException.class, () -> Registration.of(ORDERS, FIRST, null));
        assertThrows(NullPointerException.class, () -> ServiceKey.of(null));
        assertEquals(before, registry.digest());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            'nacos_9_9' | 100 |
            {'label':'x'} | 100 | .
            {'label':7} | 100 | policy.label
            {'expiry' | 101 |
            """)
    void a_policy_that_cannot_be_is_refused(String document, int code, String field) {
        Policy policy = Policy.fromJson(document.replace('\'', '"'));
        LivesetException refused = assertThrows(LivesetException.class, () -> Registry.open(policy));
        assertEquals(code, refused.code());
        if (field != null && !field.equals(".")) {
            assertEquals(Optional.of(field), refused.field());
        }
    }

    @Test
    void a_field_of_a_policy_that_is_out_of_bounds_is_named() {
        String policy = registry.policy().json();
        String changed = policy.replace("\"journal_max\":", "\"journal_max\":1,\"was\":");
        LivesetException unknown = assertThrows(LivesetException.class, () -> Registry.open(Policy.fromJson(changed)));
        assertEquals(Optional.of("policy.limits.was"), unknown.field());
        String small = policy.replaceAll("\"journal_max\":\\d+", "\"journal_max\":1");
        LivesetException refused = assertThrows(LivesetException.class, () -> Registry.open(Policy.fromJson(small)));
        assertEquals(Optional.of("policy.limits.journal_max"), refused.field());
        assertTrue(refused.getMessage().contains("16"), refused.getMessage());
    }

    private static String document(String template) {
        return template.replace("S,", "'service':{'name':'orders'},")
                .replace("A,", "'address':{'host':'10.0.0.9','port':1},")
                .replace("A}", "'address':{'host':'10.0.0.9','port':1}}")
                .replace("LONG", "x".repeat(1100)).replace('\'', '"');
    }

    private void refused(int code, String field, Consumer<Registry> call) {
        long before = registry.digest();
        LivesetException refused = assertThrows(LivesetException.class, () -> call.accept(registry));
        assertEquals(code, refused.code(), refused::getMessage);
        assertEquals(Optional.ofNullable(field), refused.field(), refused::getMessage);
        if (field != null) {
            assertTrue(refused.getMessage().contains(field), refused::getMessage);
        }
        assertEquals(before, registry.digest(), "the registry moved");
    }
}
