//! Twitter's way to write a time: `Mon Nov 12 19:00:00 +0000 2018`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::json;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Appends a time given in seconds since the epoch.
pub(super) fn twitter_time(out: &mut Vec<u8>, seconds: u64) {
    // Beyond the calendar's end there is no right answer.
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or_default();
    let time = TimeZone::UTC.to_datetime(time);
    let two = |out: &mut Vec<u8>, number: i8, end: u8| {
        out.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8, end]);
    };
    out.extend_from_slice(DAYS[time.weekday().to_monday_zero_offset() as usize].as_bytes());
    out.push(b' ');
    out.extend_from_slice(MONTHS[time.month() as usize - 1].as_bytes());
    out.push(b' ');
    two(out, time.day(), b' ');
    two(out, time.hour(), b':');
    two(out, time.minute(), b':');
    two(out, time.second(), b' ');
    out.extend_from_slice(b"+0000 ");
    json::number(out, time.year() as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_twitter_does() {
        for (seconds, expected) in [
            (1_542_049_200, "Mon Nov 12 19:00:00 +0000 2018"),
            (0, "Thu Jan 01 00:00:00 +0000 1970"),
            (951_827_696, "Tue Feb 29 12:34:56 +0000 2000"),
            (u64::MAX, "Thu Jan 01 00:00:00 +0000 1970"),
        ] {
            let mut out = Vec::new();
            twitter_time(&mut out, seconds);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
