//! Did ours show the same states as the recorded server, each change inside of its recorded window?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use liveset::policy::ViewPolicy;
use serde_json::Value;

use super::file::{Row, Sight};

/// What one look at a view gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    /// Instances, sorted.
    pub(crate) rows: Option<Vec<Row>>,
    /// Status and body of an error.
    pub(crate) err: Option<(u16, String)>,
    /// Whether the protection threshold is reached.
    pub(crate) reach: bool,
    /// Of a service: what reading its record gives, or whether it is listed.
    pub(crate) record: Option<Value>,
}

/// A recorded state and when it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    /// The state before was still there; absent where nobody looked before.
    pub(crate) after: Option<i64>,
    /// This one was there.
    pub(crate) by: i64,
    pub(crate) state: State,
}

/// What was seen by a moment.
pub(crate) fn seen_by(seen: &[Seen], end: i64) -> &[Seen] {
    &seen[..seen.partition_point(|seen| seen.by <= end)]
}

/// The same of each view that was seen by then.
pub(crate) fn all_seen_by<V>(views: &BTreeMap<V, Vec<Seen>>, end: i64) -> impl Iterator<Item = (&V, &[Seen])> {
    views.iter().map(move |(view, seen)| (view, seen_by(seen, end))).filter(|(_, seen)| !seen.is_empty())
}

/// What ours showed over time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track(Vec<Stretch>);

#[derive(Clone, Debug)]
struct Stretch {
    state: Rc<State>,
    from: i64,
    /// A change that a request made happened while that was in flight; any other at one moment.
    from_latest: i64,
}

/// Where ours and the recording part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// When, in ms of the recording.
    pub at: i64,
    /// Where: a view, or a request.
    pub place: String,
    /// What the recording has there.
    pub recorded: String,
    /// What ours has there.
    pub ours: String,
    /// The instances that differ, as `ip:port`, or as `ip` where no port was recorded; empty where it is not about instances.
    pub(crate) of: BTreeSet<String>,
    /// When ours would agree there; none where no other time would help.
    pub(crate) needed: Option<Needed>,
}

/// A change of ours that came at the wrong time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needed {
    /// When it came.
    pub(crate) ours: i64,
    /// When what made it happened, where that is known.
    pub(crate) cause: Option<i64>,
    /// It should have come after this,
    pub(crate) after: i64,
    /// and by this.
    pub(crate) by: i64,
}

impl Track {
    /// What ours shows from `at` on; `in_flight` is how long the request took that may have made the change.
    pub(crate) fn show(&mut self, at: i64, in_flight: i64, state: Rc<State>) {
        if self.0.last().is_none_or(|last| last.state != state) {
            self.0.push(Stretch { state, from: at, from_latest: at + in_flight });
        }
    }

    /// The first difference from what was recorded of a view until `end`.
    ///
    /// The recorder looked all the time, so a state of ours that it did not see must have fitted between two of its looks:
    /// inside of a window in which it saw one state give way to the next, or away and back within `widest`.
    pub(crate) fn differs(&self, view: &str, recorded: &[Seen], widest: i64, end: i64) -> Option<Difference> {
        // Every stretch of ours that may be the last one of the recorded state in hand.
        let mut lasts: Vec<usize> = Vec::new();
        for (number, seen) in recorded.iter().enumerate() {
            if let (Some(&last), Some(before)) = (lasts.last(), number.checked_sub(1).map(|number| &recorded[number])) {
                let after = seen.after.unwrap_or(before.by);
                lasts.retain(|&last| self.behind(last).is_none_or(|next| next.from_latest > after));
                if let (true, Some(next)) = (lasts.is_empty(), self.behind(last)) {
                    let recorded = format!("until {} {}", seconds(after), before.state);
                    let difference = Difference::new(next.from, view, recorded, next.state.to_string());
                    let difference = difference.between(&before.state, &next.state);
                    return Some(difference.needs(Needed { ours: next.from, cause: None, after, by: seen.by }));
                }
            }
            let earliest = lasts.first().map_or(0, |&last| last + 1);
            let starts = (earliest..self.0.len())
                .filter(|&start| self.0[start].from <= seen.by && *self.0[start].state == seen.state);
            lasts = starts.flat_map(|start| self.stays(start, widest)).collect();
            lasts.sort_unstable();
            if lasts.is_empty() {
                return Some(self.missing(view, seen));
            }
        }
        let next = self.behind(*lasts.last()?).filter(|next| next.from < end - widest)?;
        let difference = format!("no change until {}", seconds(end));
        let difference = Difference::new(next.from, view, difference, next.state.to_string());
        Some(difference.between(&recorded.last()?.state, &next.state))
    }

