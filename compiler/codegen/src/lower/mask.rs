//! Conditions over many rows at once: a bit for each row of a block.
//!
//! Three-valued logic needs two questions only: for which rows is a condition TRUE, and for which is it FALSE. AND and OR
//! combine the answers of their sides, NOT asks the other question, and a comparison answers neither where a side is NULL.
//! What is asked here cannot fail and has no effect, so that every row may be asked.
//!
//! Comparisons are made [`GROUP`] rows at a time in vectors of 128 bits, with instructions that every processor of the kind has:
//! numbers two or four to a vector; texts as whole views, so that one with at most [`view::INLINE`] bytes is compared by one
//! instruction, wherever it is.

use cranelift::codegen::ir;
use cranelift::prelude::*;
use moltler_abi::DataType;
use moltler_abi::layout::view;
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};
use moltler_plan::expr::{Expr, ExprKind, Literal};

use super::Lowering;
use super::compare::{float_condition, integer_condition};
use super::operand::{Form, Null};
use super::query::{BLOCK, input_flags};

/// Rows whose bits are made together.
const GROUP: i64 = 16;
/// A bit for each row of a group.
const ALL: i64 = (1 << GROUP) - 1;
/// Conditions with more comparisons than this are answered row by row, for the sake of the size of the code.
const MOST: usize = 32;
/// With so few comparisons, the groups of a block lie one behind the other, without a loop.
const FEW: usize = 2;

/// A part of a filter.
pub(super) struct Mask<'e> {
    /// What is asked. The mask may have more bits than it, where `expr` is asked again for each row.
    pub(super) expr: &'e Expr,
    test: Test,
}

/// A condition that vectors can answer.
enum Test {
    /// NULL for every row.
    Unknown,
    Constant(bool),
    Not(Box<Test>),
    And(Box<[Test; 2]>),
    Or(Box<[Test; 2]>),
    /// A boolean column.
    Bits(u32),
    /// A column IS NULL.
    IsNull(u32),
    Compare {
        column: u32,
        /// Of integers, numbers or dates.
        lanes: Type,
        operator: BinaryOperator,
        other: Other,
    },
    /// A text column equals a text: the view of it in four lanes.
    Text {
        column: u32,
        view: Value,
    },
    /// Length and first four bytes of a text column are these, in two lanes that are the same.
    Head {
        column: u32,
        head: Value,
    },
}

/// What a column is compared with.
enum Other {
    Column(u32),
    /// The same for all rows: in every lane, and the group's mask, which is 0 where it is NULL.
    Same(Value, Option<Value>),
}

impl Test {
    fn not(self) -> Test {
        match self {
            Test::Not(test) => *test,
            test => Test::Not(Box::new(test)),
        }
    }

    fn leaves(&self) -> usize {
        match self {
            Test::Not(test) => test.leaves(),
            Test::And(sides) | Test::Or(sides) => sides[0].leaves() + sides[1].leaves(),
            _ => 1,
        }
    }
}

