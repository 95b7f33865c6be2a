//! The reader finds the marks of its run, and no others.

use super::*;
use crate::drive::reader::{Next, Reader};
use crate::jsonl::{Buffer, ChunkKind};
use crate::state::marks::MarkFinder;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn marks_are_chunks_of_their_own_however_they_come_in(
        lines in prop::collection::vec(prop_oneof![
            "[a-c]{0,9}",
            Just(r#"{"@mark":{"run":"cafe","id":8}}"#.to_owned()),
            Just(r#"{ "@mark": {"id":8, "run":"cafe"} }"#.to_owned()),
            Just(r#"{"@mark":{"run":"beef","id":8}}"#.to_owned()),
            Just("cafe".to_owned()),
        ], 0..30),
        cuts in prop::collection::vec(1usize..60, 1..8),
        max_line in 40usize..90,
    ) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut parts = VecDeque::new();
        let mut rest = text.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (part, after) = rest.split_at((*cut).min(rest.len()));
            parts.push_back(part.to_vec());
            rest = after;
        }
        let input = Input::new("in".into(), Box::new(Parts(parts)), Meter::default());
        let finder = MarkFinder::new("cafe");
        let mut reader = Reader::new(vec![input].into(), max_line).with_marks(Some(finder.clone()));
        let (mut read, mut marks) = (String::new(), 0);
        while let Next::Chunk(_, chunk) = reader.next(Buffer::default()) {
            let bytes = std::str::from_utf8(chunk.bytes()).expect("UTF-8");
            match chunk.kind {
                ChunkKind::Mark => {
                    prop_assert!(bytes.contains("cafe") && bytes.matches('\n').count() == 1, "{}", bytes);
                    marks += 1;
                }
                _ => prop_assert_eq!(finder.find(chunk.bytes()), None),
            }
            read.push_str(bytes);
        }
        prop_assert_eq!(read, text);
        let expected = lines.iter().filter(|line| line.contains("@mark") && line.contains("cafe")).count();
        prop_assert_eq!(marks, expected);
    }
}
