//! Pipelines: filter and projection of a batch in one loop.

use std::mem::offset_of;

use cranelift::codegen::ir::BlockArg;
use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::functions::FUNCTIONS;
use moltler_abi::layout::{Batch, Column, Datum, OK, Text, kind};
use moltler_abi::runtime_calls::{BinaryOperator, RuntimeCall};
use moltler_plan::expr::{Expr, ExprKind};
use moltler_plan::physical::Pipeline;

use super::Lowering;
use super::operand::{Form, Null, Operand};

/// The row that a loop is at.
pub(super) struct Row {
    index: Value,
    /// By column; `None` for those that nobody reads.
    columns: Vec<Option<ColumnAddress>>,
    types: Vec<DataType>,
}

#[derive(Clone, Copy)]
struct ColumnAddress {
    data: Value,
    validity: Value,
}

impl Lowering<'_> {
    /// The loop over a batch, up to and with its return.
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, input: Value, output: Value) {
        let flags = MemFlagsData::trusted();
        let rows = self.builder.ins().load(self.pointer, flags, input, offset_of!(Batch, rows) as i32);
        let columns = self.builder.ins().load(self.pointer, flags, input, offset_of!(Batch, columns) as i32);
        let mut read = vec![false; pipeline.input.len()];
        for value in pipeline.filter.iter().chain(&pipeline.outputs) {
            for column in value.columns() {
                read[column as usize] = true;
            }
        }
        let read = read.into_iter().enumerate();
        let columns = read.map(|(index, read)| read.then(|| self.column_address(columns, index))).collect();
        let out = self.builder.ins().load(self.pointer, flags, output, offset_of!(Batch, columns) as i32);
        let outputs: Vec<ColumnAddress> =
            (0..pipeline.outputs.len()).map(|index| self.column_address(out, index)).collect();
        for value in pipeline.filter.iter().chain(&pipeline.outputs) {
            self.hoist(value);
        }

        let [head, body, pass, next, end] = self.blocks();
        for block in [head, next] {
            self.builder.append_block_param(block, self.pointer);
        }
        self.builder.append_block_param(head, self.pointer);
        let zero = self.builder.ins().iconst(self.pointer, 0);
        self.builder.ins().jump(head, &[zero.into(), zero.into()]);

        self.go_on_in(head);
        let (index, written) = (self.builder.block_params(head)[0], self.builder.block_params(head)[1]);
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, index, rows);
        self.builder.ins().brif(more, body, &[], end, &[]);

        self.go_on_in(body);
        self.row = Some(Row { index, columns, types: pipeline.input.clone() });
        let mark = self.slots_in_use;
        match &pipeline.filter {
            Some(filter) => {
                let [drop] = self.blocks();
                self.condition(filter, pass, drop);
                self.go_on_in(drop);
                self.builder.ins().jump(next, &[BlockArg::from(written)]);
            }
            None => {
                self.builder.ins().jump(pass, &[]);
            }
        }
        self.release(mark);

        self.go_on_in(pass);
        for (value, column) in pipeline.outputs.iter().zip(&outputs) {
            self.store_element(value, *column, written);
            self.release(mark);
        }
        let one_more = self.builder.ins().iadd_imm_s(written, 1);
        self.builder.ins().jump(next, &[BlockArg::from(one_more)]);

        self.go_on_in(next);
        let written_now = self.builder.block_params(next)[0];
        let index = self.builder.ins().iadd_imm_s(index, 1);
        self.builder.ins().jump(head, &[index.into(), written_now.into()]);

        self.go_on_in(end);
        self.builder.ins().store(flags, written, output, offset_of!(Batch, rows) as i32);
        self.return_status(OK);
    }

    fn column_address(&mut self, columns: Value, index: usize) -> ColumnAddress {
        let flags = MemFlagsData::trusted();
        let start = index * size_of::<Column>();
        let data = (start + offset_of!(Column, data)) as i32;
        let validity = (start + offset_of!(Column, validity)) as i32;
        ColumnAddress {
            data: self.builder.ins().load(self.pointer, flags, columns, data),
            validity: self.builder.ins().load(self.pointer, flags, columns, validity),
        }
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
        let column = row.columns[index as usize].expect("Invariant: the loop knows every column that it reads");
        let flags = MemFlagsData::trusted();
        let place = self.builder.ins().iadd(column.validity, position);
        let valid = self.builder.ins().load(types::I8, flags, place, 0);
        let null = Null::Flag(self.flip(valid));
        let place = self.element(column.data, position, data_type);
        let form = match data_type {
            DataType::Boolean => Form::Boolean(self.builder.ins().load(types::I8, flags, place, 0)),
            DataType::Integer | DataType::Timestamp => {
                Form::Integer(self.builder.ins().load(types::I64, flags, place, 0))
            }
            DataType::Date => {
                let days = self.builder.ins().load(types::I32, flags, place, 0);
                Form::Integer(self.builder.ins().sextend(types::I64, days))
            }
            DataType::Number => Form::Number(self.builder.ins().load(types::F64, flags, place, 0)),
            DataType::String => {
                let pointer = self.pointer;
                let data = self.builder.ins().load(pointer, flags, place, offset_of!(Text, data) as i32);
                let length = self.builder.ins().load(pointer, flags, place, offset_of!(Text, length) as i32);
                Form::Text { data, length }
            }
            DataType::Document | DataType::Array | DataType::Dynamic => {
                let value = self.builder.ins().load(self.pointer, flags, place, 0);
                let value =
                    if self.pointer == types::I64 { value } else { self.builder.ins().uextend(types::I64, value) };
                let address = self.slot();
                let valid = self.builder.ins().uextend(types::I64, valid);
                let kind = self.builder.ins().imul_imm_s(valid, i64::from(kind::BOXED));
                let zero = self.builder.ins().iconst(types::I64, 0);
                self.builder.ins().store(flags, kind, address, offset_of!(Datum, kind) as i32);
                self.builder.ins().store(flags, value, address, offset_of!(Datum, low) as i32);
                self.builder.ins().store(flags, zero, address, offset_of!(Datum, high) as i32);
                Form::Datum(address)
            }
            DataType::Interval | DataType::Null => panic!("Invariant: no column has the type {data_type}"),
        };
        Operand { data_type, null, form }
    }

    /// The address of an element of a column.
    fn element(&mut self, data: Value, position: Value, data_type: DataType) -> Value {
        let offset = match data_type {
            DataType::Boolean => position,
            DataType::Date => self.builder.ins().ishl_imm_s(position, 2),
            DataType::Integer | DataType::Timestamp | DataType::Number => self.builder.ins().ishl_imm_s(position, 3),
            DataType::String => self.builder.ins().imul_imm_s(position, size_of::<Text>() as i64),
            DataType::Document | DataType::Array | DataType::Dynamic => {
                self.builder.ins().imul_imm_s(position, i64::from(self.pointer.bytes()))
            }
            DataType::Interval | DataType::Null => panic!("Invariant: no column has the type {data_type}"),
        };
        self.builder.ins().iadd(data, offset)
    }

    /// Computes an output and writes it to its column.
    fn store_element(&mut self, value: &Expr, column: ColumnAddress, position: Value) {
        let mut operand = self.expr(value);
        let is_column = matches!(value.kind, ExprKind::Column(_));
        if value.data_type == DataType::Dynamic && !is_column {
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
        let place = self.builder.ins().iadd(column.validity, position);
        self.builder.ins().store(flags, valid, place, 0);
        let place = self.element(column.data, position, value.data_type);
        match operand.form {
            Form::Boolean(word) => self.store_word(word, types::I8, null, place, 0),
            Form::Integer(word) if value.data_type == DataType::Date => {
                let word = self.builder.ins().ireduce(types::I32, word);
                self.store_word(word, types::I32, null, place, 0);
            }
            Form::Integer(word) => self.store_word(word, types::I64, null, place, 0),
            Form::Number(number) => {
                let word = self.builder.ins().bitcast(types::I64, MemFlagsData::new(), number);
                self.store_word(word, types::I64, null, place, 0);
            }
            Form::Text { data, length } => {
                self.store_word(data, self.pointer, null, place, offset_of!(Text, data));
                self.store_word(length, self.pointer, null, place, offset_of!(Text, length));
            }
            Form::Datum(address) => {
                let word = self.builder.ins().load(self.pointer, flags, address, offset_of!(Datum, low) as i32);
                self.store_word(word, self.pointer, null, place, 0);
            }
        }
    }

    /// Writes a word, zero for NULL.
    fn store_word(&mut self, word: Value, width: Type, null: Option<Value>, place: Value, offset: usize) {
        let word = match null {
            None => word,
            Some(null) => {
                let zero = self.builder.ins().iconst(width, 0);
                self.builder.ins().select(null, zero, word)
            }
        };
        self.builder.ins().store(MemFlagsData::trusted(), word, place, offset as i32);
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
