//! Random texts and numbers.

use super::{ATOM, Expression, Generator, SAFE};
use crate::random::table::Type;

impl Generator<'_> {
    pub(super) fn text(&mut self, depth: u8) -> Expression {
        match self.rng.u8(..8) {
            0 | 1 => {
                let left = self.expression(Type::Text, depth);
                let other =
                    self.pick(&[Type::Text, Type::Text, Type::Integer, Type::Number, Type::Boolean, Type::Date]);
                let right = self.expression(other, depth);
                let (left, right) = if self.rng.bool() { (left, right) } else { (right, left) };
                self.infix(&left, "||", &right, 4, (4, 5))
            }
            2 => {
                let name = self.pick(&["UPPER", "LOWER"]);
                let operand = self.expression(Type::Text, depth);
                self.call(name, &[&operand])
            }
            3 => {
                let name = self.pick(&["TRIM", "LTRIM", "RTRIM"]);
                let operand = self.expression(Type::Text, depth);
                let made = self.call(name, &[&operand]);
                if name == "TRIM" { made.renamed() } else { made }
            }
            4 | 5 => {
                let operand = self.expression(Type::Text, depth);
                let start = self.small(depth);
                let length = self.small(depth);
                let safe = length.has_column || length.molt.starts_with('(');
                if self.rng.bool()
                    && (self.may_fail || !safe)
                    && !length.molt.contains('-')
                    && !length.molt.contains("NULL")
                {
                    self.call("SUBSTR", &[&operand, &start, &length])
                } else {
                    self.call("SUBSTR", &[&operand, &start])
                }
            }
            6 => {
                let (operand, from, to) =
                    (self.expression(Type::Text, depth), self.leaf(Type::Text), self.leaf(Type::Text));
                self.call("REPLACE", &[&operand, &from, &to])
            }
            _ => {
                let from = self.pick(&[Type::Integer, Type::Number, Type::Boolean, Type::Date, Type::Text]);
                let operand = self.expression(from, depth);
                self.cast(&operand, Type::Text)
            }
        }
    }

    /// An integer that is small for certain.
    pub(super) fn small(&mut self, depth: u8) -> Expression {
        let made = if self.chance(3) { self.expression(Type::Integer, depth.min(1)) } else { self.leaf(Type::Integer) };
        if made.size < 1e6 {
            made
        } else {
            Expression::new("2".into(), "2::bigint".into(), ATOM, &[]).renamed().sized(2.0)
        }
    }

    pub(super) fn arithmetic(&mut self, data_type: Type, left: &Expression, right: &Expression) -> Expression {
        let operators: &[&str] =
            if data_type == Type::Integer { &["+", "-", "*", "/", "%"] } else { &["+", "-", "*", "/"] };
        let mut operator = self.pick(operators);
        if matches!(operator, "/" | "%") && !(self.may_fail && (left.has_column || right.has_column)) {
            operator = "-";
        }
        let size = match operator {
            "+" | "-" => left.size + right.size,
            "*" => left.size * right.size,
            _ if data_type == Type::Integer => left.size,
            _ => f64::INFINITY,
        };
        if (size >= SAFE || size.is_nan()) && !(self.may_fail && (left.has_column || right.has_column)) {
            return left.clone();
        }
        let (level, tighter) = if matches!(operator, "+" | "-") { (5, (5, 6)) } else { (6, (6, 7)) };
        self.infix(left, operator, right, level, tighter).sized(size)
    }

    pub(super) fn integer(&mut self, depth: u8) -> Expression {
        match self.rng.u8(..12) {
            0..=3 => {
                let (left, right) = (self.expression(Type::Integer, depth), self.expression(Type::Integer, depth));
                self.arithmetic(Type::Integer, &left, &right)
            }
            4 => {
                let operand = self.small(depth);
                let (molt, postgres) = operand.at(7);
                let (molt, postgres) = (format!("- {molt}"), format!("- {postgres}"));
                Expression::new(molt, postgres, 7, &[&operand]).sized(operand.size)
            }
            5 => {
                let operand = self.expression(Type::Text, depth);
                self.call("LENGTH", &[&operand]).sized(1e5)
            }
            6 => {
                let (operand, part) = (self.expression(Type::Text, depth), self.leaf(Type::Text));
                self.call("INSTR", &[&operand, &part]).sized(1e5)
            }
            7 => {
                let name = self.pick(&["ABS", "CEIL", "FLOOR", "ROUND", "TRUNC"]);
                let operand = self.small(depth);
                let size = operand.size;
                self.call(name, &[&operand]).sized(size)
            }
            8 => {
                let (left, right) = (self.expression(Type::Date, depth), self.expression(Type::Date, depth));
                if self.rng.bool() {
                    self.call("DATEDIFF", &[&left, &right]).sized(4e6)
                } else {
                    let made = self.infix(&left, "-", &right, 5, (5, 6)).sized(4e6);
                    Expression {
                        postgres: format!("({})::bigint", made.postgres),
                        level: ATOM,
                        molt: format!("({})", made.molt),
                        ..made
                    }
                    .renamed()
                }
            }
            9 => {
                let name = self.pick(&["EXTRACT_YEAR", "EXTRACT_MONTH", "EXTRACT_DAY"]);
                let from = self.pick(&[Type::Timestamp, Type::Date]);
                let operand = self.expression(from, depth);
                self.call(name, &[&operand]).sized(1e4)
            }
            10 => {
                let operand = self.expression(Type::Boolean, depth);
                let made = self.cast(&operand, Type::Integer);
                Expression { postgres: format!("CAST(CAST({} AS integer) AS bigint)", operand.postgres), ..made }
                    .sized(1.0)
            }
            _ => {
                if self.may_fail && self.chance(3) {
                    let from = self.pick(&[Type::Text, Type::Number]);
                    let operand = self.leaf(from);
                    if operand.has_column {
                        return self.cast(&operand, Type::Integer).sized(f64::INFINITY);
                    }
                }
                let operand = self.expression(Type::Number, depth);
                if operand.size < SAFE { self.cast(&operand, Type::Integer) } else { self.leaf(Type::Integer) }
            }
        }
    }

    pub(super) fn number(&mut self, depth: u8) -> Expression {
        match self.rng.u8(..8) {
            0..=3 => {
                let kinds = self.pick(&[
                    (Type::Number, Type::Number),
                    (Type::Number, Type::Integer),
                    (Type::Integer, Type::Number),
                ]);
                let (left, right) = (self.expression(kinds.0, depth), self.expression(kinds.1, depth));
                let made = self.arithmetic(Type::Number, &left, &right);
                // Where nothing safe was found the left side came back, an integer perhaps.
                if made.molt == left.molt && kinds.0 == Type::Integer { self.cast(&left, Type::Number) } else { made }
            }
            4 => {
                let name = self.pick(&["ABS", "CEIL", "FLOOR", "ROUND", "TRUNC"]);
                let operand = self.expression(Type::Number, depth);
                let size = operand.size + 1.0;
                if matches!(name, "ROUND" | "TRUNC") && self.rng.bool() && operand.size < SAFE {
                    let digits = self.rng.i8(-3..5);
                    let digits = if digits < 0 { format!("({digits})") } else { digits.to_string() };
                    let digits = Expression::new(digits.clone(), format!("{digits}::bigint"), ATOM, &[]);
                    return self.call(name, &[&operand, &digits]).sized(size * 2000.0);
                }
                self.call(name, &[&operand]).sized(size)
            }
            5 => {
                let part = self.pick(&[
                    "year", "quarter", "month", "week", "day", "hour", "minute", "second", "dow", "doy", "epoch",
                ]);
                let from = self.pick(&[Type::Timestamp, Type::Date]);
                let operand = self.expression(from, depth);
                let postgres = format!("EXTRACT({part} FROM ({})::timestamptz)::float8", operand.postgres);
                Expression::new(format!("EXTRACT('{part}', {})", operand.molt), postgres, ATOM, &[&operand])
                    .sized(f64::INFINITY)
                    .renamed()
            }
            6 => {
                let operand = self.expression(Type::Integer, depth);
                self.cast(&operand, Type::Number)
            }
            _ => {
                if self.may_fail {
                    let operand = self.leaf(Type::Text);
                    if operand.has_column {
                        return self.cast(&operand, Type::Number).sized(f64::INFINITY);
                    }
                }
                self.leaf(Type::Number)
            }
        }
    }
}
