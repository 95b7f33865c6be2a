//! `cargo test --release --lib window:: -- --ignored --nocapture`

use super::*;
use std::time::Instant;

/// Counts rows and forgets them.
#[derive(Default)]
struct Counter {
    emissions: u64,
    rows: u64,
}

impl Sink for Counter {
    fn emission(&mut self, emission: &Emission<'_>) {
        self.emissions += 1;
        self.rows += emission.rows.len() as u64;
    }
}

/// Records at a steady rate, one key each, in some disorder; the keys follow a law of small numbers.
fn measure(name: &str, windows: &[WindowKind], keys: u64, records: u64, per_second: u64) {
    let settings = Settings { windows: windows.to_vec(), ..Settings::default() };
    let mut windows = Windows::new(&settings).unwrap();
    let mut counter = Counter::default();
    let names: Vec<String> = (0..keys).map(|key| format!("{key} as a key")).collect();
    let mut random = 1_u64;
    let start = Instant::now();
    for record in 0..records {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = ((random >> 40) * keys) >> 24;
        let time = (record * 1000 / per_second) as i64 - (random >> 20 & 511) as i64;
        windows.record(time, &[names[key as usize].as_bytes()], &mut counter);
    }
    windows.finish(&mut counter);
    let took = start.elapsed().as_nanos() as f64;
    println!(
        "{name}: {:.1} ns a record, {} windows, {} rows, {:.1} ns a row",
        took / records as f64,
        counter.emissions,
        counter.rows,
        took / counter.rows.max(1) as f64
    );
}

#[test]
#[ignore = "a measurement"]
fn measure_all() {
    measure("tumbling 20s, 1 key", &[WindowKind::tumbling(20_000)], 1, 10_000_000, 10_000);
    measure("tumbling 20s, 1000 keys", &[WindowKind::tumbling(20_000)], 1000, 10_000_000, 10_000);
    measure("tumbling 20s, 100,000 keys", &[WindowKind::tumbling(20_000)], 100_000, 10_000_000, 50_000);
    measure("hopping 20s/10s, 1000 keys", &[WindowKind::hopping(20_000, 10_000)], 1000, 10_000_000, 10_000);
    measure(
        "hopping 1h/10s, 100,000 keys",
        &[WindowKind::hopping(3_600_000, 10_000)],
        100_000,
        5_000_000,
        1000,
    );
    let sizes: Vec<WindowKind> = [(20, 10), (30, 15), (60, 30), (300, 150)]
        .map(|(a, b)| WindowKind::hopping(a * 1000, b * 1000))
        .to_vec();
    measure("four sizes at once, 1000 keys", &sizes, 1000, 5_000_000, 10_000);
    measure("sessions of 30s, 1000 keys", &[WindowKind::Session { gap: 30_000 }], 1000, 5_000_000, 1000);
    measure("sessions of 2s, 100,000 keys", &[WindowKind::Session { gap: 2000 }], 100_000, 5_000_000, 10_000);
}
