//! Where did the engine of views stand, and how fast did it slip? Each view of ours that came at a turn, and earlier or later than recorded,
//! says where a turn must have been; a phase and a slip that obey them all are looked for without replaying anything.

use liveset::policy::{Clock, ViewPolicy};
use liveset::{Instant, Policy, Span};

use super::track::Needed;

/// How much more than its period a turn may take, in thousandths of a ms, and how finely that is searched: up to the first bound by the
/// first step, and on by the second. In a minute 20 of them are 12 ms.
const SLIPS: [(u32, u32); 2] = [(2000, 20), (9900, 100)];

/// How finely phases are searched, in ms.
const PHASES: u64 = 2;

/// The same where nothing says in which direction to search.
const OTHER_SLIPS: [u32; 9] = [0, 140, 300, 500, 800, 1200, 1800, 2600, 4000];
const OTHER_PHASES: u64 = 9;

/// From so many ms on it makes no difference how far a turn is inside of its window: the smaller slip is taken.
const WELL_INSIDE: i64 = 30;

/// A phase and a slip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Engine {
    pub(crate) phase: u64,
    pub(crate) slip: u32,
}

/// What is known of the turns: the first one at or after `from` lies in (after, by], in ms of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    from: i64,
    after: i64,
    by: i64,
}

/// What a recording tells of the turns.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    view: ViewPolicy,
    known: Vec<Turn>,
}

impl Turns {
    /// None where views are computed at once.
    pub(crate) fn new(policy: &Policy) -> Option<Turns> {
        (policy.view.engine.every != Span::ZERO).then(|| Turns { view: policy.view.clone(), known: Vec::new() })
    }

    /// Notes what a difference says about the turns: false where it says nothing, since no turn made it, or since it wants another turn
    /// than the next one or the one before. `zero` is the recording's time of the server's zero.
    pub(crate) fn learn(&mut self, engine: Engine, needed: Option<Needed>, zero: i64) -> bool {
        let Some(Needed { ours, after, by }) = needed else { return false };
        let (ours, after, by) = (ours - zero, after.saturating_sub(zero), by - zero);
        engine.apply(&mut self.view);
        let period = self.view.engine.every.as_millis() as i64 + 1 + i64::from(engine.slip / 1000);
        if self.turn(ours) != Some(ours) || by <= ours - period || after >= ours + period {
            return false;
        }
        // What came too late was due behind the turn before it.
        let before = self.turn(ours - period).unwrap_or(ours - period);
        let from = if ours <= after { ours } else { after.max(before) + 1 };
        self.known.push(Turn { from, after, by });
        true
    }

    /// The engine that obeys all that is known, as far inside of it as there is one.
    pub(crate) fn find(&mut self) -> Option<Engine> {
        let [(fine, step), (slip_max, coarse)] = SLIPS;
        let every = self.view.engine.every.as_millis();
        let mut best: Option<(i64, Engine)> = None;
        for slip in (0..fine).step_by(step as usize).chain((fine..=slip_max).step_by(coarse as usize)) {
            for phase in (0..every).step_by(PHASES as usize) {
                let engine = Engine { phase, slip };
                engine.apply(&mut self.view);
                let least = best.map_or(-1, |(margin, _)| margin);
                if let Some(margin) = self.margin(least) {
                    best = Some((margin, engine));
                }
            }
        }
        best.map(|(_, engine)| engine)
    }

    /// Engines that obey all that is known, no more than `max` of them, from all over.
    pub(crate) fn others(&mut self, max: usize) -> Vec<Engine> {
        let every = self.view.engine.every.as_millis();
        let mut obeying = Vec::new();
        for slip in OTHER_SLIPS {
            for phase in (0..every).step_by(OTHER_PHASES as usize) {
                let engine = Engine { phase, slip };
                engine.apply(&mut self.view);
                obeying.extend(self.margin(-1).map(|_| engine));
            }
        }
        let step = obeying.len().div_ceil(max).max(1);
        obeying.into_iter().step_by(step).collect()
    }

    /// How far inside of all that is known the turns are, where that is more than `least`.
    fn margin(&self, least: i64) -> Option<i64> {
        let mut margin = WELL_INSIDE;
        for known in &self.known {
            let turn = self.turn(known.from)?;
            margin = margin.min(turn - known.from.max(known.after + 1)).min(known.by - turn);
            if margin <= least {
                return None;
            }
        }
        Some(margin)
    }

    fn turn(&self, from: i64) -> Option<i64> {
        let from = Instant::from_millis(u64::try_from(from).ok()?).ok()?;
        Some(self.view.turn(from).as_millis() as i64)
    }
}

impl Engine {
    pub(crate) fn apply(self, view: &mut ViewPolicy) {
        let phase = Span::from_millis(self.phase).unwrap_or_default();
        view.engine = Clock { every: view.engine.every, phase };
        view.engine_slip = self.slip;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds what turns of `real` show to an observer who asks every 40 ms against those of the engine found so far.
    fn found(real: Engine) -> Option<Engine> {
        let mut turns = Turns::new(&Policy::nacos_2_0())?;
        let mut engine = Engine::default();
        let at = |engine: Engine, due: i64| {
            let mut view = Policy::nacos_2_0().view;
            engine.apply(&mut view);
            view.turn(Instant::from_millis(due as u64).expect("a time")).as_millis() as i64
        };
        'again: for _ in 0..100 {
            for due in (0..60_000).step_by(1571) {
                let (ours, theirs) = (at(engine, due), at(real, due));
                let (after, by) = (theirs - theirs % 40 - 1, theirs - theirs % 40 + 39);
                if ours <= after || ours > by {
                    assert!(turns.learn(engine, Some(Needed { ours, after, by }), 0), "{due}");
                    engine = turns.find()?;
                    continue 'again;
                }
            }
            return Some(engine);
        }
        None
    }

    #[test]
    fn an_engine_is_found_by_its_turns_where_it_is_one_of_those_searched() {
        for real in [Engine { phase: 60, slip: 0 }, Engine { phase: 30, slip: 440 }, Engine { phase: 8, slip: 3300 }] {
            assert!(found(real).is_some(), "{real:?}");
        }
    }

    #[test]
    fn a_difference_that_no_turn_made_says_nothing_about_turns() {
        let mut turns = Turns::new(&Policy::nacos_2_0()).expect("an engine");
        assert!(!turns.learn(Engine::default(), Some(Needed { ours: 1001, after: 1010, by: 1020 }), 0));
        assert!(!turns.learn(Engine::default(), Some(Needed { ours: 1000, after: 1200, by: 1300 }), 0), "too far");
        assert!(turns.learn(Engine::default(), Some(Needed { ours: 1000, after: 1010, by: 1020 }), 0));
        assert!(Turns::new(&Policy::strict()).is_none());
    }
}
