//! What the programs of this package share: a renewal in a peer, in turns with a beat of liveset in a batch of 1024.

use std::hint::black_box;

use liveset_benches::{BATCH, alternate, fleet, moment, shuffled};
use serde_json::json;

/// Renews the entry with this number.
pub type Renew = Box<dyn FnMut(usize)>;
/// Makes a peer with as many entries.
pub type Make = fn(usize) -> Result<Renew, liveset::Error>;

/// Compares each peer at the sizes that the command line names; prints a line of JSON for each.
pub fn compare(peers: &[(&str, Make)]) -> Result<(), liveset::Error> {
    for size in std::env::args().filter_map(|word| word.parse::<usize>().ok()) {
        let mut fleet = fleet(size)?;
        let (order, beating) = (shuffled(size), fleet.beating.clone());
        for (name, make) in peers {
            let mut renew = make(size)?;
            let mut stale = Vec::new();
            let subject = || order.iter().for_each(|&number| renew(black_box(number as usize)));
            let batch = || {
                fleet.now += 1;
                for batch in beating.chunks(BATCH) {
                    fleet.registry.beat_many(moment(fleet.now), black_box(batch), &mut stale);
                }
            };
            let figure = alternate(if size > 100_000 { 10 } else { 40 }, size, subject, batch);
            let (value, reference, ratio) = (figure.value, figure.reference, figure.ratio);
            println!(
                "{}",
                json!({ "name": format!("peer: {name}"), "size": size, "value": value, "unit": "ns", "reference": reference, "ratio": ratio })
            );
        }
    }
    Ok(())
}
