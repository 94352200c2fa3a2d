//! Places.

use std::path::PathBuf;

/// Where a table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A database file.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A file of JSON lines. Beside it is a folder of its name and `.moltler` with state and history.
    Ndjson {
        /// The file.
        path: PathBuf,
    },
    /// A folder of Parquet files.
    Parquet {
        /// The folder.
        path: PathBuf,
    },
    /// A PostgreSQL database.
    Postgres {
        /// `postgres://user:password@host/database`
        url: String,
    },
    /// An Elasticsearch server.
    Elasticsearch {
        /// `https://user:password@host:9200`
        url: String,
    },
}

impl std::fmt::Display for Location {
    /// As people write it, without user and password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::Sqlite { path } => write!(formatter, "sqlite:{}", path.display()),
            Location::Ndjson { path } => write!(formatter, "ndjson:{}", path.display()),
            Location::Parquet { path } => write!(formatter, "parquet:{}", path.display()),
            Location::Postgres { url } => formatter.write_str(&without_user(url)),
            Location::Elasticsearch { url } => write!(formatter, "elasticsearch+{}", without_user(url)),
        }
    }
}

/// A URL without what tells who one is.
fn without_user(url: &str) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else { return "(not a URL)".to_owned() };
    if !parsed.username().is_empty() || parsed.password().is_some() {
        // A URL that has a user has a host, so that both can be set.
        let _ = parsed.set_username("");
        let _ = parsed.set_password(None);
    }
    parsed.set_query(None);
    parsed.to_string()
}
