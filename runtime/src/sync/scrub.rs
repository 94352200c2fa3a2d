//! Rows without secrets: what a server sends back of them reaches no table.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::DataType;

use crate::batch::OwnedBatch;
use crate::context::ExecContext;

/// Secrets are looked for from this length on.
const SHORTEST: usize = 8;

/// The rows with `***` in the place of secrets.
pub(super) fn scrub(context: &ExecContext, batch: RecordBatch) -> RecordBatch {
    if context.vault().is_empty() {
        return batch;
    }
    let columns = batch.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View => scrub_texts(context, column),
        _ => None,
    });
    let columns: Vec<Option<ArrayRef>> = columns.collect();
    if columns.iter().all(Option::is_none) {
        return batch;
    }
    let columns = columns.into_iter().zip(batch.columns()).map(|(fresh, old)| fresh.unwrap_or_else(|| Arc::clone(old)));
    RecordBatch::try_new(batch.schema(), columns.collect()).expect("Invariant: texts took the place of texts")
}

/// `None` where there is nothing to take out.
fn scrub_texts(context: &ExecContext, column: &ArrayRef) -> Option<ArrayRef> {
    let texts = column.as_string_view();
    // Long texts lie behind each other: most often one look is enough for all of them.
    let is_clean = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => matches!(context.scrub(text), Cow::Borrowed(_)),
        Err(_) => false,
    };
    let inline = moltler_abi::layout::view::INLINE;
    let is_short = |text: &&str| (SHORTEST..=inline).contains(&text.len());
    if texts.data_buffers().iter().all(|buffer| is_clean(buffer))
        && texts.iter().flatten().filter(is_short).all(|text| is_clean(text.as_bytes()))
    {
        return None;
    }
    let scrubbed: StringViewArray = texts.iter().map(|text| text.map(|text| context.scrub(text))).collect();
    Some(Arc::new(scrubbed))
}

/// Whether a value is or holds a secret.
pub(super) fn is_secret(context: &ExecContext, batch: &OwnedBatch, column: usize, row: usize) -> bool {
    if context.vault().is_empty() || batch.is_null(column, row) {
        return false;
    }
    match batch.text(column, row) {
        Some(text) => matches!(context.scrub(text), Cow::Owned(_)),
        None => {
            let mut json = String::new();
            batch.write_json(column, row, &mut json);
            matches!(context.scrub(&json), Cow::Owned(_))
        }
    }
}
