//! Against a stub that is as strict as Elasticsearch.

use super::stub::Stub;
use super::*;
use crate::conformance::{self, Value as Seen};

/// Documents as rows; those without a key in the order in which they came, which their ids have.
fn rows(stub: &Stub, table: &str) -> Vec<Vec<Seen>> {
    let row = |document: Value| {
        let values = document.as_object().expect("an object").values().map(|value| match value {
            Value::Null => Seen::Null,
            Value::Number(number) => Seen::Number(number.as_f64().expect("a double")),
            Value::String(text) => Seen::Text(text.clone()),
            other => Seen::Text(other.to_string()),
        });
        values.collect()
    };
    stub.documents(table).into_iter().map(row).collect()
}

#[test]
fn it_is_a_target() {
    let stub = Stub::start();
    conformance::check(&conformance::Place {
        connect: &|| Box::new(Elasticsearch::new(&stub.url())),
        rows: &|table| rows(&stub, table),
        status: &|table| status(&stub.url(), table).expect("a status"),
        transactional: false,
    });
    assert!(stub.bulks() > 5);
    let indices = stub.indices();
    assert_eq!(indices.iter().filter(|index| is_ours(index, "items")).count(), 1, "{indices:?}");
}

#[test]
fn documents_are_as_others_write_them() {
    let stub = Stub::start();
    conformance::write_samples(&mut Elasticsearch::new(&stub.url()));
    assert_eq!(
        stub.documents("samples"),
        [json!({"id": "a", "text": "t\n", "number": 1, "flag": true, "at": "2024-01-31T12:00:00.000005Z",
                "day": "2024-01-31", "json": 123})]
    );
}

#[test]
fn histories_come_to_their_end() {
    let stub = Stub::start();
    conformance::go_on(&mut Elasticsearch::new(&stub.url()), "items").expect("it runs");
    assert_eq!(rows(&stub, "items"), conformance::gone_on());
}

#[test]
fn a_run_without_rows_adds_no_index() {
    let stub = Stub::start();
    for run in ["1", "2", "3"] {
        let mut target = Elasticsearch::new(&stub.url());
        target.open(&conformance::request("log")).expect("opens");
        target.begin(Pass::Append, &Run { id: run.to_owned(), ..Run::default() }).expect("a run");
        target.complete(run, Missing::Keep).expect("complete");
        assert_eq!(status(&stub.url(), "log").expect("a status").state.as_deref(), Some(run));
    }
    assert_eq!(stub.indices().iter().filter(|index| is_ours(index, "log")).count(), 1);
}

#[test]
fn what_is_refused_is_told() {
    use arrow_array::{ArrayRef, Int64Array, StringViewArray};
    let stub = Stub::start();
    let mut target = Elasticsearch::new(&stub.url());
    target.open(&conformance::request("items")).expect("opens");
    target.begin(Pass::Merge, &Run { id: "1".to_owned(), ..Run::default() }).expect("a run");
    // Larger than a body may be, and with a key that is longer than an id.
    let ids: ArrayRef = Arc::new(StringViewArray::from_iter_values(["a".to_owned(), "b".to_owned(), "c".repeat(600)]));
    let versions: ArrayRef = Arc::new(Int64Array::from_iter_values([1, 1, 1]));
    let texts: ArrayRef =
        Arc::new(StringViewArray::from_iter_values(["x".to_owned(), "y".repeat(30_000), String::new()]));
    let batch = RecordBatch::try_from_iter([("id", ids), ("version", versions), ("text", texts)]).expect("columns");
    let rejected = target.write(&batch).expect("rows");
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].reason, "the key has 600 bytes, more than the 512 of an id");
    target.complete("1", Missing::Keep).expect("complete");
    target.end(&Run { id: "1".to_owned(), rows_written: 2, ..Run::default() }).expect("an end");
    assert_eq!(stub.documents("items"), [json!({"id": "a", "version": 1, "text": "x"})]);
    let run = &stub.documents(RUNS)[0];
    assert_eq!((&run["rows_written"], &run["rows_rejected"]), (&json!(1), &json!(1)));
    refresh(&Server::new(&stub.url()).expect("a URL"), REJECTED).expect("a refresh");
    let kept = stub.documents(REJECTED);
    assert_eq!(kept[0]["reason"], "the document is larger than the server takes");
}

#[test]
fn indices_of_others_are_left_alone() {
    let stub = Stub::start();
    stub.make("items");
    let error = Elasticsearch::new(&stub.url()).open(&conformance::request("items")).expect_err("not ours");
    assert_eq!(error.message, "`items` is there and was not written by a sync");
    let error = Elasticsearch::new(&stub.url()).open(&conformance::request("Items")).expect_err("no name");
    assert_eq!(error.message, "`Items` is no name of an index");
}

#[test]
fn secrets_are_in_no_message() {
    let stub = Stub::start();
    let url = stub.url().replace("hunter2", "hunter3");
    let error = Elasticsearch::new(&url).open(&conformance::request("items")).expect_err("refused");
    assert!(error.message.ends_with("status 401, missing authentication credentials"), "{error}");
    assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
    for url in ["http://me:hunter2@:9200", "http://me:hunter2@h:hunter2"] {
        let error = Server::new(url).err().expect("wrong");
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
    }
}
