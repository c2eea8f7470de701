//! Ids out of JavaScript's numbers. This much of the shell is done for every beat: so it is compiled for speed, and all else of the
//! shell for size.

use core::hint::black_box;

use bytemuck::cast;
use liveset::LeaseId;
use wide::{f64x2, u64x2};

/// Bits of a double that stand behind its point.
const DIGITS: u32 = 52;
/// With it added, a whole number below it stands in those bits as it is.
const SHIFT: f64 = (1_u64 << DIGITS) as f64;

/// Reads a batch of ids; tells the place of the first number that is none.
///
/// One pass without a branch, two numbers at a time, reads the ids below 2^52, whose slots have had fewer than a million owners; where
/// there is any other number, all are read once more, each by itself.
#[inline(never)]
pub fn read_ids(numbers: &[f64], ids: &mut Vec<LeaseId>) -> Result<(), usize> {
    // Kept in a register: V8 would make the constant anew for each number.
    let shift = black_box(f64x2::splat(SHIFT));
    let (mut odd, mut tops) = (u64x2::splat(0), u64x2::splat(0));
    let mut read = |two: [f64; 2]| -> [LeaseId; 2] {
        let number = f64x2::from(two);
        let shifted = number + shift;
        odd |= cast::<_, u64x2>((shifted - shift) ^ number);
        tops |= cast::<_, u64x2>(shifted ^ shift);
        let bits = cast::<_, u64x2>(shifted) & u64x2::splat((1 << DIGITS) - 1);
        bits.to_array().map(LeaseId::from_u64)
    };
    ids.resize(numbers.len(), LeaseId::from_u64(0));
    let (numbers_by_four, numbers_left) = numbers.as_chunks::<4>();
    let (ids_by_four, ids_left) = ids.as_chunks_mut::<4>();
    for (&[a, b, c, d], ids) in numbers_by_four.iter().zip(ids_by_four) {
        let ([a, b], [c, d]) = (read([a, b]), read([c, d]));
        *ids = [a, b, c, d];
    }
    for (&number, id) in numbers_left.iter().zip(ids_left) {
        [*id, _] = read([number, 0.0]);
    }
    let odd: u64x2 = odd | tops >> DIGITS;
    if odd.to_array() == [0, 0] { Ok(()) } else { read_each(numbers, ids) }
}

#[cold]
fn read_each(numbers: &[f64], ids: &mut Vec<LeaseId>) -> Result<(), usize> {
    ids.clear();
    for (place, &number) in numbers.iter().enumerate() {
        let id = number as u64;
        if id >> LeaseId::BITS != 0 || id as f64 != number {
            return Err(place);
        }
        ids.push(LeaseId::from_u64(id));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: f64 = (1_u64 << LeaseId::BITS) as f64;

    fn read(numbers: &[f64]) -> Result<Vec<u64>, usize> {
        let mut ids = vec![LeaseId::from_u64(9)];
        read_ids(numbers, &mut ids)?;
        Ok(ids.iter().map(|id| id.to_u64()).collect())
    }

    #[test]
    fn every_whole_number_below_the_end_is_its_id() {
        let some = [0.0, 1.0, 4_294_967_296.0, SHIFT - 1.0, SHIFT, SHIFT + 1.0, END - 2.0, END - 1.0, -0.0];
        for few in some.windows(2).chain([&some[..], &some[..4], &[]]) {
            assert_eq!(read(few), Ok(few.iter().map(|&number| number as u64).collect()), "{few:?}");
        }
    }

    #[test]
    fn the_first_number_that_is_no_id_is_told_by_its_place() {
        for bad in [
            -1.0,
            -SHIFT,
            0.5,
            -0.5,
            4_294_967_296.5,
            END,
            END * 2.0,
            f64::MAX,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            5e-324,
        ] {
            assert_eq!(read(&[1.0, 2.0, bad, 3.0, bad]), Err(2), "{bad}");
        }
    }
}
