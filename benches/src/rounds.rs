//! Measuring on a machine that others use, too: by the time that our thread had the processor, and subject and reference in turns, in
//! small rounds, so that a neighbour in the caches disturbs both.

use std::time::Duration;

use cpu_time::ThreadTime;

/// What was measured of one figure at one size.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// The subject, in ns per unit of work.
    pub value: f64,
    /// The reference, in ns per unit of work.
    pub reference: Option<f64>,
    /// Subject over reference: the median of the rounds' own ratios.
    pub ratio: Option<f64>,
}

/// Times both in turns, `rounds` times, each doing `units` of work a round. Returned times are lower quartiles: neighbours only add.
pub fn alternate(rounds: usize, units: usize, mut subject: impl FnMut(), mut reference: impl FnMut()) -> Figure {
    let (mut values, mut references, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    subject();
    reference();
    for round in 0..rounds {
        // Whoever comes second finds the other's data in the caches: they take turns in that, too.
        let (value, other) = if round % 2 == 0 {
            let other = timed(&mut reference);
            (timed(&mut subject), other)
        } else {
            (timed(&mut subject), timed(&mut reference))
        };
        values.push(value.as_nanos() as f64 / units as f64);
        references.push(other.as_nanos() as f64 / units as f64);
        ratios.push(value.as_nanos() as f64 / other.as_nanos().max(1) as f64);
    }
    Figure {
        value: quantile(&mut values, 0.25),
        reference: Some(quantile(&mut references, 0.25)),
        ratio: Some(quantile(&mut ratios, 0.5)),
    }
}

/// The time of one piece of work.
pub fn once(mut work: impl FnMut()) -> Duration {
    timed(&mut work)
}

fn timed(work: &mut impl FnMut()) -> Duration {
    let begin = ThreadTime::now();
    work();
    begin.elapsed()
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}
