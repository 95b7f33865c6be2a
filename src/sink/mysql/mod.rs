//! MariaDB and MySQL: a server, over TCP, TLS or a socket.
//!
//! Rows go by many in one insertion, in strict mode: what does not fit is an error, and nothing is cut. Statements are prepared for
//! few sizes, so that each is prepared once. Only an engine with transactions will do.

mod address;
mod dialect;

use mysql::prelude::Queryable;
use mysql::{Conn, DriverError, Opts, OptsBuilder, Params};

use super::sql::{Column, Database, Dialect, Fault, Script, SqlSink, Table, Value};
use super::{Failure, Opened, SinkOptions};
use dialect::Mysql;

/// A statement has at most so many places for values, and so many rows are enough for one.
const PLACES: usize = 65_535;
const ROWS: usize = 512;

const SESSION: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
                       time_zone = '+00:00', innodb_lock_wait_timeout = 5";

/// Opens a database: `//[USER@]HOST[:PORT]/DATABASE`.
pub(super) fn open(address: &str, options: &SinkOptions) -> Opened {
    let (plain, secured) = address::read(address, &options.net).map_err(Failure::Usage)?;
    if options.dry_run {
        return Ok(Box::new(SqlSink::new(Script::new(Mysql { is_mariadb: true }), options)));
    }
    let place = format!("mysql:{}", address.split('?').next().unwrap_or_default());
    let mut server = Server { plain, secured, place, dialect: Mysql { is_mariadb: true }, connection: None };
    match server.connect() {
        // It is waited for with the first batch.
        Ok(()) | Err(Fault::Passing(_)) => Ok(Box::new(SqlSink::new(server, options))),
        Err(fault) => Err(fault.into()),
    }
}

struct Server {
    /// How it is reached without TLS, if that is allowed.
    plain: Option<Opts>,
    /// How with it, if that is wanted.
    secured: Option<Opts>,
    /// Its address, for people.
    place: String,
    dialect: Mysql,
    connection: Option<Conn>,
}

impl Server {
    fn connect(&mut self) -> Result<(), Fault> {
        let lacks_tls =
            |error: &mysql::Error| matches!(error, mysql::Error::DriverError(DriverError::TlsNotSupported));
        let opened = match (&self.secured, &self.plain) {
            (Some(secured), Some(plain)) => match Conn::new(secured.clone()) {
                Err(error) if lacks_tls(&error) => Conn::new(plain.clone()),
                opened => opened,
            },
            (Some(opts), None) | (None, Some(opts)) => Conn::new(opts.clone()),
            (None, None) => Conn::new(OptsBuilder::default()),
        };
        let named = |error: mysql::Error| fault(&error).at(&self.place);
        let mut connection = opened.map_err(named)?;
        connection.query_drop(SESSION).map_err(named)?;
        let version: Option<String> = connection.query_first("SELECT VERSION()").map_err(named)?;
        self.dialect.is_mariadb = version.is_none_or(|version| version.contains("MariaDB"));
        self.connection = Some(connection);
        Ok(())
    }

    /// Asks the server, and gives the connection up where it broke.
    fn ask<T>(&mut self, ask: impl FnOnce(&mut Conn) -> mysql::Result<T>) -> Result<T, Fault> {
        let Some(connection) = &mut self.connection else {
            return Err(Fault::Passing("the connection to the database is closed".into()));
        };
        let answer = ask(connection);
        let breaks = |error: &mysql::Error| {
            let is_told = matches!(error, mysql::Error::MySqlError(said) if matches!(said.code, 1053 | 1153 | 1927 | 2006 | 2013));
            is_told || error.is_connectivity_error()
        };
        if answer.as_ref().is_err_and(breaks) {
            self.connection = None;
        }
        answer.map_err(|error| fault(&error))
    }

    fn rows<T: mysql::prelude::FromRow>(&mut self, query: &str, table: &str) -> Result<Vec<T>, Fault> {
        self.ask(|connection| connection.exec(query, (table,)))
    }
}

