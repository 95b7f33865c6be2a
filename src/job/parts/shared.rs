//! What all parts of a count must agree in, and what a merge needs to know of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::job::clock::Clock;
use crate::job::count::CountOptions;
use crate::time::{CalendarUnit, time_zone, zone_name};
use crate::window::{Aggregate, Settings, Step, Watermark, WindowKind};

/// Raised by every change of what partial rows hold that older programs would misread.
const VERSION: u32 = 1;

/// The settings of a count, as its parts carry them. Lengths are milliseconds, where nothing else is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Shared {
    version: u32,
    windows: Vec<Window>,
    /// `null`: nothing closes before the end.
    watermark: Option<i64>,
    allowed_lateness: i64,
    emit_empty: u64,
    time: String,
    time_read: String,
    pub(super) keys: Vec<Column>,
    missing_as_null: bool,
    once_per_record: bool,
    fold: bool,
    #[serde(rename = "where")]
    keep: Option<String>,
    weight: Option<String>,
    pub(super) aggregates: Vec<Column>,
}

/// A column and its expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    /// Of an aggregate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is: Option<Kind>,
    of: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Sum,
    Min,
    Max,
    Mean,
    Distinct,
    DistinctApprox,
    #[serde(with = "exact")]
    Quantile(f64),
}

/// Floats as text that reads back as the same float.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(float: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&float.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("no number"))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Window {
    Hopping { size: i64, slide: i64, offset: i64 },
    Calendar { size: u32, slide: u32, unit: Unit, offset: i64, zone: String },
    Cumulate { size: i64, step: i64, offset: i64 },
    CalendarCumulate { size: u32, unit: Unit, offset: i64, step: i64, step_unit: StepUnit, zone: String },
    Session { gap: i64 },
    All {},
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Day,
    Week,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepUnit {
    Ms,
    Day,
}

impl Shared {
    /// Of options that may be counted in parts.
    pub(super) fn new(options: &CountOptions) -> Shared {
        let Settings { windows, watermark, allowed_lateness, empty_windows, folded, .. } = &options.windows;
        let column = |name: &String, of: &str, is| Column { name: name.clone(), is, of: of.to_owned() };
        Shared {
            version: VERSION,
            windows: windows.iter().map(Window::new).collect(),
            watermark: match watermark {
                Watermark::Delay(delay) => Some(*delay),
                Watermark::Max => None,
            },
            allowed_lateness: *allowed_lateness,
            emit_empty: *empty_windows,
            time: match &options.clock {
                Clock::Auto => "auto".into(),
                Clock::Arrival => "now".into(),
                Clock::Field(field) => field.source().to_owned(),
            },
            time_read: options.times.to_string(),
            keys: options.keys.iter().map(|(name, key)| column(name, key.source(), None)).collect(),
            missing_as_null: options.missing_as_null,
            once_per_record: options.once_per_record,
            fold: *folded,
            keep: options.keep.as_ref().map(|keep| keep.source().to_owned()),
            weight: options.weight.as_ref().map(|weight| weight.source().to_owned()),
            aggregates: options
                .aggregates
                .iter()
                .map(|named| column(&named.name, named.values.source(), Some(Kind::new(named.aggregate))))
                .collect(),
        }
    }

    /// As JSON text, the same for the same settings.
    pub(super) fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// The name of settings in each row.
    pub(super) fn fingerprint(json: &str) -> u32 {
        crc32fast::hash(json.as_bytes())
    }

    /// What the windows are to do; an error says what this program does not know.
    pub(super) fn settings(&self) -> Result<Settings, String> {
        if self.version != VERSION {
            return Err(format!(
                "the partial rows are of version {}, and this window-count reads version {VERSION}; use the same program \
                 for parts and merge",
                self.version
            ));
        }
        let settings = Settings {
            windows: self.windows.iter().map(Window::kind).collect::<Result<_, _>>()?,
            watermark: self.watermark.map_or(Watermark::Max, Watermark::Delay),
            allowed_lateness: self.allowed_lateness,
            max_future: None,
            empty_windows: self.emit_empty,
            folded: self.fold,
            weighted: self.weight.is_some(),
            aggregates: self
                .aggregates
                .iter()
                .map(|column| column.is.map(Kind::aggregate).ok_or("an aggregate is of no kind"))
                .collect::<Result<_, _>>()?,
            ..Settings::default()
        };
        settings.validate_partial().map_err(|error| error.to_string())?;
        Ok(settings)
    }

