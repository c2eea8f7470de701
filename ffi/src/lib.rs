//! The C ABI: integers, rows and documents in; a status out. It translates and never decides.
//!
//! - A registry is a number, not an address. A number that is closed, foreign or made up finds nothing.
//! - Every call returns a status: 0, or the stable code of a core error, or one of [`status`].
//! - Buffers belong to the host. Where one is too small, the call says how much it needs and consumes nothing.
//! - A document call leaves its answer with the registry; [`liveset_reply`] copies it out. The answer to a command is
//!   `{"ok": outcome}` or `{"error": {"code", "message", "field"}}`.
//! - A panic does not cross: the registry is poisoned and answers nothing but [`liveset_close`].

mod document;
mod handle;
mod row;
pub mod status;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use document::*;
pub use handle::*;
pub use row::*;
#[cfg(target_arch = "wasm32")]
pub use wasm::*;

/// Version of this interface, as `major << 16 | minor`. A host built for another major must not go on.
pub const LIVESET_ABI_VERSION: u32 = 1 << 16;

/// Version of the interface that this library has.
#[unsafe(no_mangle)]
pub extern "C" fn liveset_abi_version() -> u32 {
    LIVESET_ABI_VERSION
}
