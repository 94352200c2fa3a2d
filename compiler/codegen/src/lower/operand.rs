//! Values while they are in registers, and their way to memory and back.

use std::mem::offset_of;

use cranelift::codegen::ir::BlockArg;
use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::layout::{Datum, kind};

use super::Lowering;

/// A value in registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    pub(super) data_type: DataType,
    pub(super) null: Null,
    pub(super) form: Form,
}

/// Whether the value is NULL.
#[derive(Clone, Copy, Debug)]
pub(super) enum Null {
    Never,
    Always,
    /// An `i8`: 1 for NULL.
    Flag(Value),
}

/// Where the value is. Of a NULL, it is some value of that form; the length of a text is then 0.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// An `i8`, 0 or 1.
    Boolean(Value),
    /// An `i64`: integer, timestamp, date.
    Integer(Value),
    /// An `f64`.
    Number(Value),
    /// A text, and where it is an element of a column, the address of its view.
    Text { data: Value, length: Value, view: Option<Value> },
    /// The address of a datum of any kind.
    Datum(Value),
}

/// The place where branches come together with a value.
pub(super) struct Merge {
    block: Block,
    data_type: DataType,
    /// Where a datum is put.
    datum: Option<Value>,
}

impl Lowering<'_> {
    pub(super) fn boolean(&mut self, null: Null, value: Value) -> Operand {
        Operand { data_type: DataType::Boolean, null, form: Form::Boolean(value) }
    }

    /// NULL as a value of this type.
    pub(super) fn null_of(&mut self, data_type: DataType) -> Operand {
        let form = match data_type {
            DataType::Boolean => Form::Boolean(self.flag(false)),
            DataType::Integer | DataType::Timestamp | DataType::Date => {
                Form::Integer(self.builder.ins().iconst(types::I64, 0))
            }
            DataType::Number => Form::Number(self.builder.ins().f64const(0.0)),
            DataType::String => {
                let zero = self.builder.ins().iconst(self.pointer, 0);
                Form::Text { data: zero, length: zero, view: None }
            }
            DataType::Document | DataType::Array | DataType::Interval | DataType::Dynamic | DataType::Null => {
                let address = self.slot();
                let zero = self.builder.ins().iconst(types::I64, 0);
                for offset in [0, 8, 16] {
                    self.builder.ins().store(MemFlagsData::trusted(), zero, address, offset);
                }
                Form::Datum(address)
            }
        };
        Operand { data_type, null: Null::Always, form }
    }

    /// 1 where the value is NULL, as an `i8`.
    pub(super) fn null_flag(&mut self, null: Null) -> Value {
        match null {
            Null::Never => self.flag(false),
            Null::Always => self.flag(true),
            Null::Flag(flag) => flag,
        }
    }

    /// NULL where one of the two is.
    pub(super) fn either_null(&mut self, left: Null, right: Null) -> Null {
        match (left, right) {
            (Null::Always, _) | (_, Null::Always) => Null::Always,
            (Null::Never, other) | (other, Null::Never) => other,
            (Null::Flag(left), Null::Flag(right)) => Null::Flag(self.builder.ins().bor(left, right)),
        }
    }

    /// Reads a datum of this type that the runtime wrote.
    pub(super) fn read_datum(&mut self, address: Value, data_type: DataType) -> Operand {
        let flags = MemFlagsData::trusted();
        let found = self.builder.ins().load(types::I32, flags, address, offset_of!(Datum, kind) as i32);
        // A value of another kind is not looked at: it counts as NULL.
        let null = match data_type {
            DataType::Document | DataType::Array | DataType::Interval | DataType::Dynamic | DataType::Null => {
                self.builder.ins().icmp_imm_s(IntCC::Equal, found, i64::from(kind::NULL))
            }
            _ => self.builder.ins().icmp_imm_s(IntCC::NotEqual, found, i64::from(kind_of(data_type))),
        };
        let low = offset_of!(Datum, low) as i32;
        let form = match data_type {
            DataType::Boolean => {
                let low = self.builder.ins().load(types::I64, flags, address, low);
                Form::Boolean(self.builder.ins().ireduce(types::I8, low))
            }
            DataType::Integer | DataType::Timestamp | DataType::Date => {
                Form::Integer(self.builder.ins().load(types::I64, flags, address, low))
            }
            DataType::Number => Form::Number(self.builder.ins().load(types::F64, flags, address, low)),
            DataType::String => {
                let data = self.builder.ins().load(self.pointer, flags, address, low);
                let length = self.builder.ins().load(self.pointer, flags, address, offset_of!(Datum, high) as i32);
                let zero = self.builder.ins().iconst(self.pointer, 0);
                Form::Text { data, length: self.builder.ins().select(null, zero, length), view: None }
            }
            DataType::Document | DataType::Array | DataType::Interval | DataType::Dynamic | DataType::Null => {
                Form::Datum(address)
            }
        };
        Operand { data_type, null: Null::Flag(null), form }
    }

    /// The address of the value as a datum.
    pub(super) fn address(&mut self, operand: Operand) -> Value {
        if let Form::Datum(address) = operand.form {
            return address;
        }
        let address = self.slot();
        self.copy_to(operand, address);
        address
    }

    /// Writes the value as a datum.
    pub(super) fn copy_to(&mut self, operand: Operand, address: Value) {
        let flags = MemFlagsData::trusted();
        let low_offset = offset_of!(Datum, low) as i32;
        let high_offset = offset_of!(Datum, high) as i32;
        let zero = self.builder.ins().iconst(types::I64, 0);
        let (low, high) = match operand.form {
            Form::Datum(from) => {
                for offset in [0, 8, 16] {
                    let word = self.builder.ins().load(types::I64, flags, from, offset);
                    self.builder.ins().store(flags, word, address, offset);
                }
                return;
            }
            Form::Boolean(value) => (self.builder.ins().uextend(types::I64, value), zero),
            Form::Integer(value) => (value, zero),
            Form::Number(value) => (self.builder.ins().bitcast(types::I64, MemFlagsData::new(), value), zero),
            Form::Text { data, length, .. } => (self.widen(data), self.widen(length)),
        };
        // `extra` is 0, so that kind and extra are one word.
        let kind = self.builder.ins().iconst(types::I64, i64::from(kind_of(operand.data_type)));
        let [kind, low, high] = match operand.null {
            Null::Never => [kind, low, high],
            Null::Always => [zero; 3],
            Null::Flag(null) => [kind, low, high].map(|word| self.builder.ins().select(null, zero, word)),
        };
        self.builder.ins().store(flags, kind, address, offset_of!(Datum, kind) as i32);
        self.builder.ins().store(flags, low, address, low_offset);
        self.builder.ins().store(flags, high, address, high_offset);
    }

    fn widen(&mut self, value: Value) -> Value {
        if self.pointer == types::I64 { value } else { self.builder.ins().uextend(types::I64, value) }
    }

    /// A place where branches will come together.
    pub(super) fn merge(&mut self, data_type: DataType) -> Merge {
        let block = self.builder.create_block();
        self.builder.append_block_param(block, types::I8);
        let datum = match data_type {
            DataType::Boolean => {
                self.builder.append_block_param(block, types::I8);
                None
            }
            DataType::Integer | DataType::Timestamp | DataType::Date => {
                self.builder.append_block_param(block, types::I64);
                None
            }
            DataType::Number => {
                self.builder.append_block_param(block, types::F64);
                None
            }
            DataType::String => {
                self.builder.append_block_param(block, self.pointer);
                self.builder.append_block_param(block, self.pointer);
                None
            }
            DataType::Document | DataType::Array | DataType::Interval | DataType::Dynamic | DataType::Null => {
                Some(self.slot())
            }
        };
        Merge { block, data_type, datum }
    }

    /// Ends a branch with its value.
    pub(super) fn arrive(&mut self, merge: &Merge, operand: Operand) {
        let null = self.null_flag(operand.null);
        let mut arguments = vec![BlockArg::from(null)];
        match (merge.datum, operand.form) {
            (Some(datum), _) => self.copy_to(operand, datum),
            (None, Form::Boolean(value) | Form::Integer(value) | Form::Number(value)) => arguments.push(value.into()),
            (None, Form::Text { data, length, .. }) => arguments.extend([BlockArg::from(data), length.into()]),
            (None, Form::Datum(_)) => panic!("Invariant: branches have the type of the place where they meet"),
        }
        self.builder.ins().jump(merge.block, &arguments);
    }

    /// Goes on behind the branches.
    pub(super) fn meet(&mut self, merge: Merge) -> Operand {
        self.builder.switch_to_block(merge.block);
        let parameters = self.builder.block_params(merge.block);
        let (null, rest) = (parameters[0], &parameters[1..]);
        let form = match (merge.datum, merge.data_type) {
            (Some(datum), _) => Form::Datum(datum),
            (None, DataType::Boolean) => Form::Boolean(rest[0]),
            (None, DataType::Number) => Form::Number(rest[0]),
            (None, DataType::String) => Form::Text { data: rest[0], length: rest[1], view: None },
            (None, _) => Form::Integer(rest[0]),
        };
        Operand { data_type: merge.data_type, null: Null::Flag(null), form }
    }

    /// Goes on in the block.
    pub(super) fn go_on_in(&mut self, block: Block) {
        self.builder.switch_to_block(block);
    }

    /// Two fresh blocks.
    pub(super) fn blocks<const N: usize>(&mut self) -> [Block; N] {
        std::array::from_fn(|_| self.builder.create_block())
    }
}

/// The kind of a value of this type that is not NULL.
fn kind_of(data_type: DataType) -> u32 {
    match data_type {
        DataType::String => kind::STRING,
        DataType::Number => kind::NUMBER,
        DataType::Integer => kind::INTEGER,
        DataType::Boolean => kind::BOOLEAN,
        DataType::Timestamp => kind::TIMESTAMP,
        DataType::Date => kind::DATE,
        DataType::Interval => kind::INTERVAL,
        DataType::Document | DataType::Array | DataType::Dynamic => kind::BOXED,
        DataType::Null => kind::NULL,
    }
}
