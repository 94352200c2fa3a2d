use moltler_abi::functions::FUNCTIONS;
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};

use crate::expr::{Expr, ExprKind, Literal};

/// How tightly operators bind; a looser expression inside a tighter one gets parentheses.
fn precedence(expr: &Expr) -> u8 {
    use BinaryOperator::*;
    match &expr.kind {
        ExprKind::Binary { operator, .. } => match operator {
            Or => 1,
            And => 2,
            Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual | Like | NotLike | ILike | NotILike
            | Matches | Contains | In | NotIn => 4,
            Coalesce => 5,
            Concat => 6,
            Add | Subtract => 7,
            Multiply | Divide | Remainder => 8,
        },
        ExprKind::Unary { operator: UnaryOperator::Not, .. } => 3,
        ExprKind::IsNull { .. } | ExprKind::InList { .. } | ExprKind::Between { .. } => 4,
        ExprKind::Unary { .. } => 9,
        _ => 10,
    }
}

/// The expression as one would write it; variables are `$slot`.
pub(super) fn write(expr: &Expr, names: &[String]) -> String {
    let inside = |child: &Expr, at_least: u8| {
        let text = write(child, names);
        if precedence(child) < at_least { format!("({text})") } else { text }
    };
    let list = |items: &[Expr]| items.iter().map(|item| write(item, names)).collect::<Vec<_>>().join(", ");
    let not = |negated: &bool| if *negated { "NOT " } else { "" };
    let own = precedence(expr);
    match &expr.kind {
        ExprKind::Literal(literal) => write_literal(literal),
        ExprKind::Column(index) => names.get(*index as usize).cloned().unwrap_or_else(|| format!("#{index}")),
        ExprKind::Variable(slot) => format!("${slot}"),
        ExprKind::Binary { operator, left, right } => {
            format!("{} {} {}", inside(left, own), operator.symbol(), inside(right, own + 1))
        }
        ExprKind::Unary { operator, operand } => match operator {
            UnaryOperator::Not => format!("NOT {}", inside(operand, own)),
            UnaryOperator::Negate => format!("-{}", inside(operand, own)),
            UnaryOperator::Plus => format!("+{}", inside(operand, own)),
        },
        ExprKind::IsNull { operand, negated } => format!("{} IS {}NULL", inside(operand, own), not(negated)),
        ExprKind::InList { operand, items, negated } => {
            format!("{} {}IN ({})", inside(operand, own), not(negated), list(items))
        }
        ExprKind::Between { operand, low, high, negated } => {
            let (low, high) = (inside(low, own + 1), inside(high, own + 1));
            format!("{} {}BETWEEN {low} AND {high}", inside(operand, own), not(negated))
        }
        ExprKind::Case { branches, otherwise } => {
            format!("CASE{} END", write_branches(branches, otherwise.as_deref(), names))
        }
        ExprKind::Switch { operand, branches, otherwise } => {
            let operand = write(operand, names);
            format!("CASE {operand}{} END", write_branches(branches, otherwise.as_deref(), names))
        }
        ExprKind::Coalesce(values) => format!("COALESCE({})", list(values)),
        ExprKind::Call { function, arguments } => {
            format!("{}({})", FUNCTIONS[*function as usize].name, list(arguments))
        }
        ExprKind::Coerce(operand) => format!("COERCE({}, {})", write(operand, names), expr.data_type),
        ExprKind::Lambda { captures, .. } if captures.is_empty() => "a function".to_owned(),
        ExprKind::Lambda { captures, .. } => {
            let captures: Vec<String> = captures.iter().map(|(_, value)| write(value, names)).collect();
            format!("a function of {}", captures.join(", "))
        }
        ExprKind::Numeric(operand) => format!("NUMERIC({})", write(operand, names)),
        ExprKind::Cast(operand) => format!("CAST({} AS {})", write(operand, names), expr.data_type),
        ExprKind::Member { base, key } => format!("{}.{key}", inside(base, own)),
        ExprKind::Index { base, index } => format!("{}[{}]", inside(base, own), write(index, names)),
        ExprKind::Interval { value, unit } => format!("INTERVAL {} {unit}", inside(value, own)).trim_end().to_owned(),
        ExprKind::Json(json) => json.to_string(),
        ExprKind::Document(members) => {
            let members = members.iter().map(|(key, value)| format!("{key}: {}", write(value, names)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        ExprKind::Array(items) => format!("[{}]", list(items)),
        ExprKind::SecretTemplate(text) => format!("SECRETS({})", quoted(text)),
        ExprKind::Query(query) => format!("QUERY({query})"),
        ExprKind::Subquery { subquery, arguments, needle } => {
            let arguments = if arguments.is_empty() { String::new() } else { format!(", {}", list(arguments)) };
            match needle {
                Some(needle) => format!("{} IN SUBQUERY({subquery}{arguments})", inside(needle, own)),
                None => format!("SUBQUERY({subquery}{arguments})"),
            }
        }
        ExprKind::Execute { execution, argument } => match argument {
            Some(argument) => format!("EXECUTE({execution}, {})", write(argument, names)),
            None => format!("EXECUTE({execution})"),
        },
        ExprKind::Part { operand, .. } => write(operand, names),
        ExprKind::Fail(message) => format!("FAIL({message})"),
    }
}

fn write_branches(branches: &[(Expr, Expr)], otherwise: Option<&Expr>, names: &[String]) -> String {
    let mut text = String::new();
    for (condition, value) in branches {
        text.push_str(&format!(" WHEN {} THEN {}", write(condition, names), write(value, names)));
    }
    if let Some(otherwise) = otherwise {
        text.push_str(&format!(" ELSE {}", write(otherwise, names)));
    }
    text
}

fn write_literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "NULL".to_owned(),
        Literal::Boolean(true) => "TRUE".to_owned(),
        Literal::Boolean(false) => "FALSE".to_owned(),
        Literal::Integer(value) => value.to_string(),
        Literal::Number(value) => format!("{value:?}"),
        Literal::String(text) => quoted(text),
        Literal::Timestamp(microseconds) => format!("timestamp {microseconds}"),
        Literal::Date(days) => format!("date {days}"),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
