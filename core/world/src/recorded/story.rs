//! A recorded story under the policy of its server and under the strict one: when do their lists part, and why?

use liveset::{Address, Error, InstanceQuery, Instant, Policy, Reader, Registry, ServiceKey, Span};
use liveset_nacos::serve;

use super::file::{Recording, What};
use super::http::sent;

/// How long two lists must differ before they count as parted: views that are computed late catch up sooner, and so does a server that
/// looks for silence every five seconds.
const LASTING: Span = Span::from_secs(6);

/// The first moment at which consumers of the two are told different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The version of the server.
    pub server: String,
    /// What was done.
    pub about: String,
    /// When they part.
    pub at: Instant,
    /// The instance they part about.
    pub address: Address,
    /// What consumers of the server get.
    pub served: String,
    /// What they would get under the strict policy.
    pub served_strictly: String,
    /// Why, on the server.
    pub why: Vec<String>,
    /// Why, under the strict policy.
    pub why_strictly: Vec<String>,
}

/// Plays what a recorded server was asked against the preset of that server and against the strict policy, side by side; none where they
/// never part, or where nobody imitates the server.
pub fn part(recording: &Recording) -> Result<Option<Parting>, Error> {
    let Some(dialect) = super::dialect(&recording.header.server) else { return Ok(None) };
    let service = ServiceKey::named(super::SERVICE)?;
    let mut pair = [Registry::new(dialect.policy())?, Registry::new(Policy::strict())?];
    let mut since: Option<Instant> = None;
    let end = recording.lines.last().map_or(0, |line| line.t.max(0).unsigned_abs());
    let mut lines = recording.lines.iter().peekable();
    let step = 100;
    for millis in (0..=end).step_by(step) {
        let now = Instant::from_millis(millis)?;
        while let Some(line) = lines.next_if(|line| line.t <= millis as i64) {
            if let What::Request(request) = &line.what {
                for registry in &mut pair {
                    serve(registry, dialect, now, &sent(request));
                }
            }
        }
        let lists = look(&mut pair, &service, now);
        if lists[0] == lists[1] {
            since = None;
            continue;
        }
        let parted = *since.get_or_insert(now);
        if parted + LASTING <= now {
            return Ok(tell(recording, &pair, &service, parted, lists));
        }
    }
    Ok(None)
}

type Rows = Vec<(Address, bool)>;

fn look(pair: &mut [Registry; 2], service: &ServiceKey, now: Instant) -> [Rows; 2] {
    pair.each_mut().map(|registry| {
        registry.advance(now);
        registry.look(now, service);
        let view = registry.instances(&InstanceQuery::new(service.clone(), Reader::Consumer));
        view.instances.into_iter().map(|row| (row.address, row.healthy)).collect()
    })
}

fn tell(
    recording: &Recording,
    pair: &[Registry; 2],
    service: &ServiceKey,
    at: Instant,
    [served, strictly]: [Rows; 2],
) -> Option<Parting> {
    let only = |rows: &Rows, others: &Rows| rows.iter().find(|row| !others.contains(row)).cloned();
    let (address, _) = only(&served, &strictly).or_else(|| only(&strictly, &served))?;
    let why = |registry: &Registry| registry.explain(service, &address).sentences;
    Some(Parting {
        server: recording.header.server.clone(),
        about: recording.header.about.clone(),
        at,
        served: written(&served),
        served_strictly: written(&strictly),
        why: why(&pair[0]),
        why_strictly: why(&pair[1]),
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
}
