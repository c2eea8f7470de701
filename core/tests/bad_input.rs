//! Every field of every command out of its bounds: the code, the field by name, the bound in the message, and a digest that did not
//! move.

use std::collections::BTreeMap;

use liveset::{
    Actor, Address, Command, Error, Instant, Metadata, Policy, Registration, Registry, ServiceKey, Span, Threshold,
    Weight,
    document::{read, read_policy},
};

const SERVICE: &str = r#""service":{"name":"orders"}"#;
const ADDRESS: &str = r#""address":{"host":"10.0.0.1","port":8080}"#;

fn registry() -> Registry {
    let mut registry = Registry::new(Policy::strict()).expect("good");
    let claim = Registration::new(
        ServiceKey::named("orders").expect("good"),
        Address::new("10.0.0.1", 8080).expect("good"),
        Actor::parse("order-1").expect("good"),
    );
    registry.register(Instant::from_secs(1), &claim).expect("good");
    registry
}

/// Applies a document as a shell does, and says what was refused.
fn refused(registry: &mut Registry, text: &str) -> Error {
    let applied = read::<Command>(text.as_bytes()).and_then(|command| registry.apply(Instant::from_secs(1), command));
    applied.expect_err(text)
}

#[test]
fn every_field_of_every_command_names_itself_and_its_bound() {
    let key = format!("{SERVICE},{ADDRESS}");
    let long = |bytes: usize| "x".repeat(bytes);
    let at = |fields: &str| format!("{key},{fields}");
    let table: Vec<(&str, String, &str, &str)> = vec![
        // Names.
        (
            "register",
            format!(r#""service":{{"name":""}},{ADDRESS},"source":"a""#),
            "register.service.name",
            "1 to 1024 bytes",
        ),
        (
            "register",
            format!(r#""service":{{"name":"{}"}},{ADDRESS},"source":"a""#, long(1025)),
            "register.service.name",
            "1 to 1024 bytes",
        ),
        (
            "register",
            format!(r#""service":{{"name":"a b"}},{ADDRESS},"source":"a""#),
            "register.service.name",
            "without spaces",
        ),
        ("register", format!(r#""service":{{"name":"a@@b"}},{ADDRESS},"source":"a""#), "register.service.name", "`@@`"),
        (
            "register",
            format!(r#""service":{{"name":7}},{ADDRESS},"source":"a""#),
            "register.service.name",
            "a service name",
        ),
        (
            "register",
            format!(r#""service":{{"group":"","name":"a"}},{ADDRESS},"source":"a""#),
            "register.service.group",
            "1 to 256 bytes",
        ),
        (
            "register",
            format!(r#""service":{{"namespace":"{}","name":"a"}},{ADDRESS},"source":"a""#, long(257)),
            "register.service.namespace",
            "1 to 256 bytes",
        ),
        (
            "register",
            format!(r#""service":{{"nam":"a"}},{ADDRESS},"source":"a""#),
            "register.service.nam",
            "unknown field",
        ),
        (
            "register",
            format!(r#"{SERVICE},"address":{{"host":"","port":1}},"source":"a""#),
            "register.address.host",
            "1 to 128 bytes",
        ),
        (
            "register",
            format!(r#"{SERVICE},"address":{{"host":"a b","port":1}},"source":"a""#),
            "register.address.host",
            "without spaces",
        ),
        (
            "register",
            format!(r#"{SERVICE},"address":{{"host":"a","port":65536}},"source":"a""#),
            "register.address.port",
            "0 to 65535",
        ),
        (
            "register",
            format!(r#"{SERVICE},"address":{{"host":"a","port":-1}},"source":"a""#),
            "register.address.port",
            "0 to 65535",
        ),
        (
            "register",
            format!(r#"{SERVICE},"address":{{"host":"a","port":"8080"}},"source":"a""#),
            "register.address.port",
            "0 to 65535",
        ),
        (
            "register",
            format!(r#"{SERVICE},"address":{{"host":"a","port":80.5}},"source":"a""#),
            "register.address.port",
            "0 to 65535",
        ),
        (
            "register",
            format!(r#"{SERVICE},"address":{{"host":"a","port":1,"cluster":""}},"source":"a""#),
            "register.address.cluster",
            "1 to 256 bytes",
        ),
        (
            "register",
            format!(r#"{SERVICE},"address":{{"host":"a"}},"source":"a""#),
            "register.address",
            "missing field `port`",
        ),
        ("register", at(r#""source":"""#), "register.source", "1 to 128"),
        ("register", at(&format!(r#""source":"{}""#, long(129))), "register.source", "1 to 128"),
        ("register", at(r#""source":null"#), "register.source", "a name of"),
        ("register", key.clone(), "register", "missing field `source`"),
        ("register", at(r#""source":"a","session":-1"#), "register.session", "0 to 9007199254740991"),
        ("register", at(r#""source":"a","incarnation":-1"#), "register.incarnation", "0 to 9007199254740991"),
        ("register", at(r#""source":"a","copied":"yes""#), "register.copied", "a boolean"),
        ("register", at(r#""source":"a","colour":1"#), "register.colour", "unknown field"),
        // Content.
        ("register", at(r#""source":"a","content":{"weight":-0.5}"#), "register.content.weight", "0 to 10000"),
        ("register", at(r#""source":"a","content":{"weight":10001}"#), "register.content.weight", "0 to 10000"),
        ("register", at(r#""source":"a","content":{"weight":1e999}"#), "", "out of range"),
        ("register", at(r#""source":"a","content":{"weight":"3"}"#), "register.content.weight", "0 to 10000"),
        ("register", at(r#""source":"a","content":{"enabled":1}"#), "register.content.enabled", "a boolean"),
        (
            "register",
            at(r#""source":"a","content":{"metadata":{"":"x"}}"#),
            "register.content.metadata",
            "at least 1 byte",
        ),
        ("register", at(r#""source":"a","content":{"metadata":{"a":1}}"#), "register.content.metadata.a", "a string"),
        (
            "register",
            at(&format!(r#""source":"a","content":{{"metadata":{{"a":"{}"}}}}"#, long(1024))),
            "content.metadata",
            "at most 1024 bytes",
        ),
        (
            "register",
            at(r#""source":"a","content":{"metadata":{"preserved.heart.beat.timeout":"soon"}}"#),
            "content.metadata.preserved.heart.beat.timeout",
            "1 to 864000000",
        ),
        (
            "register",
            at(r#""source":"a","content":{"metadata":{"preserved.heart.beat.timeout":"1"}}"#),
            "content.metadata.preserved.heart.beat.timeout",
            "at least preserved.heart.beat.interval (5000 ms)",
        ),
        // Ids and numbers.
        ("beat", r#""lease":9007199254740992"#.into(), "beat.lease", "0 to 9007199254740991"),
        ("beat", r#""lease":"1""#.into(), "beat.lease", "a lease id"),
        ("beat_many", r#""leases":[1,-1]"#.into(), "beat_many.leases[1]", "a lease id"),
        ("beat_many", r#""leases":1"#.into(), "beat_many.leases", "a sequence"),
        ("beat_instance", at(r#""source":"a","content":7"#), "beat_instance.content", "struct Content"),
        ("deregister", at(r#""source":7"#), "deregister.source", "1 to 128"),
        ("deregister_lease", r#""lease":1.5"#.into(), "deregister_lease.lease", "a lease id"),
        ("remove", at(r#""by":"a","fence_for":864000001"#), "remove.fence_for", "0 to 864000000 ms"),
        ("remove", at(&format!(r#""by":"a","because":"{}""#, long(257))), "remove.because", "1 to 256"),
        ("lift_fence", key.clone(), "lift_fence", "missing field `by`"),
        ("set_override", at(r#""by":"a""#), "set_override", "enabled, weight or at least one key"),
        ("set_override", at(r#""by":"a","metadata":{}"#), "set_override", "enabled, weight or at least one key"),
        ("set_override", at(r#""by":"a","weight":-1"#), "set_override.weight", "0 to 10000"),
        (
            "set_override",
            at(r#""by":"a","enabled":true,"lifetime":"forever""#),
            "set_override.lifetime",
            "unknown variant",
        ),
        (
            "set_override",
            at(r#""by":"a","enabled":true,"lifetime":{"for":-1}"#),
            "set_override.lifetime.for",
            "0 to 864000000 ms",
        ),
        ("clear_override", at(r#""by":"a","field":"color""#), "clear_override.field", "unknown variant"),
        ("end_override", SERVICE.into(), "end_override", "missing field `address`"),
        ("set_service", format!(r#"{SERVICE},"protect_threshold":1.5"#), "set_service.protect_threshold", "0 to 1"),
        ("set_service", format!(r#"{SERVICE},"protect_threshold":-0.1"#), "set_service.protect_threshold", "0 to 1"),
        ("open_session", r#""name":"a\nb""#.into(), "open_session.name", "printable"),
        ("touch_session", r#""session":{}"#.into(), "touch_session.session", "a session id"),
        ("close_session", r#""session":true"#.into(), "close_session.session", "a session id"),
        ("subscribe", SERVICE.into(), "subscribe", "missing field `subscriber`"),
        ("unsubscribe", r#""subscription":null"#.into(), "unsubscribe.subscription", "a subscription id"),
        ("poll", r#""max":0"#.into(), "poll.max", "1 to 65536"),
        ("poll", r#""max":65537"#.into(), "poll.max", "1 to 65536"),
        ("fly", String::new(), "document", "unknown variant"),
        ("set_override", at(r#""by":"a","enabled":true,"lifetime":5"#), "set_override.lifetime", "expected value"),
    ];
    let mut registry = registry();
    let digest = registry.digest();
    for (command, fields, field, bound) in table {
        let text = format!(r#"{{"{command}":{{{fields}}}}}"#);
        let error = refused(&mut registry, &text);
        let message = error.to_string();
        if !field.is_empty() {
            assert_eq!(error.code(), 100, "{text}: {message}");
            let found = error.document().field.expect("a field");
            assert!(found == field || format!("{command}.{found}") == field, "{text}: {message}");
        }
        assert!(message.contains(bound), "{text}: {message}");
        assert_eq!(registry.digest(), digest, "{text}");
    }
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    let mut registry = registry();
    let digest = registry.digest();
    for text in
        ["", "{", "nonsense", r#"{"beat":{"lease":1}} trailing"#, r#"{"beat":{"lease":1,}}"#, "\"advance\" \"advance\""]
    {
        let error = refused(&mut registry, text);
        assert_eq!(error.code(), 101, "{text}: {error}");
    }
    let error = read::<Command>(b"\"adv\xffance\"").expect_err("no UTF-8");
    assert_eq!((error.code(), error.to_string()), (101, "document is not JSON: byte 4 is not UTF-8".into()));
    assert_eq!(registry.digest(), digest);
}

#[test]
fn numbers_out_of_bounds_cannot_be_made() {
    for weight in [f64::NAN, f64::INFINITY, -1.0, 10_000.1] {
        assert_eq!(Weight::new(weight).expect_err("out of bounds").code(), 100);
    }
    for threshold in [f64::NAN, -0.1, 1.1] {
        assert_eq!(Threshold::new(threshold).expect_err("out of bounds").code(), 100);
    }
    assert!(Instant::from_millis(1 << 53).is_err());
    assert!(Span::from_millis(864_000_001).is_err());
    let long = BTreeMap::from([("key".to_owned(), "x".repeat(65_536))]);
    assert!(Metadata::new(long).is_err());
    assert_eq!(Weight::new(-0.0).expect("zero").get().to_bits(), 0.0_f64.to_bits());
}

#[test]
fn a_policy_out_of_bounds_names_the_field() {
    let good = liveset::document::write(&Policy::strict());
    for (from, to, field) in [
        (r#""interval":5000"#, r#""interval":0"#, "policy.expiry.interval"),
        (r#""timeout":15000"#, r#""timeout":0"#, "policy.expiry.timeout"),
        (r#""delete":30000"#, r#""delete":1000"#, "policy.expiry.delete"),
        (r#""delete":30000"#, r#""delete":864000001"#, "policy.expiry.delete"),
        (r#""idle":20000"#, r#""idle":0"#, "policy.session.idle"),
        (r#""journal_max":4096"#, r#""journal_max":15"#, "policy.limits.journal_max"),
        (r#""journal_max":4096"#, r#""journal_max":-1"#, "policy.limits.journal_max"),
        (r#""journal_bytes_max":1048576"#, r#""journal_bytes_max":4095"#, "policy.limits.journal_bytes_max"),
        (r#""sweep":"exact""#, r#""sweep":{"per_lease":0}"#, "policy.expiry.sweep"),
        (r#""sweep":"exact""#, r#""sweep":"often""#, "policy.expiry.sweep"),
        (r#""label":"strict""#, r#""label":"""#, "policy.label"),
        (r#""label":"strict""#, r#""label":"strict","extra":1"#, "policy.extra"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let error = read_policy(text.as_bytes()).expect_err(to);
        assert_eq!((error.code(), error.document().field.as_deref()), (100, Some(field)), "{to}: {error}");
    }
    assert_eq!(read_policy(b"\"nacos_9\"").expect_err("unknown").document().field.as_deref(), Some("policy"));
    assert_eq!(read_policy(b""), Ok(Policy::strict()));
}

#[test]
fn time_never_goes_backwards_and_says_so() {
    let mut registry = registry();
    registry.advance(Instant::from_secs(9));
    registry.advance(Instant::from_secs(3));
    assert_eq!((registry.now(), registry.clamped()), (Instant::from_secs(9), 1));
}

#[test]
fn at_a_limit_registrations_are_refused_and_everything_else_goes_through() {
    let mut policy = Policy::strict();
    policy.limits.instances_max = 1;
    policy.limits.services_max = 1;
    let mut registry = Registry::new(policy).expect("good");
    let claim = |host: &str, service: &str| {
        let service = ServiceKey::named(service).expect("good");
        Registration::new(service, Address::new(host, 80).expect("good"), Actor::parse("a").expect("good"))
    };
    let first = claim("a", "orders");
    let lease = registry.register(Instant::ZERO, &first).expect("there is room").lease;
    for (second, limit) in [(claim("b", "orders"), "instances_max"), (claim("a", "stock"), "services_max")] {
        let error = registry.register(Instant::ZERO, &second).expect_err("full");
        assert_eq!((error.code(), error.document().field.as_deref()), (400, Some(limit)));
    }
    registry.register(Instant::ZERO, &first).expect("it is there already");
    registry.beat(Instant::ZERO, lease).expect("beats go through");
    registry.deregister_lease(Instant::ZERO, lease).expect("deregistrations go through");
}
