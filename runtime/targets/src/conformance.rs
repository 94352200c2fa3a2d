//! What every target does, as checks: a place that passes them is one that a sync can rely on.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use arrow_schema::{Field, Schema};

use crate::{Column, ColumnType, Completed, Failure, Missing, Pass, Rejected, Request, Run, Status, Table, Target};

/// A place under test.
pub struct Place<'p> {
    /// A target there.
    pub connect: &'p dyn Fn() -> Box<dyn Target>,
    /// What others see of a table there: its rows in the order of the first column, as far as the place says so already.
    pub rows: &'p dyn Fn(&str) -> Vec<Vec<Value>>,
    /// What is known of a table there.
    pub status: &'p dyn Fn(&str) -> Status,
    /// Whether rows without their state are never seen.
    pub transactional: bool,
}

/// A value as others see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL
    Null,
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// A row of the tables under test: key, version, text.
type Row = (&'static str, i64, &'static str);

/// The table `items` with a key and a version, and `log` without a key.
pub fn request(name: &str) -> Request {
    let column = |name: &str, column_type| Column { name: name.to_owned(), column_type };
    let is_log = name == "log";
    Request {
        table: Table {
            name: name.to_owned(),
            columns: vec![
                column("id", ColumnType::Text),
                column("version", ColumnType::Integer),
                column("text", ColumnType::Text),
            ],
            key: if is_log { Vec::new() } else { vec![0] },
            version: (!is_log).then_some(1),
        },
        source: "shop.items".to_owned(),
        evolve: true,
        take_over: false,
    }
}

fn batch(rows: &[Row]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(StringViewArray::from_iter_values(rows.iter().map(|row| row.0)));
    let versions: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1)));
    let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values(rows.iter().map(|row| row.2)));
    RecordBatch::try_from_iter([("id", ids), ("version", versions), ("text", texts)])
        .expect("Invariant: columns are of one length")
}

fn run(id: u32) -> Run {
    Run {
        id: format!("{id:04}"),
        source: "shop.items".to_owned(),
        table_name: "items".to_owned(),
        mode: "full".to_owned(),
        status: "running".to_owned(),
        started_at: "2024-01-31T12:00:00.000000Z".to_owned(),
        ..Run::default()
    }
}

fn ended(id: u32) -> Run {
    Run { status: "succeeded".to_owned(), ended_at: Some("2024-01-31T12:00:01.000000Z".to_owned()), ..run(id) }
}

/// All checks.
pub fn check(place: &Place<'_>) {
    check_table(place, "items");
    check_table(place, "log");
}

/// The checks of one table: `items` has a key, `log` has none.
pub fn check_table(place: &Place<'_>, table: &str) {
    if table == "log" { check_append(place) } else { check_keyed(place) }
}

#[track_caller]
fn expect(place: &Place<'_>, table: &str, rows: &[Row]) {
    let rows: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| vec![Value::Text(row.0.to_owned()), Value::Number(row.1 as f64), Value::Text(row.2.to_owned())])
        .collect();
    assert_eq!((place.rows)(table), rows);
}

