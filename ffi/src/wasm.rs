//! What a host of the WebAssembly build needs beside the calls: room in its memory.

use std::alloc::{Layout, alloc, dealloc};

/// `size` bytes that the host may fill, aligned to 8; NULL when there is no room or `size` is 0.
#[unsafe(no_mangle)]
pub extern "C" fn liveset_alloc(size: usize) -> *mut u8 {
    match Layout::from_size_align(size, 8) {
        // SAFETY: the size is not 0.
        Ok(layout) if size > 0 => unsafe { alloc(layout) },
        _ => std::ptr::null_mut(),
    }
}

/// Gives back what `liveset_alloc` gave.
///
/// # Safety
/// `data` came from `liveset_alloc` with this `size`, and was not given back before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_free(data: *mut u8, size: usize) {
    if let (false, Ok(layout)) = (data.is_null(), Layout::from_size_align(size, 8)) {
        // SAFETY: the caller's promise.
        unsafe { dealloc(data, layout) };
    }
}
