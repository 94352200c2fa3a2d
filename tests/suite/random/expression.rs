//! Random expressions, written for Moltler and for PostgreSQL.

mod condition;
mod scalar;
mod time;

use fastrand::Rng;

use super::table::{Type, literal};

/// An expression in both languages.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) molt: String,
    pub(crate) postgres: String,
    /// How loosely it binds, 0 (`OR`) to 8 (a word).
    level: u8,
    /// Whether a column is in it: PostgreSQL evaluates what has none before it asks for rows.
    pub(crate) has_column: bool,
    /// No number of it is greater; infinite where that is not known.
    size: f64,
    /// Whether both sides give a column of it the same name.
    pub(crate) same_name: bool,
}

/// A column that expressions may name.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) data_type: Type,
    pub(crate) size: f64,
}

const ATOM: u8 = 8;
const SAFE: f64 = 1e12;

impl Expression {
    fn new(molt: String, postgres: String, level: u8, parts: &[&Expression]) -> Expression {
        let has_column = parts.iter().any(|part| part.has_column);
        Expression { molt, postgres, level, has_column, size: 0.0, same_name: true }
    }

    fn sized(self, size: f64) -> Expression {
        Expression { size, ..self }
    }

    fn renamed(self) -> Expression {
        Expression { same_name: false, ..self }
    }

    /// In parentheses where it binds more loosely than this.
    fn at(&self, level: u8) -> (String, String) {
        if self.level < level {
            (format!("({})", self.molt), format!("({})", self.postgres))
        } else {
            (self.molt.clone(), self.postgres.clone())
        }
    }
}

/// Makes expressions of the columns that are in sight.
pub(crate) struct Generator<'r> {
    pub(crate) rng: &'r mut Rng,
    pub(crate) names: Vec<Name>,
    /// Whether what is made may fail: only where both sides evaluate it for the same rows.
    pub(crate) may_fail: bool,
}

