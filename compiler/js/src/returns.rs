//! Which object literals a function returns.

use rustc_hash::{FxHashMap, FxHashSet};
use swc_common::Spanned;
use swc_ecma_ast::{
    ArrowFunctionBody, AssignTarget, BinaryOp, Callee, Class, Expr, ExprOrSpread, Function, FunctionBody, Lit,
    MemberProp, ObjectLit, OptChainBase, Pat, Prop, PropName, PropOrSpread, SimpleAssignTarget, Stmt, YieldExpr,
};
use swc_ecma_visit::{Visit, VisitWith};

use crate::parse::range;
use crate::scope::{inner_statements, pattern_names, variables_at};
use crate::script::{Key, Range, ReturnedObject};

/// How many expressions a returned value is followed through.
const MAX_STEPS: u32 = 2_000;

/// What a function body returns and yields; the flag tells whether that is all of it.
pub(crate) fn returned(body: &FunctionBody) -> (Vec<ReturnedObject>, bool) {
    let mut steps = 0;
    let (mut objects, is_known) = returned_in(Body::Block(body), &mut steps);
    objects.sort_by_key(|object| (object.range.start, object.range.end));
    objects.dedup_by(|one, other| one.range == other.range);
    (objects, is_known)
}

/// The same for an arrow function.
pub(crate) fn returned_by_arrow(body: &ArrowFunctionBody) -> (Vec<ReturnedObject>, bool) {
    match body {
        ArrowFunctionBody::FunctionBody(body) => returned(body),
        ArrowFunctionBody::Expr(value) => returned_in(Body::Expression(value), &mut 0),
    }
}

/// The key of a property, unescaped and without quotes; `None` for a computed one.
pub(crate) fn key_name(key: &PropName) -> Option<(String, Range)> {
    match key {
        PropName::Ident(name) => Some((name.sym.to_string(), range(name.span))),
        PropName::Str(text) => Some((text.value.to_string_lossy().into_owned(), without_quotes(range(text.span)))),
        PropName::Num(number) => Some((number.value.to_string(), range(number.span))),
        PropName::Computed(computed) => match &*computed.expr {
            Expr::Lit(Lit::Str(text)) => {
                Some((text.value.to_string_lossy().into_owned(), without_quotes(range(text.span))))
            }
            _ => None,
        },
        PropName::BigInt(_) => None,
    }
}

/// The range between the quotes of a literal.
pub(crate) fn without_quotes(range: Range) -> Range {
    if range.len() >= 2 { range.start + 1..range.end - 1 } else { range }
}

#[derive(Clone, Copy)]
enum Body<'a> {
    Block(&'a FunctionBody),
    Expression(&'a Expr),
}

fn returned_in(body: Body<'_>, steps: &mut u32) -> (Vec<ReturnedObject>, bool) {
    let mut values = Values::default();
    let mut is_known = true;
    match body {
        Body::Expression(value) => values.results.push(value),
        Body::Block(body) => {
            body.stmts.iter().for_each(|statement| values.collect(statement));
            let mut yields = Yields(0);
            body.stmts.visit_with(&mut yields);
            is_known = yields.0 == values.yields;
        }
    }
    let mut resolver = Resolver { values: &values, steps, seen: FxHashSet::default(), objects: Vec::new(), is_known };
    values.results.iter().for_each(|value| resolver.value(value));
    (resolver.objects, resolver.is_known)
}

/// The expressions of one function, without the functions inside it, that may matter for its result.
#[derive(Default)]
struct Values<'a> {
    results: Vec<&'a Expr>,
    /// What a local name is set to, and what is pushed onto it.
    sources: FxHashMap<&'a str, Vec<&'a Expr>>,
    /// Local names whose value comes from a pattern, a loop or an operator, and so is not looked into.
    opaque: FxHashSet<&'a str>,
    /// Local names whose members are set, or that are passed on to a call that may set them.
    changed: FxHashSet<&'a str>,
    /// How many `yield`s are among the results.
    yields: u32,
}