/// What is known of a column: name, type, whole type, comment, collation, length, default, what it does by itself, expression.
type Described =
    (String, String, String, String, Option<String>, Option<u64>, Option<String>, String, Option<String>);

impl Database for Server {
    fn dialect(&self) -> &dyn Dialect {
        &self.dialect
    }

    fn columns(&mut self, table: &str) -> Result<Option<Vec<Column>>, Fault> {
        let engines: Vec<Option<String>> = self.rows(
            "SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?",
            table,
        )?;
        if let Some(engine) = engines.iter().flatten().find(|engine| *engine != "InnoDB") {
            return Err(Fault::Lasting(format!(
                "the table {table} is kept by {engine}, and a batch needs transactions: ALTER TABLE … ENGINE=InnoDB gives them"
            )));
        }
        let rows: Vec<Described> = self.rows(
            "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, COLUMN_COMMENT, COLLATION_NAME, CAST(CHARACTER_MAXIMUM_LENGTH AS UNSIGNED), \
             CAST(COLUMN_DEFAULT AS CHAR), EXTRA, CAST(GENERATION_EXPRESSION AS CHAR) FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION",
            table,
        )?;
        // JSON is a text here that a condition holds to it.
        let conditions: Vec<String> = if self.dialect.is_mariadb {
            self.rows(
                "SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = ?",
                table,
            )?
        } else {
            Vec::new()
        };
        let columns = rows.into_iter().filter(|row| row.8.as_ref().is_none_or(String::is_empty)).map(
            |(name, data, whole, comment, collation, length, default, extra, _)| {
                let condition = format!("json_valid({})", dialect::quoted(&name));
                let is_json = comment == "JSON" || conditions.contains(&condition);
                let has_length = matches!(data.as_str(), "char" | "varchar");
                Column {
                    most: length.filter(|_| has_length).and_then(|most| usize::try_from(most).ok()),
                    fills_itself: default.is_some_and(|default| default != "NULL")
                        || extra.contains("auto_increment"),
                    folds_by: collation.filter(|collation| dialect::folds(collation)),
                    ..Column::of(&name, dialect::kind(&data, &whole, is_json))
                }
            },
        );
        let columns: Vec<Column> = columns.collect();
        Ok(Some(columns).filter(|columns| !columns.is_empty()))
    }

    fn unique_indices(&mut self, table: &str) -> Result<Vec<Vec<String>>, Fault> {
        let rows: Vec<(String, Option<String>, Option<u64>)> = self.rows(
            "SELECT INDEX_NAME, COLUMN_NAME, CAST(SUB_PART AS UNSIGNED) FROM information_schema.STATISTICS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX",
            table,
        )?;
        let mut indices: Vec<(String, Vec<String>)> = Vec::new();
        for (index, column, part) in rows {
            if indices.last().is_none_or(|(known, _)| *known != index) {
                indices.push((index, Vec::new()));
            }
            // The beginning of a column is not the column.
            let name = column.filter(|_| part.is_none()).unwrap_or_default();
            indices.iter_mut().last().into_iter().for_each(|(_, columns)| columns.push(name.clone()));
        }
        Ok(indices.into_iter().map(|(_, columns)| columns).collect())
    }

    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.ask(|connection| {
            if values.is_empty() {
                connection.query_drop(statement)?;
            } else {
                connection.exec_drop(statement, params(values))?;
            }
            Ok(connection.affected_rows())
        })
    }

    fn numbers(&mut self, query: &str, values: &[Value<'_>]) -> Result<Vec<[i64; 2]>, Fault> {
        self.ask(|connection| connection.exec_map(query, params(values), |(one, other)| [one, other]))
    }

    fn rows_at_once(&self, table: &Table<'_>) -> usize {
        // A power of two, as are the sizes that the last rows are cut into.
        let most = (PLACES / table.columns.list().len()).clamp(1, ROWS);
        1 << most.ilog2()
    }

    fn upsert(&mut self, table: &Table<'_>, rows: &[Value<'_>]) -> Result<u64, Fault> {
        let width = table.columns.list().len();
        let (is_guarded, mut stale) = (table.columns.is_by_window(), 0);
        let mut rest = rows;
        while !rest.is_empty() {
            let count = 1 << (rest.len() / width).ilog2();
            let (now, later) = rest.split_at(count * width);
            if is_guarded {
                self.execute("SET @stale = 0", &[])?;
            }
            self.execute(&dialect::insert(&self.dialect, table, count), now)?;
            if is_guarded {
                let count = self.numbers("SELECT CAST(@stale AS SIGNED), 0", &[])?;
                stale += count.first().map_or(0, |[stale, _]| stale.unsigned_abs());
            }
            rest = later;
        }
        Ok(((rows.len() / width) as u64).saturating_sub(stale))
    }

    fn begin(&mut self) -> Result<(), Fault> {
        if self.connection.is_none() {
            self.connect()?;
        }
        self.execute("START TRANSACTION", &[]).map(drop)
    }
}

