//! Constructors that compute types and insert coercions.

use moltler_abi::DataType;
use moltler_abi::functions::{FUNCTIONS, ParameterType, ReturnType};
use moltler_abi::manifest::Span;
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};

use super::{Expr, ExprKind, Literal};

/// A longer list of constants is looked through by the runtime instead of being spelt out in machine code.
const LONG_LIST: usize = 32;

impl Literal {
    /// The type of the constant.
    pub fn data_type(&self) -> DataType {
        match self {
            Literal::Null => DataType::Null,
            Literal::Boolean(_) => DataType::Boolean,
            Literal::Integer(_) => DataType::Integer,
            Literal::Number(_) => DataType::Number,
            Literal::String(_) => DataType::String,
            Literal::Timestamp(_) => DataType::Timestamp,
            Literal::Date(_) => DataType::Date,
        }
    }
}

impl Expr {
    /// An expression of this kind and type, as it is.
    pub fn new(kind: ExprKind, data_type: DataType) -> Expr {
        Expr { kind, data_type, span: Span::default() }
    }

    /// The same, written there.
    #[must_use]
    pub fn at(mut self, span: Span) -> Expr {
        self.span = span;
        self
    }

    /// A constant.
    pub fn literal(literal: Literal) -> Expr {
        let data_type = literal.data_type();
        Expr::new(ExprKind::Literal(literal), data_type)
    }

    /// NULL.
    pub fn null() -> Expr {
        Expr::literal(Literal::Null)
    }

    /// An integer.
    pub fn integer(value: i64) -> Expr {
        Expr::literal(Literal::Integer(value))
    }

    /// A text.
    pub fn string(value: impl Into<String>) -> Expr {
        Expr::literal(Literal::String(value.into()))
    }

    /// TRUE or FALSE.
    pub fn boolean(value: bool) -> Expr {
        Expr::literal(Literal::Boolean(value))
    }

    /// A column of the input.
    pub fn column(index: u32, data_type: DataType) -> Expr {
        Expr::new(ExprKind::Column(index), data_type)
    }

    /// A variable.
    pub fn variable(slot: u32, data_type: DataType) -> Expr {
        Expr::new(ExprKind::Variable(slot), data_type)
    }

    /// The value as `data_type`, NULL where it does not fit; itself where it has that type.
    #[must_use]
    pub fn coerce(self, data_type: DataType) -> Expr {
        if self.data_type == data_type {
            return self;
        }
        let span = self.span;
        if let ExprKind::Literal(literal) = &self.kind {
            match (literal, data_type) {
                (Literal::Null, _) => return Expr::new(self.kind, data_type).at(span),
                (Literal::Integer(value), DataType::Number) => {
                    return Expr::literal(Literal::Number(*value as f64)).at(span);
                }
                _ => {}
            }
        }
        Expr::new(ExprKind::Coerce(Box::new(self)), data_type).at(span)
    }

    /// `CAST(self AS data_type)`.
    #[must_use]
    pub fn cast(self, data_type: DataType) -> Expr {
        if self.data_type == data_type {
            return self;
        }
        Expr::new(ExprKind::Cast(Box::new(self)), data_type)
    }

    /// As a condition: boolean.
    #[must_use]
    pub fn condition(self) -> Expr {
        self.coerce(DataType::Boolean)
    }

    /// `left operator right`, with the operands made to fit each other.
    pub fn binary(operator: BinaryOperator, left: Expr, right: Expr) -> Expr {
        use BinaryOperator::*;
        let (left, right, data_type) = match operator {
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => {
                let (left, right) = comparable(left, right);
                (left, right, DataType::Boolean)
            }
            Like | NotLike | ILike | NotILike | Matches => {
                (left.coerce(DataType::String), right.coerce(DataType::String), DataType::Boolean)
            }
            Contains => {
                let right = if left.data_type == DataType::String { right.coerce(DataType::String) } else { right };
                (left, right, DataType::Boolean)
            }
            In | NotIn => (left, right, DataType::Boolean),
            And | Or => (left.condition(), right.condition(), DataType::Boolean),
            Coalesce => return Expr::coalesce(vec![left, right]),
            Concat => {
                let data_type = concatenated(left.data_type, right.data_type);
                (left, right, data_type)
            }
            Add | Subtract | Multiply | Divide | Remainder => arithmetic(operator, left, right),
        };
        let kind = ExprKind::Binary { operator, left: Box::new(left), right: Box::new(right) };
        Expr::new(kind, data_type)
    }

