//! The work that one record may cause in jaq, counted.
//!
//! An expression can loop for ever (`def f: f; f`), and its loops run inside jaq, from where no error can be returned. But each
//! step of jaq's interpreter asks its [`Data`] for the table of terms. There the steps are counted, and the depth of the
//! recursion is seen from the address of a local; when either is too much, the evaluation is unwound. Both are counted and not
//! timed: the same record has the same fate on every machine.
//!
//! Two things are not bounded, because jaq's values grow outside its interpreter: the memory that one operation takes
//! (`"ab" * 1e10`), and the nesting of a value that an expression builds.

use std::cell::Cell;
use std::cmp::Ordering;
use std::panic::resume_unwind;

use jaq_core::data::HasLut;
use jaq_core::native::{Fun, run};
use jaq_core::{DataT, Exn, Lut};
use jaq_json::Val;

/// The most steps of the interpreter that one expression may take on one record: some tenths of a second.
pub(super) const MAX_STEPS: u64 = 10_000_000;

/// How much of the stack an evaluation may use, of the 2 MiB that a thread has.
const MAX_STACK: usize = 3 << 19;

/// jaq over JSON values, with its work counted.
pub(super) struct Counted;

impl DataT for Counted {
    type V<'a> = Val;
    type Data<'a> = Data<'a>;
}

/// What an evaluation carries along.
#[derive(Clone)]
pub(super) struct Data<'a> {
    lut: &'a Lut<Counted>,
    work: &'a Work,
}

/// The work of one evaluation so far.
pub(super) struct Work {
    left: Cell<u64>,
    /// An address in the frame where the evaluation began.
    base: usize,
}

/// What an evaluation that is too much work unwinds with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exhausted {
    Steps,
    Stack,
}

impl Work {
    /// To be made in the frame from which the evaluation is called.
    pub(super) fn of_steps(steps: u64) -> Work {
        Work { left: Cell::new(steps), base: here() }
    }
}

impl<'a> Data<'a> {
    pub(super) fn new(lut: &'a Lut<Counted>, work: &'a Work) -> Data<'a> {
        Data { lut, work }
    }
}

impl<'a> HasLut<'a, Counted> for Data<'a> {
    fn lut(&self) -> &'a Lut<Counted> {
        let left = self.work.left.get();
        if left == 0 {
            // No panic: nobody is to be told but the one who catches it.
            resume_unwind(Box::new(Exhausted::Steps));
        }
        self.work.left.set(left - 1);
        if self.work.base.abs_diff(here()) > MAX_STACK {
            resume_unwind(Box::new(Exhausted::Stack));
        }
        self.lut
    }
}

/// An address in the calling frame, or near it.
#[inline(always)]
fn here() -> usize {
    let local = 0u8;
    std::ptr::from_ref(std::hint::black_box(&local)).addr()
}

impl Exhausted {
    /// What the record's reject says.
    pub(super) fn message(self) -> &'static str {
        match self {
            Exhausted::Steps => {
                "more than 10 million steps on this record; does the expression come to an end?"
            }
            Exhausted::Stack => "calls itself too deeply on this record; does the expression come to an end?",
        }
    }
}

/// The functions of jaq's that run long without a step of the interpreter.
pub(super) const REPLACED: [&str; 1] = ["range"];

/// [`REPLACED`], each of whose outputs is a step.
pub(super) fn functions<D>() -> impl Iterator<Item = Fun<D>>
where
    D: for<'a> DataT<V<'a> = Val>,
{
    let arguments = jaq_core::native::v(3);
    [run::<D>(("range", arguments, |mut cv| {
        let (by, to, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
        let data = cv.0.data().clone();
        let direction = by.partial_cmp(&Val::from(0usize));
        let mut next = Some(Ok(from));
        Box::new(std::iter::from_fn(move || {
            let value = match next.take()? {
                Ok(value) => value,
                error => return Some(error),
            };
            let is_within = match direction {
                Some(Ordering::Greater) => value < to,
                Some(Ordering::Less) => value > to,
                _ => value != to,
            };
            if !is_within {
                return None;
            }
            // For the sake of the count alone.
            let _ = data.lut();
            next = Some((value.clone() + by.clone()).map_err(Exn::from));
            Some(Ok(value))
        }))
    }))]
    .into_iter()
}