impl<'a> Values<'a> {
    fn collect(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Return(result) => {
                if let Some(value) = &result.arg {
                    self.results.push(value);
                }
            }
            Stmt::Expr(expression) => self.collect_expression(&expression.expr),
            _ => {}
        }
        if let Some(variables) = variables_at(statement) {
            let is_loop = matches!(statement, Stmt::ForIn(_) | Stmt::ForOf(_));
            for declarator in &variables.decls {
                match (&declarator.name, &declarator.init) {
                    (Pat::Ident(name), Some(value)) => self.source(&name.id.sym, value),
                    (Pat::Ident(_), None) if !is_loop => {}
                    (pattern, _) => {
                        let mut names = Vec::new();
                        pattern_names(pattern, &mut names);
                        self.opaque.extend(names.into_iter().map(|name| name.sym.as_str()));
                    }
                }
            }
        }
        inner_statements(statement, &mut |inner| self.collect(inner));
    }

    fn collect_expression(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Yield(result) => {
                self.yields += 1;
                if let Some(value) = &result.arg {
                    self.results.push(value);
                }
            }
            Expr::Await(wait) => self.collect_expression(&wait.arg),
            Expr::Paren(inner) => self.collect_expression(&inner.expr),
            Expr::Assign(assignment) => match &assignment.left {
                AssignTarget::Simple(SimpleAssignTarget::Ident(name)) => self.source(&name.id.sym, &assignment.right),
                AssignTarget::Simple(SimpleAssignTarget::Member(member)) => {
                    if let Some(name) = identifier(&member.obj) {
                        self.changed.insert(name);
                    }
                }
                AssignTarget::Simple(_) | AssignTarget::Pat(_) => {}
            },
            Expr::Call(call) => {
                let method = match &call.callee {
                    Callee::Expr(callee) => method_of(callee),
                    Callee::Super(_) | Callee::Import(_) => None,
                };
                match method {
                    Some((object, "push" | "unshift")) if identifier(object).is_some() => {
                        if let Some(name) = identifier(object) {
                            call.args.iter().for_each(|argument| self.source(name, &argument.expr));
                        }
                    }
                    _ => {
                        let arguments = call.args.iter().filter_map(|argument| identifier(&argument.expr));
                        self.changed.extend(arguments);
                    }
                }
            }
            _ => {}
        }
    }

    fn source(&mut self, name: &'a str, value: &'a Expr) {
        self.sources.entry(name).or_default().push(value);
    }
}

/// Counts the `yield`s of one function.
struct Yields(u32);

impl Visit for Yields {
    fn visit_yield_expr(&mut self, expression: &YieldExpr) {
        self.0 += 1;
        expression.visit_children_with(self);
    }
    fn visit_function(&mut self, _: &Function) {}
    fn visit_class(&mut self, _: &Class) {}
}

struct Resolver<'a, 'b> {
    values: &'b Values<'a>,
    steps: &'b mut u32,
    seen: FxHashSet<&'a str>,
    objects: Vec<ReturnedObject>,
    is_known: bool,
}

