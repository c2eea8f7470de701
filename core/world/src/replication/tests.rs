//! What nodes tell each other, by sentence. A cluster of three of Nacos 2.5.1, all of whose clocks look at full seconds.

use liveset::{Address, Content, Instant, Policy, ServiceKey};
use liveset_nacos::{Dialect, Request};

use super::nodes::Claim;
use super::{Cluster, Owners, Replication, Standing};

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis).expect("a time")
}

/// Of node A by its hash, where C is counted in and where it is not.
fn claim() -> Claim {
    (ServiceKey::named("orders").expect("a name"), Address::new("10.179.1.2", 8081).expect("an address"))
}

fn cluster() -> Cluster {
    let policies = vec![Policy::nacos_2_5(); 3];
    let owners = Owners { addresses: vec!["127.0.0.1:8510".to_owned(); 3], ..Owners::default() };
    Cluster::new(Replication::nacos_2_5(), &policies, vec![Dialect::V2_5; 3], owners).expect("presets")
}

fn ask(cluster: &mut Cluster, now: u64, method: &'static str) {
    let parameters = [("serviceName", "orders"), ("ip", "10.179.1.2"), ("port", "8081"), ("ephemeral", "true")];
    cluster.advance(at(now));
    let answer = cluster.send(at(now), 0, &Request::new(method, "/instance", parameters), &claim());
    assert_eq!(answer.map(|answer| answer.status), Some(200));
}

/// At which nodes the instance is held.
fn held(cluster: &mut Cluster, now: u64) -> [bool; 3] {
    cluster.advance(at(now));
    let (service, address) = claim();
    [0, 1, 2].map(|node| cluster.nodes[node].registry.instance(&service, &address).is_some())
}

#[test]
fn a_node_verifies_what_it_holds_and_not_what_its_readers_still_see() {
    let mut cluster = cluster();
    ask(&mut cluster, 1_000, "POST");
    assert_eq!(held(&mut cluster, 2_000), [true; 3], "a second later");
    // The node verifies at 5 s, and its own readers see it until 5.45 s.
    ask(&mut cluster, 4_950, "DELETE");
    assert_eq!(held(&mut cluster, 4_999), [false, true, true]);
    assert_eq!(held(&mut cluster, 5_000), [false; 3]);
}

#[test]
fn who_is_registered_again_before_his_leave_was_sent_never_left_the_other_nodes() {
    let mut cluster = cluster();
    ask(&mut cluster, 1_000, "POST");
    held(&mut cluster, 5_100);
    ask(&mut cluster, 5_200, "DELETE");
    ask(&mut cluster, 6_100, "POST");
    for now in (6_100..9_000).step_by(50) {
        assert_eq!(held(&mut cluster, now), [true; 3], "{now}");
    }
}

#[test]
fn a_copy_that_could_not_go_is_tried_again_every_three_seconds() {
    let mut cluster = cluster();
    cluster.will_count(at(0), 0, 2, false);
    ask(&mut cluster, 1_000, "POST");
    assert_eq!(held(&mut cluster, 2_000), [true, true, false]);
    // Tried at 2 s and 5 s, when it was still counted out; verified at 5 s and at 10 s.
    cluster.will_count(at(5_500), 0, 2, true);
    assert_eq!(held(&mut cluster, 7_999), [true, true, false]);
    assert_eq!(held(&mut cluster, 8_000), [true; 3]);
}

#[test]
fn what_is_held_over_a_connection_ends_everywhere_with_it() {
    let mut cluster = cluster();
    cluster.claim_over(at(1_000), 1, 7, &claim(), &Content::default());
    assert_eq!(held(&mut cluster, 1_000), [false, true, false]);
    assert_eq!(held(&mut cluster, 2_000), [true; 3]);
    cluster.advance(at(6_000));
    cluster.disconnect(at(6_000), 1, 7);
    assert_eq!(held(&mut cluster, 6_000), [true, false, true]);
    assert_eq!(held(&mut cluster, 7_000), [false; 3], "within the wait of copies");
}

#[test]
fn the_copies_of_a_dead_nodes_connections_stay_until_nobody_verified_them_for_long() {
    let mut cluster = cluster();
    cluster.claim_over(at(1_000), 1, 7, &claim(), &Content::default());
    cluster.advance(at(21_000));
    cluster.stand(at(21_000), 1, Standing::Dead);
    // They were last verified at 20 s, and are looked after every 5 s.
    assert_eq!(held(&mut cluster, 200_000), [true, false, true]);
    assert_eq!(held(&mut cluster, 205_000), [false; 3]);
}

#[test]
fn a_client_that_moved_is_listed_while_one_of_its_connections_is_known() {
    let mut cluster = cluster();
    cluster.claim_over(at(1_000), 1, 7, &claim(), &Content::default());
    cluster.advance(at(8_000));
    cluster.claim_over(at(8_000), 2, 8, &claim(), &Content::default());
    cluster.disconnect(at(8_100), 1, 7);
    for now in (10_000..200_000).step_by(1_000) {
        assert_eq!(held(&mut cluster, now), [true; 3], "{now}");
    }
}
