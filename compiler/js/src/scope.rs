//! Which names are declared where.

use rustc_hash::FxHashMap;
use swc_ecma_ast::{
    Decl, ForHead, ForInStmt, ForOfStmt, ForStmt, Ident, ObjectPatProp, Pat, Stmt, VarDecl, VarDeclKind, VarDeclOrExpr,
};

use crate::script::Range;

/// How a name came into its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindingKind {
    /// A parameter of a function or of `catch`.
    Parameter,
    /// `var`, or a function in a function's body: may be declared again in the same way.
    Variable,
    /// `let`, `const`, `class`, and functions in blocks and modules.
    Lexical,
}

/// A name in a scope.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) kind: BindingKind,
    /// Of the first declaration.
    pub(crate) range: Range,
    /// The position of the top-level function's parameter that it stands for.
    pub(crate) parameter: Option<usize>,
    /// The place of the member of such a parameter that it holds, where it always holds that.
    pub(crate) member: Option<Range>,
    /// Whether it always holds the text of a response: `await response.text()`.
    pub(crate) is_body: bool,
}

impl Binding {
    pub(crate) fn new(kind: BindingKind, range: Range) -> Binding {
        Binding { kind, range, parameter: None, member: None, is_body: false }
    }
}

/// The names of a function, a block or the like.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) names: FxHashMap<String, Binding>,
    /// Whether `var` stops here.
    pub(crate) is_function: bool,
}

/// The scopes around the place that is being walked, outermost first.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    stack: Vec<Scope>,
}

impl Scopes {
    pub(crate) fn push(&mut self, is_function: bool) {
        self.stack.push(Scope { names: FxHashMap::default(), is_function });
    }

    pub(crate) fn pop(&mut self) {
        self.stack.pop();
    }

    /// Adds a name to the innermost scope. Gives the range of an earlier declaration that excludes this one.
    pub(crate) fn declare(&mut self, name: &str, binding: Binding) -> Option<Range> {
        let scope = self.stack.last_mut()?;
        match scope.names.get_mut(name) {
            None => {
                scope.names.insert(name.to_owned(), binding);
                None
            }
            Some(earlier) => match (earlier.kind, binding.kind) {
                (BindingKind::Variable, BindingKind::Variable)
                | (BindingKind::Parameter, BindingKind::Variable)
                | (BindingKind::Lexical, BindingKind::Variable) => None,
                // `var` finds it when the declaration itself is walked: both orders are one error.
                (BindingKind::Variable, BindingKind::Lexical) => {
                    *earlier = binding;
                    None
                }
                (BindingKind::Variable, BindingKind::Parameter) => None,
                (BindingKind::Parameter, BindingKind::Parameter | BindingKind::Lexical)
                | (BindingKind::Lexical, BindingKind::Lexical | BindingKind::Parameter) => Some(earlier.range.clone()),
            },
        }
    }

    /// The declaration of a name in the innermost scope.
    pub(crate) fn here(&self, name: &str) -> Option<&Binding> {
        self.stack.last()?.names.get(name)
    }

    /// The nearest declaration of a name.
    pub(crate) fn resolve(&self, name: &str) -> Option<&Binding> {
        self.stack.iter().rev().find_map(|scope| scope.names.get(name))
    }

    /// The same, to note what it stands for.
    pub(crate) fn resolve_mut(&mut self, name: &str) -> Option<&mut Binding> {
        self.stack.iter_mut().rev().find_map(|scope| scope.names.get_mut(name))
    }

    /// A lexical declaration that a `var` of this name would have to pass.
    pub(crate) fn lexical_before_function(&self, name: &str) -> Option<Range> {
        for scope in self.stack.iter().rev() {
            if let Some(binding) = scope.names.get(name)
                && binding.kind == BindingKind::Lexical
            {
                return Some(binding.range.clone());
            }
            if scope.is_function {
                return None;
            }
        }
        None
    }
}

/// All names that a pattern binds.
pub(crate) fn pattern_names<'a>(pattern: &'a Pat, names: &mut Vec<&'a Ident>) {
    match pattern {
        Pat::Ident(ident) => names.push(&ident.id),
        Pat::Array(array) => array.elems.iter().flatten().for_each(|element| pattern_names(element, names)),
        Pat::Rest(rest) => pattern_names(&rest.arg, names),
        Pat::Object(object) => {
            for property in &object.props {
                match property {
                    ObjectPatProp::KeyValue(pair) => pattern_names(&pair.value, names),
                    ObjectPatProp::Assign(short) => names.push(&short.key.id),
                    ObjectPatProp::Rest(rest) => pattern_names(&rest.arg, names),
                }
            }
        }
        Pat::Assign(assign) => pattern_names(&assign.left, names),
        Pat::Invalid(_) | Pat::Expr(_) => {}
    }
}

