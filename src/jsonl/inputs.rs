//! All inputs of a run, which may be read more than once.

use super::Input;

/// Gives the inputs once more, for the pass of this number, counted from 0; `None`: that was the last one.
pub type Again = Box<dyn FnMut(u64) -> Option<Vec<Input>> + Send>;

/// What a run reads.
pub struct Inputs {
    /// In order.
    pub list: Vec<Input>,
    /// What comes after them: the same inputs from their start.
    pub again: Option<Again>,
    /// Where their order is all the same: what comes on any of the pipes among them is read, whichever it is.
    pub side_by_side: bool,
}

impl From<Vec<Input>> for Inputs {
    fn from(list: Vec<Input>) -> Inputs {
        Inputs { list, again: None, side_by_side: false }
    }
}
