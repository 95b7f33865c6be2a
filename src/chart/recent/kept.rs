//! What a later run needs to draw the same: the windows that are kept, and the colours of their keys.

use std::collections::BTreeMap;

use super::{Recent, Window};
use crate::chart::palette::Palette;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::{Number, Row};

impl Recent {
    /// Packs what is shown. What is in assembly is not: see [`Recent::flush_partial`].
    pub fn pack(&self, packer: &mut Packer) {
        packer.length(self.shown.len());
        self.shown.iter().for_each(|window| window.pack(packer));
        self.palette.pack(packer);
        packer.u64(self.other_lengths);
        packer.u64(self.no_figure);
    }

    /// Goes on with what was packed.
    ///
    /// # Errors
    ///
    /// These bytes were not packed by [`Recent::pack`].
    pub fn unpack(&mut self, from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        let windows = from.length()?;
        self.shown = (0..windows).map(|_| Window::unpack(from)).collect::<Result<_, _>>()?;
        self.palette = Palette::unpack(from)?;
        (self.other_lengths, self.no_figure) = (from.u64()?, from.u64()?);
        Ok(())
    }
}

impl Window {
    fn pack(&self, packer: &mut Packer) {
        packer.length(self.rows.len());
        let mut line = Vec::new();
        for row in &self.rows {
            line.clear();
            row.write(&mut line);
            packer.string(&line);
        }
        packer.length(self.others.len());
        for (key, number) in &self.others {
            packer.string(key);
            line.clear();
            number.write(&mut line);
            packer.string(&line);
        }
        packer.option(self.late, Packer::u64);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Result<Window, Unpackable> {
        let row = |line: &[u8]| Row::read(line).map_err(|_| Unpackable);
        let rows: Vec<Row> = (0..from.length()?).map(|_| row(from.string()?)).collect::<Result<_, _>>()?;
        let mut others = BTreeMap::new();
        for _ in 0..from.length()? {
            let key = from.string()?.to_vec();
            let number = std::str::from_utf8(from.string()?).ok().and_then(Number::parse);
            others.insert(key, number.ok_or(Unpackable)?);
        }
        if rows.is_empty() {
            return Err(Unpackable);
        }
        Ok(Window { rows, others, late: from.option(Unpacker::u64)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{ChartOptions, Kind};

    /// Rows of windows whose keys come and go, more of them than a window keeps.
    fn rows(windows: u32) -> Vec<Row> {
        let mut rows = Vec::new();
        for window in 0..windows {
            for key in 0..120_u32 {
                let count = (window * 31 + key * 17) % 97;
                let line = format!(
                    r#"{{"window_start":"2018-11-12T19:{window:02}:00Z","window_end":"2018-11-12T19:{:02}:00Z","k":"key {}","count":{count}.5,"share":0.25,"total":{},"distinct":500,"rows":120,"late":1}}"#,
                    window + 1,
                    (key + window) % 130,
                    100 * count
                );
                rows.push(Row::read(line.as_bytes()).unwrap());
            }
        }
        rows
    }

    #[test]
    fn a_chart_that_goes_on_draws_the_same() {
        for kind in ["line", "barh", "bump", "heat"] {
            let kind = Kind::of_svg(kind).unwrap();
            let options = ChartOptions { windows: 6, ..ChartOptions::default() };
            let rows = rows(9);
            for cut in [0, 120, 600, rows.len()] {
                let mut whole = kind.collect(&options);
                let mut first = kind.collect(&options);
                for row in &rows[..cut] {
                    whole.push(row.clone()).unwrap();
                    first.push(row.clone()).unwrap();
                }
                let mut packer = Packer::default();
                first.pack(&mut packer);
                let mut second = kind.collect(&options);
                let mut from = Unpacker::new(packer.bytes());
                second.unpack(&mut from).unwrap();
                from.end().unwrap();
                assert_eq!(kind.draw(&second, &options), kind.draw(&first, &options));
                for row in &rows[cut..] {
                    whole.push(row.clone()).unwrap();
                    second.push(row.clone()).unwrap();
                }
                assert_eq!(
                    kind.draw(&second, &options),
                    kind.draw(&whole, &options),
                    "{kind:?} cut at {cut}"
                );
            }
        }
    }
}