    /// For how long ours shows something else than was recorded until `end`, in ms; each recorded state counts for no more than `most` and a
    /// little for all beyond. When exactly a state came and went is not known, and then nothing counts.
    pub(crate) fn wrong_for(&self, recorded: &[Seen], end: i64, most: i64) -> i64 {
        let mut stretch = 0;
        let mut apart = 0;
        for (number, seen) in recorded.iter().enumerate() {
            let until = recorded.get(number + 1).map_or(end, |next| next.after.unwrap_or(seen.by)).min(end);
            let (mut from, mut wrong) = (seen.by, 0);
            while from < until {
                while self.0.get(stretch + 1).is_some_and(|next| next.from <= from) {
                    stretch += 1;
                }
                let next = self.0.get(stretch + 1).map_or(until, |next| next.from.min(until));
                let is_right = self.0.get(stretch).is_some_and(|ours| *ours.state == seen.state);
                let may_be_late = |ours: &&Stretch| {
                    stretch > 0 && *self.0[stretch - 1].state == seen.state && ours.from_latest > from
                };
                if !is_right {
                    let late =
                        self.0.get(stretch).filter(may_be_late).map_or(0, |ours| ours.from_latest.min(next) - from);
                    wrong += next - from - late;
                }
                from = next;
            }
            apart += wrong.min(most) + wrong / 20;
        }
        apart
    }

    fn missing(&self, view: &str, seen: &Seen) -> Difference {
        let window = seen.after.map_or("by".to_owned(), |after| format!("after {}, by", seconds(after)));
        let recorded = format!("{window} {} {}", seconds(seen.by), seen.state);
        let then = self.0.iter().rfind(|stretch| stretch.from <= seen.by);
        let mut ours = then.map_or("nothing".to_owned(), |stretch| stretch.state.to_string());
        let late = self.0.iter().find(|stretch| stretch.from > seen.by && *stretch.state == seen.state);
        if let Some(late) = late {
            ours = format!("{ours}, as recorded only at {}", seconds(late.from));
        }
        let needed = late.map(|late| Needed {
            ours: late.from,
            cause: None,
            after: seen.after.unwrap_or(i64::MIN),
            by: seen.by,
        });
        let difference = Difference { needed, ..Difference::new(seen.by, view, recorded, ours) };
        then.map_or(difference.clone(), |then| difference.between(&seen.state, &then.state))
    }

    fn behind(&self, stretch: usize) -> Option<&Stretch> {
        self.0.get(stretch + 1)
    }

    /// The stretches of the state at `start` until it stays away for longer than `widest`.
    fn stays(&self, start: usize, widest: i64) -> Vec<usize> {
        let mut lasts = vec![start];
        let mut left = start;
        for (number, stretch) in self.0.iter().enumerate().skip(start + 2) {
            if stretch.from - self.0[left + 1].from > widest {
                break;
            }
            if stretch.state == self.0[start].state {
                lasts.push(number);
                left = number;
            }
        }
        lasts
    }
}

impl Difference {
    pub(crate) fn new(at: i64, place: &str, recorded: String, ours: String) -> Difference {
        Difference { at, place: place.to_owned(), recorded, ours, of: BTreeSet::new(), needed: None }
    }

    /// With the instances that differ between two states.
    pub(crate) fn between(self, recorded: &State, ours: &State) -> Difference {
        Difference { of: recorded.apart(ours), ..self }
    }

    pub(crate) fn needs(self, needed: Needed) -> Difference {
        Difference { needed: Some(needed), ..self }
    }

