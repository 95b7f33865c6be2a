//! Random streams, random settings: the engine and the model agree event for event.

use super::model::Model;
use super::*;
use crate::time::CalendarUnit;
use proptest::prelude::*;

fn window_kind() -> impl Strategy<Value = WindowKind> {
    let hopping = |size: std::ops::Range<i64>, slide: std::ops::Range<i64>| {
        (size, slide, -30..30_i64).prop_map(|(size, slide, offset)| WindowKind::Hopping {
            size,
            slide,
            offset,
        })
    };
    prop_oneof![
        3 => hopping(1..40, 1..40),
        2 => (1..8_i64, 1..5_i64, 1..5_i64)
            .prop_map(|(unit, slide, more)| WindowKind::hopping(unit * (slide + more), unit * slide)),
        2 => (1..40_i64).prop_map(WindowKind::tumbling),
        2 => (1..12_i64, 1..8_i64, -30..30_i64)
            .prop_map(|(step, steps, offset)| WindowKind::Cumulate { size: step * steps, step, offset }),
        1 => Just(WindowKind::All),
    ]
}

fn aggregates_of_all_kinds() -> impl Strategy<Value = Vec<Aggregate>> {
    let any = prop_oneof![
        Just(Aggregate::Sum),
        Just(Aggregate::Min),
        Just(Aggregate::Max),
        Just(Aggregate::Mean),
        Just(Aggregate::Distinct),
        Just(Aggregate::DistinctApproximate),
        (0.0..=1.0_f64).prop_map(Aggregate::Quantile),
    ];
    prop_oneof![Just(Vec::new()), prop::collection::vec(any, 0..4)]
}

pub(super) fn settings() -> impl Strategy<Value = Settings> {
    let trigger =
        prop_oneof![(1..30_i64).prop_map(Trigger::EventTime), (1..6_u64).prop_map(Trigger::Records)];
    let emission = prop_oneof![
        Just((Emit::Final, None)),
        trigger.clone().prop_map(|trigger| (Emit::Update, Some(trigger))),
        trigger.prop_map(|trigger| (Emit::Complete, Some(trigger))),
    ];
    let watermark =
        prop_oneof![Just(Watermark::Delay(0)), (0..40_i64).prop_map(Watermark::Delay), Just(Watermark::Max)];
    let windows = prop_oneof![
        4 => prop::collection::vec(window_kind(), 1..4),
        1 => (1..30_i64).prop_map(|gap| vec![WindowKind::Session { gap }]),
        1 => (1..12_u64).prop_map(|records| vec![WindowKind::Count { records }]),
    ];
    (
        windows,
        watermark,
        prop_oneof![Just(None), (20..200_i64).prop_map(Some)],
        emission,
        (any::<bool>(), any::<bool>()),
        aggregates_of_all_kinds(),
        (prop_oneof![Just(0), 0..60_i64], prop::bool::weighted(0.25)),
        prop_oneof![Just(0), 0..30_u64],
    )
        .prop_map(
            |(
                windows,
                watermark,
                max_future,
                (emit, trigger),
                (weighted, folded),
                aggregates,
                (lateness, watermark_by),
                empty,
            )| {
                Settings {
                    windows,
                    watermark,
                    watermark_by,
                    allowed_lateness: lateness,
                    empty_windows: if emit == Emit::Update { 0 } else { empty },
                    max_future,
                    emit,
                    trigger,
                    max_keys: None,
                    folded,
                    weighted,
                    aggregates,
                }
            },
        )
        .prop_filter("windows with bounds in common", |settings| settings.validate().is_ok())
}

/// A step forward most of the time, with disorder, jumps and records from the far future.
pub(super) fn records() -> impl Strategy<Value = Vec<Record>> {
    let step = prop_oneof![
        10 => 0..4_i64,
        4 => -30..0_i64,
        3 => 4..60_i64,
        1 => 60..400_i64,
    ];
    let far = prop_oneof![12 => Just(0_i64), 1 => 150..5000_i64];
    let keys = prop::collection::vec(
        prop::sample::select(vec![
            "a",
            "A",
            "b",
            "c",
            "ab",
            "AB",
            "Ab",
            "sevenchr",
            "sevenchrs",
            "SevenChrs",
            "sevenchrt",
            "",
        ]),
        0..4,
    );
    let source = prop::sample::select(vec![("east", 0), ("west", 7), ("north", 25)]);
    let record = (step, far, keys, [-3..9_i64, -3..9_i64, -3..9_i64, -3..9_i64], source);
    (-200..200_i64, prop::collection::vec(record, 0..60)).prop_map(|(start, steps)| {
        let mut now = start;
        let stream = steps.into_iter().map(|(step, far, keys, values, (source, lag))| {
            now += step;
            Record { source, time: now + far - lag, keys, values: values.to_vec() }
        });
        stream.collect()
    })
}

