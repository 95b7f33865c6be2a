//! InfluxDB, by its line protocol: version 1 (`/write`), version 2 and what is like it (`/api/v2/write`).
//!
//! A record becomes a point: its key columns are tags, its other columns fields, its time that of the window's start. Windows
//! of several lengths have that in common, so the length is a tag as well. A point with the same tags and time is replaced
//! field by field, by what comes last; the protocol takes no point back. A server names a wrong line in words that differ from
//! version to version, so a batch that it refuses is halved until the lines stand alone.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{
    Batch, Emitted, Failure, Keys, NO_TIME, Opened, Record, Sink, SinkOptions, Written, asked_wait,
    read_time, variable,
};
use crate::net::{Agent, Error, Options, Reason, Request, Url};
use crate::scan::decode_string;
use crate::time::{Millis, Span};

/// Opens a database over plain HTTP: `//HOST[:PORT]/DATABASE`.
pub(super) fn open_http(address: &str, options: &SinkOptions) -> Opened {
    open("http", address, options)
}

/// The same over TLS.
pub(super) fn open_https(address: &str, options: &SinkOptions) -> Opened {
    open("https", address, options)
}

fn open(scheme: &str, address: &str, options: &SinkOptions) -> Opened {
    let usage = |error: Error| Failure::Usage(error.to_string());
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let parts = place.strip_prefix("//").and_then(|rest| rest.split_once('/'));
    let Some((host, database)) = parts.filter(|(host, name)| !host.is_empty() && is_name(name)) else {
        let hint = format!("write influx+{scheme}://HOST:8086/DATABASE, or …/BUCKET?org=ORGANISATION");
        return Err(Failure::Usage(format!("`influx+{scheme}:{place}` names no database: {hint}")));
    };
    let organisation = match query.strip_prefix("org=") {
        Some(name) if is_name(name) => Some(name.to_owned()),
        None if query.is_empty() => variable("INFLUX_ORG"),
        _ => return Err(Failure::Usage("only ?org=ORGANISATION may stand behind the bucket".into())),
    };
    let token = variable("INFLUX_TOKEN");
    let is_second = organisation.is_some() || token.is_some();
    let path = if is_second { "api/v2/write" } else { "write" };
    let mut url = Url::parse(&format!("{scheme}://{host}/{path}")).map_err(usage)?;
    url = url.with_query(if is_second { "bucket" } else { "db" }, database);
    if is_second {
        url = url.with_query("org", organisation.as_deref().unwrap_or_default());
    }
    let mut headers = options.net.headers.clone();
    if headers.has_authorization() {
        // The user said who asks.
    } else if let Some(token) = &token {
        headers.add_authorization(&format!("Token {token}")).map_err(usage)?;
    } else if let Some((user, password)) = variable("INFLUX_USERNAME").zip(variable("INFLUX_PASSWORD")) {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        headers.add_authorization(&format!("Basic {pair}")).map_err(usage)?;
    }
    let agent = Agent::new(&Options { headers, ..options.net.clone() }).map_err(usage)?;
    let measurement = escaped(&options.table, &[',', ' '])
        .ok_or_else(|| Failure::Usage(format!("{:?} can be no name of a measurement", options.table)))?;
    Ok(Box::new(Influx {
        agent,
        url: url.with_query("precision", "ms"),
        measurement,
        time: options.time_column.clone(),
        is_dry: options.dry_run,
        shown: Vec::new(),
    }))
}

/// Whether it is a name that stands in an address as it is.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '%', '&', '?'])
}

struct Influx {
    agent: Agent,
    url: Url,
    measurement: String,
    time: Option<String>,
    is_dry: bool,
    shown: Vec<u8>,
}

/// A line, and the number of its record.
type Line = (usize, String);

