//! Expressions.

use moltler_abi::DataType;
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};
use moltler_syntax::ast::{self, AstNode, Expr};
use moltler_syntax::{TextRange, literal};
use rustc_hash::FxHashMap;

use super::{Lower, MAX_DEPTH};
use crate::body::{ExprId, ExprKind, SubqueryKind};
use crate::diagnostics::expression::{misplaced, operand, value};
use crate::diagnostics::not_supported::not_supported;
use crate::diagnostics::schema::{repeated_key, unknown_data_type};
use crate::diagnostics::{Code, LocalDiagnostic};
use crate::infer::{is_numeric, is_open};
use crate::time::{is_interval, is_unit};

impl Lower<'_> {
    /// An expression that the grammar asks for; missing ones were reported by the parser.
    pub(super) fn optional(&mut self, expr: Option<Expr<'_>>, around: TextRange) -> ExprId {
        match expr {
            Some(expr) => self.expr(expr),
            None => self.missing(around),
        }
    }

    pub(super) fn expr(&mut self, expr: Expr<'_>) -> ExprId {
        let range = expr.range();
        if self.depth > MAX_DEPTH {
            return self.mistake(LocalDiagnostic::error(Code::TooDeep, range, "this expression is nested too deep"));
        }
        self.depth += 1;
        let lowered = self.expr_inside(expr, range);
        self.depth -= 1;
        lowered
    }

    fn expr_inside(&mut self, expr: Expr<'_>, range: TextRange) -> ExprId {
        match expr {
            Expr::Null(_) => self.body.expr(ExprKind::Null, DataType::Null, range),
            Expr::Boolean(node) => self.body.expr(ExprKind::Boolean(node.value()), DataType::Boolean, range),
            Expr::Number(node) => self.number(node),
            Expr::String(node) => self.string(node),
            Expr::TypedLiteral(node) => self.typed_literal(node),
            Expr::Name(node) => self.name_reference(node),
            Expr::Variable(node) => self.variable_reference(node),
            Expr::Parenthesized(node) => match expr.without_parentheses() {
                Some(inner) => self.expr(inner),
                None => self.missing(node.range()),
            },
            Expr::Array(node) => match self.parse.folded(node.range()) {
                Some(json) => self.body.expr(ExprKind::Json(json.into()), DataType::Array, range),
                None => {
                    let elements = node.elements().map(|element| self.expr(element)).collect();
                    self.body.expr(ExprKind::Array(elements), DataType::Array, range)
                }
            },
            Expr::Document(node) => self.document(node),
            Expr::Member(node) => self.member_expr(node),
            Expr::Index(node) => self.index_expr(node),
            Expr::Cast(node) => {
                let operand = self.optional(node.value(), range);
                let data_type = self.data_type(node.data_type()).unwrap_or(DataType::Dynamic);
                self.body.expr(ExprKind::Cast { operand }, data_type, range)
            }
            Expr::Call(node) => self.call(node),
            Expr::Case(node) => self.case(node),
            Expr::Unary(node) => self.unary(node),
            Expr::Binary(node) => self.binary(node),
            Expr::Like(node) => self.like(node),
            Expr::In(node) => self.in_expr(node),
            Expr::Between(node) => self.between(node),
            Expr::IsNull(node) => self.is_null(node),
            Expr::Interval(node) => self.interval(node),
            Expr::Exists(node) => self.exists(node),
            Expr::Subquery(node) => self.scalar_subquery(node),
        }
    }

    fn number(&mut self, node: ast::NumberLiteral<'_>) -> ExprId {
        let range = node.range();
        match node.value() {
            Some(literal::Number::Integer(value)) => self.body.expr(ExprKind::Integer(value), DataType::Integer, range),
            Some(literal::Number::Double(value)) => self.body.expr(ExprKind::Number(value), DataType::Number, range),
            None => self.mistake(LocalDiagnostic::error(
                Code::InvalidLiteral,
                range,
                format!("`{}` is too large a number", node.text()),
            )),
        }
    }

    fn string(&mut self, node: ast::StringLiteral<'_>) -> ExprId {
        let range = node.range();
        for escape in literal::unknown_escapes(node.text()) {
            let at = escape.shift(range.start());
            let text = self.text_of(at).to_owned();
            self.report(
                LocalDiagnostic::hint(Code::UnknownEscape, at, format!("`{text}` is no escape, it stands for itself"))
                    .help("a backslash is written `\\\\`"),
            );
        }
        let text = node.value();
        let kind =
            if self.in_config && has_secret(&text) { ExprKind::SecretTemplate(text) } else { ExprKind::String(text) };
        self.body.expr(kind, DataType::String, range)
    }

    /// `TIMESTAMP '2024-01-31T08:00:00Z'`
    fn typed_literal(&mut self, node: ast::TypedLiteral<'_>) -> ExprId {
        let (Some(name), Some(text)) = (node.type_name(), node.value()) else { return self.missing(node.range()) };
        let Some(data_type) = self.named_type(name) else { return self.missing(node.range()) };
        let text = self.string(text);
        let adapted = self.adapted(BinaryOperator::Equal, text, data_type);
        if self.expr_type(adapted) == data_type {
            return adapted;
        }
        self.body.expr(ExprKind::Cast { operand: adapted }, data_type, node.range())
    }

    /// The type that a DECLARE, PARAM or CAST names.
    pub(super) fn data_type(&mut self, node: Option<ast::DataType<'_>>) -> Option<DataType> {
        self.named_type(node?.name()?)
    }

    fn named_type(&mut self, name: ast::Name<'_>) -> Option<DataType> {
        let text = name.value();
        let found = DataType::from_name(&text.to_lowercase());
        if found.is_none() {
            self.report(unknown_data_type(&text, name.range(), ""));
        }
        found
    }

    pub(super) fn document(&mut self, node: ast::DocumentExpr<'_>) -> ExprId {
        if let Some(json) = self.parse.folded(node.range()) {
            return self.body.expr(ExprKind::Json(json.into()), DataType::Document, node.range());
        }
        let mut pairs: Vec<(String, ExprId)> = Vec::new();
        let mut places: FxHashMap<String, TextRange> = FxHashMap::default();
        for pair in node.pairs() {
            let value = self.optional(pair.value(), pair.range());
            let Some(key) = pair.key() else { continue };
            let (text, range) = (key.value(), key.range());
            match places.get(&text) {
                Some(first) => self.report(repeated_key(&text, range, *first)),
                None => {
                    places.insert(text.clone(), range);
                    pairs.push((text, value));
                }
            }
        }
        self.body.expr(ExprKind::Document(pairs), DataType::Document, node.range())
    }

    fn member_expr(&mut self, node: ast::MemberExpr<'_>) -> ExprId {
        let range = node.range();
        let mut segments = Vec::new();
        let mut base = Expr::Member(node);
        while let Expr::Member(member) = base {
            if let Some(name) = member.member() {
                segments.push((name.value(), name.range()));
            }
            match member.object() {
                Some(object) => base = object,
                None => return self.missing(range),
            }
        }
        segments.reverse();
        if segments.len() > MAX_DEPTH {
            return self.mistake(LocalDiagnostic::error(Code::TooDeep, range, "this expression is nested too deep"));
        }
        if let Expr::Name(name) = base
            && let Some(name) = name.name()
        {
            segments.insert(0, (name.value(), name.range()));
            return self.path(&segments, range);
        }
        let base = self.expr(base);
        self.members(base, &segments, range)
    }

    fn index_expr(&mut self, node: ast::IndexExpr<'_>) -> ExprId {
        let range = node.range();
        let base = self.optional(node.object(), range);
        let index = self.optional(node.index(), range);
        if let ExprKind::String(key) = &self.body.exprs[index].kind
            && self.expr_type(base) != DataType::Array
        {
            let (key, key_range) = (key.clone(), self.expr_range(index));
            return self.member(base, key, key_range, range);
        }
        let (base_type, index_type) = (self.expr_type(base), self.expr_type(index));
        if !is_open(base_type) && !matches!(base_type, DataType::Array | DataType::Document) {
            let at = self.expr_range(base);
            self.report(operand("[]", "`array` or `document`", base_type, at));
        } else if base_type == DataType::Array && !is_open(index_type) && !is_numeric(index_type) {
            let at = self.expr_range(index);
            self.report(value("an array's index", "`integer`", index_type, at));
        }
        self.body.expr(ExprKind::Index { base, index }, DataType::Dynamic, range)
    }

    fn unary(&mut self, node: ast::UnaryExpr<'_>) -> ExprId {
        let range = node.range();
        // The smallest integer has no positive counterpart, so it is read together with its sign.
        if let (Some(ast::UnaryOperator::Negate), Some(ast::Expr::Number(number))) = (node.operator(), node.operand())
            && number.text().replace('_', "") == i64::MIN.unsigned_abs().to_string()
        {
            return self.body.expr(ExprKind::Integer(i64::MIN), DataType::Integer, range);
        }
        let inner = self.optional(node.operand(), range);
        let found = self.expr_type(inner);
        let (operator, data_type) = match node.operator() {
            Some(ast::UnaryOperator::Not) => {
                self.condition("NOT", inner);
                if let ExprKind::Subquery { query, kind: SubqueryKind::Exists { negated } } =
                    self.body.exprs[inner].kind
                {
                    let kind = ExprKind::Subquery { query, kind: SubqueryKind::Exists { negated: !negated } };
                    return self.body.expr(kind, DataType::Boolean, range);
                }
                (UnaryOperator::Not, DataType::Boolean)
            }
            Some(sign @ (ast::UnaryOperator::Negate | ast::UnaryOperator::Plus)) => {
                let is_minus = sign == ast::UnaryOperator::Negate;
                let symbol = if is_minus { "-" } else { "+" };
                match &self.body.exprs[inner].kind {
                    ExprKind::Integer(value) if is_minus && *value != i64::MIN => {
                        let kind = ExprKind::Integer(-*value);
                        return self.body.expr(kind, DataType::Integer, range);
                    }
                    ExprKind::Number(value) if is_minus => {
                        let kind = ExprKind::Number(-*value);
                        return self.body.expr(kind, DataType::Number, range);
                    }
                    _ => {}
                }
                if !is_open(found) && !is_numeric(found) && found != DataType::Interval {
                    self.report(operand(symbol, "a number", found, range));
                }
                (if is_minus { UnaryOperator::Negate } else { UnaryOperator::Plus }, found)
            }
            None => return self.missing(range),
        };
        self.body.expr(ExprKind::Unary { operator, operand: inner }, data_type, range)
    }

    fn like(&mut self, node: ast::LikeExpr<'_>) -> ExprId {
        let range = node.range();
        let left = self.optional(node.left(), range);
        let right = self.optional(node.right(), range);
        if let Some(escape) = node.escape() {
            self.report(
                not_supported("`ESCAPE`", escape.range()).help("a backslash takes the next character as it is"),
            );
        }
        let operator = match (node.operator(), node.is_not()) {
            (Some(ast::LikeOperator::Like), false) => BinaryOperator::Like,
            (Some(ast::LikeOperator::Like), true) => BinaryOperator::NotLike,
            (Some(ast::LikeOperator::ILike), false) => BinaryOperator::ILike,
            (Some(ast::LikeOperator::ILike), true) => BinaryOperator::NotILike,
            (Some(ast::LikeOperator::Matches), _) => BinaryOperator::Matches,
            (None, _) => return self.missing(range),
        };
        let lowered = self.binary_expr(operator, left, right, range);
        if operator == BinaryOperator::Matches && node.is_not() {
            let kind = ExprKind::Unary { operator: UnaryOperator::Not, operand: lowered };
            return self.body.expr(kind, DataType::Boolean, range);
        }
        lowered
    }

    fn in_expr(&mut self, node: ast::InExpr<'_>) -> ExprId {
        let range = node.range();
        let operand = self.optional(node.left(), range);
        match node.right() {
            Some(ast::InRight::List(list)) => {
                let data_type = self.expr_type(operand);
                let mut elements = Vec::new();
                for element in list.expressions() {
                    let element = self.expr(element);
                    let element = self.adapted(BinaryOperator::Equal, element, data_type);
                    let at = self.expr_range(element);
                    self.compare(BinaryOperator::Equal, operand, element, at);
                    elements.push(element);
                }
                if elements.is_empty() {
                    return self.mistake(misplaced("`IN` needs at least one value", list.range()));
                }
                self.body.expr(ExprKind::InList { operand, elements, negated: node.is_not() }, DataType::Boolean, range)
            }
            Some(ast::InRight::Expr(Expr::Subquery(query))) => self.in_subquery(operand, node.is_not(), query, range),
            Some(ast::InRight::Expr(array)) => {
                let array = self.expr(array);
                let operator = if node.is_not() { BinaryOperator::NotIn } else { BinaryOperator::In };
                self.binary_expr(operator, operand, array, range)
            }
            None => self.missing(range),
        }
    }

    fn between(&mut self, node: ast::BetweenExpr<'_>) -> ExprId {
        let range = node.range();
        let operand = self.optional(node.value(), range);
        let low = self.optional(node.low(), range);
        let high = self.optional(node.high(), range);
        let data_type = self.expr_type(operand);
        let low = self.adapted(BinaryOperator::GreaterEqual, low, data_type);
        let high = self.adapted(BinaryOperator::LessEqual, high, data_type);
        self.compare(BinaryOperator::GreaterEqual, operand, low, range);
        self.compare(BinaryOperator::LessEqual, operand, high, range);
        let kind = ExprKind::Between { operand, low, high, negated: node.is_not() };
        self.body.expr(kind, DataType::Boolean, range)
    }

    fn is_null(&mut self, node: ast::IsNullExpr<'_>) -> ExprId {
        let range = node.range();
        let operand = self.optional(node.value(), range);
        let negated = node.is_not();
        let Some(test) = node.test() else {
            return self.body.expr(ExprKind::IsNull { operand, negated }, DataType::Boolean, range);
        };
        // `a IS TRUE` is `a ?? FALSE`, `a IS FALSE` is `NOT (a ?? TRUE)`.
        self.condition("IS", operand);
        let is_true = test.value();
        let default = self.body.expr(ExprKind::Boolean(!is_true), DataType::Boolean, range);
        let known = ExprKind::Binary { operator: BinaryOperator::Coalesce, left: operand, right: default };
        let known = self.body.expr(known, DataType::Boolean, range);
        if is_true != negated {
            return known;
        }
        let kind = ExprKind::Unary { operator: UnaryOperator::Not, operand: known };
        self.body.expr(kind, DataType::Boolean, range)
    }

    fn interval(&mut self, node: ast::IntervalExpr<'_>) -> ExprId {
        let range = node.range();
        let mut values = node.values();
        let mut value = self.optional(values.next(), range);
        for next in values {
            let next = self.expr(next);
            let both = self.expr_range(value).cover(self.expr_range(next));
            value = self.binary_expr(BinaryOperator::Concat, value, next, both);
        }
        let unit = node.unit().map(|unit| unit.value().to_lowercase());
        if let ExprKind::String(text) = &self.body.exprs[value].kind
            && !is_interval(text)
        {
            let message = format!("`{text}` is not a span of time");
            let at = self.expr_range(value);
            self.report(
                LocalDiagnostic::error(Code::InvalidLiteral, at, message)
                    .help("write it as `7d`, `24h` or `30 minutes`"),
            );
        }
        let found = self.expr_type(value);
        let is_right = is_open(found) || if unit.is_some() { is_numeric(found) } else { found == DataType::String };
        if !is_right {
            let at = self.expr_range(value);
            self.report(operand("INTERVAL", "a text such as `'7d'`, or a number and a unit", found, at));
        }
        if let Some(unit) = node.unit()
            && !is_unit(&unit.value())
        {
            let diagnostic = LocalDiagnostic::error(
                Code::InvalidLiteral,
                unit.range(),
                format!("`{}` is not a unit of time", unit.value()),
            );
            self.report(diagnostic.help(
                "units: `MICROSECOND`, `MILLISECOND`, `SECOND`, `MINUTE`, `HOUR`, `DAY`, `WEEK`, `MONTH`, `YEAR`",
            ));
        }
        self.body.expr(ExprKind::Interval { value, unit }, DataType::Interval, range)
    }

    /// Reports a value that its place can't take.
    pub(super) fn expect_type(&mut self, place: &str, wanted: DataType, expr: ExprId) {
        let found = self.expr_type(expr);
        if !crate::infer::fits(found, wanted) {
            let range = self.expr_range(expr);
            self.report(value(place, &format!("`{wanted}`"), found, range));
        }
    }
}

