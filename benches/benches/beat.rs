//! The hot path under criterion: a beat by id, in a batch and alone, at three sizes. The gates are held by `cargo xtask bench`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use liveset_benches::{BATCH, fleet, moment};

fn beat(criterion: &mut Criterion) {
    for size in [10_000, 100_000, 1_000_000] {
        let Ok(mut fleet) = fleet(size) else { return };
        let beating = fleet.beating.clone();
        let mut stale = Vec::new();
        let mut group = criterion.benchmark_group("beat");
        group.throughput(Throughput::Elements(size as u64));
        group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(20);
        group.bench_function(BenchmarkId::new("batch", size), |bencher| {
            bencher.iter(|| {
                fleet.now += 1;
                for batch in beating.chunks(BATCH) {
                    fleet.registry.beat_many(moment(fleet.now), black_box(batch), &mut stale);
                }
            });
        });
        group.bench_function(BenchmarkId::new("single", size), |bencher| {
            bencher.iter(|| {
                fleet.now += 1;
                for &lease in &beating {
                    let _ = black_box(fleet.registry.beat(moment(fleet.now), black_box(lease)));
                }
            });
        });
        assert!(stale.is_empty(), "everybody in a fleet has a lease");
        group.finish();
    }
}

criterion_group!(benches, beat);
criterion_main!(benches);