    /// `left AND right`.
    pub fn and(left: Expr, right: Expr) -> Expr {
        Expr::binary(BinaryOperator::And, left, right)
    }

    /// All of them joined by AND, in their order, as shallow as can be; `None` of none.
    pub fn all(conjuncts: Vec<Expr>) -> Option<Expr> {
        let mut level = conjuncts;
        while level.len() > 1 {
            let mut pairs = Vec::with_capacity(level.len().div_ceil(2));
            let mut items = level.into_iter();
            while let Some(left) = items.next() {
                pairs.push(match items.next() {
                    Some(right) => Expr::and(left, right),
                    None => left,
                });
            }
            level = pairs;
        }
        level.pop()
    }

    /// `left = right`.
    pub fn equal(left: Expr, right: Expr) -> Expr {
        Expr::binary(BinaryOperator::Equal, left, right)
    }

    /// `operator operand`.
    pub fn unary(operator: UnaryOperator, operand: Expr) -> Expr {
        let operand = match operator {
            UnaryOperator::Not => operand.condition(),
            UnaryOperator::Negate | UnaryOperator::Plus => match (&operand.kind, operator) {
                (ExprKind::Literal(Literal::Integer(value)), UnaryOperator::Negate) if *value != i64::MIN => {
                    return Expr::integer(-value).at(operand.span);
                }
                (ExprKind::Literal(Literal::Number(value)), UnaryOperator::Negate) => {
                    return Expr::literal(Literal::Number(-value)).at(operand.span);
                }
                _ if operand.data_type == DataType::String => operand.coerce(DataType::Number),
                _ => operand,
            },
        };
        let data_type = operand.data_type;
        Expr::new(ExprKind::Unary { operator, operand: Box::new(operand) }, data_type)
    }

    /// `operand IS [NOT] NULL`.
    pub fn is_null(operand: Expr, negated: bool) -> Expr {
        Expr::new(ExprKind::IsNull { operand: Box::new(operand), negated }, DataType::Boolean)
    }

    /// `operand [NOT] IN (item, …)`.
    pub fn in_list(operand: Expr, items: Vec<Expr>, negated: bool) -> Expr {
        let (operand, items) = all_comparable(operand, items);
        if items.len() > LONG_LIST && items.iter().all(Expr::is_literal) {
            let operator = if negated { BinaryOperator::NotIn } else { BinaryOperator::In };
            let items = items.into_iter().map(Expr::without_coercion).collect();
            return Expr::binary(operator, operand, Expr::array(items));
        }
        Expr::new(ExprKind::InList { operand: Box::new(operand), items, negated }, DataType::Boolean)
    }

    /// `operand [NOT] BETWEEN low AND high`.
    pub fn between(operand: Expr, low: Expr, high: Expr, negated: bool) -> Expr {
        let (operand, bounds) = all_comparable(operand, vec![low, high]);
        let [low, high] = <[Expr; 2]>::try_from(bounds).expect("Invariant: two bounds in, two out");
        let kind = ExprKind::Between { operand: Box::new(operand), low: Box::new(low), high: Box::new(high), negated };
        Expr::new(kind, DataType::Boolean)
    }

    /// `CASE WHEN … THEN … ELSE … END`.
    pub fn case(branches: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
        let data_type = unified(branches.iter().map(|(_, value)| value).chain(&otherwise));
        let branches =
            branches.into_iter().map(|(condition, value)| (condition.condition(), value.coerce(data_type))).collect();
        let otherwise = otherwise.map(|value| Box::new(value.coerce(data_type)));
        Expr::new(ExprKind::Case { branches, otherwise }, data_type)
    }

    /// `CASE operand WHEN … THEN … ELSE … END`.
    pub fn switch(operand: Expr, branches: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
        let data_type = unified(branches.iter().map(|(_, value)| value).chain(&otherwise));
        let (tests, values): (Vec<Expr>, Vec<Expr>) = branches.into_iter().unzip();
        let (operand, tests) = all_comparable(operand, tests);
        let values = values.into_iter().map(|value| value.coerce(data_type));
        let branches = tests.into_iter().zip(values).collect();
        let otherwise = otherwise.map(|value| Box::new(value.coerce(data_type)));
        Expr::new(ExprKind::Switch { operand: Box::new(operand), branches, otherwise }, data_type)
    }