/// The names that these statements declare in their own scope with `let`, `const`, `class` and `function`.
pub(crate) fn lexical_names<'a>(statements: impl Iterator<Item = &'a Stmt>) -> Vec<(&'a Ident, bool)> {
    let mut found = Vec::new();
    for statement in statements {
        let Stmt::Decl(declaration) = statement else { continue };
        match declaration {
            Decl::Class(class) => found.push((&class.ident, false)),
            Decl::Fn(function) => found.push((&function.ident, true)),
            Decl::Var(variables) if variables.kind != VarDeclKind::Var => declarators(variables, &mut found),
            Decl::Using(using) => {
                let mut names = Vec::new();
                using.decls.iter().for_each(|declarator| pattern_names(&declarator.name, &mut names));
                found.extend(names.into_iter().map(|name| (name, false)));
            }
            Decl::Var(_) | Decl::TsInterface(_) | Decl::TsTypeAlias(_) | Decl::TsEnum(_) | Decl::TsModule(_) => {}
        }
    }
    found
}

fn declarators<'a>(variables: &'a VarDecl, found: &mut Vec<(&'a Ident, bool)>) {
    let mut names = Vec::new();
    variables.decls.iter().for_each(|declarator| pattern_names(&declarator.name, &mut names));
    found.extend(names.into_iter().map(|name| (name, false)));
}

/// The names that `var` declares in these statements, at any depth but not inside other functions.
pub(crate) fn variable_names<'a>(statements: impl Iterator<Item = &'a Stmt>, names: &mut Vec<&'a Ident>) {
    statements.for_each(|statement| variables_of(statement, names));
}

fn variables_of<'a>(statement: &'a Stmt, names: &mut Vec<&'a Ident>) {
    if let Some(variables) = variables_at(statement)
        && variables.kind == VarDeclKind::Var
    {
        variables.decls.iter().for_each(|declarator| pattern_names(&declarator.name, names));
    }
    inner_statements(statement, &mut |inner| variables_of(inner, names));
}

/// The `var`, `let` or `const` that a statement is or begins with.
pub(crate) fn variables_at(statement: &Stmt) -> Option<&VarDecl> {
    match statement {
        Stmt::Decl(Decl::Var(variables)) => Some(variables),
        Stmt::For(ForStmt { init: Some(VarDeclOrExpr::VarDecl(variables)), .. })
        | Stmt::ForIn(ForInStmt { left: ForHead::VarDecl(variables), .. })
        | Stmt::ForOf(ForOfStmt { left: ForHead::VarDecl(variables), .. }) => Some(variables),
        _ => None,
    }
}

/// Calls `visit` with each statement directly inside a statement.
pub(crate) fn inner_statements<'a>(statement: &'a Stmt, visit: &mut dyn FnMut(&'a Stmt)) {
    match statement {
        Stmt::Block(block) => block.stmts.iter().for_each(visit),
        Stmt::With(with) => visit(&with.body),
        Stmt::Labeled(labelled) => visit(&labelled.body),
        Stmt::If(branch) => {
            visit(&branch.cons);
            if let Some(alternative) = &branch.alt {
                visit(alternative);
            }
        }
        Stmt::Switch(switch) => switch.cases.iter().flat_map(|case| &case.cons).for_each(visit),
        Stmt::Try(attempt) => {
            attempt.block.stmts.iter().for_each(&mut *visit);
            attempt.handler.iter().flat_map(|handler| &handler.body.stmts).for_each(&mut *visit);
            attempt.finalizer.iter().flat_map(|last| &last.stmts).for_each(visit);
        }
        Stmt::While(repeat) => visit(&repeat.body),
        Stmt::DoWhile(repeat) => visit(&repeat.body),
        Stmt::For(repeat) => visit(&repeat.body),
        Stmt::ForIn(repeat) => visit(&repeat.body),
        Stmt::ForOf(repeat) => visit(&repeat.body),
        Stmt::Decl(_)
        | Stmt::Empty(_)
        | Stmt::Debugger(_)
        | Stmt::Return(_)
        | Stmt::Break(_)
        | Stmt::Continue(_)
        | Stmt::Throw(_)
        | Stmt::Expr(_) => {}
    }
}
