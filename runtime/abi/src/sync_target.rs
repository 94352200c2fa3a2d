//! Where SYNC writes to, as text.

use serde::{Deserialize, Serialize};

/// Where SYNC writes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncTarget {
    /// What is there.
    pub kind: TargetKind,
    /// The path or URL; for [`TargetKind::Default`] empty.
    pub place: String,
    /// The table, where the place does not say it all. `*` stands for the name of the entity.
    pub table: Option<String>,
}

/// Kinds of targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TargetKind {
    /// `name`: a table of the package's default destination.
    Default,
    /// `sqlite:path[#table]`
    Sqlite,
    /// `ndjson:path`
    Ndjson,
    /// `parquet:folder`
    Parquet,
    /// `postgres://…[#table]`
    Postgres,
    /// `elasticsearch+http(s)://host/index`
    Elasticsearch,
}

/// The forms that a target may have, for people.
pub const FORMS: &str = "`sqlite:path[#table]`, `ndjson:path`, `parquet:folder`, `postgres://…[#table]`, \
                         `elasticsearch+https://host/index`, or the name of a table";

/// A target of each kind, and what is there: for completion.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("sqlite:data.db", "Tables of a SQLite file. `#name` behind the path names one table."),
    ("ndjson:data.ndjson", "A file of JSON lines. Of several lines with one key the last one counts."),
    ("parquet:data", "A folder of Parquet files, as Trino, Spark and DuckDB read them: `data/*.parquet`."),
    (
        "postgres://user@host/database",
        "Tables of a PostgreSQL database. The password may be in `PGPASSWORD`; `#name` or `#schema.name` behind the URL names one \
         table, `?sslmode=verify-full` asks who the server is.",
    ),
    (
        "elasticsearch+https://host:9200/index",
        "An index of Elasticsearch, which is an alias of the one that has the rows.",
    ),
];

impl SyncTarget {
    /// Reads a target; the error is a sentence.
    pub fn parse(text: &str) -> Result<SyncTarget, String> {
        let target = |kind, place: &str, table: Option<&str>| {
            Ok(SyncTarget { kind, place: place.to_owned(), table: table.map(str::to_owned) })
        };
        let with_table = |kind, rest: &str| {
            let (place, table) = rest.rsplit_once('#').map_or((rest, None), |(place, table)| (place, Some(table)));
            if table == Some("") {
                return Err(format!("`{text}` names no table behind `#`"));
            }
            target(kind, place, table)
        };
        if text.chars().any(char::is_control) {
            return Err("a target is one line of text".to_owned());
        }
        let scheme = text.split_once(':').map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
        let found = match scheme.as_ref().map(|(scheme, rest)| (scheme.as_str(), *rest)) {
            Some(("sqlite", path)) => with_table(TargetKind::Sqlite, path),
            Some(("ndjson", path)) => target(TargetKind::Ndjson, path, None),
            Some(("parquet", path)) => target(TargetKind::Parquet, path, None),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => with_table(TargetKind::Postgres, text),
            Some(("elasticsearch+http" | "elasticsearch+https", rest)) if rest.starts_with("//") => {
                let url = &text["elasticsearch+".len()..];
                let path = url.find("://").and_then(|start| url[start + 3..].find('/').map(|end| start + 3 + end));
                match path {
                    Some(end) if !url[end..].trim_matches('/').is_empty() => {
                        target(TargetKind::Elasticsearch, &url[..end], Some(url[end..].trim_matches('/')))
                    }
                    _ => Err(format!("`{text}` names no index")),
                }
            }
            Some((scheme, _)) => Err(format!("there is no target `{scheme}:`")),
            None => target(TargetKind::Default, "", Some(text)),
        }?;
        if found.kind != TargetKind::Default && found.place.is_empty() || found.table.as_deref() == Some("") {
            return Err(format!("`{text}` is no place"));
        }
        Ok(found)
    }

    /// In words, without users and passwords: `the table items of x.db (SQLite)`.
    pub fn describe(&self) -> String {
        let place = match self.place.split_once("://") {
            Some((scheme, rest)) => {
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                format!("{scheme}://{host}")
            }
            None => self.place.clone(),
        };
        let table = self.table.as_ref().map(|table| format!("`{table}` of ")).unwrap_or_default();
        match self.kind {
            TargetKind::Default => format!("`{}` of the default destination", self.table.as_deref().unwrap_or("*")),
            TargetKind::Sqlite => format!("{table}the SQLite file {place}"),
            TargetKind::Ndjson => format!("the file {place}"),
            TargetKind::Parquet => format!("Parquet files in {place}"),
            TargetKind::Postgres | TargetKind::Elasticsearch => format!("{table}{place}"),
        }
    }

    /// Whether several entities each get a place of their own.
    pub fn tells_entities_apart(&self) -> bool {
        match (self.kind, &self.table) {
            (TargetKind::Sqlite | TargetKind::Postgres, None) => true,
            (_, Some(table)) => table.contains('*'),
            (_, None) => self.place.contains('*'),
        }
    }

    /// The place and the table for an entity.
    pub fn of_entity(&self, entity: &str) -> (String, String) {
        let place = self.place.replace('*', entity);
        let table = self.table.as_ref().map_or_else(|| entity.to_owned(), |table| table.replace('*', entity));
        (place, table)
    }
}

