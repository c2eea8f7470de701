//! What was decided? Operators' overrides and the fences of ended lives, both apart from the instances they are about.

mod fence;
mod overrides;

pub(crate) use fence::{Claim, Fence, Fences};
pub use overrides::OverrideChange;
pub(crate) use overrides::{Decided, Fields, Override, Overrides};
