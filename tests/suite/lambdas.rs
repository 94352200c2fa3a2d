//! Functions as arguments of array functions: random ones against a small reference that evaluates them here.

use fastrand::Rng;
use moltler_tests::command::Command;
use moltler_tests::scratch;
use serde_json::{Value, json};

/// An integer, or NULL.
type Integer = Option<i64>;

/// What a function may say of the element, its index, what an outer function has, and a column.
#[derive(Clone, Copy)]
struct Names {
    x: Integer,
    i: i64,
    outer: Integer,
    column: i64,
}

enum Number {
    X,
    I,
    Outer,
    Column,
    Constant(i64),
    Add(Box<Number>, Box<Number>),
    Multiply(Box<Number>, Box<Number>),
    Case(Box<Condition>, Box<Number>, Box<Number>),
    Coalesce(Box<Number>, Box<Number>),
}

enum Condition {
    Less(Number, Number),
    Equal(Number, Number),
    IsNull(Number),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

fn number(rng: &mut Rng, depth: u8) -> Number {
    if depth == 0 {
        return match rng.u8(..6) {
            0 | 1 => Number::X,
            2 => Number::I,
            3 => Number::Outer,
            4 => Number::Column,
            _ => Number::Constant(rng.i64(-3..4)),
        };
    }
    let (left, right) = (Box::new(number(rng, depth - 1)), Box::new(number(rng, depth - 1)));
    match rng.u8(..5) {
        0 | 1 => Number::Add(left, right),
        2 => Number::Multiply(left, right),
        3 => Number::Case(Box::new(condition(rng, depth - 1)), left, right),
        _ => Number::Coalesce(left, right),
    }
}

fn condition(rng: &mut Rng, depth: u8) -> Condition {
    if depth == 0 || rng.bool() {
        let (left, right) = (number(rng, depth.min(1)), number(rng, depth.min(1)));
        return match rng.u8(..4) {
            0 | 1 => Condition::Less(left, right),
            2 => Condition::Equal(left, right),
            _ => Condition::IsNull(left),
        };
    }
    let (left, right) = (Box::new(condition(rng, depth - 1)), Box::new(condition(rng, depth - 1)));
    match rng.u8(..3) {
        0 => Condition::Not(left),
        1 => Condition::And(left, right),
        _ => Condition::Or(left, right),
    }
}

impl Number {
    fn text(&self) -> String {
        match self {
            Number::X => "x".to_owned(),
            Number::I => "i".to_owned(),
            Number::Outer => "o".to_owned(),
            Number::Column => "t.n".to_owned(),
            Number::Constant(value) => format!("({value})"),
            Number::Add(left, right) => format!("({} + {})", left.text(), right.text()),
            Number::Multiply(left, right) => format!("({} * {})", left.text(), right.text()),
            Number::Case(condition, yes, no) => {
                format!("CASE WHEN {} THEN {} ELSE {} END", condition.text(), yes.text(), no.text())
            }
            Number::Coalesce(left, right) => format!("COALESCE({}, {})", left.text(), right.text()),
        }
    }

    fn value(&self, names: Names) -> Integer {
        match self {
            Number::X => names.x,
            Number::I => Some(names.i),
            Number::Outer => names.outer,
            Number::Column => Some(names.column),
            Number::Constant(value) => Some(*value),
            Number::Add(left, right) => Some(left.value(names)? + right.value(names)?),
            Number::Multiply(left, right) => Some(left.value(names)? * right.value(names)?),
            Number::Case(condition, yes, no) => {
                if condition.value(names) == Some(true) {
                    yes.value(names)
                } else {
                    no.value(names)
                }
            }
            Number::Coalesce(left, right) => left.value(names).or_else(|| right.value(names)),
        }
    }
}

impl Condition {
    fn text(&self) -> String {
        match self {
            Condition::Less(left, right) => format!("({} < {})", left.text(), right.text()),
            Condition::Equal(left, right) => format!("({} = {})", left.text(), right.text()),
            Condition::IsNull(operand) => format!("({} IS NULL)", operand.text()),
            Condition::Not(operand) => format!("(NOT {})", operand.text()),
            Condition::And(left, right) => format!("({} AND {})", left.text(), right.text()),
            Condition::Or(left, right) => format!("({} OR {})", left.text(), right.text()),
        }
    }

