//! Rows of windows in any order, for stores that must come to the same whatever they are.

/// Numbers without a pattern.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Emissions of windows, whole, cut, or of changes, and of sessions; whole ones also of older revisions, which come again.
pub fn emissions(dice: &mut Dice, newest: &mut [u64; 4]) -> String {
    let mut lines = String::new();
    for _ in 0..1 + dice.below(8) {
        let (window, kind) = (dice.below(4) as usize, dice.below(3));
        let next = newest[window] + dice.below(2);
        let is_session = window == 3;
        let is_whole = !is_session && kind > 0;
        let rev = if is_whole { dice.below(next + 1) } else { next };
        newest[window] = newest[window].max(rev);
        let keys: Vec<u64> = (0..5).filter(|_| dice.below(2) == 0).collect();
        let (count, distinct) = match (is_session, kind) {
            (true, 0) if rev > 0 => (0, 0),
            (true, _) => (1 + dice.below(9), 1),
            (false, _) => (1 + dice.below(9), 9),
        };
        let mut rest = if rev == 0 { String::new() } else { format!(r#","rev":{rev}"#) };
        rest += if window == 2 { r#","all":true"# } else { "" };
        rest += if is_whole || is_session { "" } else { r#","update":true"# };
        let rows = if is_session { 1 } else { keys.len() };
        for key in keys {
            // A row without a key is the remainder of a top list, or a window without records.
            let tag = if key == 4 { String::new() } else { format!(r#""tag":"k{key}","#) };
            if dice.below(12) > 0 {
                lines += &format!(
                    r#"{{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:1{window}Z",{tag}"count":{count},"distinct":{distinct},"rows":{rows}{rest}}}"#
                );
                lines.push('\n');
            }
        }
    }
    lines
}
