//! The folder as readers find it.

use std::path::PathBuf;

use super::*;
use crate::conformance::{self, Value as Seen};
use crate::parquet::files::Input;
use crate::rows::Cell;
use crate::{Column, ColumnType};

/// The files of a folder as a glob lists them.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "parquet")).collect();
    files.sort();
    files
}

/// The rows of all files, in the order of the key; those without one as they come.
fn rows(folder: &Path) -> Vec<Vec<Seen>> {
    let columns = conformance::request("items").table.columns;
    let mut rows = Vec::new();
    for file in files(folder) {
        let input = Input::open(&file, &columns, None).expect("a whole file");
        let read = input.each(|_, values, row| {
            let values = values.iter().map(|values| match values.and_then(|values| values.get(row)) {
                Some(Cell::Text(text)) => Seen::Text(text.to_owned()),
                Some(Cell::Integer(integer)) => Seen::Number(integer as f64),
                _ => Seen::Null,
            });
            rows.push(values.collect::<Vec<_>>());
            Ok(())
        });
        read.expect("rows");
    }
    rows.sort_by_key(|row| format!("{:?}", row[0]));
    rows
}

#[test]
fn it_is_a_target() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = |table: &str| folder.path().join(format!("deep/{table}"));
    for table in ["items", "log"] {
        conformance::check_table(
            &conformance::Place {
                connect: &|| Box::new(Parquet::new(&path(table))),
                rows: &|table| rows(&path(table)),
                status: &|table| status(&path(table)).expect("a status"),
                transactional: false,
            },
            table,
        );
    }
}

#[test]
fn columns_have_types_that_others_know() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("samples");
    conformance::write_samples(&mut Parquet::new(&path));
    let file = std::fs::File::open(&files(&path)[0]).expect("a file");
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let metadata = reader.metadata();
    let types: Vec<String> = metadata
        .file_metadata()
        .schema_descr()
        .columns()
        .iter()
        .map(|column| format!("{} {} {:?}", column.name(), column.physical_type(), column.logical_type_ref()))
        .collect();
    assert_eq!(
        types,
        [
            "id BYTE_ARRAY Some(String)",
            "text BYTE_ARRAY Some(String)",
            "number DOUBLE None",
            "flag BOOLEAN None",
            "at INT64 Some(Timestamp(TimestampType { is_adjusted_to_u_t_c: true, unit: MICROS }))",
            "day INT32 Some(Date)",
            "json BYTE_ARRAY Some(Json)",
        ]
    );
    let column = metadata.row_group(0).column(4);
    assert_eq!(column.compression(), ::parquet::basic::Compression::SNAPPY);
    assert!(column.statistics().is_some_and(|statistics| statistics.min_bytes_opt().is_some()));
    let manifest = std::fs::read(path.join("_manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["rows"], 1);
    assert_eq!(manifest["columns"][4], serde_json::json!({"name": "at", "type": "timestamp"}));
}

/// Writes a run of rows `from..to` with a version, and shows them.
fn put(path: &Path, pass: Pass, rows: std::ops::Range<usize>, version: i64) {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringViewArray};
    let mut target = Parquet::new(path);
    target.open(&conformance::request("items")).expect("opens");
    let run = Run { id: format!("{version}"), ..Run::default() };
    target.begin(pass, &run).expect("a run");
    for start in rows.clone().step_by(100) {
        let ids = start..rows.end.min(start + 100);
        let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values(ids.clone().map(|id| format!("k{id:07}"))));
        let versions: ArrayRef = Arc::new(Int64Array::from_iter_values(ids.map(|_| version)));
        let batch = RecordBatch::try_from_iter([("id", Arc::clone(&texts)), ("version", versions), ("text", texts)]);
        target.write(&batch.expect("columns of one length")).expect("rows");
    }
    target.complete("done", Missing::Keep).expect("complete");
    target.end(&run).expect("an end");
}

#[test]
fn only_files_whose_rows_change_are_written() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("items");
    put(&path, Pass::Replace, 0..2_500, 1);
    let inodes = || -> Vec<(String, u64)> {
        use std::os::unix::fs::MetadataExt;
        let inode = |file: &PathBuf| std::fs::metadata(file).expect("a file").ino();
        files(&path)
            .iter()
            .map(|file| (file.file_name().expect("a name").to_string_lossy().into_owned(), inode(file)))
            .collect()
    };
    let before = inodes();
    assert_eq!(before.len(), 4, "{before:?}");
    put(&path, Pass::Merge, 77..78, 2);
    let after = inodes();
    assert_eq!(before.iter().zip(&after).filter(|(before, after)| before != after).count(), 1);
    let all = rows(&path);
    assert_eq!(all.len(), 2_500);
    assert_eq!(all[77][1], Seen::Number(2.0));
    assert!(all.iter().enumerate().all(|(id, row)| id == 77 || row[1] == Seen::Number(1.0)));
    // It grows into more files.
    put(&path, Pass::Merge, 2_400..4_500, 3);
    assert_eq!(files(&path).len(), 8);
    let all = rows(&path);
    assert_eq!(all.len(), 4_500);
    assert_eq!(all.iter().filter(|row| row[1] == Seen::Number(3.0)).count(), 2_100);
    // Older rows change nothing.
    put(&path, Pass::Merge, 0..10, 0);
    assert_eq!(rows(&path)[0][1], Seen::Number(1.0));
}

#[test]
fn a_new_column_is_in_all_files() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("items");
    put(&path, Pass::Replace, 0..10, 1);
    let mut request = conformance::request("items");
    request.table.columns.push(Column { name: "extra".to_owned(), column_type: ColumnType::Json });
    let mut target = Parquet::new(&path);
    target.open(&request).expect("it grows");
    target.begin(Pass::Merge, &Run::default()).expect("a run");
    target.complete("done", Missing::Keep).expect("complete");
    let manifest = Folder::new(&path).read().expect("a manifest");
    assert_eq!(manifest.columns.len(), 4);
    assert!(manifest.parts.iter().all(|part| part.columns == 4), "{manifest:?}");
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("items");
    std::fs::create_dir(&path).expect("a scratch folder");
    std::fs::write(path.join("important.txt"), "x").expect("a scratch file");
    let error = Parquet::new(&path).open(&conformance::request("items")).expect_err("not ours");
    assert!(error.message.ends_with("is there and was not written by a sync"), "{error}");
    assert!(path.join("important.txt").exists());
    std::fs::remove_file(path.join("important.txt")).expect("a scratch file");
    put(&path, Pass::Replace, 0..3, 1);
    assert_eq!(rows(&path).len(), 3, "an empty folder is nobody's");
}
