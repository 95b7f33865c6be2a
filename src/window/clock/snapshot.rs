//! The clock as bytes: what rules the watermark, and the records that wait to be believed.

use super::super::codec::{pack_number, unpack_number};
use super::super::names::OwnedNames;
use super::super::settings::Settings;
use super::super::snapshot::{FAR, unpack_time};
use super::super::sources::Sources;
use super::{Clock, Held, NEVER, OwnedValue};
use crate::pack::{Packer, Unpackable, Unpacker};

impl Clock {
    pub(in super::super) fn pack(&self, out: &mut Packer) {
        out.i64(self.max);
        out.i64(self.watermark);
        out.i64(self.base);
        if let Some(sources) = &self.sources {
            sources.pack(out);
        }
        out.length(self.held.len());
        for held in &self.held {
            out.u64(held.record);
            out.string(&held.source);
            out.i64(held.time);
            held.names.pack(out);
            out.length(held.values.len());
            held.values.iter().for_each(|value| value.pack(out));
        }
    }

    pub(in super::super) fn unpack(
        settings: &Settings,
        from: &mut Unpacker<'_>,
    ) -> Result<Clock, Unpackable> {
        let mut clock = Clock::new(settings);
        for time in [&mut clock.max, &mut clock.watermark, &mut clock.base] {
            *time = from.i64()?;
            if *time != NEVER && time.unsigned_abs() > FAR as u64 {
                return Err(Unpackable);
            }
        }
        if let Some(sources) = &mut clock.sources {
            *sources = Sources::unpack(from)?;
        }
        for _ in 0..from.length()? {
            clock.held.push(Held {
                record: from.u64()?,
                source: from.string()?.into(),
                time: unpack_time(from)?,
                names: OwnedNames::unpack(from)?,
                values: {
                    let length = from.length()?;
                    (0..length).map(|_| OwnedValue::unpack(from)).collect::<Result<_, _>>()?
                },
            });
        }
        Ok(clock)
    }
}

impl OwnedValue {
    fn pack(&self, out: &mut Packer) {
        match self {
            OwnedValue::None => out.tag(0),
            OwnedValue::Number(number) => {
                out.tag(1);
                pack_number(out, *number);
            }
            OwnedValue::Bytes(bytes) => {
                out.tag(2);
                out.string(bytes);
            }
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Result<OwnedValue, Unpackable> {
        Ok(match from.tag()? {
            0 => OwnedValue::None,
            1 => OwnedValue::Number(unpack_number(from)?),
            2 => OwnedValue::Bytes(from.string()?.into()),
            _ => return Err(Unpackable),
        })
    }
}
