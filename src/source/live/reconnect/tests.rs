//! Sequences of what happens, by a clock that is a number.

use super::*;

const STEP: Duration = Duration::from_millis(250);
const NOW: Duration = Duration::from_secs(1_700_000_000);

fn machine(change: impl FnOnce(&mut Policy)) -> Reconnect {
    let mut policy = Policy { must_begin: false, ..Policy::default() };
    change(&mut policy);
    Reconnect::new(policy, 1)
}

fn status(code: u16, after: Option<&str>) -> Reason {
    let retry = RetryTime { after: after.map(Into::into), ..RetryTime::default() };
    Reason::Status { code, body: String::new(), retry }
}

/// The wait in milliseconds.
#[track_caller]
fn wait(step: Step) -> u64 {
    match step {
        Step::ConnectIn(wait) => u64::try_from(wait.as_millis()).expect("short"),
        other => panic!("{other:?}"),
    }
}

fn dropped() -> Reason {
    Reason::Dropped("gone".into())
}

#[test]
fn a_server_that_is_down_is_asked_ever_more_rarely_and_then_again_at_once() {
    let mut machine = machine(|_| {});
    let waits: Vec<u64> = (0..70).map(|_| wait(machine.broke(&Reason::Refused, NOW))).collect();
    assert_eq!(waits[..4], [250, 500, 750, 1000]);
    assert_eq!(waits[62..66], [15_750, 16_000, 16_000, 16_000]);
    machine.connected(Duration::ZERO);
    machine.alive(STEP * 40);
    assert_eq!(wait(machine.ended(Ended::Orderly)), 0);
    assert_eq!(machine.failures, 0);
}

#[test]
fn waits_after_a_servers_own_failure_double_with_chance() {
    let mut machine = machine(|_| {});
    for (nth, whole) in [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 320_000].iter().enumerate()
    {
        let wait = wait(machine.broke(&status(500, None), NOW));
        assert!((whole / 2..=*whole).contains(&wait), "{nth}: {wait}");
    }
    let mut again = Reconnect::new(Policy { must_begin: false, ..Policy::default() }, 1);
    let mut other = Reconnect::new(Policy { must_begin: false, ..Policy::default() }, 2);
    let mut same = Reconnect::new(Policy { must_begin: false, ..Policy::default() }, 2);
    let waits = [&mut again, &mut other, &mut same].map(|machine| machine.broke(&status(503, None), NOW));
    assert!(waits[0] != waits[1] && waits[1] == waits[2], "{waits:?}");
}

#[test]
fn a_limit_is_waited_for_as_the_server_says() {
    for (code, after, expected) in [
        (429, Some("7"), Some(7)),
        (420, Some("Tue, 14 Nov 2023 22:14:20 GMT"), Some(60)),
        (429, Some("999999"), Some(3600)),
        (403, Some("30"), Some(30)),
        (503, Some("120"), Some(120)),
        (429, None, None),
        (429, Some("-1"), None),
        (420, Some("soon"), None),
        (429, Some("Tue, 14 Nov 2023 22:00:00 GMT"), None),
    ] {
        let wait = wait(machine(|_| {}).broke(&status(code, after), NOW)) / 1000;
        match expected {
            Some(expected) => assert_eq!(wait, expected, "{code} {after:?}"),
            None => assert!((30..=60).contains(&wait), "{code} {after:?}: {wait}"),
        }
    }
    let mut machine = machine(|_| {});
    let waits: Vec<u64> = (0..7).map(|_| wait(machine.broke(&status(429, None), NOW)) / 1000).collect();
    for (wait, whole) in waits.iter().zip([60, 120, 240, 480, 900, 900, 900]) {
        assert!((whole / 2..=whole).contains(wait), "{waits:?}");
    }
}

#[test]
fn refusals_and_what_is_no_stream_are_final() {
    for reason in [400, 401, 403, 404, 406, 410, 422].map(|code| status(code, None)) {
        let mut machine = machine(|_| {});
        machine.connected(Duration::ZERO);
        machine.broke(&dropped(), NOW);
        assert_eq!(machine.broke(&reason, NOW), Step::GiveUp, "{reason:?}");
    }
    let page = Reason::Protocol("a web page".into());
    assert_eq!(machine(|_| {}).broke(&page, NOW), Step::GiveUp);
    let mut up = machine(|_| {});
    up.connected(Duration::ZERO);
    assert_eq!(wait(up.broke(&Reason::Protocol("a frame that is none".into()), NOW)), 250);
}

#[test]
fn a_planned_end_is_no_failure_but_never_makes_a_hot_loop() {
    let mut machine = machine(|policy| policy.retry_max = Some(3));
    let mut waits = Vec::new();
    for second in 0..8 {
        let now = Duration::from_secs(2 * second);
        machine.connected(now);
        machine.alive(now + STEP);
        waits.push(wait(machine.ended(Ended::Orderly)));
    }
    assert_eq!(waits, [0, 250, 500, 750, 1000, 1250, 1500, 1750], "connections of 2 s");
    assert_eq!(machine.failures, 0);
    // Those that bring nothing are failures.
    let policy = Policy { must_begin: false, retry_max: Some(3), ..Policy::default() };
    let mut machine = Reconnect::new(policy, 1);
    let mut waits = Vec::new();
    for _ in 0..3 {
        machine.connected(Duration::ZERO);
        waits.push(wait(machine.ended(Ended::Orderly)));
    }
    assert_eq!(waits, [250, 500, 750]);
    machine.connected(Duration::ZERO);
    assert_eq!(machine.ended(Ended::Orderly), Step::GiveUp);
}

#[test]
fn only_a_healthy_connection_makes_waits_short_again() {
    let mut machine = machine(|_| {});
    for _ in 0..5 {
        machine.broke(&Reason::Refused, NOW);
    }
    machine.connected(Duration::ZERO);
    machine.alive(STEP * 39);
    assert_eq!(wait(machine.broke(&dropped(), NOW)), 1500, "too short a life");
    machine.connected(Duration::ZERO);
    assert_eq!(wait(machine.broke(&dropped(), NOW)), 1750, "silent, however long");
    machine.connected(Duration::ZERO);
    machine.alive(STEP * 40);
    assert_eq!(wait(machine.broke(&dropped(), NOW)), 250);
}

#[test]
fn it_gives_up_when_it_was_told_to() {
    let mut first = machine(|policy| policy.must_begin = true);
    assert_eq!(first.broke(&Reason::Refused, NOW), Step::GiveUp);
    let mut few = machine(|policy| policy.retry_max = Some(2));
    let steps = [(); 3].map(|()| few.broke(&Reason::NotFound, NOW));
    assert_eq!(steps, [Step::ConnectIn(STEP), Step::ConnectIn(STEP * 2), Step::GiveUp]);
    let mut none = machine(|policy| policy.retry_max = Some(0));
    none.connected(Duration::ZERO);
    none.alive(STEP);
    assert_eq!(none.broke(&dropped(), NOW), Step::GiveUp);
    let mut finite = machine(|_| {});
    finite.connected(Duration::ZERO);
    assert_eq!(finite.ended(Ended::Finished), Step::End);
}
