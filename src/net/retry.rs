//! When a server wants to be asked again: `Retry-After`, and the headers of rate limits, in the forms that are in use.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::http::HeaderMap;

/// Times up to here are counted from now, later ones from 1970.
const SOONEST_EPOCH: u64 = 100_000_000;

/// A century: who asks for more asks for ever, and a clock might not hold the sum.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// What the headers of a refusal say about the next attempt, as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryTime {
    /// `Retry-After`: seconds, or a date.
    pub after: Option<String>,
    /// `X-RateLimit-Reset`: seconds since 1970 (GitHub, X), seconds to go (Reddit), or a date (Mastodon).
    pub reset: Option<String>,
    /// `X-RateLimit-Remaining` is 0.
    pub is_exhausted: bool,
}

impl RetryTime {
    /// What these headers say.
    pub fn of(headers: &HeaderMap) -> RetryTime {
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.chars().take(64).filter(|char| !char.is_control()).collect::<String>())
        };
        RetryTime {
            after: text("retry-after"),
            reset: text("x-ratelimit-reset").or_else(|| text("x-rate-limit-reset")),
            is_exhausted: [text("x-ratelimit-remaining"), text("x-rate-limit-remaining")]
                .iter()
                .flatten()
                .any(|left| left.trim().parse::<f64>().is_ok_and(|left| left <= 0.0)),
        }
    }

    /// Whether the refusal is one of too many requests, whatever its status.
    pub fn is_limit(&self) -> bool {
        self.after.is_some() || self.is_exhausted
    }

    /// How long to wait from `now` (since 1970) on, a century at most. `None` where nothing is said that lies in the future.
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        let after = self.after.as_deref().and_then(|text| wait(text, now));
        let wait = after.or_else(|| self.reset.as_deref().and_then(|text| wait(text, now)));
        wait.map(|wait| wait.min(LONGEST))
    }
}

fn wait(text: &str, now: Duration) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        let seconds = if seconds < SOONEST_EPOCH { seconds } else { seconds.checked_sub(now.as_secs())? };
        return Some(Duration::from_secs(seconds)).filter(|wait| !wait.is_zero());
    }
    let date = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| rfc2822::DateTimeParser::new().parse_timestamp(text.replace("GMT", "+0000")).ok())?;
    let then = Duration::from_millis(u64::try_from(date.as_millisecond()).ok()?);
    then.checked_sub(now).filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_in_use_is_read_and_nonsense_is_none() {
        let now = Duration::from_secs(1_700_000_000); // 2023-11-14T22:13:20Z
        for (after, reset, expected) in [
            (Some("7"), None, Some(7)),
            (Some("Tue, 14 Nov 2023 22:14:20 GMT"), None, Some(60)),
            (Some("Tue, 14 Nov 2023 22:00:00 GMT"), None, None),
            (Some("99999999"), None, Some(99_999_999)),
            (Some("-5"), None, None),
            (Some("18446744073709551615"), None, Some(LONGEST.as_secs())),
            (Some("Thu, 30 Dec 9999 00:00:00 GMT"), None, Some(LONGEST.as_secs())),
            (Some("0"), Some("1700000030"), Some(30)),
            (Some("soon"), Some("1700000030"), Some(30)),
            (None, Some("1699999999"), None),
            (None, Some("45"), Some(45)),
            (None, Some("2023-11-14T22:13:30.000Z"), Some(10)),
            (None, None, None),
        ] {
            let retry =
                RetryTime { after: after.map(Into::into), reset: reset.map(Into::into), is_exhausted: false };
            assert_eq!(retry.wait(now), expected.map(Duration::from_secs), "{retry:?}");
        }
    }
}