/// Whether the text has `{{secrets.name}}` in it.
fn has_secret(text: &str) -> bool {
    text.split("{{").skip(1).any(|rest| rest.trim_start().starts_with("secrets."))
}

pub(super) fn binary_operator(operator: ast::BinaryOperator) -> BinaryOperator {
    match operator {
        ast::BinaryOperator::Or => BinaryOperator::Or,
        ast::BinaryOperator::And => BinaryOperator::And,
        ast::BinaryOperator::Coalesce => BinaryOperator::Coalesce,
        ast::BinaryOperator::Concat => BinaryOperator::Concat,
        ast::BinaryOperator::Add => BinaryOperator::Add,
        ast::BinaryOperator::Subtract => BinaryOperator::Subtract,
        ast::BinaryOperator::Multiply => BinaryOperator::Multiply,
        ast::BinaryOperator::Divide => BinaryOperator::Divide,
        ast::BinaryOperator::Remainder => BinaryOperator::Remainder,
        ast::BinaryOperator::Equal => BinaryOperator::Equal,
        ast::BinaryOperator::NotEqual => BinaryOperator::NotEqual,
        ast::BinaryOperator::Less => BinaryOperator::Less,
        ast::BinaryOperator::LessEqual => BinaryOperator::LessEqual,
        ast::BinaryOperator::Greater => BinaryOperator::Greater,
        ast::BinaryOperator::GreaterEqual => BinaryOperator::GreaterEqual,
        ast::BinaryOperator::Contains => BinaryOperator::Contains,
    }
}