fn check_keyed(place: &Place<'_>) {
    let mut target = (place.connect)();
    let opened = target.open(&request("items")).expect("a fresh place");
    assert_eq!((opened.state, opened.has_rows), (None, false));

    // The lease.
    let error = (place.connect)().open(&request("items")).expect_err("it is taken");
    assert_eq!(error.kind, Failure::Leased, "{error}");

    // Rows come with their state, and once.
    target.begin(Pass::Merge, &run(1)).expect("a run");
    assert_eq!(target.write(&batch(&[("b", 1, "x"), ("a", 1, "x")])), Ok(Vec::new()));
    target.write(&batch(&[("b", 2, "y"), ("a", 0, "old")])).expect("rows");
    target.commit("one").expect("a commit");
    if place.transactional {
        expect(place, "items", &[("a", 1, "x"), ("b", 2, "y")]);
    }
    target.write(&batch(&[("c", 1, "lost")])).expect("rows");
    drop(target);

    // What was not committed is not there; what was, is.
    let mut target = (place.connect)();
    let opened = target.open(&request("items")).expect("the lease ended");
    assert_eq!((opened.state.as_deref(), opened.has_rows), (Some("one"), true));
    let status = (place.status)("items");
    assert_eq!((status.source.as_deref(), status.state.as_deref()), (Some("shop.items"), Some("one")));
    assert_eq!(status.runs[0].status, "interrupted");
    target.begin(Pass::Merge, &run(2)).expect("a run");
    if place.transactional {
        target.write(&batch(&[("b", 1, "late"), ("d", 5, "z")])).expect("rows");
    } else {
        target.write(&batch(&[("a", 1, "x"), ("d", 5, "z")])).expect("rows");
    }
    target.reject(&run(2), &[Rejected { row: "{}".to_owned(), reason: "no key".to_owned() }]).expect("kept");
    target.complete("two", Missing::Keep).expect("a commit");
    target.end(&ended(2)).expect("an end");
    expect(place, "items", &[("a", 1, "x"), ("b", 2, "y"), ("d", 5, "z")]);
    assert_eq!((place.status)("items").runs[0], ended(2));

    // Nothing of a full pass is seen before its end, and nothing remains of one that does not come to it.
    target.begin(Pass::Replace, &run(3)).expect("a run");
    target.write(&batch(&[("a", 9, "half")])).expect("rows");
    expect(place, "items", &[("a", 1, "x"), ("b", 2, "y"), ("d", 5, "z")]);
    drop(target);
    let mut target = (place.connect)();
    let opened = target.open(&request("items")).expect("the lease ended");
    assert_eq!(opened.state.as_deref(), Some("two"));
    expect(place, "items", &[("a", 1, "x"), ("b", 2, "y"), ("d", 5, "z")]);
    target.begin(Pass::Replace, &run(4)).expect("a run");
    target.write(&batch(&[("a", 9, "failed")])).expect("rows");
    target.end(&Run { status: "failed".to_owned(), ..ended(4) }).expect("an end");
    expect(place, "items", &[("a", 1, "x"), ("b", 2, "y"), ("d", 5, "z")]);

    // Missing rows: kept, guarded, deleted. A full pass is what is there now, whatever the version was.
    target.begin(Pass::Replace, &run(5)).expect("a run");
    target.write(&batch(&[("a", 0, "back"), ("b", 3, "y")])).expect("rows");
    let completed = target.complete("three", Missing::Delete { at_most: 0.2 }).expect("complete");
    target.end(&ended(5)).expect("an end");
    assert_eq!(completed, Completed { missing: 1, before: 3, deleted: 0 });
    expect(place, "items", &[("a", 0, "back"), ("b", 3, "y"), ("d", 5, "z")]);
    target.begin(Pass::Replace, &run(6)).expect("a run");
    target.write(&batch(&[("b", 3, "y")])).expect("rows");
    target.write(&batch(&[("a", 0, "back")])).expect("rows");
    let completed = target.complete("four", Missing::Keep).expect("complete");
    target.end(&ended(6)).expect("an end");
    assert_eq!(completed.deleted, 0);
    expect(place, "items", &[("a", 0, "back"), ("b", 3, "y"), ("d", 5, "z")]);
    target.begin(Pass::Replace, &run(7)).expect("a run");
    target.write(&batch(&[("b", 3, "y"), ("a", 1, "x"), ("e", 1, "new")])).expect("rows");
    let completed = target.complete("five", Missing::Delete { at_most: 1.0 }).expect("complete");
    target.end(&ended(7)).expect("an end");
    assert_eq!(completed, Completed { missing: 1, before: 3, deleted: 1 });
    expect(place, "items", &[("a", 1, "x"), ("b", 3, "y"), ("e", 1, "new")]);

    // The state by hand.
    target.set_state(Some("six")).expect("a state");
    drop(target);
    let mut target = (place.connect)();
    assert_eq!(target.open(&request("items")).expect("opens").state.as_deref(), Some("six"));
    target.set_state(None).expect("a state");
    drop(target);
    assert_eq!((place.status)("items").state, None);
    expect(place, "items", &[("a", 1, "x"), ("b", 3, "y"), ("e", 1, "new")]);

    check_schema(place);
}

/// Columns come, and never change.
fn check_schema(place: &Place<'_>) {
    let mut foreign = request("items");
    foreign.source = "other.items".to_owned();
    let error = (place.connect)().open(&foreign).expect_err("another source");
    assert!(error.message.contains("has the rows of `shop.items`, not of `other.items`"), "{error}");

    let mut wider = request("items");
    wider.table.columns.push(Column { name: "extra".to_owned(), column_type: ColumnType::Integer });
    wider.evolve = false;
    let error = (place.connect)().open(&wider).expect_err("frozen");
    assert_eq!(error.kind, Failure::Schema, "{error}");
    wider.evolve = true;
    let opened = (place.connect)().open(&wider).expect("it grows");
    assert_eq!(opened.notes.len(), 1, "{:?}", opened.notes);
    assert!(opened.notes[0].ends_with("has a new column `extra`"), "{:?}", opened.notes);

    let mut changed = request("items");
    changed.table.columns[2].column_type = ColumnType::Number;
    let error = (place.connect)().open(&changed).expect_err("another type");
    assert!(error.message.contains("the column `text`"), "{error}");
    let mut changed = request("items");
    changed.table.key = vec![0, 1];
    let error = (place.connect)().open(&changed).expect_err("another key");
    assert_eq!(error.kind, Failure::Schema, "{error}");
}

fn check_append(place: &Place<'_>) {
    let mut target = (place.connect)();
    target.open(&request("log")).expect("a fresh place");
    target.begin(Pass::Append, &run(1)).expect("a run");
    target.write(&batch(&[("a", 1, "x"), ("a", 1, "x")])).expect("rows");
    target.complete("one", Missing::Keep).expect("complete");
    target.end(&ended(1)).expect("an end");
    expect(place, "log", &[("a", 1, "x"), ("a", 1, "x")]);
    target.begin(Pass::Append, &run(2)).expect("a run");
    target.write(&batch(&[("b", 1, "lost")])).expect("rows");
    drop(target);
    let mut target = (place.connect)();
    let opened = target.open(&request("log")).expect("the lease ended");
    assert_eq!(opened.state.as_deref(), Some("one"));
    target.begin(Pass::Append, &run(3)).expect("a run");
    target.write(&batch(&[("b", 1, "y")])).expect("rows");
    target.complete("two", Missing::Keep).expect("complete");
    target.end(&ended(3)).expect("an end");
    expect(place, "log", &[("a", 1, "x"), ("a", 1, "x"), ("b", 1, "y")]);
}

