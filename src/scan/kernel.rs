//! Which implementation of the first pass runs on this machine.

use super::{firsts::Firsts, index::Index, portable};

/// An implementation of the first pass. All of them give the same index, so the same verdicts and hits.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    name: &'static str,
    fill: fn(&mut Index, &[u8], &Firsts),
}

impl Kernel {
    const PORTABLE: Kernel = Kernel { name: "portable", fill: portable::fill };

    /// Those that this machine can run, the portable one first, the fastest last.
    pub fn all() -> Vec<Kernel> {
        vec![Kernel::PORTABLE]
    }

    /// The fastest one that this machine can run.
    pub fn best() -> Kernel {
        Kernel::PORTABLE
    }

    /// Its name: `portable`, `avx2`.
    pub fn name(self) -> &'static str {
        self.name
    }

    pub(super) fn fill(self, index: &mut Index, line: &[u8], firsts: &Firsts) {
        (self.fill)(index, line, firsts);
    }
}