/// Cuts the values to what the settings ask for.
pub(super) fn fit(settings: &Settings, records: &[Record]) -> Vec<Record> {
    let width = settings.aggregates.len() + usize::from(settings.weighted);
    let fit = |record: &Record| Record { values: record.values[..width].to_vec(), ..record.clone() };
    records.iter().map(fit).collect()
}

fn agree(settings: &Settings, records: &[Record]) -> Result<(), TestCaseError> {
    let records = fit(settings, records);
    let (events, stats) = run(settings, &records);
    let model = Model::run(settings, &records);
    for (at, (engine, model)) in events.iter().zip(&model.events).enumerate() {
        prop_assert_eq!(engine, model, "event {}", at);
    }
    prop_assert_eq!(events.len(), model.events.len());
    prop_assert_eq!(Stats { keys: 0, ..stats }, model.stats);
    Ok(())
}

fn check_bounds(settings: &Settings, truth: &Emitted, estimate: &Emitted) -> Result<(), TestCaseError> {
    let limit = settings.max_keys.unwrap();
    let same = |one: &str, other: &str| counting_key(settings, one) == counting_key(settings, other);
    prop_assert_eq!(
        (truth.start, truth.end, truth.open, truth.rev),
        (estimate.start, estimate.end, estimate.open, estimate.rev)
    );
    prop_assert_eq!(
        (truth.late, truth.total, truth.distinct),
        (estimate.late, estimate.total, estimate.distinct)
    );
    prop_assert_eq!(estimate.rows.len(), truth.rows.len().min(limit));
    let count = |key: &str| {
        let row = truth.rows.iter().find(|row| same(&row.0, key));
        row.map_or(0, |row| row.1.as_f64() as u64)
    };
    for (at, (key, estimated, _)) in estimate.rows.iter().enumerate() {
        let bound = estimate.bounds[at].expect("a limit gives bounds");
        let (high, real) = (estimated.as_f64() as u64, count(key));
        prop_assert!(real > 0, "the window has {} in some spelling", key);
        prop_assert!(real <= high && high - bound.error <= real, "{} {} {:?}", high, real, bound);
        if bound.guaranteed {
            let above = &estimate.rows[..=at];
            let others = truth.rows.iter().filter(|row| above.iter().all(|shown| !same(&shown.0, &row.0)));
            let highest = others.map(|row| row.1.as_f64() as u64).max().unwrap_or(0);
            prop_assert!(highest <= real);
        }
    }
    if truth.rows.len() <= limit {
        prop_assert_eq!(&truth.rows, &estimate.rows);
    }
    Ok(())
}

/// So many times the usual number of cases, since they are small; `PROPTEST_CASES` says what is usual.
pub(super) fn more_cases(times: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases * times, ..usual }
}

proptest! {
    #![proptest_config(more_cases(3))]

    #[test]
    fn the_engine_does_what_the_model_says(settings in settings(), records in records()) {
        agree(&settings, &records)?;
    }
}

