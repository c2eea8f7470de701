//! Are the views and events of SDK processes as recorded?

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::super::door::View;
use super::super::file::{Event, Line, Recording, Request, Row, Sight, What};
use super::super::peek::Views;
use super::super::track::{Difference, Needed, Seen, State, Track, all_seen_by, seconds, seen_by};
use super::Version;
use super::consumer::Told;
use super::first_lists::first_lists;

/// An event of ours in the last moments of a recording may have come too late for it.
const LAST_MOMENTS: i64 = 500;

/// The operator's page was looked at every 4 s, in ms, and every 1.3 s at first.
const CONSOLE_WINDOW: i64 = 4000;

/// Whether the recorder asked the server itself.
pub(super) fn is_of_server(sight: &Sight) -> bool {
    matches!(sight.see.as_str(), "list" | "console")
}

/// The views of the server that were recorded.
pub(super) fn server_views(recording: &Recording) -> Views {
    let sights = recording.lines.iter().filter_map(|line| match &line.what {
        What::Sight(sight) if is_of_server(sight) => Some(View::of(sight)),
        _ => None,
    });
    let mut views: Vec<View> = sights.collect();
    views.sort();
    views.dedup();
    Views::new(views, State::of_error(0, String::new()), comparable)
}

/// The address that its views name.
pub(super) fn ip(recording: &Recording) -> String {
    let rows = recording.lines.iter().filter_map(|line| match &line.what {
        What::Sight(sight) => sight.is.as_ref()?.first()?.ip.clone(),
        _ => None,
    });
    rows.take(1).collect()
}

/// A recording, read once for all of its replays.
pub(crate) struct Case<'a> {
    pub(super) recording: &'a Recording,
    /// The recorded sights of each view, of the server and of consumers.
    seen: BTreeMap<String, Vec<Seen>>,
    /// What each listener heard.
    heard: BTreeMap<String, Vec<Seen>>,
    /// When each consumer had its first list with somebody in it.
    pub(super) first_lists: Rc<BTreeMap<String, i64>>,
    /// Those of the server.
    pub(super) views: Rc<Views>,
    /// How long the longest window is in which a change was seen, in ms.
    pub(super) longest_window: i64,
}

