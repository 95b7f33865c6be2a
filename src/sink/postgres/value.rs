//! Values as PostgreSQL takes them.

use std::error::Error;

use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::sink::sql::Value;
use crate::time::rfc3339;

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH: i64 = 946_684_800_000_000;

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Value::Real(number) if *kind == Type::FLOAT8 => number.to_sql(kind, out),
            Value::Boolean(truth) if *kind == Type::BOOL => truth.to_sql(kind, out),
            Value::Time(time) if *kind == Type::TIMESTAMPTZ => {
                let since = time.checked_mul(1000).and_then(|time| time.checked_sub(EPOCH));
                since.ok_or("a time beyond all calendars")?.to_sql(&Type::INT8, out)
            }
            Value::Text(text) => text.to_sql(kind, out),
            Value::Number(text) | Value::Json(text) => text.to_sql(kind, out),
            // Columns of types of which nothing is known are told in words.
            Value::Integer(number) => number.to_string().to_sql(kind, out),
            Value::Real(number) => format!("{number:?}").to_sql(kind, out),
            Value::Boolean(truth) => truth.to_string().to_sql(kind, out),
            Value::Time(time) => rfc3339(*time).to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::FLOAT8, Type::BOOL, Type::TIMESTAMPTZ, Type::TEXT].contains(kind)
    }

    to_sql_checked!();
}
