//! As Nacos 3.0.3, whose naming rules are those of 2.5.1; what differs is in its API.

use alloc::borrow::ToOwned;

use super::*;

pub(super) fn policy() -> Policy {
    Policy { label: "nacos_3_0".to_owned(), ..nacos_2_5::policy() }
}