impl<'a> Case<'a> {
    pub(crate) fn of(recording: &'a Recording, version: &Version) -> Case<'a> {
        let mut seen: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
        let mut heard: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
        let mut longest_window = LAST_MOMENTS;
        for line in &recording.lines {
            let What::Sight(sight) = &line.what else { continue };
            longest_window = longest_window.max(sight.after.map_or(0, |after| line.t - after));
            let sighted = Seen { after: sight.after, by: line.t, state: state_of(sight) };
            if let Some(who) = sight.see.strip_suffix(".event") {
                heard.entry(who.to_owned()).or_default().push(sighted);
                continue;
            }
            let recorded = seen.entry(View::of(sight).to_string()).or_default();
            // The recorder told apart how a server that is down refuses; nothing else does.
            if recorded.last().is_none_or(|last| last.state != sighted.state) {
                recorded.push(sighted);
            }
        }
        let first_lists = Rc::new(first_lists(&seen, &heard, (version.subscriber)(false).shares_events));
        Case { recording, seen, heard, first_lists, views: Rc::new(server_views(recording)), longest_window }
    }

    /// How long a state of a view may have gone unseen, in ms: that of the console whatever else was seen of it.
    fn widest_window(&self, view: &str) -> i64 {
        let widest = self.recording.header.widest_window;
        if view == "console" { widest.max(CONSOLE_WINDOW) } else { widest }
    }

    /// The earliest difference of any view and any listener, where the recording ends with the last of `lines`.
    pub(super) fn first_difference(
        &self,
        lines: &[Line],
        tracks: &BTreeMap<String, Track>,
        told: &BTreeMap<String, Vec<Told>>,
    ) -> Option<Difference> {
        let end = lines.last().map_or(0, |line| line.t);
        let views = all_seen_by(&self.seen, end).filter_map(|(view, seen)| match tracks.get(view) {
            Some(track) => track.differs(view, seen, self.widest_window(view), end),
            None => {
                Some(Difference::new(seen[0].by, view, seen[0].state.to_string(), "nobody of that name".to_owned()))
            }
        });
        let listeners = told.keys().chain(self.heard.keys());
        let heard = listeners.filter_map(|who| {
            let (recorded, ours) = (self.heard.get(who).map(|seen| seen_by(seen, end)), told.get(who));
            hears_otherwise(who, recorded.unwrap_or_default(), ours.map_or(&[], Vec::as_slice), end)
        });
        views.chain(heard).min_by_key(|difference| difference.at)
    }
}

/// A listener hears the same, one for one, each behind the one before and not later than recorded.
fn hears_otherwise(who: &str, recorded: &[Seen], ours: &[Told], end: i64) -> Option<Difference> {
    let place = format!("{who}.event");
    for (number, seen) in recorded.iter().enumerate() {
        // The same list told twice, as it is to listeners who share a process, is one moment.
        let before = recorded[..number].iter().rfind(|before| before.state != seen.state).map(|before| before.by);
        let told = ours.get(number);
        if let Some(told) = told
            && told.state == seen.state
            && told.when.0 <= seen.by
            && before.is_none_or(|before| told.when.1 >= before)
        {
            continue;
        }
        let at = told.map_or(seen.by, |told| told.when.0.min(seen.by));
        let text = told.map_or("nothing".to_owned(), |told| format!("{} at {}", told.state, seconds(told.when.0)));
        let needed = told.filter(|told| told.state == seen.state).map(|told| Needed {
            ours: told.when.0,
            cause: None,
            after: before.map_or(i64::MIN, |before| before - (told.when.1 - told.when.0) - 1),
            by: seen.by,
        });
        let recorded = format!("by {} {}", seconds(seen.by), seen.state);
        let difference = Difference { needed, ..Difference::new(at, &place, recorded, text) };
        return Some(match told {
            Some(told) => difference.between(&seen.state, &told.state),
            None => difference,
        });
    }
    let more = ours.get(recorded.len()).filter(|told| told.when.0 < end - LAST_MOMENTS)?;
    Some(Difference::new(more.when.0, &place, "nothing more".to_owned(), more.state.to_string()))
}

/// What a sight shows. A console that refuses was recorded as a status without its text, and a server that is down by how it refused.
fn state_of(sight: &Sight) -> State {
    if sight.rest.contains_key("down") {
        return State::of_error(0, String::new());
    }
    let code = sight.rest.get("code").and_then(Value::as_u64);
    let mut state = State::of_rows(sight.is.clone().unwrap_or_default(), false);
    state.err = code.map(|code| (code as u16, String::new()));
    state
}

/// A view of ours as far as these recordings show it: no texts of refusals, not whether a threshold is reached, and no kinds.
fn comparable(mut state: State) -> State {
    if let Some((status, text)) = &mut state.err {
        text.clear();
        if *status != 0 {
            state.rows = Some(Vec::new());
        }
    }
    state.reach = false;
    for row in state.rows.iter_mut().flatten() {
        row.ephemeral = true;
    }
    state
}

/// A request whose answer was noted as text.
pub(super) fn plain(request: &Request) -> Request {
    let body = request.got.as_str().and_then(|text| serde_json::from_str(text).ok());
    Request { got: body.unwrap_or_else(|| request.got.clone()), ..request.clone() }
}

/// Whether a call failed, and how: only the beginning of a message is ours to give.
pub(super) fn call_differs(at: i64, event: &Event, ours: Result<(), &str>) -> Option<Difference> {
    let recorded = event.got.get("error").and_then(Value::as_str);
    let same = match (recorded, ours) {
        (None, Ok(())) => true,
        (Some(recorded), Err(ours)) => recorded.starts_with(ours),
        _ => false,
    };
    let place = format!("{} of {}", event.event, event.who);
    let ours = ours.err().unwrap_or("ok").to_owned();
    (!same).then(|| Difference::new(at, &place, event.got.to_string(), ours))
}

/// What a reading call gave.
pub(super) fn read_differs(at: i64, event: &Event, ours: &State) -> Option<Difference> {
    let rows: Option<Vec<Row>> = serde_json::from_value(event.got.clone()).ok();
    let recorded = State::of_rows(rows.unwrap_or_default(), false);
    let place = format!("{} of {}", event.event, event.who);
    (recorded != *ours).then(|| Difference::new(at, &place, recorded.to_string(), ours.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(name: &str) -> State {
        State::of_error(200, name.to_owned())
    }

    fn differs(recorded: &[(i64, &str)], ours: &[(i64, &str)]) -> Option<i64> {
        let seen = |&(by, name): &(i64, &str)| Seen { after: None, by, state: state(name) };
        let told = |&(at, name): &(i64, &str)| Told { when: (at, at), state: state(name) };
        let (recorded, ours): (Vec<_>, Vec<_>) = (recorded.iter().map(seen).collect(), ours.iter().map(told).collect());
        hears_otherwise("C", &recorded, &ours, 10_000).map(|difference| difference.at)
    }

    #[test]
    fn a_listener_hears_each_event_once_and_not_later_than_recorded() {
        let recorded = [(100, "a"), (700, "b")];
        assert_eq!(differs(&recorded, &[(90, "a"), (700, "b")]), None);
        assert_eq!(differs(&recorded, &[(90, "a"), (701, "b")]), Some(700));
        assert_eq!(differs(&recorded, &[(90, "a")]), Some(700), "one is missing");
        assert_eq!(differs(&recorded, &[(90, "a"), (600, "b"), (650, "b")]), Some(650), "one is too many");
        assert_eq!(differs(&recorded, &[(90, "a"), (600, "b"), (9_600, "a")]), None, "too late to be recorded");
    }

    #[test]
    fn an_event_before_the_recorded_one_before_it_is_too_early() {
        assert_eq!(differs(&[(100, "a"), (700, "b")], &[(40, "a"), (99, "b")]), Some(99));
        assert_eq!(differs(&[(100, "a"), (110, "a")], &[(40, "a"), (40, "a")]), None, "told twice in one process");
    }
}
