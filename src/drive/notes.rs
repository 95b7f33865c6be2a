//! What a run says to a person: one line each, beginning with the tool's name, never on standard output.

/// Says things on stderr, or wherever the front end wants them.
pub struct Notes {
    tool: String,
    quiet: bool,
    write: Box<dyn FnMut(&str) + Send>,
}

impl Notes {
    /// Notes of this tool; `write` takes one line without its newline. Quiet notes are dropped.
    pub fn new(tool: &str, quiet: bool, write: Box<dyn FnMut(&str) + Send>) -> Notes {
        Notes { tool: tool.to_owned(), quiet, write }
    }

    /// Says something, unless the run is quiet.
    pub fn say(&mut self, text: &str) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// Says something that even a quiet run says.
    pub fn insist(&mut self, text: &str) {
        (self.write)(&format!("{}: {text}", self.tool));
    }

    /// Writes a line as it is: the figures that were asked for.
    pub fn raw(&mut self, line: &str) {
        (self.write)(line);
    }
}