    /// With what made it, where ours came when a view was computed: the first of `moments` that it may have waited for.
    pub(crate) fn caused_by(mut self, moments: &BTreeSet<i64>, view: &ViewPolicy) -> Difference {
        let turn = view.engine.every.as_millis() + u64::from(view.engine_slip / 1000) + 1;
        let (waits, turn) = (view.refresh.as_millis() as i64, turn as i64);
        if let Some(needed) = &mut self.needed {
            needed.cause = moments.range(needed.ours - waits - turn + 1..=needed.ours - waits).next().copied();
        }
        self
    }

    /// How far ours would have to move to agree there, in ms; 0 where it would not help.
    pub(crate) fn shift(&self) -> i64 {
        let Some(Needed { ours, after, by, .. }) = self.needed else { return 0 };
        let after = if after == i64::MIN { by } else { after };
        if ours <= after { after + inside(after, by) - ours } else { by - inside(after, by) - ours }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(rows) = &self.rows {
            let rows: Vec<String> = rows.iter().map(Row::to_string).collect();
            parts.push(if rows.is_empty() { "nobody".to_owned() } else { rows.join("; ") });
        }
        if let Some((status, text)) = &self.err {
            parts.push(format!("{status} {text}"));
        }
        if self.reach {
            parts.push("(threshold reached)".to_owned());
        }
        parts.extend(self.record.as_ref().map(Value::to_string));
        f.write_str(&parts.join(" "))
    }
}

impl State {
    pub(crate) fn of_rows(mut rows: Vec<Row>, reach: bool) -> State {
        rows.sort_by_cached_key(Row::to_string);
        State { rows: Some(rows), reach, ..State::default() }
    }

    /// What was pushed: rows as the recorder shortened them.
    pub(crate) fn of_pushed(mut rows: Vec<Value>) -> State {
        rows.sort_by_cached_key(Value::to_string);
        State { record: Some(Value::Array(rows)), ..State::default() }
    }

