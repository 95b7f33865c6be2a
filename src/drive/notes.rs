//! What a run says to a person: one line each, beginning with the tool's name, never on standard output.

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
        (self.write)(loudness, &format!("{}: {text}", self.tool));
    }
}