fn params(values: &[Value<'_>]) -> Params {
    use mysql::Value as Sent;
    if values.is_empty() {
        return Params::Empty;
    }
    let sent = |value: &Value<'_>| match value {
        Value::Null => Sent::NULL,
        Value::Integer(number) => Sent::Int(*number),
        Value::Real(number) => Sent::Double(*number),
        Value::Boolean(truth) => Sent::Int(i64::from(*truth)),
        Value::Text(text) => Sent::Bytes(text.as_bytes().to_vec()),
        Value::Number(text) | Value::Json(text) => Sent::Bytes(text.as_bytes().to_vec()),
        Value::Time(time) => Sent::Bytes(dialect::date(*time).into_bytes()),
    };
    Params::Positional(values.iter().map(sent).collect())
}

/// What a failure means.
fn fault(error: &mysql::Error) -> Fault {
    let said = match error {
        mysql::Error::MySqlError(said) => said,
        mysql::Error::IoError(error) => return Fault::Passing(error.to_string()),
        mysql::Error::DriverError(DriverError::PacketTooLarge) => {
            return Fault::Row("it is larger than the server's max_allowed_packet".into());
        }
        mysql::Error::DriverError(
            error @ (DriverError::ConnectTimeout | DriverError::CouldNotConnect(_) | DriverError::Timeout),
        ) => return Fault::Passing(error.to_string()),
        mysql::Error::DriverError(error) => return Fault::Lasting(error.to_string()),
        mysql::Error::CodecError(_) if error.to_string().contains("large") => {
            return Fault::Row("it is larger than the server's max_allowed_packet".into());
        }
        mysql::Error::CodecError(_) => return Fault::Passing(error.to_string()),
        _ => return Fault::Lasting(error.to_string()),
    };
    told(said.code, said.message.clone())
}

/// What a failure means that the server tells by its code.
fn told(code: u16, text: String) -> Fault {
    match code {
        1044 | 1045 | 1698 => {
            Fault::Lasting(format!("{text}; MYSQL_PWD holds the password of the user in the address"))
        }
        // Busy, ending, read-only, locked; or somebody else has made the same table or column.
        1040
        | 1050
        | 1053
        | 1060
        | 1158..=1161
        | 1203
        | 1205
        | 1213
        | 1226
        | 1290
        | 1836
        | 1927
        | 2006
        | 2013 => Fault::Passing(text),
        1048
        | 1062
        | 1118
        | 1153
        | 1216
        | 1217
        | 1264
        | 1265
        | 1292
        | 1364
        | 1366
        | 1367
        | 1406
        | 1411
        | 1416
        | 1451
        | 1452
        | 1526
        | 1644
        | 1690
        | 3140..=3150
        | 3819
        | 4025 => Fault::Row(text),
        _ => Fault::Lasting(text),
    }
}
