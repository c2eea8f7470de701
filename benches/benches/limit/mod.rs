//! How many instructions a bench may take.

use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig};

pub(crate) fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions)]));
    config
}
