//! The walk over a module that gathers a [`Script`].

mod names;
pub(crate) mod responses;
mod visit;

use rustc_hash::FxHashMap;
use swc_common::{Span, Spanned};
use swc_ecma_ast::{
    ArrowExpr, ArrowFunctionBody, BinExpr, BinaryOp, BindingIdent, CallExpr, Callee, Decl, Expr, FnExpr, ForHead,
    Ident, ImportSpecifier, Lit, MemberExpr, MemberProp, Module, ModuleDecl, ModuleItem, ObjectPatProp, OptChainBase,
    OptChainExpr, Pat, PropName, Stmt, VarDecl, VarDeclKind, VarDeclarator,
};
use swc_ecma_visit::VisitWith;

use crate::parse::range;
use crate::returns::{key_name, returned, returned_by_arrow, without_quotes};
use crate::scope::{Binding, BindingKind, Scopes, lexical_names, pattern_names, variable_names};
use crate::script::{
    Access, AccessForm, ErrorKind, Function, Inspection, NameKind, NameUse, Parameter, ParameterForm, Range, Script,
    ScriptError, StringLiteral, TopLevelName,
};
use responses::Responses;

/// Members of texts that look at their letters or take them apart.
const INSPECTING: &[&str] = &[
    "at",
    "charAt",
    "charCodeAt",
    "codePointAt",
    "endsWith",
    "includes",
    "indexOf",
    "lastIndexOf",
    "length",
    "localeCompare",
    "match",
    "matchAll",
    "replace",
    "replaceAll",
    "search",
    "slice",
    "split",
    "startsWith",
    "substr",
    "substring",
    "toLowerCase",
    "toUpperCase",
];

/// Everything but the parser's own errors.
pub(crate) fn analyse(source: &str, module: &Module) -> Script {
    let mut walk = Walk {
        source,
        script: Script::default(),
        scopes: Scopes::default(),
        function_depth: 0,
        top_level: None,
        string_name: None,
        bindings: FxHashMap::default(),
        responses: Responses::default(),
        declared: Vec::new(),
    };
    walk.module(module);
    walk.finish_responses();
    walk.finish_unused();
    let mut script = walk.script;
    script.free_names.sort_by_key(|name| name.range.start);
    script.strings.sort_by_key(|string| string.range.start);
    script.null_dates.sort_by_key(|range| range.start);
    script.parsed_bodies.sort_by_key(|range| range.start);
    script.bindings.sort_by_key(|name| name.range.start);
    for name in &mut script.bindings {
        name.uses.sort_by_key(|one| one.range.start);
        name.uses.dedup_by(|one, other| one.range == other.range);
    }
    script
}

struct Walk<'a> {
    source: &'a str,
    script: Script,
    scopes: Scopes,
    function_depth: u32,
    /// The function outside of all others that is being walked, and the depth of its body.
    top_level: Option<Function>,
    /// The name that the next expression is given.
    string_name: Option<String>,
    /// The places of [`Script::bindings`] by where they start.
    bindings: FxHashMap<u32, usize>,
    responses: Responses,
    /// Where names are declared one by one, with a value: variables and functions.
    declared: Vec<Range>,
}

/// What a function has besides its body.
struct Signature<'p> {
    parameters: Vec<&'p Pat>,
    has_arguments: bool,
}