impl Generator<'_> {
    fn chance(&mut self, of: u8) -> bool {
        self.rng.u8(..of) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }

    /// An expression of the type; `depth` bounds its nesting.
    pub(crate) fn expression(&mut self, data_type: Type, depth: u8) -> Expression {
        if depth == 0 || self.chance(5) {
            return self.leaf(data_type);
        }
        let depth = depth - 1;
        if data_type != Type::Boolean && self.chance(4) {
            return self.choice(data_type, depth);
        }
        match data_type {
            Type::Text => self.text(depth),
            Type::Integer => self.integer(depth),
            Type::Number => self.number(depth),
            Type::Boolean => self.boolean(depth),
            Type::Timestamp => self.timestamp(depth),
            Type::Date => self.date(depth),
            Type::Interval => self.interval(depth),
        }
    }

    /// An expression that cannot fail.
    fn lazy(&mut self, data_type: Type, depth: u8) -> Expression {
        let before = std::mem::replace(&mut self.may_fail, false);
        let made = self.expression(data_type, depth);
        self.may_fail = before;
        made
    }

    fn leaf(&mut self, data_type: Type) -> Expression {
        let names: Vec<Name> = self.names.iter().filter(|name| name.data_type == data_type).cloned().collect();
        if !names.is_empty() && !self.chance(3) {
            let name = &names[self.rng.usize(..names.len())];
            let made = Expression::new(name.text.clone(), name.text.clone(), ATOM, &[]);
            return Expression { has_column: true, size: name.size, ..made };
        }
        if !self.may_fail && self.chance(12) {
            let (molt, postgres) = data_type.names();
            let bare = !matches!(data_type, Type::Interval | Type::Date | Type::Timestamp) && self.rng.bool();
            let molt =
                if bare || data_type == Type::Interval { "NULL".to_owned() } else { format!("CAST(NULL AS {molt})") };
            return Expression::new(molt, format!("CAST(NULL AS {postgres})"), ATOM, &[]).renamed();
        }
        let size = if self.may_fail && self.chance(4) { f64::INFINITY } else { 100.0 };
        let (_, molt, postgres, size) = literal(self.rng, data_type, size);
        let level = if molt.starts_with("INTERVAL") { 7 } else { ATOM };
        Expression::new(molt, postgres, level, &[]).sized(size).renamed()
    }

    /// `NAME(a, …)`, the same on both sides.
    fn call(&mut self, name: &str, arguments: &[&Expression]) -> Expression {
        let molt: Vec<&str> = arguments.iter().map(|argument| &*argument.molt).collect();
        let postgres: Vec<&str> = arguments.iter().map(|argument| &*argument.postgres).collect();
        let (molt, postgres) = (format!("{name}({})", molt.join(", ")), format!("{name}({})", postgres.join(", ")));
        Expression::new(molt, postgres, ATOM, arguments)
    }

    fn cast(&mut self, operand: &Expression, to: Type) -> Expression {
        let (molt, postgres) = to.names();
        if self.rng.bool() {
            let (molt, postgres) =
                (format!("CAST({} AS {molt})", operand.molt), format!("CAST({} AS {postgres})", operand.postgres));
            return Expression::new(molt, postgres, ATOM, &[operand]).sized(operand.size).renamed();
        }
        let (left, right) = operand.at(ATOM);
        Expression::new(format!("{left}::{molt}"), format!("{right}::{postgres}"), ATOM, &[operand])
            .sized(operand.size)
            .renamed()
    }

    fn infix(
        &mut self,
        left: &Expression,
        operator: &str,
        right: &Expression,
        level: u8,
        tighter: (u8, u8),
    ) -> Expression {
        let (molt_left, postgres_left) = left.at(tighter.0);
        let (molt_right, postgres_right) = right.at(tighter.1);
        let molt = format!("{molt_left} {operator} {molt_right}");
        Expression::new(molt, format!("{postgres_left} {operator} {postgres_right}"), level, &[left, right])
    }

    /// COALESCE, CASE, NULLIF, GREATEST, LEAST.
    fn choice(&mut self, data_type: Type, depth: u8) -> Expression {
        if data_type == Type::Interval {
            return self.leaf(data_type);
        }
        // An integer beside a number is a number.
        let mixed = data_type == Type::Number && self.chance(3);
        let first = self.lazy(data_type, depth);
        let second = self.lazy(if mixed { Type::Integer } else { data_type }, depth);
        let size = first.size.max(second.size);
        let made = match self.rng.u8(..5) {
            0 => {
                let third = self.lazy(data_type, depth);
                let size = size.max(third.size);
                return self.call("COALESCE", &[&first, &second, &third]).sized(size);
            }
            1 => {
                let name = self.pick(&["GREATEST", "LEAST"]);
                self.call(name, &[&first, &second])
            }
            2 => self.call("NULLIF", &[&first, &second]),
            3 => {
                let condition = self.lazy(Type::Boolean, depth);
                let (molt, postgres) = (
                    format!("CASE WHEN {} THEN {} ELSE {} END", condition.molt, first.molt, second.molt),
                    format!("CASE WHEN {} THEN {} ELSE {} END", condition.postgres, first.postgres, second.postgres),
                );
                // The name is that of ELSE's column, else `case`.
                Expression::new(molt, postgres, ATOM, &[&condition, &first, &second])
            }
            _ => {
                let operand_type = self.pick(&[Type::Text, Type::Integer, Type::Boolean]);
                let (operand, one, two) =
                    (self.lazy(operand_type, depth), self.lazy(operand_type, 0), self.lazy(operand_type, 0));
                let write = |side: fn(&Expression) -> &str| {
                    format!(
                        "CASE {} WHEN {} THEN {} WHEN {} THEN {} END",
                        side(&operand),
                        side(&one),
                        side(&first),
                        side(&two),
                        side(&second)
                    )
                };
                let (molt, postgres) = (write(|side| &side.molt), write(|side| &side.postgres));
                Expression::new(molt, postgres, ATOM, &[&operand, &one, &two, &first, &second])
            }
        };
        made.sized(size)
    }

    /// A number whose sums stay far from the ends of its type.
    pub(crate) fn bounded(&mut self, data_type: Type) -> Expression {
        let made = self.expression(data_type, 1);
        if made.size < SAFE { made } else { self.cast_of_id(data_type) }
    }

    fn cast_of_id(&mut self, data_type: Type) -> Expression {
        let literal = |text: &str| Expression::new(text.to_owned(), text.to_owned(), ATOM, &[]);
        let (molt, postgres) = data_type.names();
        let operand = literal("a.id");
        Expression::new(format!("a.id::{molt}"), format!("a.id::{postgres}"), ATOM, &[&operand])
    }

    /// What fails for some values of its columns.
    pub(crate) fn failing(&mut self) -> (Type, Expression) {
        let (left, right) = self.pick(&[
            (Type::Integer, Type::Integer),
            (Type::Number, Type::Number),
            (Type::Text, Type::Integer),
            (Type::Text, Type::Number),
            (Type::Text, Type::Boolean),
            (Type::Number, Type::Integer),
        ]);
        let operand = self.leaf(left);
        if left != right {
            let made = if operand.has_column { self.cast(&operand, right) } else { self.leaf(right) };
            return (right, made);
        }
        let other = self.expression(right, 1);
        (right, self.arithmetic(right, &operand, &other))
    }

    /// Any type that a column may have.
    pub(crate) fn any(&mut self) -> Type {
        self.pick(&[Type::Text, Type::Integer, Type::Number, Type::Boolean, Type::Timestamp, Type::Date])
    }
}
