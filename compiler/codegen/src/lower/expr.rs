//! Expressions: one match over all kinds.

use std::mem::offset_of;

use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::functions::FUNCTIONS;
use moltler_abi::layout::Datum;
use moltler_abi::runtime_calls::{BinaryOperator, RuntimeCall, TypeId};
use moltler_plan::expr::{Expr, ExprKind, Literal};

use super::Lowering;
use super::operand::{Form, Null, Operand};

const MICROSECONDS_A_DAY: i64 = 86_400_000_000;

impl Lowering<'_> {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Operand {
        if let Some(operand) = self.hoisted.get(&std::ptr::from_ref(expr)) {
            return *operand;
        }
        let data_type = expr.data_type;
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal(literal, data_type),
            ExprKind::Column(index) => self.column(*index, data_type),
            ExprKind::Variable(slot) => {
                let slot = self.id(*slot);
                let result = self.run_for(RuntimeCall::load_variable, &[slot]);
                self.read_datum(result, data_type)
            }
            ExprKind::Binary { operator, left, right } => self.binary(*operator, left, right, data_type),
            ExprKind::Unary { operator, operand } => {
                let operand = self.expr(operand);
                self.unary(*operator, operand)
            }
            ExprKind::IsNull { operand, negated } => self.is_null(operand, *negated),
            ExprKind::InList { operand, items, negated } => self.in_list(operand, items, *negated),
            ExprKind::Between { operand, low, high, negated } => self.between(operand, low, high, *negated),
            ExprKind::Case { branches, otherwise } => self.case(branches, otherwise.as_deref(), data_type),
            ExprKind::Switch { operand, branches, otherwise } => {
                self.switch(operand, branches, otherwise.as_deref(), data_type)
            }
            ExprKind::Coalesce(values) => self.coalesce(values, data_type),
            ExprKind::Call { function, arguments } => self.call(*function, arguments, data_type),
            ExprKind::Lambda { lambda, captures } => self.lambda(*lambda, captures),
            ExprKind::Coerce(operand) => {
                let operand = self.expr(operand);
                self.coerce(operand, data_type)
            }
            ExprKind::Numeric(operand) => {
                let operand = self.expr(operand);
                self.convert(RuntimeCall::coerce, operand, TypeId::NUMERIC, DataType::Dynamic)
            }
            ExprKind::Cast(operand) => {
                let operand = self.expr(operand);
                self.convert(RuntimeCall::cast, operand, data_type.into(), data_type)
            }
            ExprKind::Member { base, key } => {
                let base = self.expr(base);
                let base = self.address(base);
                let (key, length) = self.text(key);
                let result = self.run_for(RuntimeCall::member, &[base, key, length]);
                self.read_datum(result, data_type)
            }
            ExprKind::Index { base, index } => {
                let base = self.expr(base);
                let base = self.address(base);
                let index = self.expr(index);
                let index = self.address(index);
                let result = self.run_for(RuntimeCall::index, &[base, index]);
                self.read_datum(result, data_type)
            }
            ExprKind::Interval { value, unit } => {
                let value = self.expr(value);
                let value = self.address(value);
                let (unit, length) = self.text(unit);
                let result = self.run_for(RuntimeCall::interval, &[value, unit, length]);
                self.read_datum(result, data_type)
            }
            ExprKind::Json(json) => self.constant(json, data_type),
            ExprKind::Document(members) => match expr.to_json() {
                Some(json) => self.constant(&json, data_type),
                None => self.document(members),
            },
            ExprKind::Array(items) => match expr.to_json() {
                Some(json) => self.constant(&json, data_type),
                None => self.array(items),
            },
            ExprKind::SecretTemplate(text) => {
                let (text, length) = self.text(text);
                let result = self.run_for(RuntimeCall::secret_template, &[text, length]);
                self.read_datum(result, data_type)
            }
            ExprKind::Query(query) => {
                let query = self.id(*query);
                let result = self.run_for(RuntimeCall::query_rows, &[query]);
                self.read_datum(result, data_type)
            }
            ExprKind::Subquery { subquery, arguments, needle } => {
                self.subquery(*subquery, arguments, needle.as_deref(), data_type)
            }
            ExprKind::Execute { execution, argument } => {
                let argument = match argument {
                    Some(argument) => self.expr(argument),
                    None => self.null_of(DataType::Null),
                };
                let argument = self.address(argument);
                let execution = self.id(*execution);
                let result = self.run_for(RuntimeCall::execute, &[execution, argument]);
                self.read_datum(result, data_type)
            }
            ExprKind::Part { assertion, part, operand } => self.part(*assertion, *part, operand),
            ExprKind::Fail(message) => {
                let message = self.id(*message);
                self.run(RuntimeCall::fail, &[message]);
                self.null_of(data_type)
            }
        }
    }

    fn literal(&mut self, literal: &Literal, data_type: DataType) -> Operand {
        let form = match literal {
            Literal::Null => return self.null_of(data_type),
            Literal::Boolean(value) => Form::Boolean(self.flag(*value)),
            Literal::Integer(value) | Literal::Timestamp(value) => {
                Form::Integer(self.builder.ins().iconst(types::I64, *value))
            }
            Literal::Date(value) => Form::Integer(self.builder.ins().iconst(types::I64, i64::from(*value))),
            Literal::Number(value) => Form::Number(self.builder.ins().f64const(*value)),
            Literal::String(text) => {
                let (data, length) = self.text(text);
                Form::Text { data, length, view: None }
            }
        };
        Operand { data_type: literal.data_type(), null: Null::Never, form }
    }

    fn binary(&mut self, operator: BinaryOperator, left: &Expr, right: &Expr, data_type: DataType) -> Operand {
        use BinaryOperator::*;
        match operator {
            And | Or => self.connect(operator, left, right),
            Coalesce => panic!("Invariant: `??` is planned as an expression of its own"),
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => self.comparison(operator, left, right),
            Add | Subtract | Multiply | Divide | Remainder => {
                let left = self.expr(left);
                let right = self.expr(right);
                self.arithmetic(operator, left, right, data_type)
            }
            Like | NotLike | ILike | NotILike | Matches | Contains | In | NotIn | Concat => {
                let left = self.expr(left);
                let right = self.expr(right);
                self.binary_by_runtime(operator, left, right, data_type)
            }
        }
    }

    /// The value as a value of this type, NULL where it does not fit.
    fn coerce(&mut self, operand: Operand, data_type: DataType) -> Operand {
        match (operand.form, data_type) {
            _ if matches!(operand.null, Null::Always) => self.null_of(data_type),
            (_, same) if same == operand.data_type => operand,
            (Form::Integer(value), DataType::Number) if operand.data_type == DataType::Integer => {
                let form = Form::Number(self.builder.ins().fcvt_from_sint(types::F64, value));
                Operand { data_type, form, ..operand }
            }
            (Form::Integer(value), DataType::Timestamp) if operand.data_type == DataType::Date => {
                let form = Form::Integer(self.builder.ins().imul_imm_s(value, MICROSECONDS_A_DAY));
                Operand { data_type, form, ..operand }
            }
            // A dynamic value may be of any kind.
            (_, DataType::Dynamic) => {
                let address = self.address(operand);
                Operand { data_type, null: operand.null, form: Form::Datum(address) }
            }
            _ => self.convert(RuntimeCall::coerce, operand, data_type.into(), data_type),
        }
    }

    /// Calls `coerce` or `cast`.
    pub(super) fn convert(
        &mut self,
        function: RuntimeCall,
        operand: Operand,
        target: TypeId,
        data_type: DataType,
    ) -> Operand {
        let value = self.address(operand);
        let target = self.id(target.0);
        let result = self.run_for(function, &[value, target]);
        self.read_datum(result, data_type)
    }

    fn call(&mut self, function: u32, arguments: &[Expr], data_type: DataType) -> Operand {
        let strict = FUNCTIONS[function as usize].strict;
        let result = self.slot();
        let list = if arguments.is_empty() {
            result
        } else {
            let slot = self.stack(arguments.len() * size_of::<Datum>());
            self.builder.ins().stack_addr(self.pointer, slot, 0)
        };
        let mut null = Null::Never;
        for (index, argument) in arguments.iter().enumerate() {
            let mark = self.slots_in_use;
            let operand = self.expr(argument);
            let place = self.builder.ins().iadd_imm_s(list, (index * size_of::<Datum>()) as i64);
            self.copy_to(operand, place);
            self.release(mark);
            if strict {
                null = self.either_null(null, operand.null);
            }
        }
        let function = self.id(function);
        let count = self.builder.ins().iconst(self.pointer, arguments.len() as i64);
        let Null::Flag(flag) = null else {
            if let Null::Always = null {
                return self.null_of(data_type);
            }
            self.run(RuntimeCall::call, &[function, list, count, result]);
            return self.read_datum(result, data_type);
        };
        let merge = self.merge(data_type);
        let [unknown, known] = self.blocks();
        self.builder.ins().brif(flag, unknown, &[], known, &[]);
        self.go_on_in(known);
        self.run(RuntimeCall::call, &[function, list, count, result]);
        let operand = self.read_datum(result, data_type);
        self.arrive(&merge, operand);
        self.go_on_in(unknown);
        let operand = self.null_of(data_type);
        self.arrive(&merge, operand);
        self.meet(merge)
    }

    fn subquery(&mut self, subquery: u32, arguments: &[Expr], needle: Option<&Expr>, data_type: DataType) -> Operand {
        let result = self.slot();
        let list = if arguments.is_empty() {
            result
        } else {
            let slot = self.stack(arguments.len() * size_of::<Datum>());
            self.builder.ins().stack_addr(self.pointer, slot, 0)
        };
        let mark = self.slots_in_use;
        for (index, argument) in arguments.iter().enumerate() {
            let operand = self.expr(argument);
            let place = self.builder.ins().iadd_imm_s(list, (index * size_of::<Datum>()) as i64);
            self.copy_to(operand, place);
            self.release(mark);
        }
        let needle = match needle {
            Some(needle) => self.expr(needle),
            None => self.null_of(DataType::Null),
        };
        let needle = self.address(needle);
        let subquery = self.id(subquery);
        let count = self.builder.ins().iconst(self.pointer, arguments.len() as i64);
        self.run(RuntimeCall::subquery, &[subquery, list, count, needle, result]);
        self.release(mark);
        self.read_datum(result, data_type)
    }

    fn constant(&mut self, json: &str, data_type: DataType) -> Operand {
        let (json, length) = self.text(json);
        let result = self.run_for(RuntimeCall::constant, &[json, length]);
        Operand { data_type, null: Null::Never, form: Form::Datum(result) }
    }

    fn document(&mut self, members: &[(String, Expr)]) -> Operand {
        let document = self.run_for(RuntimeCall::document_new, &[]);
        for (key, value) in members {
            let mark = self.slots_in_use;
            let value = self.expr(value);
            let value = self.address(value);
            let (key, length) = self.text(key);
            self.run(RuntimeCall::document_set, &[document, key, length, value]);
            self.release(mark);
        }
        Operand { data_type: DataType::Document, null: Null::Never, form: Form::Datum(document) }
    }

    fn array(&mut self, items: &[Expr]) -> Operand {
        let array = self.run_for(RuntimeCall::array_new, &[]);
        for item in items {
            let mark = self.slots_in_use;
            let item = self.expr(item);
            let item = self.address(item);
            self.run(RuntimeCall::array_push, &[array, item]);
            self.release(mark);
        }
        Operand { data_type: DataType::Array, null: Null::Never, form: Form::Datum(array) }
    }
}

/// The parts of a datum are where generated code writes them as whole words.
const _: () = assert!(offset_of!(Datum, low) == 8 && offset_of!(Datum, high) == 16 && size_of::<Datum>() == 24);
