//! Which implementation of the first pass runs on this machine.

#[cfg(target_arch = "x86_64")]
use super::x86;
use super::{
    firsts::Firsts,
    index::{Extent, Index},
    portable,
};

/// Fills the index of a text, with the strings that begin as a wanted key may.
pub(super) type Fill = fn(&mut Index, &[u8], Extent, &Firsts);

/// An implementation of the first pass. All of them give the same index, so the same verdicts and hits.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    name: &'static str,
    fill: Fill,
}

impl Kernel {
    const PORTABLE: Kernel = Kernel { name: "portable", fill: portable::fill };

    /// Those that this machine can run, the portable one first, the fastest last.
    pub fn all() -> Vec<Kernel> {
        #[cfg(target_arch = "x86_64")]
        let more = [("avx2", x86::avx2()), ("avx512", x86::avx512())];
        #[cfg(not(target_arch = "x86_64"))]
        let more: [(&str, Option<Fill>); 0] = [];
        let more = more.into_iter().filter_map(|(name, fill)| Some(Kernel { name, fill: fill? }));
        std::iter::once(Kernel::PORTABLE).chain(more).collect()
    }

    /// The fastest one that this machine can run.
    pub fn best() -> Kernel {
        Kernel::all().pop().unwrap_or(Kernel::PORTABLE)
    }

    /// Its name: `portable`, `avx2`, `avx512`.
    pub fn name(self) -> &'static str {
        self.name
    }

    pub(super) fn fill(self, index: &mut Index, text: &[u8], extent: Extent, firsts: &Firsts) {
        (self.fill)(index, text, extent, firsts);
    }
}
