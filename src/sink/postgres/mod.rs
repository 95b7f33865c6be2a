//! PostgreSQL: a server, over TCP, TLS or a socket.
//!
//! A batch goes as one insertion of arrays, one for each column, whatever its size: a statement that is planned once, and an
//! answer for all rows. A window is written by one process at a time, which a lock for the length of a transaction sees to.

mod address;
mod dialect;
mod tls;
mod value;

use std::error::Error as _;
use std::time::Duration;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, Config, Statement};

use super::sql::{Column, Database, Dialect, Fault, Script, SqlSink, Table, Value};
use super::{Failure, Opened, SinkOptions};
use crate::net;
use dialect::Postgres;
use tls::Tls;

/// So many rows are sent together.
const ROWS: usize = 10_000;

/// A lock is waited for as long as the run can do without its other duties. What is shown as a time is in UTC.
const SESSION: &str = "SET TimeZone = 'UTC'; SET lock_timeout = '5s'; SET client_min_messages = warning";

/// Opens a database: `//[USER@]HOST[:PORT]/DATABASE`.
pub(super) fn open(address: &str, options: &SinkOptions) -> Opened {
    let (config, trust) = address::read(address, &options.net).map_err(Failure::Usage)?;
    if options.dry_run {
        return Ok(Box::new(SqlSink::new(Script::new(Postgres), options)));
    }
    let tls = Tls::new(trust, &options.net).map_err(|error| Failure::Usage(error.to_string()))?;
    let place = format!("postgres:{}", address.split('?').next().unwrap_or_default());
    let mut server = Server { config, tls, place, client: None, statements: HashMap::default() };
    match server.connect() {
        // It is waited for with the first batch.
        Ok(()) | Err(Fault::Passing(_)) => Ok(Box::new(SqlSink::new(server, options))),
        Err(fault) => Err(fault.into()),
    }
}

struct Server {
    config: Config,
    tls: Tls,
    /// Its address, for people.
    place: String,
    client: Option<Client>,
    statements: HashMap<String, Statement, FixedState>,
}

impl Server {
    fn connect(&mut self) -> Result<(), Fault> {
        self.statements.clear();
        let named = |error: postgres::Error| fault(&error).at(&self.place);
        let mut client = self.config.connect(self.tls.clone()).map_err(named)?;
        client.batch_execute(SESSION).map_err(named)?;
        self.client = Some(client);
        Ok(())
    }

    /// Asks the server, and gives the connection up where it broke.
    fn ask<T>(&mut self, ask: impl FnOnce(&mut Client) -> Result<T, postgres::Error>) -> Result<T, Fault> {
        let Some(client) = &mut self.client else {
            return Err(Fault::Passing("the connection to the database is closed".into()));
        };
        let answer = ask(client).map_err(|error| fault(&error));
        if client.is_closed() {
            self.client = None;
        }
        answer
    }

    fn prepared(&mut self, statement: &str) -> Result<Statement, Fault> {
        if let Some(known) = self.statements.get(statement) {
            return Ok(known.clone());
        }
        let prepared = self.ask(|client| client.prepare(statement))?;
        self.statements.insert(statement.to_owned(), prepared.clone());
        Ok(prepared)
    }

    /// Inserts rows whose keys differ.
    fn insert(&mut self, statement: &Statement, width: usize, rows: &[Value<'_>]) -> Result<u64, Fault> {
        let columns: Vec<Vec<&Value<'_>>> =
            (0..width).map(|column| rows.iter().skip(column).step_by(width).collect()).collect();
        let arrays: Vec<&(dyn ToSql + Sync)> =
            columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        self.ask(|client| client.execute(statement, &arrays))
    }
}

impl Database for Server {
    fn dialect(&self) -> &dyn Dialect {
        &Postgres
    }

    fn columns(&mut self, table: &str) -> Result<Option<Vec<Column>>, Fault> {
        let query = "SELECT a.attname::text, a.atttypid::regtype::text, \
                     CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN a.atttypmod - 4 END, \
                     a.atthasdef OR a.attidentity <> '' \
                     FROM pg_attribute a WHERE a.attrelid = to_regclass($1::text) AND a.attnum > 0 AND NOT a.attisdropped \
                     AND a.attgenerated = '' ORDER BY a.attnum";
        let table = Postgres.quote(table).map_err(Fault::Lasting)?;
        let rows = self.ask(|client| client.query(query, &[&table]))?;
        let columns = rows.iter().map(|row| {
            let (name, declared): (String, String) = (row.get(0), row.get(1));
            let most: Option<i32> = row.get(2);
            Column {
                most: most.and_then(|most| usize::try_from(most).ok()),
                fills_itself: row.get(3),
                ..dialect::column(&name, &declared)
            }
        });
        let columns: Vec<Column> = columns.collect();
        Ok(Some(columns).filter(|columns| !columns.is_empty()))
    }