    fn value(&self, names: Names) -> Option<bool> {
        match self {
            Condition::Less(left, right) => Some(left.value(names)? < right.value(names)?),
            Condition::Equal(left, right) => Some(left.value(names)? == right.value(names)?),
            Condition::IsNull(operand) => Some(operand.value(names).is_none()),
            Condition::Not(operand) => operand.value(names).map(|value| !value),
            Condition::And(left, right) => match (left.value(names), right.value(names)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Condition::Or(left, right) => match (left.value(names), right.value(names)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

fn literal(array: &[Integer]) -> String {
    let items: Vec<String> = array.iter().map(|item| item.map_or("NULL".to_owned(), |item| item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

/// A call inside `ARRAY_MAP([outer, …], o => …)`, and its value for one `o`.
struct Call {
    text: String,
    value: Box<dyn Fn(Integer, i64) -> Value>,
}

fn call(rng: &mut Rng) -> Call {
    let array: Vec<Integer> = (0..rng.usize(..6)).map(|_| (rng.u8(..6) > 0).then(|| rng.i64(-5..6))).collect();
    let list = literal(&array);
    let each = move |outer: Integer, column: i64| -> Vec<Names> {
        let items = array.iter().enumerate();
        items.map(|(i, x)| Names { x: *x, i: i as i64, outer, column }).collect()
    };
    if rng.u8(..3) == 0 {
        let value = number(rng, 3);
        let text = value.text();
        return match rng.u8(..3) {
            0 => Call {
                text: format!("ARRAY_MAP({list}, (x, i) => {text})"),
                value: Box::new(move |outer, column| {
                    json!(each(outer, column).into_iter().map(|names| value.value(names)).collect::<Vec<_>>())
                }),
            },
            1 => Call {
                text: format!("ARRAY_SORT({list}, (x, i) => {text})"),
                value: Box::new(move |outer, column| {
                    let mut items = each(outer, column);
                    // NULL is first, and equal keys keep their order.
                    items.sort_by_key(|names| value.value(*names));
                    json!(items.into_iter().map(|names| names.x).collect::<Vec<_>>())
                }),
            },
            _ => Call {
                text: format!("ARRAY_REDUCE({list}, 1, (so_far, x, i) => COALESCE(so_far, 0) % 1000 + {text} % 1000)"),
                value: Box::new(move |outer, column| {
                    let step =
                        |so_far: Integer, names: Names| Some(so_far.unwrap_or(0) % 1000 + value.value(names)? % 1000);
                    json!(each(outer, column).into_iter().fold(Some(1), step))
                }),
            },
        };
    }
    let wanted = condition(rng, 3);
    let text = wanted.text();
    let name = ["ARRAY_FILTER", "ARRAY_FIND", "ARRAY_FIND_INDEX", "ARRAY_EVERY", "ARRAY_SOME"][rng.usize(..5)];
    Call {
        text: format!("{name}({list}, (x, i) => {text})"),
        value: Box::new(move |outer, column| {
            let items = each(outer, column);
            let holds = |names: &Names| wanted.value(*names) == Some(true);
            match name {
                "ARRAY_FILTER" => json!(items.into_iter().filter(holds).map(|names| names.x).collect::<Vec<_>>()),
                "ARRAY_FIND" => json!(items.into_iter().find(holds).and_then(|names| names.x)),
                "ARRAY_FIND_INDEX" => json!(items.iter().position(holds).map_or(-1, |place| place as i64)),
                "ARRAY_EVERY" => json!(items.iter().all(holds)),
                _ => json!(items.iter().any(holds)),
            }
        }),
    }
}

#[test]
fn array_functions_are_those_of_the_reference() {
    let mut rng = Rng::with_seed(11);
    let mut program = String::new();
    let mut expected = Vec::new();
    for _ in 0..400 {
        let made = call(&mut rng);
        let outer: Vec<Integer> = (0..3).map(|_| (rng.u8(..4) > 0).then(|| rng.i64(-4..5))).collect();
        let column = rng.i64(-3..4);
        program.push_str(&format!(
            "SELECT ARRAY_MAP({}, o => {}) AS r FROM (SELECT {column} AS n) t;\n",
            literal(&outer),
            made.text
        ));
        let values: Vec<Value> = outer.iter().map(|outer| (made.value)(*outer, column)).collect();
        expected.push(json!([{ "r": values }]));
    }
    let folder = scratch();
    std::fs::write(folder.path().join("lambdas.molt"), &program).expect("the scratch folder can be written");
    for plan in [&["run"][..], &["run", "--unoptimized"]] {
        let run = Command::moltlerc(folder.path()).args(plan).args(["lambdas.molt", "--format", "json"]).run();
        let stdout = run.expect_status(0).stdout;
        let found: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("lines of JSON")).collect();
        assert_eq!(found.len(), expected.len());
        for ((found, expected), query) in found.iter().zip(&expected).zip(program.lines()) {
            assert_eq!(found, expected, "{query}");
        }
    }
}
