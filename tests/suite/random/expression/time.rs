//! Random times and spans of time.

use super::{ATOM, Expression, Generator};
use crate::random::table::Type;

impl Generator<'_> {
    pub(super) fn timestamp(&mut self, depth: u8) -> Expression {
        match self.rng.u8(..4) {
            0 | 1 => {
                let from = self.pick(&[Type::Timestamp, Type::Timestamp, Type::Date]);
                let (left, right) = (self.expression(from, depth.min(1)), self.leaf(Type::Interval));
                let operator = self.pick(&["+", "-"]);
                let made = if operator == "+" && self.chance(3) {
                    self.infix(&right, "+", &left, 5, (5, 6))
                } else {
                    self.infix(&left, operator, &right, 5, (5, 6))
                };
                // PostgreSQL's sum of a date and a span has no zone.
                Expression {
                    postgres: format!("({})::timestamptz", made.postgres),
                    level: ATOM,
                    molt: format!("({})", made.molt),
                    ..made
                }
                .renamed()
            }
            2 => {
                let unit = self.pick(&["year", "quarter", "month", "week", "day", "hour", "minute", "second"]);
                let unit = Expression::new(format!("'{unit}'"), format!("'{unit}'"), ATOM, &[]);
                let operand = self.expression(Type::Timestamp, depth);
                self.call("DATE_TRUNC", &[&unit, &operand])
            }
            _ => {
                let operand = self.expression(Type::Date, depth);
                self.cast(&operand, Type::Timestamp)
            }
        }
    }

    pub(super) fn date(&mut self, depth: u8) -> Expression {
        match self.rng.u8(..3) {
            0 => {
                let (left, right) = (self.expression(Type::Date, depth.min(1)), self.leaf(Type::Integer));
                if right.size > 1e5 {
                    return left;
                }
                let operator = self.pick(&["+", "-"]);
                let made = self.infix(&left, operator, &right, 5, (5, 6));
                let postgres = format!("({} {operator} ({})::integer)", left.at(5).1, right.postgres);
                Expression { postgres, level: ATOM, molt: format!("({})", made.molt), ..made }.renamed()
            }
            1 => {
                let unit = self.pick(&["year", "quarter", "month", "week", "day"]);
                let unit = Expression::new(format!("'{unit}'"), format!("'{unit}'"), ATOM, &[]);
                let operand = self.expression(Type::Date, depth);
                self.call("DATE_TRUNC", &[&unit, &operand])
            }
            _ => {
                let operand = self.expression(Type::Timestamp, depth);
                self.cast(&operand, Type::Date)
            }
        }
    }

    pub(super) fn interval(&mut self, depth: u8) -> Expression {
        let (left, right) =
            (self.expression(Type::Timestamp, depth.min(1)), self.expression(Type::Timestamp, depth.min(1)));
        self.infix(&left, "-", &right, 5, (5, 6))
    }
}