    fn unique_indices(&mut self, table: &str) -> Result<Vec<Vec<String>>, Fault> {
        let query = "SELECT array_agg(coalesce(a.attname::text, '')) FROM pg_index i \
                     CROSS JOIN LATERAL unnest(i.indkey[0:i.indnkeyatts - 1]) AS k(attnum) \
                     LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
                     WHERE i.indrelid = to_regclass($1::text) AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL \
                     GROUP BY i.indexrelid";
        let table = Postgres.quote(table).map_err(Fault::Lasting)?;
        let rows = self.ask(|client| client.query(query, &[&table]))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        if values.is_empty() {
            return self.ask(|client| client.batch_execute(statement)).map(|()| 0);
        }
        let statement = self.prepared(statement)?;
        let values: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.ask(|client| client.execute(&statement, &values))
    }

    fn numbers(&mut self, query: &str, values: &[Value<'_>]) -> Result<Vec<[i64; 2]>, Fault> {
        let query = self.prepared(query)?;
        let values: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.ask(|client| client.query(&query, &values))?;
        let number =
            |row: &postgres::Row, at: usize| row.try_get::<_, i64>(at).map_err(|error| fault(&error));
        rows.iter().map(|row| Ok([number(row, 0)?, number(row, 1)?])).collect()
    }

    fn rows_at_once(&self, _table: &Table<'_>) -> usize {
        ROWS
    }

    fn upsert(&mut self, table: &Table<'_>, rows: &[Value<'_>]) -> Result<u64, Fault> {
        let list = table.columns.list();
        // A wrong row breaks the whole transaction, but for what is behind a point to go back to.
        self.execute("SAVEPOINT rows", &[])?;
        let inserted = self.prepared(&dialect::insert(table)).and_then(|statement| {
            let runs = runs(rows, list.len(), table.columns.keys());
            runs.into_iter().try_fold(0, |sum, run| Ok(sum + self.insert(&statement, list.len(), run)?))
        });
        let end = if inserted.is_ok() { "RELEASE SAVEPOINT rows" } else { "ROLLBACK TO SAVEPOINT rows" };
        let ended = self.execute(end, &[]);
        inserted.and_then(|inserted| ended.map(|_| inserted))
    }

    fn begin(&mut self) -> Result<(), Fault> {
        if self.client.is_none() {
            self.connect()?;
        }
        self.execute("BEGIN", &[]).map(drop)
    }
}

/// Rows cut so that no key is twice in one part: an insertion meets each row of the table once.
fn runs<'r, 'v>(rows: &'r [Value<'v>], width: usize, keys: usize) -> Vec<&'r [Value<'v>]> {
    let mut seen: HashSet<&[Value<'v>], FixedState> = HashSet::default();
    let (mut runs, mut first) = (Vec::new(), 0);
    for at in (0..rows.len()).step_by(width) {
        if !seen.insert(&rows[at..at + keys]) {
            runs.push(&rows[first..at]);
            first = at;
            seen.clear();
            seen.insert(&rows[at..at + keys]);
        }
    }
    runs.push(&rows[first..]);
    runs
}

/// What a failure means.
fn fault(error: &postgres::Error) -> Fault {
    let Some(said) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut is_passing = error.is_closed() || text.contains("timeout");
        let mut cause = error.source();
        while let Some(because) = cause {
            is_passing |= because.is::<std::io::Error>();
            text = format!("{text}: {because}");
            cause = because.source();
        }
        return if is_passing { Fault::Passing(text) } else { Fault::Lasting(text) };
    };
    let mut text = said.message().to_owned();
    for more in [said.detail(), said.hint()].into_iter().flatten() {
        text = format!("{text} ({more})");
    }
    let code = said.code();
    match code.code() {
        "53100" => Fault::Lasting(text),
        // Somebody else has made the same table, or the server is to write nothing for now.
        "42P07" | "42701" | "25006" | "55P03" | "55006" => Fault::Passing(text),
        "28P01" | "28000" => Fault::Lasting(format!("{text}; PGUSER and PGPASSWORD say who writes")),
        _ if *code == SqlState::UNIQUE_VIOLATION && said.schema() == Some("pg_catalog") => {
            Fault::Passing(text)
        }
        "21000" | "54000" | "P0001" | "44000" => Fault::Row(text),
        code => match &code[..2] {
            "08" | "40" | "53" | "57" => Fault::Passing(text),
            "22" | "23" => Fault::Row(text),
            _ => Fault::Lasting(text),
        },
    }
}

/// How long a connection may be silent before the system asks whether the server is there, and how often it asks.
fn watch(config: &mut Config, net: &net::Options) {
    const SILENCE: Duration = Duration::from_secs(60);
    config.connect_timeout(net.connect_timeout);
    config.keepalives_idle(SILENCE).keepalives_interval(Duration::from_secs(10)).keepalives_retries(3);
    config.tcp_user_timeout(SILENCE);
}