    /// The settings in which two parts differ, one a line.
    pub(super) fn difference(&self, name: &str, other: &Shared, other_name: &str) -> String {
        let object = |shared: &Shared| match serde_json::to_value(shared) {
            Ok(Value::Object(object)) => object,
            _ => serde_json::Map::new(),
        };
        let (ours, theirs) = (object(self), object(other));
        let lines = ours.iter().filter(|(setting, value)| theirs.get(*setting) != Some(value)).map(
            |(setting, value)| {
                let other = theirs.get(setting).unwrap_or(&Value::Null);
                format!("  {setting}: {value} in part {name}, {other} in part {other_name}")
            },
        );
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Kind {
    fn new(aggregate: Aggregate) -> Kind {
        match aggregate {
            Aggregate::Sum => Kind::Sum,
            Aggregate::Min => Kind::Min,
            Aggregate::Max => Kind::Max,
            Aggregate::Mean => Kind::Mean,
            Aggregate::Distinct => Kind::Distinct,
            Aggregate::DistinctApproximate => Kind::DistinctApprox,
            Aggregate::Quantile(fraction) => Kind::Quantile(fraction),
        }
    }

    fn aggregate(self) -> Aggregate {
        match self {
            Kind::Sum => Aggregate::Sum,
            Kind::Min => Aggregate::Min,
            Kind::Max => Aggregate::Max,
            Kind::Mean => Aggregate::Mean,
            Kind::Distinct => Aggregate::Distinct,
            Kind::DistinctApprox => Aggregate::DistinctApproximate,
            Kind::Quantile(fraction) => Aggregate::Quantile(fraction),
        }
    }
}

impl Window {
    fn new(kind: &WindowKind) -> Window {
        match *kind {
            WindowKind::Hopping { size, slide, offset } => Window::Hopping { size, slide, offset },
            WindowKind::Calendar { size, slide, unit, offset, ref zone } => {
                Window::Calendar { size, slide, unit: Unit::new(unit), offset, zone: zone_name(zone) }
            }
            WindowKind::Cumulate { size, step, offset } => Window::Cumulate { size, step, offset },
            WindowKind::CalendarCumulate { size, unit, offset, step, ref zone } => {
                let (step, step_unit) = match step {
                    Step::Millis(step) => (step, StepUnit::Ms),
                    Step::Days(step) => (step, StepUnit::Day),
                };
                let (unit, zone) = (Unit::new(unit), zone_name(zone));
                Window::CalendarCumulate { size, unit, offset, step, step_unit, zone }
            }
            WindowKind::Session { gap } => Window::Session { gap },
            // Windows of so many records are no parts.
            WindowKind::All | WindowKind::Count { .. } => Window::All {},
        }
    }

    fn kind(&self) -> Result<WindowKind, String> {
        let zone = |name: &str| {
            time_zone(name).map_err(|error| format!("the parts count days of another time zone: {error}"))
        };
        Ok(match *self {
            Window::Hopping { size, slide, offset } => WindowKind::Hopping { size, slide, offset },
            Window::Calendar { size, slide, unit, offset, zone: ref name } => {
                WindowKind::Calendar { size, slide, unit: unit.unit(), offset, zone: zone(name)? }
            }
            Window::Cumulate { size, step, offset } => WindowKind::Cumulate { size, step, offset },
            Window::CalendarCumulate { size, unit, offset, step, step_unit, zone: ref name } => {
                let step = match step_unit {
                    StepUnit::Ms => Step::Millis(step),
                    StepUnit::Day => Step::Days(step),
                };
                WindowKind::CalendarCumulate { size, unit: unit.unit(), offset, step, zone: zone(name)? }
            }
            Window::Session { gap } => WindowKind::Session { gap },
            Window::All {} => WindowKind::All,
        })
    }
}

impl Unit {
    fn new(unit: CalendarUnit) -> Unit {
        match unit {
            CalendarUnit::Day => Unit::Day,
            CalendarUnit::Week => Unit::Week,
            CalendarUnit::Month => Unit::Month,
        }
    }

    fn unit(self) -> CalendarUnit {
        match self {
            Unit::Day => CalendarUnit::Day,
            Unit::Week => CalendarUnit::Week,
            Unit::Month => CalendarUnit::Month,
        }
    }
}
