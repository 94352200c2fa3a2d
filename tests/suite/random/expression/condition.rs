//! Random conditions.

use super::{ATOM, Expression, Generator, Name};
use crate::random::table::{Type, literal};

impl Generator<'_> {
    /// A condition as people write it, parts of which handlers are told.
    pub(crate) fn condition(&mut self, depth: u8) -> Expression {
        if self.names.is_empty() || self.rng.bool() {
            return self.boolean(depth);
        }
        let mut made = self.conjunct();
        while self.rng.bool() {
            let other = self.conjunct();
            made = self.infix(&made, "AND", &other, 1, (1, 2));
        }
        made
    }

    /// `column = literal` and its like.
    pub(super) fn conjunct(&mut self) -> Expression {
        // Half of them on what handlers are told of.
        let told = |name: &&Name| matches!(name.text.rsplit('.').next(), Some("k" | "id"));
        let told: Vec<Name> = self.names.iter().filter(told).cloned().collect();
        let names = if told.is_empty() || self.rng.bool() { &self.names } else { &told };
        let name = names[self.rng.usize(..names.len())].clone();
        let column = Expression { has_column: true, ..Expression::new(name.text.clone(), name.text, ATOM, &[]) };
        let size = if name.size.is_finite() { name.size.min(10.0) } else { name.size };
        let mut value = || {
            let (_, molt, postgres, _) = literal(self.rng, name.data_type, size);
            Expression::new(molt, postgres, ATOM, &[])
        };
        let (one, two) = (value(), value());
        match self.rng.u8(..10) {
            0 => Expression::new(
                format!("{} IS NULL", column.molt),
                format!("{} IS NULL", column.postgres),
                3,
                &[&column],
            ),
            1 | 2 => {
                let molt = format!("{} IN ({}, {})", column.molt, one.molt, two.molt);
                Expression::new(
                    molt,
                    format!("{} IN ({}, {})", column.postgres, one.postgres, two.postgres),
                    3,
                    &[&column],
                )
            }
            number => {
                let operator = ["<", ">=", "<>", ">", "="][usize::from(number - 3).min(4)];
                self.infix(&column, operator, &one, 3, (4, 4))
            }
        }
    }

    pub(crate) fn boolean(&mut self, depth: u8) -> Expression {
        match self.rng.u8(..16) {
            0..=5 => {
                let operator = self.pick(&["=", "<>", "<", "<=", ">", ">=", "!="]);
                let (left, right) = self.pair(depth);
                self.infix(&left, operator, &right, 3, (4, 4))
            }
            6 | 7 => {
                let left = self.expression(Type::Text, depth);
                let pattern = self.pick(&[
                    "", "%", "a%", "%b%", "_", "a_c", "a\\%c", "%ä%", "Ä%", "%\\_%", "__", "%\n%", "𝄞_", "x\\\\y",
                ]);
                let word = self.pick(&["LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"]);
                let right = Expression::new(
                    format!("'{}'", pattern.replace('\\', "\\\\").replace('\n', "\\n")),
                    format!("'{pattern}'"),
                    ATOM,
                    &[],
                );
                self.infix(&left, word, &right, 3, (4, 4))
            }
            8 => {
                let data_type = self.any();
                let operand = self.expression(data_type, depth);
                let items: Vec<Expression> =
                    (0..self.rng.usize(1..4)).map(|_| self.lazy(data_type, depth.min(1))).collect();
                let word = self.pick(&["IN", "NOT IN"]);
                let molt: Vec<&str> = items.iter().map(|item| &*item.molt).collect();
                let postgres: Vec<&str> = items.iter().map(|item| &*item.postgres).collect();
                let (left, right) = operand.at(4);
                let mut parts: Vec<&Expression> = items.iter().collect();
                parts.push(&operand);
                Expression::new(
                    format!("{left} {word} ({})", molt.join(", ")),
                    format!("{right} {word} ({})", postgres.join(", ")),
                    3,
                    &parts,
                )
            }
            9 => {
                let data_type = self.any();
                let operand = self.expression(data_type, depth);
                let (low, high) = (self.lazy(data_type, depth.min(1)), self.lazy(data_type, depth.min(1)));
                let word = self.pick(&["BETWEEN", "NOT BETWEEN"]);
                let (left, right, low, high) = (operand.at(4), operand.at(4).1, (low.at(4), &low), (high.at(4), &high));
                let molt = format!("{} {word} {} AND {}", left.0, low.0.0, high.0.0);
                let postgres = format!("{right} {word} {} AND {}", low.0.1, high.0.1);
                Expression::new(molt, postgres, 3, &[&operand, low.1, high.1])
            }
            10 => {
                let data_type = self.any();
                let operand = self.expression(data_type, depth);
                let word = self.pick(&["IS NULL", "IS NOT NULL"]);
                let (left, right) = operand.at(4);
                Expression::new(format!("{left} {word}"), format!("{right} {word}"), 3, &[&operand])
            }
            11 | 12 => {
                let (left, right) = (self.lazy(Type::Boolean, depth), self.lazy(Type::Boolean, depth));
                if self.rng.bool() {
                    self.infix(&left, "AND", &right, 1, (1, 2))
                } else {
                    self.infix(&left, "OR", &right, 0, (0, 1))
                }
            }
            13 => {
                let operand = self.expression(Type::Boolean, depth);
                let (left, right) = operand.at(2);
                Expression::new(format!("NOT {left}"), format!("NOT {right}"), 2, &[&operand])
            }
            14 => {
                if self.may_fail {
                    let operand = self.leaf(Type::Text);
                    if operand.has_column {
                        return self.cast(&operand, Type::Boolean);
                    }
                }
                let operand = self.small(depth);
                let made = self.cast(&operand, Type::Boolean);
                Expression { postgres: format!("CAST(CAST({} AS integer) AS boolean)", operand.postgres), ..made }
            }
            _ => self.choice(Type::Boolean, depth),
        }
    }

    /// Two sides that may be compared.
    pub(super) fn pair(&mut self, depth: u8) -> (Expression, Expression) {
        let (left, right) = self.pick(&[
            (Type::Text, Type::Text),
            (Type::Text, Type::Text),
            (Type::Integer, Type::Integer),
            (Type::Number, Type::Number),
            (Type::Integer, Type::Number),
            (Type::Number, Type::Integer),
            (Type::Boolean, Type::Boolean),
            (Type::Timestamp, Type::Timestamp),
            (Type::Date, Type::Date),
            (Type::Date, Type::Timestamp),
            (Type::Timestamp, Type::Date),
            (Type::Interval, Type::Interval),
        ]);
        (self.expression(left, depth), self.expression(right, depth))
    }
}
