//! A growing array in pages: growth never moves what is there, so no single call pays for a million rows.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

const PAGE: usize = 4096;

/// Rows in pages. The first page grows by doubling, so that a small registry stays small.
#[derive(Serialize, Deserialize)]
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

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.pages.get(index as usize / PAGE)?.get(index as usize % PAGE)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten()
    }

    /// Whether every page but the last is full, as only [`Pages::push`] makes them.
    pub(crate) fn is_regular(&self) -> bool {
        let full = self.pages.len().saturating_sub(1);
        self.pages[..full].iter().all(|page| page.len() == PAGE)
            && self.pages.last().is_none_or(|last| (1..=PAGE).contains(&last.len()))
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