impl Sink for Influx {
    fn write(&mut self, batch: &Batch<'_>) -> Result<Written, Failure> {
        let mut written = Written::default();
        let mut lines: Vec<Line> = Vec::with_capacity(batch.range.len());
        for (number, record) in batch.iter() {
            match self.line(batch.keys, &record) {
                Ok(line) => lines.push((number, line)),
                Err(why) => written.refused.push((number, why)),
            }
        }
        if self.is_dry {
            lines.iter().for_each(|(_, line)| self.shown.extend_from_slice(line.as_bytes()));
        } else {
            self.send(&lines, &mut written.refused)?;
        }
        written.refused.sort_unstable();
        written.stored = (batch.range.len() - written.refused.len()) as u64;
        Ok(written)
    }

    fn shown(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.shown)
    }
}

impl Influx {
    /// Sends lines; those that the server does not take are added to the refused.
    fn send(&self, lines: &[Line], refused: &mut Vec<(usize, String)>) -> Result<(), Failure> {
        let Some((first, _)) = lines.first() else { return Ok(()) };
        let body: String = lines.iter().map(|(_, line)| line.as_str()).collect();
        let request = Request::default().post_as("text/plain; charset=utf-8", body);
        let Err(error) = self.agent.get(&self.url, &request) else { return Ok(()) };
        let Reason::Status { code, body, retry } = &error.reason else {
            return Err(match error.is_passing() {
                true => Failure::Passing(error.to_string(), None),
                false => Failure::Lasting(error.to_string()),
            });
        };
        match code {
            400 | 413 | 422 if lines.len() == 1 => {
                refused.push((*first, format!("the server says {code}: {body}")));
                Ok(())
            }
            400 | 413 | 422 => {
                let (one, other) = lines.split_at(lines.len() / 2);
                self.send(one, refused)?;
                self.send(other, refused)
            }
            408 | 429 | 500..=599 => Err(Failure::Passing(error.to_string(), asked_wait(retry))),
            401 | 403 => Err(Failure::Lasting(format!(
                "{error}; set INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD"
            ))),
            404 => Err(Failure::Lasting(format!(
                "{error}; is there such a database, and does the server have this version?"
            ))),
            _ => Err(Failure::Lasting(error.to_string())),
        }
    }

    /// A record in the line protocol, with its newline.
    fn line(&self, keys: &Keys, record: &Record<'_>) -> Result<String, String> {
        let emitted = record.emitted().filter(|_| keys.by_window);
        let time = self.time(record, emitted)?;
        let mut line = self.measurement.clone();
        tags(keys, record, emitted, &mut line)?;
        self.fields(keys, record, emitted, &mut line)?;
        line += &format!(" {time}\n");
        Ok(line)
    }

    /// When a point is, in milliseconds.
    fn time(&self, record: &Record<'_>, emitted: Option<&Emitted>) -> Result<Millis, String> {
        let time = match (&self.time, emitted) {
            (Some(column), _) => read_time(column, record.value(column))?,
            // A running total is a series of its own: it is what it is at its end.
            (None, Some(emitted)) if emitted.all => emitted.bounds.end,
            (None, Some(emitted)) => emitted.bounds.start,
            (None, None) => return Err(NO_TIME.into()),
        };
        // Servers count nanoseconds in 64 bits, whatever the precision of what is sent.
        match i64::try_from(i128::from(time) * 1_000_000) {
            Ok(_) => Ok(time),
            Err(_) => Err("its time is not within the years 1678 to 2261, and others are not taken".into()),
        }
    }

    /// Appends the columns that are no keys, of which there must be one.
    fn fields(
        &self,
        keys: &Keys,
        record: &Record<'_>,
        emitted: Option<&Emitted>,
        line: &mut String,
    ) -> Result<(), String> {
        let mut joint = ' ';
        for (name, json) in record.columns() {
            let is_key = keys.columns.iter().any(|key| key == name);
            let is_time = self.time.as_deref() == Some(name);
            if is_key && name != "window_end" || is_time || emitted.is_some() && name == "update" {
                continue;
            }
            let Some(value) = field(json).map_err(|what| format!("the column `{name}` is {what}"))? else {
                continue;
            };
            let escaped = escaped(name, &SPECIAL).filter(|name| name != "time");
            let name = escaped.ok_or_else(|| format!("{name:?} can be no name of a field"))?;
            line.push(joint);
            *line += &format!("{name}={value}");
            joint = ',';
        }
        if joint == ' ' {
            return Err("it has no column that is not a key, and a point has a field at least".into());
        }
        Ok(())
    }
}