impl Lowering<'_> {
    /// The conjuncts of a filter that vectors answer, and those to ask for each row that these leave. Computes before the loop
    /// what they need.
    pub(super) fn split<'e>(&mut self, filter: &'e Expr) -> (Vec<Mask<'e>>, Vec<&'e Expr>) {
        let (mut masks, mut rest) = (Vec::new(), Vec::new());
        let mut open = vec![filter];
        while let Some(expr) = open.pop() {
            if let ExprKind::Binary { operator: BinaryOperator::And, left, right } = &expr.kind {
                open.extend([&**right, &**left]);
                continue;
            }
            match self.test(expr).filter(|test| test.leaves() <= MOST) {
                Some(test) => masks.push(Mask { expr, test }),
                None => {
                    // Most rows differ from a long text in its length or its first bytes.
                    masks.extend(self.head(expr).map(|test| Mask { expr, test }));
                    rest.push(expr);
                }
            }
        }
        (masks, rest)
    }

    fn test(&mut self, expr: &Expr) -> Option<Test> {
        match &expr.kind {
            ExprKind::Literal(Literal::Boolean(value)) => Some(Test::Constant(*value)),
            ExprKind::Literal(Literal::Null) => Some(Test::Unknown),
            ExprKind::Column(column) if expr.data_type == DataType::Boolean => Some(Test::Bits(*column)),
            ExprKind::Unary { operator: UnaryOperator::Not, operand } => self.test(operand).map(Test::not),
            ExprKind::IsNull { operand, negated } => {
                let ExprKind::Column(column) = operand.kind else { return None };
                let test = Test::IsNull(column);
                Some(if *negated { test.not() } else { test })
            }
            ExprKind::Binary { operator, left, right } => match operator {
                BinaryOperator::And => Some(Test::And(Box::new([self.test(left)?, self.test(right)?]))),
                BinaryOperator::Or => Some(Test::Or(Box::new([self.test(left)?, self.test(right)?]))),
                _ => self.comparison_test(*operator, left, right),
            },
            ExprKind::Between { operand, low, high, negated } => {
                let above = self.comparison_test(BinaryOperator::GreaterEqual, operand, low)?;
                let below = self.comparison_test(BinaryOperator::LessEqual, operand, high)?;
                let inside = Test::And(Box::new([above, below]));
                Some(if *negated { inside.not() } else { inside })
            }
            ExprKind::InList { operand, items, negated } if items.len() <= MOST => {
                let mut found = Test::Constant(false);
                for item in items {
                    let equal = self.comparison_test(BinaryOperator::Equal, operand, item)?;
                    found = match found {
                        Test::Constant(false) => equal,
                        found => Test::Or(Box::new([found, equal])),
                    };
                }
                Some(if *negated { found.not() } else { found })
            }
            _ => None,
        }
    }

    fn comparison_test(&mut self, operator: BinaryOperator, left: &Expr, right: &Expr) -> Option<Test> {
        use BinaryOperator::*;
        if !matches!(operator, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual) {
            return None;
        }
        let ExprKind::Column(column) = left.kind else {
            let ExprKind::Column(_) = right.kind else { return None };
            let flipped = match operator {
                Less => Greater,
                LessEqual => GreaterEqual,
                Greater => Less,
                GreaterEqual => LessEqual,
                same => same,
            };
            return self.comparison_test(flipped, right, left);
        };
        if left.data_type != right.data_type {
            return None;
        }
        // The other way round, so that fewer kinds of comparisons are needed; not of numbers, for which NaN matters.
        let is_number = left.data_type == DataType::Number;
        let opposite = match operator {
            NotEqual => Some(Equal),
            LessEqual if !is_number => Some(Greater),
            GreaterEqual if !is_number => Some(Less),
            _ => None,
        };
        if let Some(opposite) = opposite {
            return self.comparison_test(opposite, left, right).map(Test::not);
        }
        let lanes = match left.data_type {
            DataType::Integer | DataType::Timestamp => types::I64X2,
            DataType::Number => types::F64X2,
            DataType::Date => types::I32X4,
            DataType::Boolean => {
                let ExprKind::Literal(Literal::Boolean(value)) = right.kind else { return None };
                let test = Test::Bits(column);
                return (operator == Equal).then(|| if value { test } else { test.not() });
            }
            DataType::String => {
                let ExprKind::Literal(Literal::String(text)) = &right.kind else { return None };
                let view = view::inline(text.as_bytes()).filter(|_| operator == Equal)?;
                return Some(Test::Text { column, view: self.vector(view) });
            }
            _ => return None,
        };
        if let ExprKind::Column(other) = right.kind {
            return Some(Test::Compare { column, lanes, operator, other: Other::Column(other) });
        }
        let is_same =
            matches!(right.kind, ExprKind::Literal(_)) || self.hoisted.contains_key(&std::ptr::from_ref(right));
        if !is_same {
            return None;
        }
        let operand = self.expr(right);
        let known = match operand.null {
            Null::Never => None,
            Null::Always => return Some(Test::Unknown),
            Null::Flag(null) => {
                let (none, all) = (self.group_mask(0), self.group_mask(ALL));
                Some(self.builder.ins().select(null, none, all))
            }
        };
        let value = match operand.form {
            Form::Integer(value) if lanes == types::I32X4 => self.builder.ins().ireduce(types::I32, value),
            Form::Integer(value) | Form::Number(value) => value,
            _ => return None,
        };
        let same = self.builder.ins().splat(lanes, value);
        Some(Test::Compare { column, lanes, operator, other: Other::Same(same, known) })
    }

    /// What has to hold for a column to be equal to a long text.
    fn head(&mut self, expr: &Expr) -> Option<Test> {
        let ExprKind::Binary { operator: BinaryOperator::Equal, left, right } = &expr.kind else { return None };
        let (ExprKind::Column(column), ExprKind::Literal(Literal::String(text))) = (&left.kind, &right.kind) else {
            return None;
        };
        if left.data_type != DataType::String || text.len() <= view::INLINE {
            return None;
        }
        let head = view::long(text.as_bytes(), 0, 0) as u64;
        let head = self.builder.ins().iconst(types::I64, head as i64);
        Some(Test::Head { column: *column, head: self.builder.ins().splat(types::I64X2, head) })
    }

    /// A constant in four lanes of 32 bits.
    fn vector(&mut self, bits: u128) -> Value {
        let low = self.builder.ins().iconst(types::I64, bits as u64 as i64);
        let high = self.builder.ins().iconst(types::I64, (bits >> 64) as u64 as i64);
        let both = self.builder.ins().splat(types::I64X2, low);
        let both = self.builder.ins().insertlane(both, high, 1);
        self.as_lanes(both, types::I32X4)
    }

    fn group_mask(&mut self, mask: i64) -> Value {
        self.builder.ins().iconst(types::I32, mask)
    }

    /// The rows of a whole block from `start` on that pass all masks, a bit each.
    pub(super) fn block_mask(&mut self, masks: &[Mask<'_>], start: Value) -> Value {
        let groups = BLOCK / GROUP;
        if masks.iter().map(|mask| mask.test.leaves()).sum::<usize>() <= FEW {
            let mut passed = None;
            for group in 0..groups {
                let first = self.builder.ins().iadd_imm_s(start, group * GROUP);
                let bits = self.group(masks, first);
                let bits = self.builder.ins().ishl_imm_s(bits, group * GROUP);
                passed = Some(match passed {
                    None => bits,
                    Some(passed) => self.builder.ins().bor(passed, bits),
                });
            }
            return passed.expect("Invariant: a block has groups");
        }
        let [next, done] = self.blocks();
        self.builder.append_block_param(next, types::I64);
        self.builder.append_block_param(next, types::I64);
        self.builder.append_block_param(done, types::I64);
        let zero = self.builder.ins().iconst(types::I64, 0);
        self.builder.ins().jump(next, &[zero.into(), zero.into()]);
        self.go_on_in(next);
        let (offset, passed) = (self.builder.block_params(next)[0], self.builder.block_params(next)[1]);
        let first = if self.pointer == types::I64 { offset } else { self.builder.ins().ireduce(self.pointer, offset) };
        let first = self.builder.ins().iadd(start, first);
        let bits = self.group(masks, first);
        let bits = self.builder.ins().ishl(bits, offset);
        let passed = self.builder.ins().bor(passed, bits);
        let offset = self.builder.ins().iadd_imm_s(offset, GROUP);
        let more = self.builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, offset, BLOCK);
        self.builder.ins().brif(more, next, &[offset.into(), passed.into()], done, &[passed.into()]);
        self.go_on_in(done);
        self.builder.block_params(done)[0]
    }

    /// The rows of a group that pass all masks, in the lowest bits of a word.
    fn group(&mut self, masks: &[Mask<'_>], first: Value) -> Value {
        let mut passed = None;
        for mask in masks {
            let bits = self.bits_of(&mask.test, true, first);
            passed = Some(match passed {
                None => bits,
                Some(passed) => self.builder.ins().band(passed, bits),
            });
        }
        let passed = passed.expect("Invariant: there is something to ask");
        self.builder.ins().uextend(types::I64, passed)
    }

    /// The rows of a group for which a condition is TRUE, or FALSE where that is `wanted`.
    fn bits_of(&mut self, test: &Test, wanted: bool, first: Value) -> Value {
        match test {
            Test::Unknown => self.group_mask(0),
            Test::Constant(value) => self.group_mask(if *value == wanted { ALL } else { 0 }),
            Test::Not(test) => self.bits_of(test, !wanted, first),
            Test::And(sides) | Test::Or(sides) => {
                let left = self.bits_of(&sides[0], wanted, first);
                let right = self.bits_of(&sides[1], wanted, first);
                let needs_both = matches!(test, Test::And(_)) == wanted;
                if needs_both { self.builder.ins().band(left, right) } else { self.builder.ins().bor(left, right) }
            }
            Test::Bits(column) => {
                let data = self.input_column(*column).data;
                // The bit of a NULL is 0.
                let bits = self.load_bits(data, first);
                if wanted {
                    return bits;
                }
                let valid = self.valid(*column, first);
                self.builder.ins().bxor(bits, valid)
            }
            Test::IsNull(column) => {
                let valid = self.valid(*column, first);
                if wanted { self.builder.ins().bxor_imm_u(valid, ALL) } else { valid }
            }
            Test::Compare { column, lanes, operator, other } => {
                let bits = self.compare_lanes(*column, *lanes, *operator, other, first);
                let bits = if wanted { bits } else { self.builder.ins().bxor_imm_u(bits, ALL) };
                let valid = self.valid(*column, first);
                let bits = self.builder.ins().band(bits, valid);
                let known = match other {
                    Other::Column(other) => Some(self.valid(*other, first)),
                    Other::Same(_, known) => *known,
                };
                match known {
                    None => bits,
                    Some(known) => self.builder.ins().band(bits, known),
                }
            }
            Test::Text { column, view } => {
                let bits = self.compare_views(*column, *view, first);
                let bits = if wanted { bits } else { self.builder.ins().bxor_imm_u(bits, ALL) };
                let valid = self.valid(*column, first);
                self.builder.ins().band(bits, valid)
            }
            Test::Head { column, head } => {
                assert!(wanted, "Invariant: that a head is the same tells nothing about where texts differ");
                self.compare_heads(*column, *head, first)
            }
        }
    }

    /// The bits of a group out of a column's.
    fn load_bits(&mut self, bits: Value, first: Value) -> Value {
        let byte = self.builder.ins().ushr_imm_u(first, 3);
        let place = self.builder.ins().iadd(bits, byte);
        let bits = self.builder.ins().load(types::I16, input_flags(), place, 0);
        self.builder.ins().uextend(types::I32, bits)
    }

    fn valid(&mut self, column: u32, first: Value) -> Value {
        let validity = self.input_column(column).validity;
        self.load_bits(validity, first)
    }

    /// Where the elements of a group start.
    fn group_start(&mut self, column: u32, first: Value, width: i64) -> Value {
        let data = self.input_column(column).data;
        let offset = self.builder.ins().imul_imm_s(first, width);
        self.builder.ins().iadd(data, offset)
    }

    fn compare_lanes(
        &mut self,
        column: u32,
        lanes: Type,
        operator: BinaryOperator,
        other: &Other,
        first: Value,
    ) -> Value {
        let width = i64::from(lanes.lane_type().bytes());
        let start = self.group_start(column, first, width);
        let other_start = match other {
            Other::Column(other) => Some(self.group_start(*other, first, width)),
            Other::Same(..) => None,
        };
        let vectors = GROUP * width / 16;
        let compared = (0..vectors).map(|vector| {
            let offset = (vector * 16) as i32;
            let left = self.builder.ins().load(lanes, input_flags(), start, offset);
            let right = match (other, other_start) {
                (Other::Same(same, _), _) => *same,
                (Other::Column(_), start) => {
                    let start = start.expect("Invariant: a column starts somewhere");
                    self.builder.ins().load(lanes, input_flags(), start, offset)
                }
            };
            if lanes == types::F64X2 {
                self.builder.ins().fcmp(float_condition(operator), left, right)
            } else {
                self.builder.ins().icmp(integer_condition(operator), left, right)
            }
        });
        let compared: Vec<Value> = compared.collect();
        self.lanes_to_bits(&compared)
    }

    fn compare_views(&mut self, column: u32, view: Value, first: Value) -> Value {
        let start = self.group_start(column, first, 16);
        let mut ones = None;
        let quads: Vec<Value> = (0..GROUP / 4)
            .map(|quad| {
                let equal: Vec<Value> = (0..4)
                    .map(|row| {
                        let offset = ((quad * 4 + row) * 16) as i32;
                        let found = self.builder.ins().load(types::I32X4, input_flags(), start, offset);
                        self.builder.ins().icmp(IntCC::Equal, found, view)
                    })
                    .collect();
                // A byte for each part of each of the four views; a view is equal where all of its four parts are.
                let parts = self.narrow(&equal);
                let parts = self.as_lanes(parts, types::I32X4);
                let ones = *ones.get_or_insert_with(|| {
                    let ones = self.builder.ins().iconst(types::I32, 0xffff_ffff);
                    self.builder.ins().splat(types::I32X4, ones)
                });
                self.builder.ins().icmp(IntCC::Equal, parts, ones)
            })
            .collect();
        self.lanes_to_bits(&quads)
    }

    fn compare_heads(&mut self, column: u32, head: Value, first: Value) -> Value {
        let start = self.group_start(column, first, 16);
        let pairs: Vec<Value> = (0..GROUP / 2)
            .map(|pair| {
                let views = [0, 1].map(|row| {
                    let offset = ((pair * 2 + row) * 16) as i32;
                    let view = self.builder.ins().load(types::I64X2, input_flags(), start, offset);
                    self.as_lanes(view, types::I8X16)
                });
                let lows: Vec<u8> = (0..8).chain(16..24).collect();
                let heads = self.shuffle(views, &lows);
                let heads = self.as_lanes(heads, types::I64X2);
                self.builder.ins().icmp(IntCC::Equal, heads, head)
            })
            .collect();
        self.lanes_to_bits(&pairs)
    }

    /// A bit for each lane of a group's comparisons, whose lanes are all ones or all zeros.
    fn lanes_to_bits(&mut self, compared: &[Value]) -> Value {
        let quads: Vec<Value> = if compared.len() == 8 {
            let pairs = compared.chunks_exact(2);
            pairs
                .map(|pair| {
                    let pair = [pair[0], pair[1]].map(|vector| self.as_lanes(vector, types::I8X16));
                    let halves: Vec<u8> = [0, 8, 16, 24].into_iter().flat_map(|start| start..start + 4).collect();
                    let quad = self.shuffle(pair, &halves);
                    self.as_lanes(quad, types::I32X4)
                })
                .collect()
        } else {
            compared.to_vec()
        };
        let bytes = self.narrow(&quads);
        self.builder.ins().vhigh_bits(types::I32, bytes)
    }

    /// Four vectors of four lanes as one of sixteen.
    fn narrow(&mut self, quads: &[Value]) -> Value {
        let [a, b, c, d] = *quads else { panic!("Invariant: a group has four vectors of four lanes") };
        let low = self.builder.ins().snarrow(a, b);
        let high = self.builder.ins().snarrow(c, d);
        self.builder.ins().snarrow(low, high)
    }

    fn shuffle(&mut self, [left, right]: [Value; 2], bytes: &[u8]) -> Value {
        let mask = self.builder.func.dfg.immediates.push(bytes.into());
        self.builder.ins().shuffle(left, right, mask)
    }

    fn as_lanes(&mut self, vector: Value, lanes: Type) -> Value {
        let flags = MemFlagsData::new().with_endianness(ir::Endianness::Little);
        self.builder.ins().bitcast(lanes, flags, vector)
    }
}
