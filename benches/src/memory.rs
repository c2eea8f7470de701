//! What an instance takes: every allocation of a registry is counted. Prints the figures `memory` and `memory-names` as JSON.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use liveset::Error;
use liveset_benches::{PER_SERVICE, fleet};
use serde_json::json;

struct Counting;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does everything; only sums are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    for size in std::env::args().filter_map(|word| word.parse().ok()) {
        if let Err(problem) = measure(size) {
            eprintln!("memory: {problem}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn measure(size: usize) -> Result<(), Error> {
    let before = TAKEN.load(Ordering::Relaxed);
    let fleet = fleet(size)?;
    let after = TAKEN.load(Ordering::Relaxed);
    // What the bench keeps for itself.
    let own = (fleet.leases.capacity() + fleet.beating.capacity()) * size_of::<liveset::LeaseId>();
    let taken = (after - before - own) as f64 / size as f64;
    let text = texts(size) as f64 / size as f64;
    let value = taken - text;
    println!(
        "{}",
        json!({ "name": "memory", "size": size, "value": value, "unit": "B", "reference": text, "ratio": value / text })
    );
    Ok(())
}

/// Bytes of all names, each once: hosts, services and clients.
fn texts(size: usize) -> usize {
    let hosts: usize =
        (0..size).map(|number| format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255).len()).sum();
    let services = size.div_ceil(PER_SERVICE);
    let named =
        |count: usize, form: &str| (0..count).map(|number| form.len() + number.to_string().len()).sum::<usize>();
    hosts + named(services, "service-") + named(services.min(1000), "client-")
}