    /// The first that is not NULL.
    pub fn coalesce(values: Vec<Expr>) -> Expr {
        let data_type = unified(&values);
        let values = values.into_iter().map(|value| value.coerce(data_type)).collect();
        Expr::new(ExprKind::Coalesce(values), data_type)
    }

    /// A call of the function with this index in [`FUNCTIONS`].
    pub fn call(function: u32, arguments: Vec<Expr>) -> Expr {
        let declaration = &FUNCTIONS[function as usize];
        if declaration.name == "COALESCE" {
            return Expr::coalesce(arguments);
        }
        let common = unified(&arguments);
        let parameters = declaration.parameters;
        let fitted = arguments.into_iter().enumerate().map(|(index, argument)| {
            if declaration.returns == ReturnType::Common {
                return argument.coerce(common);
            }
            match parameters.get(index).or(parameters.last()).map(|parameter| parameter.takes) {
                Some(ParameterType::Of(DataType::Dynamic)) | None => argument,
                Some(ParameterType::Of(data_type)) => argument.coerce(data_type),
                Some(ParameterType::Numeric) => match argument.data_type {
                    DataType::Integer | DataType::Number => argument,
                    DataType::Dynamic => argument.numeric(),
                    _ => argument.coerce(DataType::Number),
                },
                Some(ParameterType::Temporal) => match argument.data_type {
                    DataType::Timestamp | DataType::Date => argument,
                    _ => argument.coerce(DataType::Timestamp),
                },
                Some(ParameterType::TextOrArray) => match argument.data_type {
                    DataType::String | DataType::Array | DataType::Dynamic => argument,
                    _ => argument.coerce(DataType::String),
                },
                Some(ParameterType::Function(_)) => match argument.kind {
                    ExprKind::Lambda { .. } => argument,
                    _ => argument.coerce(DataType::String),
                },
                Some(ParameterType::Any) => argument,
            }
        });
        let arguments: Vec<Expr> = fitted.collect();
        let data_type = match declaration.returns {
            ReturnType::Of(data_type) => data_type,
            ReturnType::SameAs(index) => arguments.get(index).map_or(DataType::Null, |argument| argument.data_type),
            ReturnType::Common => common,
        };
        Expr::new(ExprKind::Call { function, arguments }, data_type)
    }

    /// `base.key`.
    pub fn member(base: Expr, key: impl Into<String>) -> Expr {
        Expr::new(ExprKind::Member { base: Box::new(base), key: key.into() }, DataType::Dynamic)
    }

    /// `base[index]`.
    pub fn index(base: Expr, index: Expr) -> Expr {
        Expr::new(ExprKind::Index { base: Box::new(base), index: Box::new(index) }, DataType::Dynamic)
    }

    /// `{"key": value, …}`.
    pub fn document(members: Vec<(String, Expr)>) -> Expr {
        Expr::new(ExprKind::Document(members), DataType::Document)
    }

    /// `[value, …]`.
    pub fn array(items: Vec<Expr>) -> Expr {
        Expr::new(ExprKind::Array(items), DataType::Array)
    }

    /// A constant, or one as a dynamic value.
    fn is_literal(&self) -> bool {
        match &self.kind {
            ExprKind::Literal(_) => true,
            ExprKind::Coerce(inner) => {
                self.data_type == DataType::Dynamic && matches!(inner.kind, ExprKind::Literal(_))
            }
            _ => false,
        }
    }

    /// What is inside a coercion.
    fn without_coercion(self) -> Expr {
        match self.kind {
            ExprKind::Coerce(inner) => *inner,
            _ => self,
        }
    }

    /// Two operands as they are compared.
    pub(crate) fn comparable(left: Expr, right: Expr) -> (Expr, Expr) {
        comparable(left, right)
    }

    /// A dynamic value as an integer or a number.
    pub(crate) fn numeric(self) -> Expr {
        let span = self.span;
        Expr::new(ExprKind::Numeric(Box::new(self)), DataType::Dynamic).at(span)
    }
}

