//! A beat by id beside a bare random store of eight bytes, at three sizes, in the same run.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use liveset::{Instant, LeaseId};
use liveset_benches::{registry_of, shuffled};

const BATCH: usize = 1024;

fn beat(criterion: &mut Criterion) {
    for count in [10_000, 100_000, 1_000_000] {
        let mut group = criterion.benchmark_group(format!("beat/{count}"));
        group.throughput(Throughput::Elements(count as u64));
        group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(20);
        let order = shuffled(count);

        // Handed in from outside, as a host hands in ids: the compiler knows nothing of them.
        let slots: Vec<u64> = order.iter().map(|&slot| u64::from(slot)).collect();
        let mut memory = vec![0_u64; count];
        group.bench_function(BenchmarkId::from_parameter("store"), |bencher| {
            let mut now = 0;
            bencher.iter(|| {
                now += 1;
                for batch in slots.chunks(BATCH) {
                    for &slot in black_box(batch) {
                        if let Some(place) = memory.get_mut(slot as usize) {
                            *place = now;
                        }
                    }
                }
                black_box(&mut memory);
            });
        });

        let Ok((mut registry, leases)) = registry_of(count) else { return };
        let ids: Vec<LeaseId> = order.iter().map(|&slot| leases[slot as usize]).collect();
        let mut stale = Vec::new();
        let mut now = 0;
        group.bench_function(BenchmarkId::from_parameter("batch"), |bencher| {
            bencher.iter(|| {
                now += 5;
                let at = Instant::from_millis(now).unwrap_or_default();
                for batch in ids.chunks(BATCH) {
                    registry.beat_many(at, black_box(batch), &mut stale);
                }
            });
        });
        group.bench_function(BenchmarkId::from_parameter("single"), |bencher| {
            bencher.iter(|| {
                now += 5;
                let at = Instant::from_millis(now).unwrap_or_default();
                for &lease in &ids {
                    let _ = black_box(registry.beat(at, black_box(lease)));
                }
            });
        });
        assert!(stale.is_empty());
        group.finish();
    }
}

criterion_group!(benches, beat);
criterion_main!(benches);