impl Walk<'_> {
    fn module(&mut self, module: &Module) {
        self.scopes.push(true);
        let mut variables = Vec::new();
        let mut lexical: Vec<&Ident> = Vec::new();
        for item in &module.body {
            match item {
                ModuleItem::Stmt(statement) => {
                    variable_names(std::iter::once(statement), &mut variables);
                    lexical.extend(lexical_names(std::iter::once(statement)).into_iter().map(|(name, _)| name));
                }
                ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => {
                    lexical.extend(import.specifiers.iter().map(|specifier| match specifier {
                        ImportSpecifier::Named(named) => &named.local,
                        ImportSpecifier::Default(default) => &default.local,
                        ImportSpecifier::Namespace(all) => &all.local,
                    }));
                }
                ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => {
                    let mut names = Vec::new();
                    match &export.decl {
                        Decl::Var(declared) if declared.kind == VarDeclKind::Var => {
                            declared.decls.iter().for_each(|one| pattern_names(&one.name, &mut variables));
                        }
                        Decl::Var(declared) => {
                            declared.decls.iter().for_each(|one| pattern_names(&one.name, &mut names));
                        }
                        Decl::Fn(function) => names.push(&function.ident),
                        Decl::Class(class) => names.push(&class.ident),
                        _ => {}
                    }
                    lexical.extend(names);
                }
                ModuleItem::ModuleDecl(_) => {}
            }
        }
        variables.into_iter().for_each(|name| self.declare(name, BindingKind::Variable));
        lexical.into_iter().for_each(|name| self.declare(name, BindingKind::Lexical));
        for item in &module.body {
            match item {
                ModuleItem::Stmt(Stmt::Decl(declaration)) => self.top_level_declaration(declaration),
                ModuleItem::Stmt(statement) => statement.visit_with(self),
                ModuleItem::ModuleDecl(declaration) => declaration.visit_with(self),
            }
        }
        self.scopes.pop();
    }

    fn top_level_declaration(&mut self, declaration: &Decl) {
        match declaration {
            Decl::Fn(function) => {
                let facts = self.top_level_function(|walk| {
                    walk.function(&function.function);
                    walk.returned(|| function.function.body.as_ref().map(returned));
                    walk.shape(
                        function.function.is_async,
                        function.function.is_generator,
                        function.function.body.span(),
                    );
                });
                self.declared.push(range(function.ident.span));
                self.name(&function.ident, function.function.span, NameKind::Function, Some(facts));
            }
            Decl::Class(class) => {
                self.name(&class.ident, class.class.span, NameKind::Class, None);
                class.visit_with(self);
            }
            Decl::Var(variables) => {
                let kind = match variables.kind {
                    VarDeclKind::Var => NameKind::Var,
                    VarDeclKind::Let => NameKind::Let,
                    VarDeclKind::Const => NameKind::Const,
                };
                for declarator in &variables.decls {
                    self.top_level_declarator(declarator, variables.kind, kind);
                }
            }
            _ => declaration.visit_with(self),
        }
    }

    fn top_level_declarator(&mut self, declarator: &VarDeclarator, declared: VarDeclKind, kind: NameKind) {
        let Pat::Ident(BindingIdent { id: name, .. }) = &declarator.name else {
            let mut names = Vec::new();
            pattern_names(&declarator.name, &mut names);
            names.into_iter().for_each(|name| self.name(name, declarator.span, kind, None));
            self.declarator(declarator, declared);
            return;
        };
        if declared == VarDeclKind::Var {
            self.check_variable(name);
        }
        if declarator.init.is_some() {
            self.note_declared(&declarator.name);
        }
        let function = match declarator.init.as_deref().map(without_parentheses) {
            Some(Expr::Arrow(arrow)) => Some(self.top_level_function(|walk| {
                walk.arrow(arrow);
                walk.returned(|| Some(returned_by_arrow(&arrow.body)));
                walk.shape(arrow.is_async, arrow.is_generator, arrow.body.span());
            })),
            Some(Expr::Fn(expression)) => Some(self.top_level_function(|walk| {
                walk.function_expression(expression);
                walk.returned(|| expression.function.body.as_ref().map(returned));
                let function = &expression.function;
                walk.shape(function.is_async, function.is_generator, function.body.span());
            })),
            Some(value) => {
                self.named(value, &name.sym);
                None
            }
            None => None,
        };
        self.name(name, declarator.span, kind, function);
    }

    fn top_level_function(&mut self, walk: impl FnOnce(&mut Self)) -> Function {
        self.top_level = Some(Function::default());
        walk(self);
        let mut function = self.top_level.take().unwrap_or_default();
        function.accesses.sort_by_key(|access| access.range.start);
        function
    }

    fn shape(&mut self, is_async: bool, is_generator: bool, body: Span) {
        if let Some(function) = &mut self.top_level {
            function.is_async = is_async;
            function.is_generator = is_generator;
            function.body = range(body);
        }
    }

    fn returned(&mut self, find: impl FnOnce() -> Option<(Vec<crate::script::ReturnedObject>, bool)>) {
        if let Some(function) = &mut self.top_level {
            (function.returned, function.returns_are_known) = find().unwrap_or_default();
        }
    }

    fn name(&mut self, name: &Ident, declaration: Span, kind: NameKind, function: Option<Function>) {
        self.script.names.push(TopLevelName {
            name: name.sym.to_string(),
            range: range(name.span),
            declaration: range(declaration),
            kind,
            function,
        });
    }

    fn declare(&mut self, name: &Ident, kind: BindingKind) {
        self.declare_for(name, kind, None);
    }

    fn declare_for(&mut self, name: &Ident, kind: BindingKind, parameter: Option<usize>) {
        let binding = Binding { parameter, ..Binding::new(kind, range(name.span)) };
        self.note_binding(name);
        if let Some(first) = self.scopes.declare(&name.sym, binding) {
            self.duplicate(name, first);
        }
    }

    fn duplicate(&mut self, name: &Ident, first: Range) {
        let (first, second) =
            if range(name.span).start < first.start { (range(name.span), first) } else { (first, range(name.span)) };
        self.script.errors.push(ScriptError {
            kind: ErrorKind::Duplicate,
            message: format!("`{}` is declared twice in one scope", name.sym),
            range: second,
            related: Some((first, "first declared here".to_owned())),
        });
    }

    /// A `var` whose name meets `let`, `const` or `class` on its way to the function.
    fn check_variable(&mut self, name: &Ident) {
        if let Some(first) = self.scopes.lexical_before_function(&name.sym)
            && first != range(name.span)
        {
            self.duplicate(name, first);
        }
    }

    fn error(&mut self, kind: ErrorKind, message: &str, span: Span) {
        self.script.errors.push(ScriptError { kind, message: message.to_owned(), range: range(span), related: None });
    }

    /// Declares what the statements of a block declare, then walks them.
    fn statements(&mut self, statements: &[Stmt], is_function: bool) {
        for (name, is_declared_function) in lexical_names(statements.iter()) {
            let kind = if is_function && is_declared_function { BindingKind::Variable } else { BindingKind::Lexical };
            self.declare(name, kind);
        }
        statements.visit_with(self);
    }

    fn function(&mut self, function: &swc_ecma_ast::Function) {
        function.decorators.visit_with(self);
        let parameters = function.params.iter().map(|parameter| &parameter.pat).collect();
        self.scoped_function(Signature { parameters, has_arguments: true }, |walk| {
            if let Some(body) = &function.body {
                walk.function_body(&body.stmts);
            }
        });
    }

    fn arrow(&mut self, arrow: &ArrowExpr) {
        let parameters = arrow.params.iter().collect();
        self.scoped_function(Signature { parameters, has_arguments: false }, |walk| match &*arrow.body {
            ArrowFunctionBody::FunctionBody(body) => walk.function_body(&body.stmts),
            ArrowFunctionBody::Expr(value) => value.visit_with(walk),
        });
    }

    fn function_expression(&mut self, expression: &FnExpr) {
        self.scopes.push(false);
        if let Some(name) = &expression.ident {
            self.declare(name, BindingKind::Variable);
        }
        self.function(&expression.function);
        self.scopes.pop();
    }

    fn function_body(&mut self, statements: &[Stmt]) {
        let mut variables = Vec::new();
        variable_names(statements.iter(), &mut variables);
        variables.into_iter().for_each(|name| self.declare(name, BindingKind::Variable));
        self.statements(statements, true);
    }

    fn scoped_function(&mut self, signature: Signature<'_>, walk_body: impl FnOnce(&mut Self)) {
        let is_top_level = self.function_depth == 0 && self.top_level.is_some();
        self.function_depth += 1;
        self.scopes.push(true);
        for (position, pattern) in signature.parameters.iter().enumerate() {
            let mut names = Vec::new();
            pattern_names(pattern, &mut names);
            let whole = is_top_level.then_some(position).filter(|_| parameter_form(pattern) == ParameterForm::Name);
            names.into_iter().for_each(|name| self.declare_for(name, BindingKind::Parameter, whole));
            if is_top_level {
                self.parameter(pattern);
            }
        }
        if signature.has_arguments && self.scopes.resolve("arguments").is_none() {
            let binding = Binding::new(BindingKind::Variable, 0..0);
            self.scopes.declare("arguments", binding);
        }
        for (position, pattern) in signature.parameters.iter().enumerate() {
            if is_top_level {
                self.destructured(position, pattern, true);
            }
            pattern.visit_with(self);
        }
        walk_body(self);
        self.scopes.pop();
        self.function_depth -= 1;
    }

    fn parameter(&mut self, pattern: &Pat) {
        let form = parameter_form(pattern);
        let name = match (form, pattern) {
            (ParameterForm::Destructured, _) => None,
            (_, Pat::Ident(name)) => Some(name.id.sym.to_string()),
            (_, Pat::Assign(assign)) => assign.left.as_ident().map(|name| name.id.sym.to_string()),
            (_, Pat::Rest(rest)) => rest.arg.as_ident().map(|name| name.id.sym.to_string()),
            _ => None,
        };
        let parameter = Parameter { name, range: range(pattern.span()), form, is_used_whole: false };
        if let Some(function) = &mut self.top_level {
            function.parameters.push(parameter);
        }
    }

    /// Notes the members that a pattern takes from a parameter. `holds` where its names keep them.
    fn destructured(&mut self, parameter: usize, pattern: &Pat, holds: bool) {
        match pattern {
            Pat::Assign(assign) => self.destructured(parameter, &assign.left, holds),
            Pat::Object(object) => {
                for property in &object.props {
                    match property {
                        ObjectPatProp::KeyValue(pair) => match key_name(&pair.key) {
                            Some(key) => {
                                if holds && let Some(name) = bound_name(&pair.value) {
                                    self.holds_member(name, Some(key.1.clone()));
                                }
                                self.access(parameter, key, AccessForm::Destructured, false);
                            }
                            None => self.used_whole(parameter),
                        },
                        ObjectPatProp::Assign(short) => {
                            let key = (short.key.id.sym.to_string(), range(short.key.id.span));
                            if holds {
                                self.holds_member(&short.key.id, Some(key.1.clone()));
                            }
                            self.access(parameter, key, AccessForm::Destructured, false);
                        }
                        ObjectPatProp::Rest(_) => self.used_whole(parameter),
                    }
                }
            }
            Pat::Array(_) | Pat::Rest(_) => self.used_whole(parameter),
            Pat::Ident(_) | Pat::Invalid(_) | Pat::Expr(_) => {}
        }
    }

    fn access(&mut self, parameter: usize, (name, range): (String, Range), form: AccessForm, is_written: bool) {
        if let Some(function) = &mut self.top_level {
            function.accesses.push(Access { parameter, name, range, form, is_written, inspections: Vec::new() });
        }
    }

    fn used_whole(&mut self, parameter: usize) {
        if let Some(parameter) = self.top_level.as_mut().and_then(|function| function.parameters.get_mut(parameter)) {
            parameter.is_used_whole = true;
        }
    }

    /// The parameter of the top-level function that an expression is.
    fn parameter_of(&self, expression: &Expr) -> Option<usize> {
        match expression {
            Expr::Ident(name) => self.scopes.resolve(&name.sym)?.parameter,
            Expr::Paren(inner) => self.parameter_of(&inner.expr),
            // `const {status} = filters || {};`
            Expr::Bin(BinExpr { op: BinaryOp::LogicalOr | BinaryOp::NullishCoalescing, left, right, .. }) => {
                matches!(without_parentheses(right), Expr::Object(object) if object.props.is_empty())
                    .then(|| self.parameter_of(left))?
            }
            _ => None,
        }
    }

    fn use_name(&mut self, name: &Ident, is_written: bool) {
        self.note_use(name, is_written, false);
        match self.scopes.resolve(&name.sym) {
            Some(Binding { parameter: Some(parameter), .. }) => self.used_whole(*parameter),
            Some(_) => {}
            None => {
                let free = NameUse { name: name.sym.to_string(), range: range(name.span), is_written };
                self.script.free_names.push(free);
            }
        }
    }

    fn member(&mut self, member: &MemberExpr, is_written: bool) {
        match self.parameter_of(&member.obj) {
            Some(parameter) => {
                self.note_base(&member.obj);
                match &member.prop {
                    MemberProp::Ident(name) => {
                        self.access(parameter, (name.sym.to_string(), range(name.span)), AccessForm::Dot, is_written);
                    }
                    MemberProp::Computed(computed) => match string_value(&computed.expr) {
                        Some(key) => self.access(parameter, key, AccessForm::Computed, is_written),
                        None => {
                            self.used_whole(parameter);
                            computed.expr.visit_with(self);
                        }
                    },
                    MemberProp::PrivateName(_) => {}
                }
            }
            None => {
                self.note_member(member);
                member.obj.visit_with(self);
                match &member.prop {
                    MemberProp::Ident(name) if INSPECTING.contains(&&*name.sym) => {
                        self.inspected(&member.obj, &name.sym);
                    }
                    MemberProp::Ident(_) | MemberProp::PrivateName(_) => {}
                    MemberProp::Computed(computed) => {
                        if let Expr::Lit(Lit::Num(_)) = &*computed.expr {
                            self.inspected(&member.obj, "[…]");
                        }
                        computed.expr.visit_with(self);
                    }
                }
            }
        }
    }

    /// Notes what looks at the letters of a text, where that is a member of a parameter; it has been walked already.
    fn inspected(&mut self, text: &Expr, by: &str) {
        let Some((member, at)) = self.member_place(text) else { return };
        let Some(function) = &mut self.top_level else { return };
        if let Some(access) = function.accesses.iter_mut().rev().find(|access| access.range == member) {
            access.inspections.push(Inspection { by: by.to_owned(), range: at });
        }
    }

    /// Where the member of a parameter is named that an expression is or a constant that it names holds, and where the expression
    /// names it.
    fn member_place(&self, text: &Expr) -> Option<(Range, Range)> {
        let member = match without_parentheses(text) {
            Expr::Ident(name) => return Some((self.scopes.resolve(&name.sym)?.member.clone()?, range(name.span))),
            Expr::Member(member) => member,
            Expr::OptChain(OptChainExpr { base, .. }) => match &**base {
                OptChainBase::Member(member) => member,
                OptChainBase::Call(_) => return None,
            },
            _ => return None,
        };
        let key = match &member.prop {
            MemberProp::Ident(name) => range(name.span),
            MemberProp::Computed(computed) => string_value(&computed.expr)?.1,
            MemberProp::PrivateName(_) => return None,
        };
        let function = self.top_level.as_ref()?;
        function.accesses.iter().any(|access| access.range == key).then(|| (key.clone(), key))
    }

    fn holds_member(&mut self, name: &Ident, member: Option<Range>) {
        if let Some(binding) = self.scopes.resolve_mut(&name.sym) {
            binding.member = member;
        }
    }

    /// Whether the expression is `await response.text()`, or a constant that holds it.
    fn is_body(&self, text: &Expr) -> bool {
        match without_parentheses(text) {
            Expr::Ident(name) => self.scopes.resolve(&name.sym).is_some_and(|binding| binding.is_body),
            Expr::Await(waited) => match without_parentheses(&waited.arg) {
                Expr::Call(CallExpr { callee: Callee::Expr(callee), args, .. }) if args.is_empty() => {
                    matches!(&**callee, Expr::Member(MemberExpr { prop: MemberProp::Ident(name), .. }) if &*name.sym == "text")
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// `JSON.parse(await response.text())`
    fn parsing_call(&mut self, call: &CallExpr) {
        let (Callee::Expr(callee), Some(first)) = (&call.callee, call.args.first()) else { return };
        let Expr::Member(MemberExpr { obj, prop: MemberProp::Ident(name), span }) = &**callee else { return };
        let is_json =
            matches!(&**obj, Expr::Ident(object) if &*object.sym == "JSON" && self.scopes.resolve("JSON").is_none());
        if is_json && &*name.sym == "parse" && self.is_body(&first.expr) {
            self.script.parsed_bodies.push(range(*span));
        }
    }

    /// `atob(text)`, `/…/.test(text)`
    fn inspecting_call(&mut self, call: &CallExpr) {
        let (Callee::Expr(callee), Some(first)) = (&call.callee, call.args.first()) else { return };
        match without_parentheses(callee) {
            Expr::Ident(name) if &*name.sym == "atob" => self.inspected(&first.expr, "atob"),
            Expr::Member(MemberExpr { obj, prop: MemberProp::Ident(name), .. })
                if matches!(without_parentheses(obj), Expr::Lit(Lit::Regex(_)))
                    && ["test", "exec"].contains(&&*name.sym) =>
            {
                self.inspected(&first.expr, &name.sym);
            }
            _ => {}
        }
    }

    /// An expression that something is written to: `x`, `x.y`, `x?.y` in `delete`.
    fn written(&mut self, target: &Expr) {
        match target {
            Expr::Ident(name) => self.use_name(name, true),
            Expr::Member(member) => self.member(member, true),
            Expr::Paren(inner) => self.written(&inner.expr),
            Expr::OptChain(OptChainExpr { base, .. }) => match &**base {
                OptChainBase::Member(member) => self.member(member, true),
                OptChainBase::Call(_) => target.visit_with(self),
            },
            _ => target.visit_with(self),
        }
    }

    /// An expression that gets a name, which its string may be known by.
    fn named(&mut self, value: &Expr, name: &str) {
        self.string_name = Some(name.to_owned());
        value.visit_with(self);
        self.string_name = None;
    }

    fn declarator(&mut self, declarator: &VarDeclarator, kind: VarDeclKind) {
        if kind == VarDeclKind::Var {
            let mut names = Vec::new();
            pattern_names(&declarator.name, &mut names);
            names.into_iter().for_each(|name| self.check_variable(name));
        }
        let Some(value) = &declarator.init else {
            declarator.name.visit_with(self);
            return;
        };
        self.note_response(&declarator.name, value);
        self.note_declared(&declarator.name);
        match (&declarator.name, self.parameter_of(value)) {
            (Pat::Ident(name), Some(parameter)) if kind == VarDeclKind::Const => {
                self.note_base(value);
                if let Some(binding) = self.scopes.resolve_mut(&name.id.sym) {
                    binding.parameter = Some(parameter);
                }
            }
            (pattern @ Pat::Object(_), Some(parameter)) => {
                self.note_base(value);
                self.destructured(parameter, pattern, kind == VarDeclKind::Const);
                pattern.visit_with(self);
            }
            (Pat::Ident(name), _) => {
                self.named(value, &name.id.sym);
                if kind == VarDeclKind::Const {
                    let member = self.member_place(value).map(|(member, _)| member);
                    let is_body = self.is_body(value);
                    if let Some(binding) = self.scopes.resolve_mut(&name.id.sym) {
                        (binding.member, binding.is_body) = (member, is_body);
                    }
                }
            }
            (pattern, _) => {
                value.visit_with(self);
                pattern.visit_with(self);
            }
        }
    }

    fn string(&mut self, value: String, span: Span) {
        let name = self.string_name.take();
        self.script.strings.push(StringLiteral { value, range: range(span), name });
    }

    /// `for` with a declaration: its names live in a scope of their own.
    fn loop_scope(&mut self, declaration: Option<&VarDecl>, walk: impl FnOnce(&mut Self)) {
        self.scopes.push(false);
        if let Some(declaration) = declaration.filter(|declaration| declaration.kind != VarDeclKind::Var) {
            let mut names = Vec::new();
            declaration.decls.iter().for_each(|declarator| pattern_names(&declarator.name, &mut names));
            names.into_iter().for_each(|name| self.declare(name, BindingKind::Lexical));
        }
        walk(self);
        self.scopes.pop();
    }

    fn loop_head(&mut self, head: &ForHead) {
        match head {
            ForHead::VarDecl(declaration) => declaration.visit_with(self),
            ForHead::Pat(pattern) => self.assigned_pattern(pattern),
            ForHead::UsingDecl(declaration) => declaration.visit_with(self),
        }
    }

    /// A pattern that assigns instead of declaring.
    fn assigned_pattern(&mut self, pattern: &Pat) {
        match pattern {
            Pat::Ident(name) => self.use_name(&name.id, true),
            Pat::Array(array) => array.elems.iter().flatten().for_each(|element| self.assigned_pattern(element)),
            Pat::Rest(rest) => self.assigned_pattern(&rest.arg),
            Pat::Object(object) => self.assigned_object(&object.props),
            Pat::Assign(assign) => {
                self.assigned_pattern(&assign.left);
                assign.right.visit_with(self);
            }
            Pat::Expr(target) => self.written(target),
            Pat::Invalid(_) => {}
        }
    }

    fn assigned_object(&mut self, properties: &[ObjectPatProp]) {
        for property in properties {
            match property {
                ObjectPatProp::KeyValue(pair) => {
                    self.property_name(&pair.key);
                    self.assigned_pattern(&pair.value);
                }
                ObjectPatProp::Assign(short) => {
                    self.use_name(&short.key.id, true);
                    short.value.visit_with(self);
                }
                ObjectPatProp::Rest(rest) => self.assigned_pattern(&rest.arg),
            }
        }
    }

    fn property_name(&mut self, name: &PropName) {
        if let PropName::Computed(computed) = name {
            computed.expr.visit_with(self);
        }
    }

    fn class(&mut self, name: Option<&Ident>, class: &swc_ecma_ast::Class) {
        class.super_class.visit_with(self);
        self.scopes.push(false);
        if let Some(name) = name {
            self.declare(name, BindingKind::Variable);
        }
        class.body.visit_with(self);
        self.scopes.pop();
    }
}

impl Walk<'_> {
    /// The value of a class field: a function of its own, without parameters.
    fn field(&mut self, value: Option<&Expr>) {
        let Some(value) = value else { return };
        self.scoped_function(Signature { parameters: Vec::new(), has_arguments: false }, |walk| value.visit_with(walk));
    }

    /// Points at the word, not at all that is exported.
    fn export(&mut self, span: Span) {
        let whole = range(span);
        let word = whole.start..whole.end.min(whole.start + "export".len() as u32);
        debug_assert!(self.source.is_char_boundary(word.start as usize));
        self.script.errors.push(ScriptError {
            kind: ErrorKind::Export,
            message: "a handler has no modules: `export` is not needed".to_owned(),
            range: word,
            related: None,
        });
    }
}

fn parameter_form(pattern: &Pat) -> ParameterForm {
    match pattern {
        Pat::Ident(_) => ParameterForm::Name,
        Pat::Assign(assign) => parameter_form(&assign.left),
        Pat::Rest(_) => ParameterForm::Rest,
        Pat::Array(_) | Pat::Object(_) | Pat::Invalid(_) | Pat::Expr(_) => ParameterForm::Destructured,
    }
}

/// The name that a pattern is, with a default perhaps.
fn bound_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(name) => Some(&name.id),
        Pat::Assign(assign) => bound_name(&assign.left),
        _ => None,
    }
}

fn without_parentheses(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => without_parentheses(&inner.expr),
        _ => expression,
    }
}

/// The text of a string literal and the range between its quotes.
fn string_value(expression: &Expr) -> Option<(String, Range)> {
    match expression {
        Expr::Lit(Lit::Str(text)) => {
            Some((text.value.to_string_lossy().into_owned(), without_quotes(range(text.span))))
        }
        Expr::Paren(inner) => string_value(&inner.expr),
        Expr::Tpl(template) if template.exprs.is_empty() => {
            let text = template.quasis.first()?;
            Some((text.cooked.as_ref()?.to_string_lossy().into_owned(), range(text.span)))
        }
        _ => None,
    }
}
