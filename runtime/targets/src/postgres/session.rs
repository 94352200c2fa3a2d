//! A session of PostgreSQL: its URL, TLS, and calls that block.

mod tls;

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{FromSql, ToSql};
use tokio_postgres::{Client, Config, Error, Row};
use url::Url;

use crate::blocking::Blocking;
use crate::{Failure, Result, TargetError};
use tls::Verify;

/// An open connection.
pub(super) struct Session {
    client: Option<Client>,
    connection: Option<JoinHandle<()>>,
    blocking: Blocking,
    /// Host and database, for people.
    place: String,
}

impl Session {
    /// Connects as the URL says.
    pub(super) fn connect(url: &str) -> Result<Session> {
        let (config, tls, place) = read(url)?;
        let blocking = Blocking::new()?;
        let connected = blocking.run(async {
            let (client, connection) = config.connect(tls).await?;
            let connection = tokio::spawn(async move {
                // Whoever waits for an answer is told that the connection has ended.
                let _ = connection.await;
            });
            Ok((client, connection))
        });
        let (client, connection) = connected.map_err(|error: Error| told(&place, &error))?;
        let session = Session { client: Some(client), connection: Some(connection), blocking, place };
        session.execute("SET client_min_messages = warning")?;
        // From version 14 on: a server that works for a process that was killed finds out, and gives its lease back.
        let version: i32 = session.value("SELECT current_setting('server_version_num')::int", &[])?;
        if version >= 140_000 {
            session.execute("SET client_connection_check_interval = '1s'")?;
        }
        Ok(session)
    }

    /// Waits for what `call` asks the server.
    pub(super) fn run<'s, T: Send, F>(&'s self, call: impl FnOnce(&'s Client) -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, Error>> + Send,
    {
        let client = self.client.as_ref().expect("Invariant: it is there until it is dropped");
        self.blocking.run(call(client)).map_err(|error| told(&self.place, &error))
    }

    /// Statements without parameters.
    pub(super) fn execute(&self, sql: &str) -> Result<()> {
        self.run(|client| client.batch_execute(sql))
    }

    /// How many rows a statement changed.
    pub(super) fn change(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64> {
        self.run(|client| client.execute(sql, parameters))
    }

    /// The rows of a query.
    pub(super) fn query(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>> {
        self.run(|client| client.query(sql, parameters))
    }

    /// The only value of the only row of a query.
    pub(super) fn value<T: for<'r> FromSql<'r>>(&self, sql: &str, parameters: Parameters<'_>) -> Result<T> {
        let row = self.run(|client| client.query_one(sql, parameters))?;
        row.try_get(0).map_err(|error| told(&self.place, &error))
    }
}

/// Values for `$1`, `$2`, …
pub(super) type Parameters<'p> = &'p [&'p (dyn ToSql + Sync)];

impl Drop for Session {
    /// Says good-bye, so that the lease is given back now. A transaction that is open is rolled back.
    fn drop(&mut self) {
        self.client = None;
        if let Some(connection) = self.connection.take() {
            self.blocking.run(async {
                let _ = tokio::time::timeout(Duration::from_secs(2), connection).await;
            });
        }
    }
}

/// What the server said, or why it cannot be reached.
fn told(place: &str, error: &Error) -> TargetError {
    let Some(error) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            let cause = error.to_string();
            if !text.ends_with(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
            source = error.source();
        }
        return TargetError::unavailable(&format!("PostgreSQL at {place}"), text);
    };
    let mut text = error.message().to_owned();
    if let Some(detail) = error.detail() {
        text.push_str(": ");
        text.push_str(detail);
    }
    let told = TargetError::unavailable(&format!("PostgreSQL at {place}"), text);
    match error.hint() {
        Some(hint) => told.help(hint),
        None => told,
    }
}

/// What a URL says. Its text may hold a password anywhere when it is wrong: no message repeats it.
fn read(url: &str) -> Result<(Config, tokio_postgres_rustls::MakeRustlsConnect, String)> {
    let wrong = |what: &str| {
        TargetError::new(Failure::Unavailable, format!("the target is no URL of PostgreSQL: {what}")).help(
            "a URL is `postgres://user:password@host:5432/database`; in a password `@`, `/`, `?`, `#` and `%` are written as `%40`, \
             `%2F`, `%3F`, `%23` and `%25`",
        )
    };
    let mut parsed = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
    let (mut mode, mut root) = (None, None);
    let others: Vec<(String, String)> = parsed
        .query_pairs()
        .filter_map(|(name, value)| {
            match &*name {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => root = Some(value.into_owned()),
                _ => return Some((name.into_owned(), value.into_owned())),
            }
            None
        })
        .collect();
    parsed.set_query(None);
    if !others.is_empty() {
        parsed.query_pairs_mut().extend_pairs(others);
    }
    let mut config = Config::from_str(parsed.as_str()).map_err(|_| wrong("a part of it is not known"))?;
    let (ssl_mode, verify) = match mode.as_deref() {
        None | Some("prefer" | "allow") => (SslMode::Prefer, Verify::Nothing),
        Some("disable") => (SslMode::Disable, Verify::Nothing),
        // As in PostgreSQL's own programs: with certificates to check against they are checked.
        Some("require") => (SslMode::Require, if root.is_some() { Verify::Chain } else { Verify::Nothing }),
        Some("verify-ca") => (SslMode::Require, Verify::Chain),
        Some("verify-full") => (SslMode::Require, Verify::ChainAndName),
        Some(_) => {
            return Err(wrong(
                "`sslmode` is one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`",
            ));
        }
    };
    config.ssl_mode(ssl_mode);
    if config.get_application_name().is_none() {
        config.application_name("moltler");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(15));
    }
    config.keepalives_idle(Duration::from_secs(60));
    if config.get_user().is_none() {
        return Err(wrong("it names no user"));
    }
    if config.get_hosts().is_empty() {
        return Err(wrong("it names no host"));
    }
    let place = format!("{}{}", parsed.host_str().unwrap_or_default(), parsed.path());
    Ok((config, tls::connector(verify, root.as_deref())?, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let (config, _, place) = read("postgres://me:p%40ss@db.example:5433/sales?sslmode=verify-full").expect("a URL");
        assert_eq!(config.get_user(), Some("me"));
        assert_eq!(config.get_password(), Some(b"p@ss".as_slice()));
        assert_eq!((config.get_ports(), config.get_ssl_mode()), ([5433].as_slice(), SslMode::Require));
        assert_eq!(place, "db.example/sales");
    }

    #[test]
    fn secrets_are_in_no_message() {
        for url in [
            "postgres://me:hunter2@db:hunter2/x",
            "postgres://me:hunter2@db/x?hunter2=1",
            "postgres://me:hunter2@db/x?sslmode=hunter2",
            "postgres://me:hun/ter2@db/x",
            "postgres:///x?password=hunter2",
        ] {
            let error = read(url).err().unwrap_or_else(|| panic!("{url} is wrong"));
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_told() {
        let error = Session::connect("postgres://me:hunter2@127.0.0.1:1/x").err().expect("nobody listens");
        assert_eq!(error.kind, Failure::Unavailable);
        assert!(error.message.starts_with("PostgreSQL at 127.0.0.1/x: "), "{error}");
        assert!(!error.message.contains("hunter2"), "{error}");
    }
}
