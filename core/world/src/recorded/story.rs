//! A recorded story under the policy of its server and under the strict one: when do their readers part, and why?

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::slice::Iter;

use liveset::{Address, Error, InstanceQuery, Instant, Policy, Reader, Registry, ServiceKey, Span};
use liveset_nacos::{Dialect, serve};

use super::file::{Line, Recording, What};
use super::http::sent;
use super::{cluster, sdk};

/// How long two lists must differ before they count as parted: views that are computed late catch up sooner, and so does a server that
/// looks for silence every five seconds.
const LASTING: Span = Span::from_secs(6);

/// How often readers are looked at, in ms.
const STEP: u64 = 100;

/// The first moment at which a reader of the two is told different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The version of the server.
    pub server: String,
    /// What was done.
    pub about: String,
    /// When they part.
    pub at: Instant,
    /// Who is told different things: [`CONSUMERS`], a recorded consumer by its name, or who asks one of several nodes.
    pub reader: String,
    /// The instance they part about.
    pub address: Address,
    /// What the reader has with that server.
    pub served: String,
    /// What he would have under the strict policy.
    pub served_strictly: String,
    /// Why, with that server.
    pub why: Vec<String>,
    /// Why, under the strict policy.
    pub why_strictly: Vec<String>,
}

/// Everybody who asks the registry itself.
pub const CONSUMERS: &str = "consumers";

/// Instances that a reader has, and whether they are healthy.
pub(crate) type Rows = Vec<(Address, bool)>;

/// A recording that is played under some policy.
pub(crate) trait Played {
    /// Plays on until that moment after its beginning.
    fn play(&mut self, until: Instant) -> Result<(), Error>;
    /// What each reader has now.
    fn held(&mut self) -> BTreeMap<String, Rows>;
    /// Why a reader has an instance, or has it not.
    fn why(&self, reader: &str, address: &Address) -> Vec<String>;
}

/// Plays what a recorded server was asked against the preset of that server and against the strict policy, side by side; none where they
/// never part, or where nobody imitates the server or its clients.
pub fn part(recording: &Recording) -> Result<Option<Parting>, Error> {
    let Some(dialect) = super::dialect(&recording.header.server) else { return Ok(None) };
    let mut pair: [Box<dyn Played + '_>; 2] = match recording.header.family.as_str() {
        "http" => [
            Box::new(Asked::new(recording, dialect, dialect.policy())?),
            Box::new(Asked::new(recording, dialect, Policy::strict())?),
        ],
        "sdk" => match sdk::stories(recording, dialect)? {
            Some([played, strictly]) => [Box::new(played), Box::new(strictly)],
            None => return Ok(None),
        },
        "cluster" => match cluster::stories(recording, dialect)? {
            Some((played, strictly)) => [Box::new(played), Box::new(strictly)],
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let [first, last] = [recording.lines.first(), recording.lines.last()].map(|line| line.map_or(0, |line| line.t));
    // What the last line brought about lasts, or not.
    let end = (last - first.min(0)).unsigned_abs() + LASTING.as_millis();
    let mut since: BTreeMap<String, Instant> = BTreeMap::new();
    for millis in (0..=end).step_by(STEP as usize) {
        let now = Instant::from_millis(millis)?;
        for side in &mut pair {
            side.play(now)?;
        }
        let [held, strictly] = pair.each_mut().map(|side| side.held());
        // A node that does not answer has no readers.
        let both = held.into_iter().filter_map(|(reader, rows)| Some((strictly.get(&reader)?.clone(), reader, rows)));
        let apart: Vec<_> = both.filter(|(strictly, _, rows)| strictly != rows).collect();
        since.retain(|before, _| apart.iter().any(|(_, reader, _)| reader == before));
        for (strictly, reader, rows) in apart {
            let parted = *since.entry(reader.clone()).or_insert(now);
            if parted + LASTING <= now {
                return Ok(tell(recording, &pair, &reader, parted, [rows, strictly]));
            }
        }
    }
    Ok(None)
}

fn tell(
    recording: &Recording,
    [played, strictly]: &[Box<dyn Played + '_>; 2],
    reader: &str,
    at: Instant,
    [served, served_strictly]: [Rows; 2],
) -> Option<Parting> {
    let only = |rows: &Rows, others: &Rows| rows.iter().find(|row| !others.contains(row)).cloned();
    let (address, _) = only(&served, &served_strictly).or_else(|| only(&served_strictly, &served))?;
    Some(Parting {
        server: recording.header.server.clone(),
        about: recording.header.about.clone(),
        at,
        reader: reader.to_owned(),
        served: written(&served),
        served_strictly: written(&served_strictly),
        why: played.why(reader, &address),
        why_strictly: strictly.why(reader, &address),
        address,
    })
}

fn written(rows: &Rows) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(address, healthy)| format!("{address}{}", if *healthy { "" } else { " unhealthy" }))
        .collect();
    if rows.is_empty() { "nobody".to_owned() } else { rows.join(", ") }
}

/// What consumers get who ask a registry now.
pub(crate) fn list(registry: &mut Registry, now: Instant, service: &ServiceKey) -> Rows {
    registry.advance(now);
    registry.look(now, service);
    let view = registry.instances(&InstanceQuery::new(service.clone(), Reader::Consumer));
    view.instances.into_iter().map(|row| (row.address, row.healthy)).collect()
}

/// A server of which nothing is imitated but its answers to requests.
struct Asked<'a> {
    registry: Registry,
    dialect: Dialect,
    service: ServiceKey,
    lines: Peekable<Iter<'a, Line>>,
    now: Instant,
}