impl<'a> Resolver<'a, '_> {
    /// Adds the object literals that `value` can be, or that it holds as an array.
    fn value(&mut self, value: &'a Expr) {
        *self.steps += 1;
        if *self.steps > MAX_STEPS {
            self.is_known = false;
            return;
        }
        match value {
            Expr::Paren(inner) => self.value(&inner.expr),
            Expr::Await(wait) => self.value(&wait.arg),
            Expr::Array(array) => array.elems.iter().flatten().for_each(|element| self.value(&element.expr)),
            Expr::Object(object) => self.object(object),
            Expr::Cond(choice) => {
                self.value(&choice.cons);
                self.value(&choice.alt);
            }
            Expr::Bin(binary) => match binary.op {
                BinaryOp::LogicalOr | BinaryOp::NullishCoalescing => {
                    self.value(&binary.left);
                    self.value(&binary.right);
                }
                BinaryOp::LogicalAnd => self.value(&binary.right),
                _ => self.is_known = false,
            },
            Expr::Seq(sequence) => match sequence.exprs.last() {
                Some(last) => self.value(last),
                None => self.is_known = false,
            },
            Expr::Lit(Lit::Null(_)) => {}
            Expr::Ident(name) => self.name(&name.sym),
            Expr::Call(call) => match &call.callee {
                Callee::Expr(callee) => self.call(callee, &call.args),
                Callee::Super(_) | Callee::Import(_) => self.is_known = false,
            },
            Expr::OptChain(chain) => match &*chain.base {
                OptChainBase::Call(call) => self.call(&call.callee, &call.args),
                OptChainBase::Member(_) => self.is_known = false,
            },
            _ => self.is_known = false,
        }
    }

    fn name(&mut self, name: &'a str) {
        match self.values.sources.get(name) {
            Some(sources) if !self.values.opaque.contains(name) => {
                if !self.seen.insert(name) {
                    return;
                }
                let before = self.objects.len();
                sources.iter().for_each(|source| self.value(source));
                if self.values.changed.contains(name) {
                    self.objects[before..].iter_mut().for_each(|object| object.is_open = true);
                }
            }
            _ => self.is_known &= name == "undefined",
        }
    }

    fn call(&mut self, callee: &'a Expr, arguments: &'a [ExprOrSpread]) {
        let Some((object, method)) = method_of(callee) else {
            self.is_known = false;
            return;
        };
        let argument = |index: usize| arguments.get(index).map(|argument| &*argument.expr);
        match method {
            "map" | "flatMap" => self.callback(argument(0)),
            "filter" | "slice" | "reverse" | "sort" | "flat" | "toSorted" | "toReversed" => self.value(object),
            "concat" => {
                self.value(object);
                arguments.iter().for_each(|argument| self.value(&argument.expr));
            }
            "from" if identifier(object) == Some("Array") && arguments.len() > 1 => self.callback(argument(1)),
            "all" if identifier(object) == Some("Promise") => match argument(0) {
                Some(value) => self.value(value),
                None => self.is_known = false,
            },
            _ => self.is_known = false,
        }
    }

    fn callback(&mut self, function: Option<&'a Expr>) {
        let body = match function {
            Some(Expr::Arrow(arrow)) => match &*arrow.body {
                ArrowFunctionBody::FunctionBody(body) => Some(Body::Block(body)),
                ArrowFunctionBody::Expr(value) => Some(Body::Expression(value)),
            },
            Some(Expr::Fn(function)) => function.function.body.as_ref().map(Body::Block),
            _ => None,
        };
        match body {
            Some(body) => {
                let (objects, is_known) = returned_in(body, self.steps);
                self.objects.extend(objects);
                self.is_known &= is_known;
            }
            None => self.is_known = false,
        }
    }

    fn object(&mut self, object: &'a ObjectLit) {
        let mut returned = ReturnedObject { range: range(object.span()), keys: Vec::new(), is_open: false };
        for property in &object.props {
            let PropOrSpread::Prop(property) = property else {
                returned.is_open = true;
                continue;
            };
            let (key, value, is_shorthand) = match &**property {
                Prop::Shorthand(name) => (Some((name.sym.to_string(), range(name.span))), None, true),
                Prop::KeyValue(pair) => (key_name(&pair.key), Some(&*pair.value), false),
                Prop::Getter(getter) => (key_name(&getter.key), None, false),
                Prop::Method(method) => (key_name(&method.key), None, false),
                Prop::Setter(_) | Prop::Assign(_) => continue,
            };
            let Some((name, key_range)) = key else {
                returned.is_open = true;
                continue;
            };
            let mut inner = Resolver {
                values: self.values,
                steps: self.steps,
                seen: self.seen.clone(),
                objects: Vec::new(),
                is_known: true,
            };
            match (value, &**property) {
                (Some(value), _) => inner.value(value),
                (None, Prop::Shorthand(name)) => inner.name(&name.sym),
                (None, _) => inner.is_known = false,
            }
            let (rows, rows_are_known) = (inner.objects, inner.is_known);
            returned.keys.push(Key { name, range: key_range, is_shorthand, rows, rows_are_known });
        }
        self.objects.push(returned);
    }
}

fn identifier(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Ident(name) => Some(&name.sym),
        Expr::Paren(inner) => identifier(&inner.expr),
        _ => None,
    }
}

/// The object and the name of `object.name`, `object?.name`.
fn method_of(callee: &Expr) -> Option<(&Expr, &str)> {
    let member = match callee {
        Expr::Member(member) => member,
        Expr::OptChain(chain) => match &*chain.base {
            OptChainBase::Member(member) => member,
            OptChainBase::Call(_) => return None,
        },
        Expr::Paren(inner) => return method_of(&inner.expr),
        _ => return None,
    };
    match &member.prop {
        MemberProp::Ident(name) => Some((&member.obj, &name.sym)),
        MemberProp::PrivateName(_) | MemberProp::Computed(_) => None,
    }
}
