//! Rows in the order of a small number that each has: counted, and not compared.

use alloc::vec;
use alloc::vec::Vec;

/// The rows group by group, those of one group as they came, and where each group ends. `group_of` tells a number below `groups`.
pub(crate) fn grouped<T: Copy>(rows: &[T], groups: usize, group_of: impl Fn(&T) -> usize) -> (Vec<T>, Vec<usize>) {
    let mut ends = vec![0; groups];
    rows.iter().for_each(|row| ends[group_of(row)] += 1);
    let mut begin = 0;
    for end in &mut ends {
        begin += core::mem::replace(end, begin);
    }
    let mut ordered = rows.to_vec();
    for row in rows {
        let end = &mut ends[group_of(row)];
        ordered[*end] = *row;
        *end += 1;
    }
    (ordered, ends)
}
