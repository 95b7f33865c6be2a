use super::*;
#[test]
fn look() {
    for kind in [DemoKind::Tweets, DemoKind::Rsvps] {
        let settings = DemoSettings { records: Some(20000), ..DemoSettings::default() };
        let mut source = DemoSource::new(kind, &settings, &Stopper::new(), Meter::default());
        let all = crate::source::testing::read_all(&mut source, 1 << 16).unwrap();
        std::fs::write(format!("/tmp/demo-{kind:?}.jsonl"), &all).unwrap();
    }
}
