//! The typed views, on the published page.

use moltler_syntax::ast::{
    Argument, AstNode, BinaryOperator, ClauseKind, ExecArgument, Expr, SelectBody, SelectValue, Statement, Table, Value,
};
use moltler_syntax::literal::Number;
use moltler_syntax::{Parse, embedded, parse, split};

const PAGE: &str = include_str!("page.molt");

fn page() -> Vec<Parse> {
    split::split(PAGE).into_iter().map(|range| parse(range.of(PAGE))).collect()
}

#[test]
fn the_page_has_no_errors() {
    for parse in page() {
        assert_eq!(parse.errors(), [], "of {}", parse.text());
    }
}

#[test]
fn the_entity_of_the_page() {
    let page = page();
    let entity = page.iter().find_map(|parse| match parse.source_file().statement()? {
        Statement::CreateConnectorEntity(entity) => Some(entity),
        _ => None,
    });
    let entity = entity.expect("the page has an entity");
    assert_eq!(entity.name().expect("it has a name").value(), "myservice.items");
    let clauses: Vec<ClauseKind> = entity.clauses().map(|clause| clause.kind()).collect();
    assert_eq!(clauses, [ClauseKind::Fields, ClauseKind::QueryHandler]);
    let fields = entity.clauses().next().and_then(|clause| clause.document()).expect("FIELDS is a document");
    let names: Vec<String> = fields.pairs().filter_map(|pair| Some(pair.key()?.value())).collect();
    assert_eq!(names, ["id", "name", "status", "created_at", "metadata"]);
}

#[test]
fn the_scripts_of_the_page() {
    let scripts: Vec<(ClauseKind, String)> = page()
        .iter()
        .flat_map(|parse| {
            let text = parse.text();
            embedded(parse).into_iter().map(move |script| (script.clause, script.range.of(text).trim().to_owned()))
        })
        .collect();
    assert_eq!(scripts.len(), 2);
    assert_eq!(scripts[0].0, ClauseKind::QueryHandler);
    assert!(scripts[0].1.starts_with("async function query(") && scripts[0].1.ends_with('}'));
    assert_eq!(scripts[1].0, ClauseKind::Handler);
}

#[test]
fn the_tests_of_the_page() {
    let page = page();
    let tests: Vec<_> = page
        .iter()
        .filter_map(|parse| match parse.source_file().statement()? {
            Statement::Test(test) => Some(test),
            _ => None,
        })
        .collect();
    assert_eq!(tests.len(), 2);
    let statements: Vec<Statement<'_>> = tests[0].body().expect("it has statements").statements().collect();
    assert_eq!(statements.len(), 4);
    let Statement::Declare(declare) = statements[1] else { panic!("{:?}", statements[1]) };
    assert!(matches!(declare.value(), Some(Value::Select(_))));
    let Statement::Assert(assert) = statements[3] else { panic!("{:?}", statements[3]) };
    let Some(Expr::Binary(equal)) = assert.condition() else { panic!("{:?}", assert.condition()) };
    assert_eq!(equal.operator(), Some(BinaryOperator::Equal));
    let Some(Expr::Member(member)) = equal.left() else { panic!("{:?}", equal.left()) };
    assert_eq!(member.member().expect("a name").value(), "name");
    assert!(matches!(member.object(), Some(Expr::Index(_))));
    let last = tests[1].body().expect("it has statements").statements().last();
    let Some(Statement::ConnectorExec(exec)) = last else { panic!("{last:?}") };
    let path: Vec<String> = exec.action().expect("a path").segments().map(|name| name.value()).collect();
    assert_eq!(path, ["test_conn", "items", "delete"]);
    let argument = exec.argument_list().expect("arguments").arguments().next();
    assert!(
        matches!(argument, Some(ExecArgument::Named(named)) if named.name().is_some_and(|name| name.value() == "id"))
    );
}

#[test]
fn a_query() {
    let parse = parse(
        "SELECT COUNT(DISTINCT a) n, b.*, -1.5e3 AS \"x\" FROM c.d AS e LEFT JOIN f ON TRUE WHERE g NOT IN (1, 2) ORDER BY h DESC NULLS LAST LIMIT 3;",
    );
    assert_eq!(parse.errors(), []);
    let Some(Statement::Select(query)) = parse.source_file().statement() else { panic!("a query") };
    let Some(SelectBody::Select(select)) = query.body() else { panic!("one SELECT") };
    let items: Vec<_> = select.items().collect();
    let Some(SelectValue::Expr(Expr::Call(call))) = items[0].value() else { panic!("a call") };
    assert!(call.is_distinct() && matches!(call.arguments().next(), Some(Argument::Expr(Expr::Name(_)))));
    assert_eq!(items[0].alias().map(|alias| alias.value()).as_deref(), Some("n"));
    assert!(matches!(items[1].value(), Some(SelectValue::QualifiedStar(_))));
    assert_eq!(items[2].alias().map(|alias| alias.value()).as_deref(), Some("x"));
    let Some(SelectValue::Expr(Expr::Unary(minus))) = items[2].value() else { panic!("a minus") };
    let Some(Expr::Number(number)) = minus.operand() else { panic!("a number") };
    assert_eq!(number.value(), Some(Number::Double(1500.0)));
    let from = select.from().expect("FROM");
    let Some(Table::Reference(table)) = from.table() else { panic!("a table") };
    assert_eq!(table.alias().map(|alias| alias.value()).as_deref(), Some("e"));
    assert_eq!(from.joins().count(), 1);
    let Some(Expr::In(membership)) = select.where_clause().and_then(|clause| clause.condition()) else { panic!("IN") };
    assert!(membership.is_not());
    let key = query.order_by().and_then(|order_by| order_by.keys().next()).expect("a key");
    assert!(key.is_descending() && key.nulls_first() == Some(false));
    assert!(query.limits().next().and_then(|limit| limit.count()).is_some_and(|count| count.text() == "3"));
}

#[test]
fn half_a_statement_has_its_parts() {
    let parse = parse("TEST CONNECTOR TYPE 'a' NAME 'b' BEGIN DECLARE x = SELECT id FROM c.d; PRINT f(x, {\"a\": [1");
    let Some(Statement::Test(test)) = parse.source_file().statement() else { panic!("{}", parse.syntax().to_sexp()) };
    assert_eq!(test.body().map(|body| body.statements().count()), Some(2));
}

#[test]
fn strings() {
    let value = |text: &str| {
        let text = format!("PRINT {text};");
        match parse(&text).source_file().statement() {
            Some(Statement::Print(print)) => match print.value() {
                Some(Expr::String(string)) => (string.value(), string.inner_range().of(&text).to_owned()),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    for (text, expected) in [
        ("'it''s'", "it's"),
        (r"'a\n\t\r\\\'\q'", "a\n\t\r\\'\\q"),
        (r"'\u00e9\ud83d\ude00\ud83d'", "é😀\\ud83d"),
        ("\"a'b\\\"c\"\"d\"", "a'b\"c\"d"),
        ("''", ""),
        ("''''", "'"),
        ("'''a'''", "'a'"),
    ] {
        let (found, inner) = value(text);
        assert_eq!(found, expected, "of {text}");
        assert_eq!(inner, text[1..text.len() - 1]);
    }
    assert_eq!(moltler_syntax::literal::unknown_escapes(r"'\d\n\'").len(), 1);
    assert_eq!(moltler_syntax::literal::number_value("9223372036854775808"), None);
    assert_eq!(moltler_syntax::literal::number_value("1_000"), Some(Number::Integer(1000)));
}
