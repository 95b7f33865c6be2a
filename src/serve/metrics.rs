//! The figures as Prometheus reads them.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use super::hub::{Hub, InputState};

/// All of them, in the text format.
pub(super) fn text(hub: &Hub) -> String {
    let shared = hub.lock();
    let (figures, line_readers) = (shared.figures, shared.backlog.readers());
    drop(shared);
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let is_ended = matches!(figures.state, InputState::Ended(_));
    let mut out = String::new();
    for (name, kind, help, value) in [
        ("records_total", "counter", "Records of the input.", Some(figures.records)),
        ("rejected_total", "counter", "Lines of the input that were no records.", Some(figures.rejected)),
        ("input_bytes_total", "counter", "Bytes of the input.", Some(figures.bytes)),
        ("windows_total", "counter", "Whole windows, further emissions included.", Some(figures.windows)),
        ("late_total", "counter", "Records that found no window open, as the windows say.", figures.late),
        ("readers", "gauge", "Readers of streams, over HTTP and TCP.", Some(hub.readers() as u64)),
        ("line_readers", "gauge", "Those of them that read lines.", Some(line_readers as u64)),
        (
            "readers_refused_total",
            "counter",
            "Readers for whom there was no place.",
            Some(load(&hub.refused)),
        ),
        ("readers_dropped_total", "counter", "Readers that were too slow.", Some(load(&hub.dropped))),
        ("resyncs_total", "counter", "Readers that were sent everything again.", Some(load(&hub.resyncs))),
        ("input_ended", "gauge", "Whether the input is at its end.", Some(u64::from(is_ended))),
    ] {
        // A figure that is not known is no 0.
        let Some(value) = value else { continue };
        // Writing to a string does not fail.
        let _ = write!(
            out,
            "# HELP stream_serve_{name} {help}\n# TYPE stream_serve_{name} {kind}\nstream_serve_{name} {value}\n"
        );
    }
    if let Some(at) = figures.last_input {
        let _ = write!(
            out,
            "# HELP stream_serve_last_input_timestamp_seconds When the last record came.\n\
             # TYPE stream_serve_last_input_timestamp_seconds gauge\n\
             stream_serve_last_input_timestamp_seconds {}.{:03}\n",
            at.div_euclid(1000),
            at.rem_euclid(1000)
        );
    }
    out
}
