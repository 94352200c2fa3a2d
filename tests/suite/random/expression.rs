//! Random expressions, written for Moltler and for PostgreSQL.

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

    fn text(&mut self, depth: u8) -> Expression {
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
    fn small(&mut self, depth: u8) -> Expression {
        let made = if self.chance(3) { self.expression(Type::Integer, depth.min(1)) } else { self.leaf(Type::Integer) };
        if made.size < 1e6 {
            made
        } else {
            Expression::new("2".into(), "2::bigint".into(), ATOM, &[]).renamed().sized(2.0)
        }
    }

    fn arithmetic(&mut self, data_type: Type, left: &Expression, right: &Expression) -> Expression {
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

    fn integer(&mut self, depth: u8) -> Expression {
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

    fn number(&mut self, depth: u8) -> Expression {
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
    fn conjunct(&mut self) -> Expression {
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
    fn pair(&mut self, depth: u8) -> (Expression, Expression) {
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

    /// Any type that a column may have.
    pub(crate) fn any(&mut self) -> Type {
        self.pick(&[Type::Text, Type::Integer, Type::Number, Type::Boolean, Type::Timestamp, Type::Date])
    }

    fn timestamp(&mut self, depth: u8) -> Expression {
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

    fn date(&mut self, depth: u8) -> Expression {
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

    fn interval(&mut self, depth: u8) -> Expression {
        let (left, right) =
            (self.expression(Type::Timestamp, depth.min(1)), self.expression(Type::Timestamp, depth.min(1)));
        self.infix(&left, "-", &right, 5, (5, 6))
    }
}