/// The type in which two operands are compared; `None` where the runtime compares the values as they are.
fn comparison_type(left: DataType, right: DataType) -> Option<DataType> {
    use DataType::*;
    match (left, right) {
        (left, right) if left == right => Some(left),
        (Null, other) | (other, Null) => Some(other),
        (Integer | Number | String, Number) | (Number, Integer | String) => Some(Number),
        (String, Integer) | (Integer, String) => Some(Number),
        (Timestamp | String, Date) | (Date, Timestamp | String) => {
            Some(if left == String || right == String { Date } else { Timestamp })
        }
        (String, Timestamp) | (Timestamp, String) => Some(Timestamp),
        (Boolean, String) | (String, Boolean) => Some(Boolean),
        (Dynamic, typed @ (String | Boolean | Timestamp | Date))
        | (typed @ (String | Boolean | Timestamp | Date), Dynamic) => Some(typed),
        _ => None,
    }
}

/// Two operands of a comparison, coerced to the type in which they are compared.
fn comparable(left: Expr, right: Expr) -> (Expr, Expr) {
    use DataType::*;
    match comparison_type(left.data_type, right.data_type) {
        Some(data_type) => (left.coerce(data_type), right.coerce(data_type)),
        None => match (left.data_type, right.data_type) {
            (Dynamic, Integer | Number) => (left.numeric(), right),
            (Integer | Number, Dynamic) => (left, right.numeric()),
            _ => (left, right),
        },
    }
}

/// An operand and everything it is compared with, in one type.
fn all_comparable(operand: Expr, others: Vec<Expr>) -> (Expr, Vec<Expr>) {
    let common = others.iter().try_fold(operand.data_type, |common, other| comparison_type(common, other.data_type));
    if let Some(data_type) = common {
        return (operand.coerce(data_type), others.into_iter().map(|other| other.coerce(data_type)).collect());
    }
    let numeric = |data_type| matches!(data_type, DataType::Integer | DataType::Number | DataType::Null);
    let fitted = if operand.data_type == DataType::Dynamic && others.iter().all(|other| numeric(other.data_type)) {
        operand.numeric()
    } else {
        operand
    };
    let others = others.into_iter().map(|other| match (fitted.data_type, other.data_type) {
        (DataType::Integer | DataType::Number, DataType::Dynamic) => other.numeric().coerce(DataType::Dynamic),
        _ => other.coerce(DataType::Dynamic),
    });
    let others = others.collect();
    (fitted.coerce(DataType::Dynamic), others)
}

/// The type that holds the values of all expressions: of CASE, COALESCE and the like.
pub(crate) fn unified<'a>(values: impl IntoIterator<Item = &'a Expr>) -> DataType {
    use DataType::*;
    values.into_iter().fold(Null, |common, value| match (common, value.data_type) {
        (common, other) if common == other => common,
        (Null, other) | (other, Null) => other,
        (Integer | Number, Integer | Number) => Number,
        (Timestamp | Date, Timestamp | Date) => Timestamp,
        _ => Dynamic,
    })
}

fn concatenated(left: DataType, right: DataType) -> DataType {
    use DataType::*;
    match (left, right) {
        (Array, Array) => Array,
        (Null, Null) => String,
        (Array | Dynamic | Null, Array | Dynamic | Null) => Dynamic,
        _ => String,
    }
}

