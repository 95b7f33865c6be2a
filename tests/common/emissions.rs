//! Rows of windows in any order, for stores that must come to the same whatever they are.

use super::kept::Chance;

/// Emissions of windows, whole, cut, or of changes, and of sessions; whole ones also of older revisions, which come again.
pub fn emissions(chance: &mut Chance, newest: &mut [u64; 4]) -> String {
    let mut lines = String::new();
    for _ in 0..1 + chance.below(8) {
        let (window, kind) = (chance.below(4) as usize, chance.below(3));
        let next = newest[window] + chance.below(2);
        let is_session = window == 3;
        let is_whole = !is_session && kind > 0;
        let rev = if is_whole { chance.below(next + 1) } else { next };
        newest[window] = newest[window].max(rev);
        let keys: Vec<u64> = (0..5).filter(|_| chance.below(2) == 0).collect();
        let (count, distinct) = match (is_session, kind) {
            (true, 0) if rev > 0 => (0, 0),
            (true, _) => (1 + chance.below(9), 1),
            (false, _) => (1 + chance.below(9), 9),
        };
        let mut rest = if rev == 0 { String::new() } else { format!(r#","rev":{rev}"#) };
        rest += if window == 2 { r#","all":true"# } else { "" };
        rest += if is_whole || is_session { "" } else { r#","update":true"# };
        let rows = if is_session { 1 } else { keys.len() };
        for key in keys {
            // A row without a key is the remainder of a top list, or a window without records.
            let tag = if key == 4 { String::new() } else { format!(r#""tag":"k{key}","#) };
            if chance.below(12) > 0 {
                lines += &format!(
                    r#"{{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:1{window}Z",{tag}"count":{count},"distinct":{distinct},"rows":{rows}{rest}}}"#
                );
                lines.push('\n');
            }
        }
    }
    lines
}
