//! What did the recorder of clusters see, and what would it have seen of ours?

use std::collections::BTreeMap;

use super::super::door::View;
use super::super::file::{Line, Sight, What};
use super::super::track::{Seen, State};
use super::SERVICE;

/// The recorded sights of each view. Whether a connection was refused, reset or waited for in vain is not told apart.
pub(super) fn recorded(lines: &[Line]) -> BTreeMap<View, Vec<Seen>> {
    let mut views: BTreeMap<View, Vec<Seen>> = BTreeMap::new();
    for line in lines {
        if let What::Sight(sight) = &line.what {
            let state = state_of(sight);
            let seen = views.entry(View::of(sight)).or_default();
            if seen.last().is_none_or(|last| last.state != state) {
                seen.push(Seen { after: sight.after, by: line.t, state });
            }
        }
    }
    views
}

pub(super) fn state_of(sight: &Sight) -> State {
    let is_error = sight.rest.get("is").and_then(|is| is.get("error")).is_some();
    if is_error && sight.err.is_none() {
        return nobody();
    }
    let mut state = State::of_sight(sight, &sight.see);
    if let Some((_, text)) = &mut state.err
        && let Some(name) = text.find(NAMED)
    {
        // Cut inside of the name, which the recorder then did not know again.
        text.replace_range(name + NAMED.len().., SERVICE);
    }
    state
}

/// What precedes a service's name in some errors.
const NAMED: &str = "serviceName: ";

/// The recorder kept neither whether the threshold is reached nor more than the beginning of an error.
pub(super) fn as_recorded(mut state: State, cut: &[String]) -> State {
    state.reach = false;
    if let Some((_, text)) = &mut state.err {
        let beginning = cut.iter().filter(|cut| text.starts_with(cut.as_str())).max_by_key(|cut| cut.len());
        if let Some(beginning) = beginning {
            text.clone_from(beginning);
        }
    }
    state
}

pub(super) fn nobody() -> State {
    State::of_error(0, "nobody answers".to_owned())
}