/// Operands and result type of an arithmetic operator.
fn arithmetic(operator: BinaryOperator, left: Expr, right: Expr) -> (Expr, Expr, DataType) {
    use BinaryOperator::{Add, Divide, Multiply, Subtract};
    use DataType::*;
    let number = |value: Expr| if value.data_type == String { value.coerce(Number) } else { value };
    let (left, right) = match (left.data_type, right.data_type) {
        // `created_at - '2024-01-01'`
        (Timestamp | Date, String) if operator == Subtract => (left, right.coerce(Timestamp)),
        _ => (number(left), number(right)),
    };
    // A bare NULL beside a time is a span, so that the result has a type.
    let (left, right) = match (left.data_type, right.data_type) {
        (Timestamp | Date, Null) if matches!(operator, Add | Subtract) => {
            let span = if left.data_type == Date { Integer } else { Interval };
            (left, right.coerce(span))
        }
        (Null, Timestamp | Date) if operator == Add => {
            let span = if right.data_type == Date { Integer } else { Interval };
            (left.coerce(span), right)
        }
        _ => (left, right),
    };
    match (left.data_type, right.data_type) {
        (Integer, Integer) => (left, right, Integer),
        (Integer | Number, Integer | Number) => (left.coerce(Number), right.coerce(Number), Number),
        (Null, typed @ (Integer | Number)) | (typed @ (Integer | Number), Null) => {
            (left.coerce(typed), right.coerce(typed), typed)
        }
        (Timestamp | Date, Interval) if matches!(operator, Add | Subtract) => (left, right, Timestamp),
        (Interval, Timestamp | Date) if operator == Add => (left, right, Timestamp),
        (Date, Integer) if matches!(operator, Add | Subtract) => (left, right, Date),
        (Integer, Date) if operator == Add => (left, right, Date),
        (Date, Date) if operator == Subtract => (left, right, Integer),
        (Timestamp | Date, Timestamp | Date) if operator == Subtract => {
            (left.coerce(Timestamp), right.coerce(Timestamp), Interval)
        }
        (Interval, Interval) if matches!(operator, Add | Subtract) => (left, right, Interval),
        (Interval, Integer | Number) if matches!(operator, Multiply | Divide) => (left, right, Interval),
        (Integer | Number, Interval) if operator == Multiply => (left, right, Interval),
        (Null, Null) => (left, right, Null),
        _ => (left, right, Dynamic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(operator: BinaryOperator, left: DataType, right: DataType) -> Expr {
        Expr::binary(operator, Expr::column(0, left), Expr::column(1, right))
    }

    #[test]
    fn every_operator_takes_operands_of_every_type() {
        use DataType::*;
        let types = [String, Number, Integer, Boolean, Timestamp, Date, Document, Array, Interval, Dynamic, Null];
        for operator in BinaryOperator::ALL {
            for left in types {
                for right in types {
                    let expr = binary(operator, left, right);
                    let ExprKind::Binary { left, right, .. } = &expr.kind else { continue };
                    if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
                        assert_eq!((left.data_type, right.data_type), (Boolean, Boolean));
                    }
                    if matches!(expr.data_type, Integer | Number) && left.data_type != Date {
                        assert_eq!((left.data_type, right.data_type), (expr.data_type, expr.data_type));
                    }
                }
            }
        }
    }

    #[test]
    fn a_dynamic_takes_the_type_of_its_neighbour() {
        let expr = binary(BinaryOperator::Equal, DataType::Dynamic, DataType::String);
        let ExprKind::Binary { left, .. } = expr.kind else { panic!("a binary operator") };
        assert_eq!(left.kind, ExprKind::Coerce(Box::new(Expr::column(0, DataType::Dynamic))));
        assert_eq!(left.data_type, DataType::String);
    }

    #[test]
    fn a_dynamic_beside_an_integer_keeps_fractions() {
        let expr = binary(BinaryOperator::Greater, DataType::Dynamic, DataType::Integer);
        let ExprKind::Binary { left, right, .. } = expr.kind else { panic!("a binary operator") };
        assert!(matches!(left.kind, ExprKind::Numeric(_)));
        assert_eq!(right.data_type, DataType::Integer);
    }

    #[test]
    fn a_long_list_of_constants_is_an_array() {
        let list =
            |length| Expr::in_list(Expr::column(0, DataType::Integer), (0..length).map(Expr::integer).collect(), true);
        assert!(matches!(list(3).kind, ExprKind::InList { negated: true, .. }));
        assert!(matches!(list(100).kind, ExprKind::Binary { operator: BinaryOperator::NotIn, .. }));
        let dynamic = Expr::in_list(Expr::column(0, DataType::Dynamic), (0..100).map(Expr::integer).collect(), false);
        assert!(matches!(dynamic.kind, ExprKind::Binary { operator: BinaryOperator::In, .. }));
    }

    #[test]
    fn case_unifies_its_values() {
        let expr = Expr::case(vec![(Expr::boolean(true), Expr::integer(1))], Some(Expr::literal(Literal::Number(0.5))));
        assert_eq!(expr.data_type, DataType::Number);
    }
}
