//! When did a consumer have its first list? Its process has just begun then, and takes its own time for it: what its listener heard says when.

use std::collections::BTreeMap;

use super::super::track::{Seen, State};
use super::PUSH_TAKES;
use super::consumer::TOGETHER;

/// When each consumer was pushed its first list with somebody in it, by what was `seen` of it and what its listener `heard`.
///
/// Where listeners of one process hear each other's lists, a list was there when the first of them heard it. Each consumer's own is the
/// earliest that agrees with what it was seen to have and is not another's already, those first that were first seen to have one.
pub(super) fn first_lists(
    seen: &BTreeMap<String, Vec<Seen>>,
    heard: &BTreeMap<String, Vec<Seen>>,
    shares_events: bool,
) -> BTreeMap<String, i64> {
    let lists = |who: &str| heard.get(who).into_iter().flatten().filter(|event| !is_empty(&event.state));
    let mut windows: Vec<(i64, i64, &String)> = heard
        .keys()
        .filter_map(|who| {
            let first = &lists(who).next()?.state;
            let views = ["all", "sel"].iter().filter_map(|see| seen.get(&format!("{who}.{see}")));
            let sights = views.filter_map(|seen| seen.iter().find(|seen| seen.state == *first));
            let (after, by) = sights.map(|seen| (seen.after.unwrap_or(i64::MIN), seen.by)).reduce(narrower)?;
            Some((by, after.saturating_sub(PUSH_TAKES), who))
        })
        .collect();
    windows.sort_unstable();
    let mut taken: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
    for (by, after, who) in windows {
        let others = TOGETHER.iter().filter(|(one, _)| one == who && shares_events).map(|(_, other)| *other);
        let others: Vec<&str> = others.filter(|other| lists(other).count() == lists(who).count()).collect();
        let is_others = |number: usize| others.iter().any(|other| taken.get(other).is_some_and(|own| own.0 == number));
        let first_heard = |(number, event): (usize, &Seen)| {
            let by_others = others.iter().filter_map(|other| lists(other).nth(number));
            (number, by_others.map(|event| event.by).fold(event.by, i64::min))
        };
        let is_own = |(number, at): &(usize, i64)| (after..=by).contains(at) && !is_others(*number);
        // Who was seen to have a list before anybody heard of it had it by then.
        let own = lists(who).enumerate().map(first_heard).find(is_own).unwrap_or((usize::MAX, by));
        taken.insert(who, own);
    }
    taken.into_iter().map(|(who, (_, at))| (who.to_owned(), at)).collect()
}

fn is_empty(state: &State) -> bool {
    state.rows.as_ref().is_none_or(Vec::is_empty)
}

fn narrower((after, by): (i64, i64), (other_after, other_by): (i64, i64)) -> (i64, i64) {
    (after.max(other_after), by.min(other_by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::Row;

    fn seen(after: i64, by: i64, port: i64) -> Seen {
        let row =
            format!(r#"{{"ip":"10.0.0.1","port":{port},"healthy":true,"enabled":true,"weight":1.0,"metadata":{{}}}}"#);
        let row: Row = serde_json::from_str(&row).expect("a row");
        Seen { after: Some(after), by, state: State::of_rows(vec![row], false) }
    }

    fn lists(seen_by: &[(&str, Seen)], heard_by: &[(&str, &[i64])], shares_events: bool) -> Vec<(String, i64)> {
        let seen_by = seen_by.iter().map(|(who, seen)| (format!("{who}.all"), vec![seen.clone()])).collect();
        let heard = |times: &[i64]| times.iter().map(|&at| seen(at, at, 80)).collect();
        let heard_by = heard_by.iter().map(|(who, times)| ((*who).to_owned(), heard(times))).collect();
        first_lists(&seen_by, &heard_by, shares_events).into_iter().collect()
    }

    #[test]
    fn a_first_list_was_there_when_its_listener_heard_it() {
        assert_eq!(lists(&[("C", seen(100, 600, 80))], &[("C", &[400, 900])], false), [("C".to_owned(), 400)]);
    }

    #[test]
    fn a_first_list_that_was_seen_before_it_was_heard_was_there_by_then() {
        assert_eq!(lists(&[("C", seen(100, 600, 80))], &[("C", &[800])], false), [("C".to_owned(), 600)]);
    }

    #[test]
    fn a_cached_list_that_nobody_heard_of_is_not_the_first_one() {
        assert_eq!(lists(&[("CT2", seen(100, 600, 81))], &[("CT2", &[400])], false), []);
    }

    #[test]
    fn of_two_events_in_one_process_each_consumer_has_its_own() {
        let seen = [("CF", seen(480, 900, 80)), ("CD", seen(300, 800, 80))];
        let heard: [(&str, &[i64]); 2] = [("CF", &[400, 501]), ("CD", &[401, 500])];
        let own = |who: &str, at| (who.to_owned(), at);
        assert_eq!(lists(&seen, &heard, true), [own("CD", 400), own("CF", 500)]);
    }
}
