//! Dates and clock times of the Gregorian calendar, in UTC, from and to milliseconds.
//!
//! The day arithmetic counts years from 1 March, so that the leap day is the last of its year, and groups them by 400,
//! after which the calendar repeats (146,097 days).

use super::{MAX, MIN, Millis};

pub(crate) const MILLIS_PER_DAY: i64 = 86_400_000;

/// What a reader by hand says about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A point in time.
    At(Millis),
    /// The shape is right, the day or hour does not exist.
    NoSuchTime,
    /// Before [`MIN`] or after [`MAX`].
    OutOfRange,
    /// Another shape.
    Other,
}

/// Days from 1970-01-01 to a date that exists.
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date (year, month, day) so many days after 1970-01-01.
pub(super) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A date and a clock time that may not exist, with an offset from UTC.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
    offset_minutes: i64,
}

impl Civil {
    /// A leap second (`:60`) is the last second before it with the same fraction, as in jiff.
    fn reading(&self) -> Reading {
        let exists = (1..=12).contains(&self.month)
            && self.day >= 1
            && self.day <= days_in_month(self.year, self.month)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60;
        if !exists {
            return Reading::NoSuchTime;
        }
        let minutes = (days_of(self.year, self.month, self.day) * 24 + self.hour) * 60 + self.minute
            - self.offset_minutes;
        let at = (minutes * 60 + self.second.min(59)) * 1000 + self.millis;
        if (MIN..=MAX).contains(&at) { Reading::At(at) } else { Reading::OutOfRange }
    }
}

/// The digits at `at..at + n`, as a number.
#[inline]
fn digits(text: &[u8], at: usize, n: usize) -> Option<i64> {
    let mut value = 0;
    for &byte in text.get(at..at + n)? {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

/// Reads `2021-04-01T15:52:31.000Z`: `T`, `t` or a blank; a fraction of any length, cut to milliseconds; `Z`, `z`,
/// `+01:00`, `+0100`, `+01`, or nothing, which means UTC.
pub(super) fn read_rfc3339(text: &[u8]) -> Reading {
    read_rfc3339_shape(text).unwrap_or(Reading::Other)
}

#[inline]
fn read_rfc3339_shape(text: &[u8]) -> Option<Reading> {
    let head: &[u8; 19] = text.first_chunk()?;
    let separated = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b't' | b' ')
        && head[13] == b':'
        && head[16] == b':';
    if !separated {
        return None;
    }
    let (millis, after) = fraction(text, 19)?;
    let civil = Civil {
        year: digits(head, 0, 4)?,
        month: digits(head, 5, 2)?,
        day: digits(head, 8, 2)?,
        hour: digits(head, 11, 2)?,
        minute: digits(head, 14, 2)?,
        second: digits(head, 17, 2)?,
        millis,
        offset_minutes: offset(&text[after..])?,
    };
    Some(civil.reading())
}

/// A fraction of a second at `at`, in whole milliseconds, and where it ends. No fraction is 0.
#[inline]
fn fraction(text: &[u8], at: usize) -> Option<(i64, usize)> {
    if !matches!(text.get(at), Some(b'.' | b',')) {
        return Some((0, at));
    }
    let (mut millis, mut scale, mut end) = (0, 100, at + 1);
    while let Some(digit) = text.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit <= 9) {
        millis += scale * i64::from(digit);
        scale /= 10;
        end += 1;
    }
    (end > at + 1).then_some((millis, end))
}

/// The offset from UTC in minutes: `Z`, `z`, nothing, `+01:00`, `+0100`, `+01`. Other shapes are left to jiff.
#[inline]
fn offset(text: &[u8]) -> Option<i64> {
    let (hours, minutes) = match *text {
        [] | [b'Z' | b'z'] => return Some(0),
        [_, _, _] => (digits(text, 1, 2)?, 0),
        [_, _, _, _, _] => (digits(text, 1, 2)?, digits(text, 3, 2)?),
        [_, _, _, b':', _, _] => (digits(text, 1, 2)?, digits(text, 4, 2)?),
        _ => return None,
    };
    if hours > 25 || minutes > 59 {
        return None;
    }
    match text[0] {
        b'+' => Some(hours * 60 + minutes),
        b'-' => Some(-(hours * 60 + minutes)),
        _ => None,
    }
}

/// Reads Twitter's `Sun Aug 31 00:29:15 +0000 2014`. A weekday that is not the date's is no such time, as in jiff.
pub(super) fn read_twitter(text: &[u8]) -> Reading {
    read_twitter_shape(text).unwrap_or(Reading::Other)
}

#[inline]
fn read_twitter_shape(text: &[u8]) -> Option<Reading> {
    let text: &[u8; 30] = text.try_into().ok()?;
    let blanks =
        text[3] == b' ' && text[7] == b' ' && text[10] == b' ' && text[19] == b' ' && text[25] == b' ';
    if !blanks || text[13] != b':' || text[16] != b':' {
        return None;
    }
    let month = match &text[4..7] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let civil = Civil {
        year: digits(text, 26, 4)?,
        month,
        day: digits(text, 8, 2)?,
        hour: digits(text, 11, 2)?,
        minute: digits(text, 14, 2)?,
        second: digits(text, 17, 2)?,
        millis: 0,
        offset_minutes: offset(&text[20..25])?,
    };
    let weekday = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"]
        .iter()
        .position(|name| text[..3] == name[..])?;
    let reading = civil.reading();
    if reading == Reading::NoSuchTime {
        return Some(reading);
    }
    // 1970-01-01 was a Thursday.
    let true_weekday = days_of(civil.year, civil.month, civil.day).rem_euclid(7);
    Some(if true_weekday == weekday as i64 { reading } else { Reading::NoSuchTime })
}

/// As [`write_rfc3339`] writes it.
pub fn rfc3339(ms: Millis) -> String {
    let mut out = Vec::new();
    write_rfc3339(ms, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes a point in time as RFC 3339 in UTC: `2018-11-12T19:00:20Z`, with milliseconds only where they are not zero.
///
/// Years before 0 or after 9999 have a sign and at least six digits (`+010000-01-01T00:00:00Z`), as ISO 8601 expands them.
pub fn write_rfc3339(ms: Millis, out: &mut Vec<u8>) {
    let (year, month, day) = date_of(ms.div_euclid(MILLIS_PER_DAY));
    let of_day = ms.rem_euclid(MILLIS_PER_DAY);
    if (0..=9999).contains(&year) {
        out.extend(pair(year / 100));
        out.extend(pair(year % 100));
    } else {
        out.push(if year < 0 { b'-' } else { b'+' });
        out.extend_from_slice(format!("{:06}", year.unsigned_abs()).as_bytes());
    }
    let [m0, m1] = pair(month);
    let [d0, d1] = pair(day);
    let [h0, h1] = pair(of_day / 3_600_000);
    let [i0, i1] = pair(of_day / 60_000 % 60);
    let [s0, s1] = pair(of_day / 1000 % 60);
    out.extend_from_slice(&[b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', i0, i1, b':', s0, s1]);
    let millis = of_day % 1000;
    if millis != 0 {
        let [tens, ones] = pair(millis % 100);
        out.extend_from_slice(&[b'.', b'0' + (millis / 100) as u8, tens, ones]);
    }
    out.push(b'Z');
}

/// Two digits of a number below 100.
#[inline]
fn pair(n: i64) -> [u8; 2] {
    [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8]
}
