//! What a pipeline writes.
#![expect(unsafe_code, reason = "columns are made of what generated code wrote")]

use std::rc::Rc;

use arrow_buffer::{Buffer, MutableBuffer};
use moltler_abi::DataType;
use moltler_abi::layout::{Batch, Column};
use moltler_abi::manifest::{Output, Pipeline};

use super::OwnedBatch;
use super::column::{self, ColumnData, Elements, Form};
use crate::arena::Arena;

/// Room for the rows that a pipeline writes: which rows of its input pass, and the columns that it computes.
#[derive(Debug)]
pub struct OutputBatch<'p> {
    pipeline: &'p Pipeline,
    computed: Vec<Computed>,
    selection: Vec<u32>,
    capacity: usize,
}

#[derive(Debug)]
struct Computed {
    data_type: DataType,
    data: MutableBuffer,
    validity: MutableBuffer,
}

impl<'p> OutputBatch<'p> {
    /// Room for what `pipeline` makes of `rows` rows.
    pub fn new(pipeline: &'p Pipeline, rows: usize) -> OutputBatch<'p> {
        let computed = pipeline.outputs.iter().filter_map(|output| match output {
            Output::Column(_) => None,
            Output::Computed(data_type) => Some(Computed {
                data_type: *data_type,
                data: MutableBuffer::from_len_zeroed(Form::of(*data_type).bytes(rows)),
                validity: MutableBuffer::from_len_zeroed(rows.div_ceil(8)),
            }),
        });
        let selection = if pipeline.filters { vec![0; rows] } else { Vec::new() };
        OutputBatch { pipeline, computed: computed.collect(), selection, capacity: rows }
    }

    /// Lets generated code write rows from the first on; gives its result and how many there are.
    pub fn with_view<R>(&mut self, write: impl FnOnce(&mut Batch) -> R) -> (R, usize) {
        let columns: Vec<Column> = self
            .computed
            .iter_mut()
            .map(|column| Column {
                data: column.data.as_mut_ptr(),
                validity: column.validity.as_mut_ptr(),
                buffers: std::ptr::null(),
            })
            .collect();
        let mut view = Batch { rows: 0, columns: columns.as_ptr(), selection: self.selection.as_mut_ptr() };
        let result = write(&mut view);
        (result, view.rows)
    }

    /// The first `rows` rows as a batch.
    ///
    /// # Safety
    /// Generated code wrote them, from `input`: the views that it wrote are of texts in `arena`, the addresses that it wrote are
    /// those of values in `arena` or in a column of `input`; the rows that it selected are rows of the input.
    pub unsafe fn finish(self, rows: usize, mut arena: Arena, input: &OwnedBatch) -> OwnedBatch {
        assert!(rows <= self.capacity, "Invariant: a pipeline writes at most as many rows as it reads");
        let selection = &self.selection[..if self.pipeline.filters { rows } else { 0 }];
        let all = rows == input.rows();
        let texts = arena.take_texts();
        let needs_values = self.computed.iter().any(|column| Form::of(column.data_type) == Form::Boxed);
        let mut held: Vec<Rc<Arena>> = Vec::new();
        if needs_values {
            for column in &input.columns {
                if let Elements::Boxed(boxes) = &column.elements {
                    held.extend(boxes.held().iter().cloned());
                }
            }
            held.push(Rc::new(arena));
        }
        let held: Rc<[Rc<Arena>]> = held.into();
        let mut computed = self.computed.into_iter();
        let columns = self.pipeline.outputs.iter().map(|output| match output {
            Output::Column(column) if all => input.columns[*column as usize].clone(),
            Output::Column(column) => input.columns[*column as usize].select(selection),
            Output::Computed(_) => {
                let column = computed.next().expect("Invariant: there is room for each computed column");
                let Computed { data_type, mut data, mut validity } = column;
                data.truncate(Form::of(data_type).bytes(rows));
                validity.truncate(rows.div_ceil(8));
                let (data, validity): (Buffer, Buffer) = (data.into(), validity.into());
                // SAFETY: the caller's promise.
                unsafe { column::column(data_type, rows, data, validity, &texts, &held) }
            }
        });
        OwnedBatch { columns: columns.collect::<Vec<ColumnData>>(), rows }
    }
}