proptest! {
    /// The same streams, 100,000 times slower, in a zone that changes its clock twice in ten days.
    #[test]
    fn days_of_a_time_zone(
        size in 1..5_u32, slide in 1..5_u32, delay in 0..20_i64, records in records(), cumulate in prop_oneof![
            Just(None),
            (1..60_i64).prop_map(|hours| Some(Step::Millis(hours * 3_600_000))),
            (1..4_i64).prop_map(|days| Some(Step::Days(days))),
        ],
        unit in prop::sample::select(vec![CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month]),
        second in any::<bool>(), lateness in 0..40_i64, offset in -5..40_i64,
    ) {
        let zone = crate::time::time_zone("<+00>0<+01>,9/2,4/3").unwrap();
        let records: Vec<Record> =
            records.into_iter().map(|record| Record { time: record.time * 1_000_000, ..record }).collect();
        let mut windows = vec![match cumulate {
            Some(step) => WindowKind::CalendarCumulate { size, unit, step, zone, offset },
            None => WindowKind::Calendar { size, slide, unit: CalendarUnit::Day, zone, offset },
        }];
        if second && cumulate.is_none() {
            windows.push(WindowKind::tumbling(3_600_000));
        }
        let settings =
            Settings { windows, watermark: Watermark::Delay(delay * 1_000_000), max_future: None, allowed_lateness: lateness * 1_000_000,
            ..Settings::default() };
        agree(&settings, &records)?;
    }

    /// The truth is what comes without a limit.
    #[test]
    fn limited_keys_are_within_their_bounds(settings in settings(), records in records(), limit in 1..5_usize) {
        let settings = Settings { weighted: false, aggregates: Vec::new(), ..settings };
        let limited = Settings { max_keys: Some(limit), ..settings.clone() };
        if limited.validate().is_err() {
            return Ok(());
        }
        let (truth, _) = run(&settings, &fit(&settings, &records));
        let (estimates, _) = run(&limited, &fit(&settings, &records));
        prop_assert_eq!(truth.len(), estimates.len());
        for (truth, estimate) in truth.iter().zip(&estimates) {
            let (Event::Emission(truth), Event::Emission(estimate)) = (truth, estimate) else {
                prop_assert_eq!(truth, estimate);
                continue;
            };
            check_bounds(&limited, truth, estimate)?;
        }
    }

    #[test]
    fn the_hints_would_have_kept_all(settings in settings(), records in records()) {
        let settings = Settings { max_future: None, ..settings };
        let records = fit(&settings, &records);
        let (_, stats) = run(&settings, &records);
        for (hint, full) in [(stats.late_hint, false), (stats.missed_hint, true)] {
            let Some(hint) = hint else { continue };
            let (_, wider) = run(&Settings { watermark: Watermark::Delay(hint), ..settings.clone() }, &records);
            prop_assert_eq!(if full { wider.missed } else { wider.late }, 0);
            if matches!(settings.windows[0], WindowKind::Session { .. }) {
                // A smaller one might do, since a record may be saved by a session that is still open.
                continue;
            }
            let (_, narrower) = run(&Settings { watermark: Watermark::Delay(hint - 1), ..settings.clone() }, &records);
            prop_assert_ne!(if full { narrower.missed } else { narrower.late }, 0);
        }
    }

    #[test]
    fn the_hint_about_the_future_would_have_believed_all(settings in settings(), records in records()) {
        let records = fit(&settings, &records);
        let (_, stats) = run(&settings, &records);
        prop_assert_eq!(stats.future_hint.is_some(), stats.future > 0);
        if let Some(hint) = stats.future_hint {
            let (_, wider) = run(&Settings { max_future: Some(hint), ..settings }, &records);
            prop_assert_eq!(wider.future, 0);
        }
    }

    #[test]
    fn no_record_is_lost(settings in settings(), records in records()) {
        let (events, stats) = run(&settings, &fit(&settings, &records));
        prop_assert_eq!(stats.records, records.len() as u64);
        prop_assert_eq!(stats.records, stats.counted + stats.late + stats.gap + stats.no_key + stats.future);
        let told: u64 = events.iter().map(|event| match event {
            Event::Emission(emitted) => emitted.late,
            _ => 0,
        }).sum();
        prop_assert!(told <= stats.late);
    }

    /// What is counted late or not depends on order, but once nothing is late, order is nothing.
    #[test]
    fn with_a_watermark_of_max_order_does_not_matter(settings in settings(), records in records(), shift in 0..60_usize) {
        let settings = Settings {
            watermark: Watermark::Max, max_future: None, emit: Emit::Final, trigger: None, ..settings
        };
        let mut records = fit(&settings, &records);
        let (first, _) = run(&settings, &records);
        let middle = shift.min(records.len());
        if matches!(settings.windows[0], WindowKind::Count { .. }) {
            return Ok(());
        }
        records.rotate_left(middle);
        records.reverse();
        let (second, _) = run(&settings, &records);
        let emitted = |events: Vec<Event>| -> Vec<Event> {
            events.into_iter().filter(|event| matches!(event, Event::Emission(_))).collect()
        };
        prop_assert_eq!(emitted(first), emitted(second));
    }
}
