//! Where did the engine of views stand, and how fast did it slip? Each view of ours that came at a turn, and earlier or later than recorded,
//! says where a turn must have been; a phase and a slip that obey them all are looked for without replaying anything.

use liveset::policy::{Clock, ViewPolicy};
use liveset::{Instant, Policy, Span};

use super::track::Needed;

/// How much more than its period a turn may take, in thousandths of a ms.
const SLIP_MAX: u32 = 9900;

/// How far inside of all that is known a turn should be, in ms, and how finely slips are searched for that: in a minute two of them are
/// 1.2 ms. The first that there is is taken, with the smallest slip.
const MARGINS: [(i64, u32); 6] = [(30, 20), (15, 20), (7, 10), (3, 4), (1, 2), (0, 2)];

/// The same where nothing says in which direction to search.
const OTHER_SLIPS: [u32; 9] = [0, 140, 300, 500, 800, 1200, 1800, 2600, 4000];
const OTHER_PHASES: usize = 9;

/// A phase and a slip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Engine {
    pub(crate) phase: u64,
    pub(crate) slip: u32,
}

/// What is known of the turns: the first one at or after `due` lies in (after, by], in ms of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    /// When the view was due that the turn computed, where what seems to have made it due did.
    due: i64,
    /// When it was due at the latest.
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
        let Some(Needed { ours, cause, after, by }) = needed else { return false };
        let waits = self.view.refresh.as_millis() as i64;
        let due = cause.map(|cause| cause - zero + waits);
        let (ours, after, by) = (ours - zero, after.saturating_sub(zero), by - zero);
        engine.apply(&mut self.view);
        let period = self.view.engine.every.as_millis() as i64 + 1 + i64::from(engine.slip / 1000);
        if self.turn(ours) != Some(ours) || by <= ours - period || after >= ours + period {
            return false;
        }
        // What came too late was due behind the turn before it.
        let before = self.turn(ours - period).unwrap_or(ours - period);
        let from = if ours <= after { ours } else { after.max(before) + 1 };
        self.known.push(Turn { due: due.unwrap_or(from), from, after, by });
        true
    }

    /// The engine that obeys all that is known, as far inside of it as there is one; where there is none, one for views that were due as
    /// late as they may have been.
    pub(crate) fn find(&self) -> Option<Engine> {
        self.find_for(|known| known.due).or_else(|| self.find_for(|known| known.from))
    }

    fn find_for(&self, due: fn(&Turn) -> i64) -> Option<Engine> {
        let search = |margin, step| {
            (0..=SLIP_MAX).step_by(step as usize).find_map(|slip| {
                let phases = self.phases(slip, margin, due);
                let first = phases.checked_shr(phases.trailing_zeros())?;
                let phase = u64::from(phases.trailing_zeros() + first.trailing_ones() / 2);
                Some(Engine { phase, slip })
            })
        };
        let (least, finest) = MARGINS[MARGINS.len() - 1];
        search(least, finest)?;
        MARGINS.iter().find_map(|&(margin, step)| search(margin, step))
    }

    /// Engines that obey all that is known, no more than `max` of them, from all over.
    pub(crate) fn others(&self, max: usize) -> Vec<Engine> {
        let obeying: Vec<Engine> = OTHER_SLIPS
            .iter()
            .flat_map(|&slip| {
                let phases = self.phases(slip, 0, |known| known.from);
                let phases = (0..u128::BITS).step_by(OTHER_PHASES).filter(move |phase| phases >> phase & 1 == 1);
                phases.map(move |phase| Engine { phase: u64::from(phase), slip })
            })
            .collect();
        let step = obeying.len().div_ceil(max).max(1);
        obeying.into_iter().step_by(step).collect()
    }

    /// The phases with which an engine of this slip obeys all that is known, and is inside of it by `margin`: a bit for each ms.
    fn phases(&self, slip: u32, margin: i64, due: fn(&Turn) -> i64) -> u128 {
        let every = self.view.engine.every.as_millis().min(127) as i64;
        let period = every * 1000 + i64::from(slip);
        let mut phases = (1 << every) - 1;
        // What was learnt last is the most likely not to fit.
        for known in self.known.iter().rev() {
            if phases == 0 {
                break;
            }
            let (earliest, latest) = (due(known).max(known.after + 1) + margin, known.by - margin);
            let due = due(known) * 1000;
            // Turns that are the first one then with some phase.
            let turns = (due - every * 1000) / period..=due / period + 1;
            let obeying = turns.fold(0, |obeying, turn| {
                let (micros, millis) = (turn * period, turn * period / 1000);
                let first = (due - micros + 999).div_euclid(1000).max(earliest - millis);
                let last = (due + period - micros - 1).div_euclid(1000).min(latest - millis);
                obeying | bits(first, last)
            });
            phases &= obeying;
        }
        phases
    }

    fn turn(&self, from: i64) -> Option<i64> {
        let from = Instant::from_millis(u64::try_from(from).ok()?).ok()?;
        Some(self.view.turn(from).as_millis() as i64)
    }
}

/// The bits from `first` to `last`.
fn bits(first: i64, last: i64) -> u128 {
    let (first, behind) = (first.clamp(0, 127), (last + 1).clamp(0, 127));
    if behind <= first { 0 } else { (1 << behind) - (1 << first) }
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
                    assert!(turns.learn(engine, Some(Needed { ours, cause: None, after, by }), 0), "{due}");
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
        assert!(!turns.learn(Engine::default(), Some(Needed { ours: 1001, cause: None, after: 1010, by: 1020 }), 0));
        assert!(
            !turns.learn(Engine::default(), Some(Needed { ours: 1000, cause: None, after: 1200, by: 1300 }), 0),
            "too far"
        );
        assert!(turns.learn(Engine::default(), Some(Needed { ours: 1000, cause: None, after: 1010, by: 1020 }), 0));
        assert!(Turns::new(&Policy::strict()).is_none());
    }
}
