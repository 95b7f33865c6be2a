//! Packed state: foreign bytes are windows that can go on, or an error; and what was understood of them is packed as it is
//! understood again.
//!
//! A checksum keeps a damaged file from getting so far. What gets here was made so by somebody.

use std::fs;

use jiff::tz::TimeZone;
use trendpipe::pack::{Form, Packer, Unpacker};
use trendpipe::row::Number;
use trendpipe::source::Resume;
use trendpipe::state::State;
use trendpipe::time::CalendarUnit;
use trendpipe::window::{Aggregate, Emission, Settings, Sink, Value, WindowKind, Windows};

/// As `trendpipe::state` seals its files.
const FORM: Form = Form { magic: b"trendpipe state\n", version: 1, name: "state file" };

/// The first byte chooses the settings, the rest is what was packed.
pub fn check(bytes: &[u8]) {
    let Some((&which, packed)) = bytes.split_first() else { return };
    if which == 0xff {
        return file(packed);
    }
    let _ = Resume::unpack(&mut Unpacker::new(packed));
    let settings = settings(which);
    let mut from = Unpacker::new(packed);
    let Ok(windows) = Windows::unpack(&settings, &mut from) else { return };
    let mut again = Packer::default();
    windows.pack(&mut again);
    // What contradicts itself may be found out later than at first sight.
    if let Ok(twin) = Windows::unpack(&settings, &mut Unpacker::new(again.bytes())) {
        let mut twice = Packer::default();
        twin.pack(&mut twice);
        assert_eq!(again.bytes(), twice.bytes(), "packed once more");
    }
    go_on(windows, &values(&settings, Number::ZERO));
}

/// States as they are packed, by name: what the seeds of this target hold.
pub fn states() -> Vec<(String, Vec<u8>)> {
    let state = |which: u8| {
        let settings = settings(which);
        let mut windows = Windows::new(&settings).expect("they make sense");
        for number in 0..12_i64 {
            let key = ["a", "b", "longer"][number as usize % 3].as_bytes();
            let values = values(&settings, Number::parse(&format!("{number}.5")).expect("a number"));
            windows.record_with(number * 1_700, [key][..].into(), &values, &mut Unheard);
        }
        let mut packer = Packer::default();
        packer.tag(which);
        windows.pack(&mut packer);
        (format!("settings-{which}"), packer.into_bytes())
    };
    [0, 1, 2, 3, 4, 5, 8, 11].map(state).into()
}

/// Sealed as a whole, with a right checksum, the file is opened or refused.
fn file(body: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let line = b"{}\n";
    let head = FORM.head(line, &[body]);
    fs::write(&path, [&head[..], line, body].concat()).expect("written");
    if let Ok(mut state) = State::open(&path, &serde_json::Map::new(), false) {
        let _ = state.inputs(std::slice::from_ref(&path));
    }
}

fn settings(which: u8) -> Settings {
    let size = 10_000;
    let hopping = WindowKind::Hopping { size, slide: size / 2, offset: 0 };
    let day = WindowKind::Calendar {
        size: 1,
        slide: 1,
        unit: CalendarUnit::Day,
        zone: TimeZone::get("Europe/Paris").expect("a zone"),
        offset: 0,
    };
    let windows = match which % 4 {
        0 => vec![hopping],
        1 => vec![WindowKind::Session { gap: 5_000 }],
        2 => vec![WindowKind::All],
        _ => vec![day, hopping],
    };
    let aggregates = match which / 4 % 2 {
        0 => Vec::new(),
        _ => vec![
            Aggregate::Sum,
            Aggregate::Min,
            Aggregate::Mean,
            Aggregate::Distinct,
            Aggregate::DistinctApproximate,
            Aggregate::Quantile(0.5),
        ],
    };
    // Estimated keys have a count and nothing else.
    let max_keys = (aggregates.is_empty() && which / 8 % 2 == 1).then_some(4);
    Settings { windows, aggregates, max_keys, ..Settings::default() }
}

/// What a record brings: numbers, and bytes where different ones are counted.
fn values(settings: &Settings, number: Number) -> Vec<Value<'static>> {
    let value = |aggregate: &Aggregate| match aggregate {
        Aggregate::Distinct | Aggregate::DistinctApproximate => Value::Bytes(b"some"),
        _ => Value::Number(number),
    };
    settings.aggregates.iter().map(value).collect()
}

/// Some records, and the end.
fn go_on(mut windows: Windows, values: &[Value<'_>]) {
    for time in [0, 4_000, 60_000, -5] {
        windows.record_with(time, [&b"a"[..], b"new"][..].into(), values, &mut Unheard);
        windows.idle(time, &mut Unheard);
        windows.show_open(&mut Unheard);
    }
    windows.finish(&mut Unheard);
}

/// Nobody looks at what comes out.
struct Unheard;

impl Sink for Unheard {
    fn emission(&mut self, _: &Emission<'_>) {}
}
