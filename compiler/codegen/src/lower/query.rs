//! Pipelines: filter and projection of a batch in one function.
//!
//! Without a filter, a loop over all rows writes what is computed. With one, rows are gone through in blocks of [`BLOCK`]: the
//! parts of the filter that vectors can answer give a word with a bit for each row of the block ([`super::mask`]); what is left
//! of the filter, and the projection, see only the rows whose bit is set. Rows behind the last whole block answer one by one.
//! Columns that are passed on as they are cost nothing here: the runtime takes them by the selection.

use std::mem::offset_of;

use cranelift::codegen::ir::BlockArg;
use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::functions::FUNCTIONS;
use moltler_abi::layout::{Batch, Column, Datum, OK, kind, view};
use moltler_abi::manifest::Output;
use moltler_abi::runtime_calls::{BinaryOperator, RuntimeCall};
use moltler_plan::expr::{Expr, ExprKind};
use moltler_plan::physical::Pipeline;

use super::Lowering;
use super::operand::{Form, Null, Operand};

/// Rows that are filtered together.
pub(super) const BLOCK: i64 = 64;

/// The row that a loop is at.
pub(super) struct Row {
    index: Value,
    /// By column; `None` for those that nobody reads.
    columns: Vec<Option<ColumnAddress>>,
    types: Vec<DataType>,
}

/// Where a column of the input is.
#[derive(Clone, Copy)]
pub(super) struct ColumnAddress {
    pub(super) data: Value,
    pub(super) validity: Value,
    buffers: Value,
}

/// A column that is written.
struct Computed<'e> {
    value: &'e Expr,
    data: Value,
    validity: Value,
}

/// What is done with a row that passes.
struct Projection<'e> {
    computed: Vec<Computed<'e>>,
    /// Where the numbers of these rows are written.
    selection: Option<Value>,
}

/// How input is read: it does not change while the function runs, and starts at any address.
pub(super) fn input_flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap().with_readonly()
}