    /// The instances that are not the same in both, as `ip:port`, or as `ip` where no port was recorded.
    pub(crate) fn apart(&self, other: &State) -> BTreeSet<String> {
        let rows = |state: &State| -> BTreeSet<(String, String)> {
            let rows = state.rows.iter().flatten();
            let rows = rows.map(|row| (row.client(), row.to_string()));
            let pushed = state.record.iter().filter_map(Value::as_array).flatten();
            rows.chain(pushed.map(|row| (row[0].as_str().unwrap_or_default().to_owned(), row.to_string()))).collect()
        };
        rows(self).symmetric_difference(&rows(other)).map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn of_error(status: u16, text: String) -> State {
        State { err: Some((status, text)), ..State::default() }
    }

    /// What a sight shows of one of its views.
    pub(crate) fn of_sight(sight: &Sight, see: &str) -> State {
        if see == "udp" {
            let rows = sight.rest.get("is").and_then(Value::as_array).cloned().unwrap_or_default();
            return State::of_pushed(rows);
        }
        let part = if see == "service-listed" { "listed" } else { "get" };
        if let Some(record) = sight.rest.get(part).filter(|_| sight.see == "service") {
            return State { record: Some(record.clone()), ..State::default() };
        }
        let mut state = match &sight.is {
            Some(rows) => State::of_rows(rows.clone(), sight.reach),
            None => State::default(),
        };
        state.err = sight.err.clone();
        state
    }
}

/// A little way into a window.
fn inside(after: i64, by: i64) -> i64 {
    ((by - after) / 4).clamp(1, 20)
}

/// A time of a recording: `12.345s`, `-0.020s`.
pub(crate) fn seconds(millis: i64) -> String {
    format!("{}{}.{:03}s", if millis < 0 { "-" } else { "" }, millis.abs() / 1000, millis.abs() % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: i64 = 10_000;
    const WIDEST: i64 = 200;

    fn state(name: &str) -> State {
        State::of_error(200, name.to_owned())
    }

    fn seen(after: impl Into<Option<i64>>, by: i64, name: &str) -> Seen {
        Seen { after: after.into(), by, state: state(name) }
    }

    fn track(changes: &[(i64, i64, &str)]) -> Track {
        let mut track = Track::default();
        for (at, in_flight, name) in changes {
            track.show(*at, *in_flight, Rc::new(state(name)));
        }
        track
    }

    fn differs(changes: &[(i64, i64, &str)], recorded: &[Seen]) -> Option<(i64, String)> {
        track(changes).differs("list", recorded, WIDEST, END).map(|found| (found.at, found.ours))
    }

    #[test]
    fn a_change_one_ms_outside_of_its_window_fails() {
        let recorded = [seen(None, 0, "a"), seen(1000, 1200, "b")];
        assert_eq!(differs(&[(0, 0, "a"), (1000, 0, "b")], &recorded), Some((1000, "200 b".to_owned())));
        assert_eq!(differs(&[(0, 0, "a"), (1001, 0, "b")], &recorded), None);
        assert_eq!(differs(&[(0, 0, "a"), (1200, 0, "b")], &recorded), None);
        let late = Some((1200, "200 a, as recorded only at 1.201s".to_owned()));
        assert_eq!(differs(&[(0, 0, "a"), (1201, 0, "b")], &recorded), late);
    }

    #[test]
    fn a_change_by_a_request_counts_while_that_was_in_flight() {
        let recorded = [seen(None, 0, "a"), seen(1000, 1200, "b")];
        assert_eq!(differs(&[(0, 0, "a"), (990, 11, "b")], &recorded), None);
        assert!(differs(&[(0, 0, "a"), (990, 10, "b")], &recorded).is_some());
        assert!(differs(&[(0, 0, "a"), (1201, 10, "b")], &recorded).is_some());
    }

    #[test]
    fn a_state_that_slipped_between_two_looks_passes() {
        let recorded = [seen(None, 0, "a"), seen(1000, 1200, "b")];
        assert_eq!(differs(&[(0, 0, "a"), (1001, 0, "x"), (1100, 0, "y"), (1200, 0, "b")], &recorded), None);
        assert_eq!(differs(&[(0, 0, "a"), (500, 0, "x"), (700, 0, "a"), (1100, 0, "b")], &recorded), None);
        assert_eq!(differs(&[(0, 0, "a"), (1100, 0, "b"), (9800, 0, "x")], &recorded), None);
    }

    #[test]
    fn a_state_that_must_have_been_seen_fails() {
        let recorded = [seen(None, 0, "a"), seen(1000, 1200, "b")];
        let away = differs(&[(0, 0, "a"), (500, 0, "x"), (701, 0, "a"), (1100, 0, "b")], &recorded);
        assert_eq!(away, Some((500, "200 x".to_owned())));
        let at_the_end = differs(&[(0, 0, "a"), (1100, 0, "b"), (9799, 0, "x")], &recorded);
        assert_eq!(at_the_end, Some((9799, "200 x".to_owned())));
        let through = differs(&[(0, 0, "a"), (999, 0, "x"), (1300, 0, "b")], &recorded);
        assert_eq!(through, Some((999, "200 x".to_owned())));
    }

    #[test]
    fn a_missing_state_fails() {
        let recorded = [seen(None, 0, "a"), seen(1000, 1200, "b"), seen(2000, 2200, "a")];
        assert_eq!(differs(&[(0, 0, "a")], &recorded), Some((1200, "200 a".to_owned())));
        assert_eq!(differs(&[(0, 0, "a"), (1100, 0, "b"), (2100, 0, "a")], &recorded), None);
        assert_eq!(differs(&[(0, 0, "b")], &recorded[..1]), Some((0, "200 b".to_owned())));
    }

    #[test]
    fn a_poll_sent_before_the_answer_of_the_one_before_still_bounds_the_next_change() {
        // The second look was sent at 3 and the first one answered at 12: what was seen by 12 came by 12, and went after 3.
        let recorded = [seen(None, 12, "a"), seen(3, 600, "b")];
        assert_eq!(differs(&[(0, 0, "a"), (5, 0, "b")], &recorded), None);
        assert!(differs(&[(0, 0, "a"), (3, 0, "b")], &recorded).is_some());
    }

    #[test]
    fn a_change_without_a_lower_bound_came_behind_the_state_before() {
        let recorded = [seen(None, 100, "a"), seen(None, 900, "b")];
        assert_eq!(differs(&[(0, 0, "a"), (101, 0, "b")], &recorded), None);
        assert!(differs(&[(0, 0, "a"), (100, 0, "b")], &recorded).is_some());
    }
}