impl<'a> Asked<'a> {
    fn new(recording: &'a Recording, dialect: Dialect, policy: Policy) -> Result<Asked<'a>, Error> {
        let (registry, service) = (Registry::new(policy)?, ServiceKey::named(super::SERVICE)?);
        Ok(Asked { registry, dialect, service, lines: recording.lines.iter().peekable(), now: Instant::ZERO })
    }
}

impl Played for Asked<'_> {
    fn play(&mut self, until: Instant) -> Result<(), Error> {
        self.now = until;
        while let Some(line) = self.lines.next_if(|line| line.t <= until.as_millis() as i64) {
            if let What::Request(request) = &line.what {
                serve(&mut self.registry, self.dialect, until, &sent(request));
            }
        }
        Ok(())
    }

    fn held(&mut self) -> BTreeMap<String, Rows> {
        [(CONSUMERS.to_owned(), list(&mut self.registry, self.now, &self.service))].into()
    }

    fn why(&self, _reader: &str, address: &Address) -> Vec<String> {
        self.registry.explain(&self.service, address).sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(lines: &[&str]) -> Recording {
        let header = r#"{"case":"c","family":"http","server":"1.4.1","client":"http v1","nodes":1,"phase":1,"about":"a","t0":"start","widest_window":200}"#;
        Recording::parse(&format!("{header}\n{}", lines.join("\n"))).expect("it is one")
    }

    const CLAIM: &str = r#"{"t":0,"who":"p","api":"POST /instance","args":{"ip":"10.0.0.1","port":8080},"status":200,"got":"ok","took":1}"#;
    const OFF: &str = r#"{"t":1000,"who":"o","api":"PUT /instance","args":{"ip":"10.0.0.1","port":8080,"enabled":"false"},"status":200,"got":"ok","took":1}"#;
    const AGAIN: &str = r#"{"t":3000,"who":"p","api":"POST /instance","args":{"ip":"10.0.0.1","port":8080},"status":200,"got":"ok","took":1}"#;
    const END: &str = r#"{"t":9000,"see":"list","is":[]}"#;

    #[test]
    fn a_registration_over_an_operators_word_parts_the_first_version_from_strict() {
        let parting = part(&recording(&[CLAIM, OFF, AGAIN, END])).expect("good").expect("they part");
        assert_eq!(parting.at, Instant::from_secs(3));
        assert_eq!((parting.served.as_str(), parting.served_strictly.as_str()), ("10.0.0.1:8080", "nobody"));
        assert!(parting.why[0].contains("ended what the operator decided"), "{:?}", parting.why);
        assert!(parting.why_strictly[0].starts_with("offline: operator switched it off"), "{:?}", parting.why_strictly);
    }

    #[test]
    fn where_nothing_is_wrong_nothing_parts() {
        assert_eq!(part(&recording(&[CLAIM, OFF, END])), Ok(None));
    }

    #[test]
    fn a_protected_consumer_keeps_who_deregistered_and_a_strict_one_lets_go() {
        const RUN: &str = include_str!("../../../nacos/recordings/2.5.1/sdk/prot-dereg.client-2.5.1.1.jsonl");
        let parting = part(&Recording::parse(RUN).expect("it is one")).expect("good").expect("they part");
        assert_eq!((parting.reader.as_str(), parting.served_strictly.as_str()), ("CT", "nobody"));
        assert!(parting.why[0].contains("keeps since 15.7s without end"), "{:?}", parting.why);
    }

    #[test]
    fn where_one_node_keeps_a_store_of_its_own_the_others_never_hear_that_an_operator_switched_off() {
        const RUN: &str = include_str!("../../../nacos/recordings/2.0.3/cluster/mixed-c1-beatsRot-respB-offA.1.jsonl");
        let parting = part(&Recording::parse(RUN).expect("it is one")).expect("good").expect("they part");
        assert_eq!((parting.reader.as_str(), parting.served_strictly.as_str()), ("who asks node C", "nobody"));
        assert!(parting.why[0].starts_with("online: "), "{:?}", parting.why);
        assert!(parting.why_strictly[0].starts_with("offline: operator switched it off"), "{:?}", parting.why_strictly);
    }
}