impl Lowering<'_> {
    /// The loop over a batch, up to and with its return.
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, input: Value, output: Value) {
        let flags = MemFlagsData::trusted();
        let rows = self.builder.ins().load(self.pointer, flags, input, offset_of!(Batch, rows) as i32);
        let columns = self.builder.ins().load(self.pointer, flags, input, offset_of!(Batch, columns) as i32);
        let wanted = pipeline.outputs();
        let computed = pipeline.outputs.iter().zip(&wanted);
        let computed = computed.filter_map(|(value, wanted)| matches!(wanted, Output::Computed(_)).then_some(value));
        let computed: Vec<&Expr> = computed.collect();
        let mut read = vec![false; pipeline.input.len()];
        for value in pipeline.filter.iter().chain(computed.iter().copied()) {
            for column in value.columns() {
                read[column as usize] = true;
            }
        }
        let read = read.into_iter().enumerate();
        let columns = read.map(|(index, read)| read.then(|| self.column_address(columns, index))).collect();
        for value in pipeline.filter.iter().chain(computed.iter().copied()) {
            self.hoist(value);
        }
        let out = self.builder.ins().load(self.pointer, flags, output, offset_of!(Batch, columns) as i32);
        let computed = computed.into_iter().enumerate().map(|(index, value)| {
            let ColumnAddress { data, validity, .. } = self.column_address(out, index);
            Computed { value, data, validity }
        });
        let computed = computed.collect();
        let zero = self.builder.ins().iconst(self.pointer, 0);
        self.row = Some(Row { index: zero, columns, types: pipeline.input.clone() });
        let end = self.builder.create_block();
        self.builder.append_block_param(end, self.pointer);
        match &pipeline.filter {
            None => self.every_row(rows, &Projection { computed, selection: None }, end),
            Some(filter) => {
                let selection = offset_of!(Batch, selection) as i32;
                let selection = self.builder.ins().load(self.pointer, flags, output, selection);
                self.filtered(filter, rows, &Projection { computed, selection: Some(selection) }, end);
            }
        }
        self.go_on_in(end);
        let written = self.builder.block_params(end)[0];
        self.builder.ins().store(flags, written, output, offset_of!(Batch, rows) as i32);
        self.return_status(OK);
    }

    /// A loop that writes a row for each row.
    fn every_row(&mut self, rows: Value, projection: &Projection<'_>, end: Block) {
        let [head, body] = self.blocks();
        self.builder.append_block_param(head, self.pointer);
        let zero = self.builder.ins().iconst(self.pointer, 0);
        self.builder.ins().jump(head, &[zero.into()]);
        self.go_on_in(head);
        let index = self.builder.block_params(head)[0];
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, index, rows);
        self.builder.ins().brif(more, body, &[], end, &[rows.into()]);
        self.go_on_in(body);
        self.set_row(index);
        self.project(projection, index, index);
        let index = self.builder.ins().iadd_imm_s(index, 1);
        self.builder.ins().jump(head, &[index.into()]);
    }

    /// A loop that writes the rows for which the filter is TRUE.
    fn filtered(&mut self, filter: &Expr, rows: Value, projection: &Projection<'_>, end: Block) {
        let (masks, rest) = self.split(filter);
        if masks.is_empty() {
            return self.filtered_one_by_one(filter, rows, projection, end);
        }
        let [head, some, whole, part, tail, scan, bit, drop] = self.blocks();
        for block in [head, tail, scan, drop] {
            self.builder.append_block_param(block, self.pointer);
        }
        self.builder.append_block_param(head, self.pointer);
        self.builder.append_block_param(tail, types::I64);
        self.builder.append_block_param(scan, types::I64);
        let zero = self.builder.ins().iconst(self.pointer, 0);
        self.builder.ins().jump(head, &[zero.into(), zero.into()]);

        // Invariant: `start` and `first_written` are the same for all rows of a block; within it, `scan` goes on with the rows
        // that are left, and how many were written.
        self.go_on_in(head);
        let (start, first_written) = (self.builder.block_params(head)[0], self.builder.block_params(head)[1]);
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, start, rows);
        self.builder.ins().brif(more, some, &[], end, &[first_written.into()]);

        self.go_on_in(some);
        let left = self.builder.ins().isub(rows, start);
        let is_whole = self.builder.ins().icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, left, BLOCK);
        let no_rows = self.builder.ins().iconst(types::I64, 0);
        self.builder.ins().brif(is_whole, whole, &[], part, &[]);

        self.go_on_in(whole);
        let passed = self.block_mask(&masks, start);
        self.builder.ins().jump(scan, &[first_written.into(), passed.into()]);

        self.go_on_in(part);
        self.builder.ins().jump(tail, &[start.into(), no_rows.into()]);
        self.go_on_in(tail);
        let (index, passed) = (self.builder.block_params(tail)[0], self.builder.block_params(tail)[1]);
        let [row, yes, no] = self.blocks();
        self.builder.append_block_param(no, types::I64);
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, index, rows);
        self.builder.ins().brif(more, row, &[], scan, &[first_written.into(), passed.into()]);
        self.go_on_in(row);
        self.set_row(index);
        for mask in &masks {
            let [next, fails] = self.blocks();
            self.condition(mask.expr, next, fails);
            self.go_on_in(fails);
            self.builder.ins().jump(no, &[passed.into()]);
            self.go_on_in(next);
        }
        self.builder.ins().jump(yes, &[]);
        self.go_on_in(yes);
        let one = self.builder.ins().iconst(types::I64, 1);
        let position = self.builder.ins().isub(index, start);
        let set = self.builder.ins().ishl(one, position);
        let set = self.builder.ins().bor(passed, set);
        self.builder.ins().jump(no, &[set.into()]);
        self.go_on_in(no);
        let passed = self.builder.block_params(no)[0];
        let index = self.builder.ins().iadd_imm_s(index, 1);
        self.builder.ins().jump(tail, &[index.into(), passed.into()]);

        self.go_on_in(scan);
        let (written, passed) = (self.builder.block_params(scan)[0], self.builder.block_params(scan)[1]);
        let next = self.builder.ins().iadd_imm_s(start, BLOCK);
        self.builder.ins().brif(passed, bit, &[], head, &[next.into(), written.into()]);

        self.go_on_in(bit);
        let position = self.builder.ins().ctz(passed);
        let index = self.builder.ins().iadd(start, position);
        let below = self.builder.ins().iadd_imm_s(passed, -1);
        let left = self.builder.ins().band(passed, below);
        self.set_row(index);
        let mark = self.slots_in_use;
        for condition in rest {
            let [next, fails] = self.blocks();
            self.condition(condition, next, fails);
            self.go_on_in(fails);
            self.builder.ins().jump(drop, &[written.into()]);
            self.go_on_in(next);
        }
        self.release(mark);
        self.project(projection, index, written);
        let one_more = self.builder.ins().iadd_imm_s(written, 1);
        self.builder.ins().jump(drop, &[one_more.into()]);
        self.go_on_in(drop);
        let written = self.builder.block_params(drop)[0];
        self.builder.ins().jump(scan, &[written.into(), left.into()]);
    }

    /// The same, for a filter of which vectors can answer no part.
    fn filtered_one_by_one(&mut self, filter: &Expr, rows: Value, projection: &Projection<'_>, end: Block) {
        let [head, body, pass, drop, next] = self.blocks();
        for block in [head, next] {
            self.builder.append_block_param(block, self.pointer);
        }
        self.builder.append_block_param(head, self.pointer);
        let zero = self.builder.ins().iconst(self.pointer, 0);
        self.builder.ins().jump(head, &[zero.into(), zero.into()]);
        self.go_on_in(head);
        let (index, written) = (self.builder.block_params(head)[0], self.builder.block_params(head)[1]);
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, index, rows);
        self.builder.ins().brif(more, body, &[], end, &[written.into()]);
        self.go_on_in(body);
        self.set_row(index);
        let mark = self.slots_in_use;
        self.condition(filter, pass, drop);
        self.release(mark);
        self.go_on_in(drop);
        self.builder.ins().jump(next, &[BlockArg::from(written)]);
        self.go_on_in(pass);
        self.project(projection, index, written);
        let one_more = self.builder.ins().iadd_imm_s(written, 1);
        self.builder.ins().jump(next, &[BlockArg::from(one_more)]);
        self.go_on_in(next);
        let written = self.builder.block_params(next)[0];
        let index = self.builder.ins().iadd_imm_s(index, 1);
        self.builder.ins().jump(head, &[index.into(), written.into()]);
    }

    /// Writes the row that the loop is at.
    fn project(&mut self, projection: &Projection<'_>, index: Value, written: Value) {
        if let Some(selection) = projection.selection {
            let place = self.builder.ins().ishl_imm_s(written, 2);
            let place = self.builder.ins().iadd(selection, place);
            self.builder.ins().istore32(MemFlagsData::trusted(), index, place, 0);
        }
        for column in &projection.computed {
            let mark = self.slots_in_use;
            self.store_element(column, written);
            self.release(mark);
        }
    }

    fn set_row(&mut self, index: Value) {
        self.row.as_mut().expect("Invariant: only pipelines are at rows").index = index;
    }

    fn column_address(&mut self, columns: Value, index: usize) -> ColumnAddress {
        let start = index * size_of::<Column>();
        let mut load = |offset| self.builder.ins().load(self.pointer, input_flags(), columns, (start + offset) as i32);
        ColumnAddress {
            data: load(offset_of!(Column, data)),
            validity: load(offset_of!(Column, validity)),
            buffers: load(offset_of!(Column, buffers)),
        }
    }

    /// Where a column of the input is, which the filter or a projection reads.
    pub(super) fn input_column(&self, index: u32) -> ColumnAddress {
        let row = self.row.as_ref().expect("Invariant: only pipelines read columns");
        row.columns[index as usize].expect("Invariant: the loop knows every column that it reads")
    }

    /// Computes before the loop what is the same for every row and cannot fail.
    fn hoist(&mut self, expr: &Expr) {
        if matches!(expr.kind, ExprKind::Literal(_)) {
            return;
        }
        if is_hoistable(expr) {
            let operand = self.expr(expr);
            self.hoisted.insert(std::ptr::from_ref(expr), operand);
            return;
        }
        for child in expr.children() {
            self.hoist(child);
        }
    }

    /// The value of a column in the row that the loop is at.
    pub(super) fn column(&mut self, index: u32, data_type: DataType) -> Operand {
        let row = self.row.as_ref().expect("Invariant: only pipelines read columns");
        let position = row.index;
        assert_eq!(row.types[index as usize], data_type, "Invariant: a column is read as what it is");
        let column = self.input_column(index);
        let flags = input_flags();
        let valid = self.bit(column.validity, position, flags);
        let null = Null::Flag(self.flip(valid));
        if data_type == DataType::Boolean {
            let form = Form::Boolean(self.bit(column.data, position, flags));
            return Operand { data_type, null, form };
        }
        let place = self.element(column.data, position, data_type);
        let form = match data_type {
            DataType::Integer | DataType::Timestamp => {
                Form::Integer(self.builder.ins().load(types::I64, flags, place, 0))
            }
            DataType::Date => {
                let days = self.builder.ins().load(types::I32, flags, place, 0);
                Form::Integer(self.builder.ins().sextend(types::I64, days))
            }
            DataType::Number => Form::Number(self.builder.ins().load(types::F64, flags, place, 0)),
            DataType::String => self.text_at(place, column.buffers),
            DataType::Document | DataType::Array | DataType::Dynamic => {
                let value = self.builder.ins().load(types::I64, flags, place, 0);
                let address = self.slot();
                let flags = MemFlagsData::trusted();
                let valid = self.builder.ins().uextend(types::I64, valid);
                let kind = self.builder.ins().imul_imm_s(valid, i64::from(kind::BOXED));
                let zero = self.builder.ins().iconst(types::I64, 0);
                self.builder.ins().store(flags, kind, address, offset_of!(Datum, kind) as i32);
                self.builder.ins().store(flags, value, address, offset_of!(Datum, low) as i32);
                self.builder.ins().store(flags, zero, address, offset_of!(Datum, high) as i32);
                Form::Datum(address)
            }
            DataType::Boolean | DataType::Interval | DataType::Null => {
                panic!("Invariant: no column has elements of the type {data_type}")
            }
        };
        Operand { data_type, null, form }
    }

    /// The text of a view. What nobody looks at is not computed.
    fn text_at(&mut self, place: Value, buffers: Value) -> Form {
        let flags = input_flags();
        let length = self.builder.ins().load(types::I32, flags, place, 0);
        let is_long = self.builder.ins().icmp_imm_u(IntCC::UnsignedGreaterThan, length, view::INLINE as i64);
        let none = self.builder.ins().iconst(types::I32, 0);
        // Of a short text, these two are part of the text: then the first buffer is looked up, which there always is.
        let buffer = self.builder.ins().load(types::I32, flags, place, view::BUFFER as i32);
        let buffer = self.builder.ins().select(is_long, buffer, none);
        let offset = self.builder.ins().load(types::I32, flags, place, view::OFFSET as i32);
        let [buffer, offset, length] = [buffer, offset, length].map(|word| self.widen_to_pointer(word));
        let buffer = self.builder.ins().imul_imm_s(buffer, i64::from(self.pointer.bytes()));
        let buffer = self.builder.ins().iadd(buffers, buffer);
        let start = self.builder.ins().load(self.pointer, flags, buffer, 0);
        let far = self.builder.ins().iadd(start, offset);
        let near = self.builder.ins().iadd_imm_s(place, 4);
        let data = self.builder.ins().select(is_long, far, near);
        Form::Text { data, length, view: Some(place) }
    }

    fn widen_to_pointer(&mut self, word: Value) -> Value {
        if self.pointer == types::I32 { word } else { self.builder.ins().uextend(self.pointer, word) }
    }

    /// A bit of a column, as a flag.
    fn bit(&mut self, bits: Value, position: Value, flags: MemFlagsData) -> Value {
        let byte = self.builder.ins().ushr_imm_u(position, 3);
        let place = self.builder.ins().iadd(bits, byte);
        let byte = self.builder.ins().load(types::I8, flags, place, 0);
        let shift = self.builder.ins().ireduce(types::I8, position);
        let shift = self.builder.ins().band_imm_u(shift, 7);
        let bit = self.builder.ins().ushr(byte, shift);
        self.builder.ins().band_imm_u(bit, 1)
    }

    /// Sets a bit that is 0, where `flag` is 1.
    fn set_bit(&mut self, bits: Value, position: Value, flag: Value) {
        let flags = MemFlagsData::trusted();
        let byte = self.builder.ins().ushr_imm_u(position, 3);
        let place = self.builder.ins().iadd(bits, byte);
        let byte = self.builder.ins().load(types::I8, flags, place, 0);
        let shift = self.builder.ins().ireduce(types::I8, position);
        let shift = self.builder.ins().band_imm_u(shift, 7);
        let bit = self.builder.ins().ishl(flag, shift);
        let byte = self.builder.ins().bor(byte, bit);
        self.builder.ins().store(flags, byte, place, 0);
    }

    /// The address of an element of a column.
    fn element(&mut self, data: Value, position: Value, data_type: DataType) -> Value {
        let offset = match data_type {
            DataType::Date => self.builder.ins().ishl_imm_s(position, 2),
            DataType::Integer
            | DataType::Timestamp
            | DataType::Number
            | DataType::Document
            | DataType::Array
            | DataType::Dynamic => self.builder.ins().ishl_imm_s(position, 3),
            DataType::String => self.builder.ins().ishl_imm_s(position, 4),
            DataType::Boolean | DataType::Interval | DataType::Null => {
                panic!("Invariant: no column has elements of the type {data_type}")
            }
        };
        self.builder.ins().iadd(data, offset)
    }

    /// Computes an output and writes it to its column.
    fn store_element(&mut self, column: &Computed<'_>, position: Value) {
        let value = column.value;
        let mut operand = self.expr(value);
        if value.data_type == DataType::Dynamic {
            // A dynamic value may be of any kind here; in a column it is boxed.
            operand = self.convert(RuntimeCall::coerce, operand, DataType::Dynamic.into(), DataType::Dynamic);
        }
        let flags = MemFlagsData::trusted();
        let null = match operand.null {
            Null::Never => None,
            other => Some(self.null_flag(other)),
        };
        let valid = match null {
            None => self.flag(true),
            Some(null) => self.flip(null),
        };
        self.set_bit(column.validity, position, valid);
        if let Form::Boolean(word) = operand.form {
            let word = self.builder.ins().band(word, valid);
            return self.set_bit(column.data, position, word);
        }
        let place = self.element(column.data, position, value.data_type);
        match operand.form {
            Form::Boolean(_) => {}
            Form::Integer(word) if value.data_type == DataType::Date => {
                let word = self.builder.ins().ireduce(types::I32, word);
                self.store_word(word, types::I32, null, place);
            }
            Form::Integer(word) => self.store_word(word, types::I64, null, place),
            Form::Number(number) => {
                let word = self.builder.ins().bitcast(types::I64, MemFlagsData::new(), number);
                self.store_word(word, types::I64, null, place);
            }
            // The view of a NULL is zero already.
            Form::Text { data, length, .. } => {
                let [there, next] = self.blocks();
                self.builder.ins().brif(valid, there, &[], next, &[]);
                self.go_on_in(there);
                self.run(RuntimeCall::store_text, &[data, length, place]);
                self.builder.ins().jump(next, &[]);
                self.go_on_in(next);
            }
            Form::Datum(address) => {
                let word = self.builder.ins().load(types::I64, flags, address, offset_of!(Datum, low) as i32);
                self.store_word(word, types::I64, null, place);
            }
        }
    }

    /// Writes a word, zero for NULL.
    fn store_word(&mut self, word: Value, width: Type, null: Option<Value>, place: Value) {
        let word = match null {
            None => word,
            Some(null) => {
                let zero = self.builder.ins().iconst(width, 0);
                self.builder.ins().select(null, zero, word)
            }
        };
        self.builder.ins().store(MemFlagsData::trusted(), word, place, 0);
    }
}

/// Whether the value is the same for every row, and computing it has no effect and cannot fail.
fn is_hoistable(expr: &Expr) -> bool {
    let kind = match &expr.kind {
        ExprKind::Literal(_)
        | ExprKind::Variable(_)
        | ExprKind::Member { .. }
        | ExprKind::Index { .. }
        | ExprKind::Coerce(_)
        | ExprKind::Numeric(_)
        | ExprKind::Json(_)
        | ExprKind::Document(_)
        | ExprKind::Array(_)
        | ExprKind::Binary { operator: BinaryOperator::Concat, .. } => true,
        ExprKind::Call { function, arguments } => {
            arguments.is_empty() && matches!(FUNCTIONS[*function as usize].name, "CURRENT_TIMESTAMP" | "NOW")
        }
        _ => false,
    };
    kind && expr.children().into_iter().all(is_hoistable)
}
