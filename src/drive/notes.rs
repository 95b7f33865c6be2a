//! What a run says to a person: one line each, beginning with the tool's name, never on standard output.

use std::borrow::Cow;

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Only why a run failed.
    Quiet,
    /// What a person should know.
    #[default]
    Normal,
    /// Also how the run goes about its work.
    Verbose,
}

/// Takes one line without its newline, and how loud a run must be for it to be shown.
pub type NoteWriter = Box<dyn FnMut(Loudness, &str) + Send>;

/// Says things on stderr, or wherever the front end wants them.
pub struct Notes {
    tool: String,
    write: NoteWriter,
}

impl Notes {
    /// Notes of this tool.
    pub fn new(tool: &str, write: NoteWriter) -> Notes {
        Notes { tool: tool.to_owned(), write }
    }

    /// Whose notes these are.
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// Says something, unless the run is quiet.
    pub fn say(&mut self, text: &str) {
        self.note(Loudness::Normal, text);
    }

    /// Says how the run goes about its work, where that was asked for.
    pub fn explain(&mut self, text: &str) {
        self.note(Loudness::Verbose, text);
    }

    /// Writes a line as it is, even in a quiet run: figures that were asked for.
    pub fn raw(&mut self, line: &str) {
        (self.write)(Loudness::Quiet, line);
    }

    fn note(&mut self, loudness: Loudness, text: &str) {
        (self.write)(loudness, &format!("{}: {}", self.tool, harmless(text)));
    }
}

/// The text, safe to print to a terminal: it may quote records, names and what servers say, and a control character in these must not
/// move the cursor, or more. Newlines and tabs stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let harms = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(harms) { text.replace(harms, "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_not_said() {
        let (said, heard) = std::sync::mpsc::channel();
        let mut notes = Notes::new("tool", Box::new(move |_, line| drop(said.send(line.to_owned()))));
        notes.say("a\u{1b}[31mb\u{9b}2Jc\r\u{7}\u{7f}");
        notes.say("1\n\té…");
        assert_eq!(
            heard.try_iter().collect::<Vec<_>>(),
            ["tool: a\u{fffd}[31mb\u{fffd}2Jc\u{fffd}\u{fffd}\u{fffd}", "tool: 1\n\té…"]
        );
    }
}
