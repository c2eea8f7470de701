//! How far does a run agree with a recording? By two measures, since each leads out of places where the other is stuck.

use std::collections::BTreeMap;

use super::super::door::View;
use super::super::track::{Difference, Seen, Track};
use super::node_of;

/// What a recorded state that ours does not show counts at the most, in ms, but for a twentieth of all of it: many little differences are
/// mended one by one, and a great one has to be mended at once.
const STATE_MAX: i64 = 300;

/// What a view counts that differs at all, and an answer that does, in ms.
const VIEW: i64 = 200;
const ANSWER: i64 = 3000;

/// By what a run is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// For how long the views are wrong.
    Wrong,
    /// For how long each of them is right at first.
    Right,
}

/// How far a run agrees.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) difference: Option<Difference>,
    /// For how long the views are wrong and for how long they are right at first, in ms, summed.
    wrong_for: i64,
    right_for: i64,
    /// When the views of each node begin to differ, the last of them that does; or an answer.
    pub(super) differs_at: [Option<i64>; 3],
    /// How far ours is early or late in each view that differs, in ms.
    pub(super) shifts: Vec<i64>,
}

/// What ours showed of each view and what was recorded of it, and how wide the recorder's widest window was.
pub(super) struct Shown<'a> {
    pub(super) views: &'a BTreeMap<View, Vec<Seen>>,
    pub(super) tracks: &'a BTreeMap<View, Track>,
    pub(super) widest: i64,
    /// When the recording begins and ends.
    pub(super) zero: i64,
    pub(super) end: i64,
}

impl Found {
    /// More of it is worse.
    pub(super) fn loss(&self, measure: Measure) -> i64 {
        match measure {
            Measure::Wrong => self.wrong_for,
            Measure::Right => -self.right_for,
        }
    }

    pub(super) fn of(shown: &Shown, answers: Vec<Difference>) -> Found {
        let until = answers.first().map(|answer| answer.at);
        let (mut differs_at, mut differences) = ([until; 3], Vec::new());
        let mut wrong_for = shown.wrong_until(shown.end) + ANSWER * answers.len() as i64;
        for (view, seen) in shown.views {
            let found = shown.differs(view, seen, shown.end);
            wrong_for += if found.is_some() { VIEW } else { 0 };
            if let (Some(found), Some(node)) = (&found, node_of(view.node.as_deref())) {
                differs_at[node] = differs_at[node].max(Some(found.at));
            }
            differences.extend(found);
        }
        let right_for = shown.right_until(until.unwrap_or(shown.end), |seen| seen, shown.end);
        let all: Vec<Difference> = answers.into_iter().chain(differences).collect();
        let shifts = all.iter().map(|difference| difference.shift()).filter(|shift| *shift != 0).collect();
        let difference = all.into_iter().min_by_key(|difference| difference.at);
        Found { difference, wrong_for, right_for, differs_at, shifts }
    }
}

impl Shown<'_> {
    /// The least that this may come to, where it is known until `now`, and so many answers differ.
    pub(super) fn least_loss(&self, measure: Measure, now: i64, answers: usize) -> i64 {
        match measure {
            Measure::Wrong => self.wrong_until(now.min(self.end)) + ANSWER * answers as i64,
            // What comes behind is not known yet.
            Measure::Right => {
                -self.right_until(self.end, |seen| &seen[..seen.partition_point(|seen| seen.by < now)], i64::MIN / 2)
            }
        }
    }

    /// For how long what was shown until `end` was wrong.
    fn wrong_until(&self, end: i64) -> i64 {
        let wrong = |(view, seen): (&View, &Vec<Seen>)| {
            self.track(view).map_or(0, |track| track.wrong_for(seen, end, STATE_MAX))
        };
        self.views.iter().map(wrong).sum()
    }

    /// For how long each view is right at first, until `until`, as far as the part of it that is known says.
    fn right_until(&self, until: i64, known: impl Fn(&[Seen]) -> &[Seen], end: i64) -> i64 {
        let right = |(view, seen): (&View, &Vec<Seen>)| {
            let found = self.differs(view, known(seen), end);
            found.map_or(until, |found| found.at.min(until)) - self.zero
        };
        self.views.iter().map(right).sum()
    }

    fn differs(&self, view: &View, seen: &[Seen], end: i64) -> Option<Difference> {
        let never = Track::default();
        self.track(view).unwrap_or(&never).differs(&view.to_string(), seen, self.widest, end)
    }

    fn track(&self, view: &View) -> Option<&Track> {
        self.tracks.get(view)
    }
}