/// The rows of a table on which [`go_on`] ran to its end.
pub fn gone_on() -> Vec<Vec<Value>> {
    let row = |id: usize| {
        let (version, text) = match id % 3 {
            0 => (2, "second"),
            _ => (1, "first"),
        };
        let (version, text) = if id < 10 { (3, "third") } else { (version, text) };
        vec![Value::Text(format!("k{id:03}")), Value::Number(f64::from(version)), Value::Text(text.to_owned())]
    };
    (0..60).filter(|id| *id < 10 || *id >= 14).map(row).collect()
}

/// A history that a process may be killed in at any place, and that another process goes on with: rows in two commits, changes of
/// some then a full pass without four of them. Goes by the state what is left to do.
pub fn go_on(target: &mut dyn Target, table: &str) -> crate::Result<()> {
    let request = Request { table: Table { name: table.to_owned(), ..request("items").table }, ..request("items") };
    let opened = target.open(&request)?;
    let mut step = opened.state.map_or(0, |state| state.parse::<u32>().expect("a number"));
    let run = |step: u32| Run { table_name: table.to_owned(), ..run(step) };
    let ended = |step: u32| Run { table_name: table.to_owned(), ..ended(step) };
    let rows = |rows: Vec<(usize, i64, &str)>| {
        let ids: Vec<String> = rows.iter().map(|row| format!("k{:03}", row.0)).collect();
        let ids: ArrayRef = Arc::new(StringViewArray::from_iter_values(ids));
        let versions: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1)));
        let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values(rows.iter().map(|row| row.2)));
        RecordBatch::try_from_iter([("id", ids), ("version", versions), ("text", texts)])
            .expect("Invariant: columns are of one length")
    };
    if step < 3 {
        let first = step;
        target.begin(Pass::Merge, &run(first))?;
        if step < 1 {
            target.write(&rows((0..30).map(|id| (id, 1, "first")).collect()))?;
            target.write(&rows((20..60).map(|id| (id, 1, "first")).collect()))?;
            target.commit("1")?;
            step = 1;
        }
        if step < 2 {
            target.write(&rows((0..60).step_by(3).map(|id| (id, 2, "second")).collect()))?;
            target.commit("2")?;
        }
        target.complete("3", Missing::Keep)?;
        target.end(&ended(first))?;
        step = 3;
    }
    if step < 4 {
        target.begin(Pass::Replace, &run(step))?;
        target.write(&rows((0..10).map(|id| (id, 3, "third")).collect()))?;
        let rest = (14..60).map(|id| if id % 3 == 0 { (id, 2, "second") } else { (id, 1, "first") });
        target.write(&rows(rest.collect()))?;
        target.complete("4", Missing::Delete { at_most: 0.2 })?;
        target.end(&ended(step))?;
    }
    Ok(())
}

/// Writes a row with a value of each type into the table `samples`.
pub fn write_samples(target: &mut dyn Target) {
    let names = ["id", "text", "number", "flag", "at", "day", "json"];
    let types = [
        ColumnType::Text,
        ColumnType::Text,
        ColumnType::Number,
        ColumnType::Boolean,
        ColumnType::Timestamp,
        ColumnType::Date,
        ColumnType::Json,
    ];
    let columns = names.iter().zip(types).map(|(name, column_type)| Column { name: (*name).to_owned(), column_type });
    let table = Table { name: "samples".to_owned(), columns: columns.collect(), key: vec![0], version: None };
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from_iter_values(["a"])),
        Arc::new(StringViewArray::from_iter_values(["t\n"])),
        Arc::new(Float64Array::from(vec![1.0])),
        Arc::new(BooleanArray::from(vec![true])),
        Arc::new(TimestampMicrosecondArray::from(vec![1_706_702_400_000_005]).with_timezone("UTC")),
        Arc::new(Date32Array::from(vec![19_753])),
        Arc::new(StringViewArray::from_iter_values(["123"])),
    ];
    let fields = names.iter().zip(&arrays).map(|(name, array)| {
        let field = Field::new(*name, array.data_type().clone(), true);
        if *name != "json" {
            return field;
        }
        field.with_metadata([(EXTENSION_TYPE_NAME_KEY.to_owned(), "arrow.json".to_owned())])
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(schema, arrays).expect("Invariant: columns are of one length");
    let request = Request { table, ..request("samples") };
    target.open(&request).expect("opens");
    target.begin(Pass::Replace, &run(1)).expect("a run");
    target.write(&batch).expect("a row");
    target.complete("done", Missing::Keep).expect("complete");
    target.end(&ended(1)).expect("an end");
}