/// Whether a text is a schedule: minute, hour, day of the month, month, day of the week, as cron has them. The error is a
/// sentence about the first field that is none.
pub fn check_schedule(text: &str) -> Result<(), String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(format!("a schedule has five fields, and this has {}", fields.len()));
    }
    let ranges: [(&str, u32, u32, &[&str]); 5] = [
        ("minute", 0, 59, &[]),
        ("hour", 0, 23, &[]),
        ("day of the month", 1, 31, &[]),
        ("month", 1, 12, &MONTHS),
        ("day of the week", 0, 7, &DAYS),
    ];
    for (field, (what, low, high, names)) in fields.iter().zip(ranges) {
        let value = |text: &str| -> Option<u32> {
            let lower = text.to_ascii_lowercase();
            let named = names.iter().position(|name| *name == lower).map(|index| index as u32 + low);
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            named.or_else(|| digits.then(|| text.parse().ok()).flatten()).filter(|value| (low..=high).contains(value))
        };
        let is_sound = field.split(',').all(|part| {
            let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
            let step_is_sound = step.is_none_or(|step| {
                step.bytes().all(|byte| byte.is_ascii_digit())
                    && step.parse::<u32>().is_ok_and(|step| (1..=high).contains(&step))
            });
            let range_is_sound = match range.split_once('-') {
                _ if range == "*" => true,
                Some((from, to)) => matches!((value(from), value(to)), (Some(from), Some(to)) if from <= to),
                None => value(range).is_some() && step.is_none(),
            };
            step_is_sound && range_is_sound
        });
        if !is_sound {
            return Err(format!(
                "`{field}` is no {what}: it takes `*`, {low} to {high}, `a-b`, `*/n` and lists of them"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let parse = |text: &str| SyncTarget::parse(text).map(|found| (found.kind, found.place, found.table));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parse("sqlite:a b.db"), Ok((TargetKind::Sqlite, "a b.db".to_owned(), None)));
        assert_eq!(parse("SQLite:/x/y.db#t"), Ok((TargetKind::Sqlite, "/x/y.db".to_owned(), some("t"))));
        assert_eq!(parse("ndjson:out/*.ndjson"), Ok((TargetKind::Ndjson, "out/*.ndjson".to_owned(), None)));
        assert_eq!(parse("postgres://u:p#@h/d"), Ok((TargetKind::Postgres, "postgres://u:p".to_owned(), some("@h/d"))));
        assert_eq!(parse("postgres://h/d#s.t"), Ok((TargetKind::Postgres, "postgres://h/d".to_owned(), some("s.t"))));
        assert_eq!(
            parse("elasticsearch+https://h:9200/index-*"),
            Ok((TargetKind::Elasticsearch, "https://h:9200".to_owned(), some("index-*")))
        );
        assert_eq!(parse("github-issues-*"), Ok((TargetKind::Default, String::new(), some("github-issues-*"))));
        for (text, sentence) in [
            ("mysql://h/d", "there is no target `mysql:`"),
            ("sqlite:", "`sqlite:` is no place"),
            ("", "`` is no place"),
            ("sqlite:x#", "`sqlite:x#` names no table behind `#`"),
            ("elasticsearch+http://h", "`elasticsearch+http://h` names no index"),
            ("a\nb", "a target is one line of text"),
        ] {
            assert_eq!(SyncTarget::parse(text), Err(sentence.to_owned()));
        }
        let describe = |text: &str| SyncTarget::parse(text).map(|target| target.describe());
        assert_eq!(describe("x-*").as_deref(), Ok("`x-*` of the default destination"));
        assert_eq!(describe("sqlite:x.db#t").as_deref(), Ok("`t` of the SQLite file x.db"));
        assert_eq!(describe("postgres://me:secret@h:1/d?x=secret#t").as_deref(), Ok("`t` of postgres://h:1/d"));
        let target = SyncTarget::parse("a-*").expect("a name");
        assert!(target.tells_entities_apart());
        assert_eq!(target.of_entity("items"), (String::new(), "a-items".to_owned()));
        assert!(!SyncTarget::parse("ndjson:x").expect("a path").tells_entities_apart());
    }

    #[test]
    fn examples_are_targets_of_all_kinds() {
        let kinds: Vec<TargetKind> =
            EXAMPLES.iter().map(|(text, _)| SyncTarget::parse(text).expect("a target").kind).collect();
        use TargetKind::{Elasticsearch, Ndjson, Parquet, Postgres, Sqlite};
        assert_eq!(kinds, [Sqlite, Ndjson, Parquet, Postgres, Elasticsearch]);
    }

    #[test]
    fn schedules() {
        for text in ["*/5 * * * *", "0 0 1 1 0", "0-30/10,45 8-18 * jan-mar MON-FRI", "59 23 31 12 7"] {
            assert_eq!(check_schedule(text), Ok(()), "{text}");
        }
        for text in
            ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "5/2 * * * *", "30-10 * * * *", "*/0 * * * *"]
        {
            assert!(check_schedule(text).is_err(), "{text}");
        }
        assert!(check_schedule("* * * foo *").is_err_and(|sentence| sentence.starts_with("`foo` is no month")));
    }
}
