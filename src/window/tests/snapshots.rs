//! Windows that were packed and unpacked go on as if nothing had happened.

use std::collections::BTreeSet;

use super::properties::{fit, more_cases, records, settings};
use super::*;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::time::CalendarUnit;
use proptest::prelude::*;

fn packed(windows: &Windows) -> Vec<u8> {
    let mut packer = Packer::default();
    windows.pack(&mut packer);
    packer.into_bytes()
}

fn unpacked(settings: &Settings, bytes: &[u8]) -> Result<Windows, Unpackable> {
    let mut unpacker = Unpacker::new(bytes);
    let windows = Windows::unpack(settings, &mut unpacker)?;
    unpacker.end().map(|()| windows)
}

/// What else happens to windows, and after how many records.
#[derive(Clone, Debug)]
enum Happening {
    /// They are shown at the end of the input, and kept.
    Shown,
    /// The input is silent until then.
    Silent(Millis),
    /// A source has ended.
    Gone(&'static str),
    /// So many windows have been emitted that their numbers begin anew.
    Old,
}

fn happenings() -> impl Strategy<Value = Vec<(usize, Happening)>> {
    let happening = prop_oneof![
        Just(Happening::Shown),
        (-200..400_i64).prop_map(Happening::Silent),
        prop::sample::select(vec!["east", "west", "north"]).prop_map(Happening::Gone),
        Just(Happening::Old),
    ];
    prop::collection::vec((0..60_usize, happening), 0..4)
}

fn happen(happening: &Happening, windows: &mut Windows, recorder: &mut Recorder) {
    match happening {
        Happening::Shown => windows.show_open(recorder),
        Happening::Silent(until) => windows.idle(*until, recorder),
        Happening::Gone(source) => windows.drop_source(source.as_bytes(), recorder),
        Happening::Old => windows.epoch = windows.epoch.max(u32::MAX - 1),
    }
}

fn agree(
    settings: &Settings,
    records: &[Record],
    cuts: &BTreeSet<usize>,
    happenings: &[(usize, Happening)],
) -> Result<(), TestCaseError> {
    let records = fit(settings, records);
    let at = |number: usize| happenings.iter().filter(move |(at, _)| *at == number).map(|(_, what)| what);
    let undisturbed = run_with(settings, &records, |number, windows, recorder| {
        at(number).for_each(|what| happen(what, windows, recorder));
    });
    let mut sizes = Vec::new();
    let disturbed = run_with(settings, &records, |number, windows, recorder| {
        at(number).for_each(|what| happen(what, windows, recorder));
        if cuts.contains(&number) {
            let bytes = packed(windows);
            *windows = unpacked(settings, &bytes).expect("it was packed");
            assert_eq!(packed(windows).len(), bytes.len(), "nothing is added and nothing lost");
            sizes.push(bytes.len());
        }
    });
    for (number, (one, other)) in undisturbed.0.iter().zip(&disturbed.0).enumerate() {
        prop_assert_eq!(one, other, "event {}", number);
    }
    prop_assert_eq!(undisturbed, disturbed);
    Ok(())
}

proptest! {
    #![proptest_config(more_cases(2))]

    #[test]
    fn a_run_in_pieces_gives_what_one_run_gives(
        settings in settings(),
        records in records(),
        cuts in prop::collection::btree_set(0..60_usize, 1..8),
        happenings in happenings(),
        limit in prop_oneof![3 => Just(None), 1 => (1..5_usize).prop_map(Some)],
    ) {
        let limited = Settings { max_keys: limit, weighted: false, aggregates: Vec::new(), ..settings.clone() };
        let settings = if limit.is_some() && limited.validate().is_ok() { limited } else { settings };
        agree(&settings, &records, &cuts, &happenings)?;
    }

    #[test]
    fn days_of_a_time_zone_go_on(
        records in records(), cuts in prop::collection::btree_set(0..60_usize, 1..8), delay in 0..20_i64, lateness in 0..40_i64,
    ) {
        let zone = crate::time::time_zone("<+00>0<+01>,9/2,4/3").unwrap();
        let records: Vec<Record> =
            records.into_iter().map(|record| Record { time: record.time * 1_000_000, ..record }).collect();
        let settings = Settings {
            windows: vec![
                WindowKind::CalendarCumulate { size: 2, unit: CalendarUnit::Day, step: Step::Millis(6 * 3_600_000), zone, offset: 0 },
                WindowKind::All,
            ],
            watermark: Watermark::Delay(delay * 1_000_000),
            allowed_lateness: lateness * 1_000_000,
            max_future: None,
            ..Settings::default()
        };
        agree(&settings, &records, &cuts, &[])?;
    }

    #[test]
    fn bytes_that_were_changed_are_an_error_or_other_windows_but_no_panic(
        settings in settings(), records in records(), at in any::<prop::sample::Index>(), byte: u8, cut: bool,
    ) {
        let records = fit(&settings, &records);
        let mut bytes = Vec::new();
        run_with(&settings, &records, |number, windows, _| {
            if number == records.len() {
                bytes = packed(windows);
            }
        });
        let at = at.index(bytes.len());
        if cut {
            prop_assert!(unpacked(&settings, &bytes[..at]).is_err());
        } else {
            bytes[at] = byte;
            drop(unpacked(&settings, &bytes));
        }
    }
}
