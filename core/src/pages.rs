//! A growing array in pages, and a queue: growth never moves what is there, so no single call pays for a million rows.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Index, IndexMut};

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const PAGE: usize = 4096;

/// Rows in pages. The first page grows by doubling, so that a small registry stays small.
pub(crate) struct Pages<T> {
    pages: Vec<Vec<T>>,
}

impl<T> Pages<T> {
    pub(crate) const fn new() -> Pages<T> {
        Pages { pages: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        match self.pages.last() {
            Some(last) => (self.pages.len() - 1) * PAGE + last.len(),
            None => 0,
        }
    }

    pub(crate) fn push(&mut self, value: T) {
        if self.pages.last().is_none_or(|last| last.len() == PAGE) {
            self.pages.push(Vec::with_capacity(if self.pages.is_empty() { 16 } else { PAGE }));
        }
        if let Some(last) = self.pages.last_mut() {
            last.push(value);
        }
    }

    /// Writes over what stands there, or behind the last.
    pub(crate) fn put(&mut self, index: u32, value: T) {
        if index as usize == self.len() { self.push(value) } else { self[index] = value }
    }

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.pages.get(index as usize / PAGE)?.get(index as usize % PAGE)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.pages.iter().flatten()
    }
}

/// Written down as one row of values.
impl<T: Serialize> Serialize for Pages<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|value| row.serialize_element(value))?;
        row.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pages<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pages<T>, D::Error> {
        struct Values<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Values<T> {
            type Value = Pages<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row of values")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Pages<T>, A::Error> {
                let mut pages = Pages::new();
                while let Some(value) = values.next_element()? {
                    pages.push(value);
                }
                Ok(pages)
            }
        }
        deserializer.deserialize_seq(Values(PhantomData))
    }
}

impl<T> Index<u32> for Pages<T> {
    type Output = T;
    fn index(&self, index: u32) -> &T {
        &self.pages[index as usize / PAGE][index as usize % PAGE]
    }
}

impl<T> IndexMut<u32> for Pages<T> {
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.pages[index as usize / PAGE][index as usize % PAGE]
    }
}

/// First in, first out, in pages.
#[derive(Serialize, Deserialize)]
pub(crate) struct Queue<T> {
    pages: VecDeque<VecDeque<T>>,
}

impl<T> Queue<T> {
    pub(crate) const fn new() -> Queue<T> {
        Queue { pages: VecDeque::new() }
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.pages.front()?.front()
    }

    pub(crate) fn back(&self) -> Option<&T> {
        self.pages.back()?.back()
    }

    pub(crate) fn push_back(&mut self, value: T) {
        if self.pages.back().is_none_or(|last| last.len() == PAGE) {
            self.pages.push_back(VecDeque::new());
        }
        if let Some(last) = self.pages.back_mut() {
            last.push_back(value);
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let first = self.pages.front_mut()?;
        let value = first.pop_front();
        if first.is_empty() {
            self.pages.pop_front();
        }
        value
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_gives_back_in_order_what_it_was_given_and_keeps_no_page_behind() {
        let mut queue = Queue::new();
        let mut taken = 0;
        for number in 0..3 * PAGE {
            queue.push_back(number);
            if number % 2 == 1 {
                assert_eq!(queue.pop_front(), Some(taken));
                taken += 1;
            }
        }
        assert_eq!((queue.front(), queue.back()), (Some(&taken), Some(&(3 * PAGE - 1))));
        assert!(queue.iter().copied().eq(taken..3 * PAGE));
        while queue.pop_front().is_some() {}
        assert!(queue.pages.is_empty());
    }
}