/// What has a meaning in names and values of tags, and in names of fields.
const SPECIAL: [char; 3] = [',', ' ', '='];

/// Appends the key columns, and of a window its length.
fn tags(
    keys: &Keys,
    record: &Record<'_>,
    emitted: Option<&Emitted>,
    line: &mut String,
) -> Result<(), String> {
    let is_bound = |name: &str| emitted.is_some() && matches!(name, "window_start" | "window_end");
    for name in keys.columns.iter().filter(|name| !is_bound(name)) {
        let json = record.value(name).unwrap_or("null");
        let value = match json.as_bytes().first() {
            Some(b'"') => decode_string(json.as_bytes()),
            Some(b'[' | b'{') => {
                return Err(format!("the key column `{name}` is no scalar, and a tag is one"));
            }
            Some(b'n') => "".into(),
            _ => json.into(),
        };
        if value.is_empty() {
            continue;
        }
        let (Some(tag), Some(value)) = (escaped(name, &SPECIAL), escaped(&value, &SPECIAL)) else {
            return Err(format!(
                "the key column `{name}` can be no tag: a line break, or a backslash at its end, has no place in one"
            ));
        };
        *line += &format!(",{tag}={value}");
    }
    if let Some(emitted) = emitted {
        if keys.columns.iter().any(|name| name == "window") {
            return Err("a key column is called `window`, which is the tag of a window's length".into());
        }
        let length = Span::from_millis(emitted.bounds.end.saturating_sub(emitted.bounds.start));
        *line += &if emitted.all { ",window=all".to_owned() } else { format!(",window={length}") };
    }
    Ok(())
}

/// A value as a field; none for null.
fn field(json: &str) -> Result<Option<String>, &'static str> {
    Ok(Some(match json.as_bytes().first() {
        None | Some(b'n') => return Ok(None),
        Some(b't' | b'f') => json.to_owned(),
        Some(b'"') => text(&decode_string(json.as_bytes())),
        Some(b'[' | b'{') => text(json),
        Some(_) if json.contains(['.', 'e', 'E']) => match json.parse::<f64>() {
            Ok(number) if number.is_finite() => format!("{number:?}"),
            _ => return Err("a number that is too large"),
        },
        Some(_) => match json.parse::<i64>() {
            Ok(number) => format!("{number}i"),
            Err(_) => return Err("a whole number of more than 64 bits"),
        },
    }))
}

fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A name or a tag, with a backslash before these; none where it cannot be written: the protocol has no escape for a line
/// break, and none for a backslash, which at the end would escape what follows.
fn escaped(text: &str, special: &[char]) -> Option<String> {
    if text.is_empty() || text.ends_with('\\') || text.contains(['\n', '\r', '\0']) {
        return None;
    }
    // A backslash before one of them would be read as its escape.
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    for char in text.chars() {
        if special.contains(&char) {
            if before == '\\' {
                return None;
            }
            escaped.push('\\');
        }
        escaped.push(char);
        before = char;
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_protocol_would_read_otherwise_is_escaped_or_refused() {
        let tag = |text: &str| escaped(text, &SPECIAL);
        assert_eq!(tag("a b,c=d").as_deref(), Some("a\\ b\\,c\\=d"));
        assert_eq!(tag("\"quoted\" c:\\d").as_deref(), Some("\"quoted\" c:\\d".replace(' ', "\\ ").as_str()));
        for wrong in ["", "a\\", "a\nb", "a\\,b"] {
            assert_eq!(tag(wrong), None, "{wrong:?}");
        }
        assert_eq!(field("\"a \\\"b\\\" \\\\ c\""), Ok(Some("\"a \\\"b\\\" \\\\ c\"".into())));
        assert_eq!(
            [field("1"), field("1.0"), field("null")],
            [Ok(Some("1i".into())), Ok(Some("1.0".into())), Ok(None)]
        );
        assert!(field("9223372036854775808").is_err() && field("1e400").is_err());
    }
}
