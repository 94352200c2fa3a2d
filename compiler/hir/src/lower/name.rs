//! What names mean.
//!
//! A dotted name is: alias or entity first, then column, then variable; a scalar column has no members, so that
//! `created.id` is the variable even where there is a timestamp column `created`. A bare name is a column first.

use moltler_abi::DataType;
use moltler_db::NameKind;
use moltler_syntax::TextRange;
use moltler_syntax::ast::{self, AstNode};

use super::{Lower, Scope};
use crate::body::{ColumnRef, ExprId, ExprKind, Source, SourceId, SourceKind};
use crate::diagnostics::expression::{ambiguous_name, misplaced};
use crate::diagnostics::unknown_name::{unknown_field, unknown_name, unknown_variable};
use crate::diagnostics::{LocalDiagnostic, Suggest};
use crate::suggest::Candidates;

/// A name of a dotted name, with its place.
type Segment = (String, TextRange);

/// A column found by its name.
struct Column {
    reference: ColumnRef,
    data_type: DataType,
    source: String,
    /// Whether it is the whole element of an array.
    is_element: bool,
}

impl Lower<'_> {
    pub(super) fn name_reference(&mut self, node: ast::NameReference<'_>) -> ExprId {
        match node.name() {
            Some(name) => self.path(&[(name.value(), name.range())], node.range()),
            None => self.missing(node.range()),
        }
    }

    pub(super) fn variable_reference(&mut self, node: ast::VariableReference<'_>) -> ExprId {
        let Some(name) = node.name() else { return self.missing(node.range()) };
        let text = name.value();
        match self.variable(&text) {
            Some(variable) => self.variable_expr(variable, node.range()),
            None => {
                self.report_unknown_variable(&text, name.range());
                self.missing(node.range())
            }
        }
    }

    pub(super) fn variable_expr(&mut self, variable: crate::body::VariableId, range: TextRange) -> ExprId {
        let data_type = self.body.variables[variable].data_type;
        self.body.expr(ExprKind::Variable(variable), data_type, range)
    }

    /// `a.b.c`, and `a` alone.
    pub(super) fn path(&mut self, segments: &[Segment], range: TextRange) -> ExprId {
        let (name, name_range) = &segments[0];
        if let Some(variable) = self.lambda_parameter(name) {
            let base = self.variable_expr(variable, *name_range);
            return self.members(base, &segments[1..], range);
        }
        if let Some(expr) = self.qualified(segments, range) {
            return expr;
        }
        let column = self.column(name);
        let variable = self.find_variable(name);
        if let Some(column) = column {
            let has_members = matches!(column.data_type, DataType::Document | DataType::Array | DataType::Dynamic);
            if segments.len() == 1 || has_members || variable.is_none() {
                if variable.is_some() && !column.is_element && segments.len() == 1 {
                    self.report(ambiguous_name(name, &column.source, *name_range));
                }
                let base = self.body.expr(ExprKind::Column(column.reference), column.data_type, *name_range);
                return self.members(base, &segments[1..], range);
            }
        }
        if let Some(variable) = variable {
            self.read.insert(variable);
            let base = self.variable_expr(variable, *name_range);
            return self.members(base, &segments[1..], range);
        }
        if let Some(element) = self.element() {
            // Rows of an array have no declared columns: any name reaches into the element.
            let base = self.body.expr(ExprKind::Column(element), DataType::Dynamic, *name_range);
            return self.members(base, segments, range);
        }
        self.unknown(name, *name_range)
    }

    /// Reports the name of a variable that nothing declares.
    pub(super) fn report_unknown_variable(&mut self, name: &str, range: TextRange) {
        let names = self.variable_names();
        let candidates = Candidates::new("variables", names.iter().map(String::as_str));
        let diagnostic = unknown_variable(name, range, &candidates);
        let diagnostic = self.or_variable_of_file(diagnostic, name, range);
        self.report(diagnostic);
    }

    /// Where no near name was found, the variables of the file are searched when the diagnostic is assembled.
    fn or_variable_of_file(&self, diagnostic: LocalDiagnostic, name: &str, range: TextRange) -> LocalDiagnostic {
        if self.in_test || !diagnostic.fixes.is_empty() {
            return diagnostic;
        }
        let prefix = crate::catalog::variable_key(self.file, "");
        diagnostic.suggest(Suggest { kind: NameKind::Variable, prefix, written: name.to_owned(), range })
    }

    /// Reports a bare name that nothing declares.
    fn unknown(&mut self, name: &str, range: TextRange) -> ExprId {
        let mut known = self.variable_names();
        let source = self.sources().last().map(|(_, source)| source);
        let table = source.map(|source| source.name.clone());
        if let Some(source) = source {
            known.splice(0..0, source.fields.iter().map(|field| field.name.clone()));
        }
        let what = if table.is_some() { "fields and variables" } else { "variables" };
        let candidates = Candidates::new(what, known.iter().map(String::as_str));
        let mut diagnostic = unknown_name(name, table.as_deref(), range, &candidates);
        if !self.in_test && self.blocks.is_empty() && crate::signature::variable(self.db, self.file, name).is_some() {
            diagnostic.help = Some(format!("the value of `{name}` can't use `{name}` itself"));
            return self.mistake(diagnostic);
        }
        let diagnostic = self.or_variable_of_file(diagnostic, name, range);
        self.mistake(diagnostic)
    }

    /// `alias.column…`, `entity.column…`, `instance.entity.column…`
    fn qualified(&mut self, segments: &[Segment], range: TextRange) -> Option<ExprId> {
        let name = segments[0].0.as_str();
        let mut found = None;
        for (id, source) in self.sources() {
            if source.name == name {
                found = Some((id, 1));
            } else if let SourceKind::Entity { instance, entity } = &source.kind
                && segments.len() > 2
                && instance == name
                && crate::definition::split_name(entity).1 == segments[1].0
            {
                found = Some((id, 2));
            }
        }
        let (id, used) = found?;
        let source: &Source = &self.body.sources[id];
        if matches!(source.kind, SourceKind::Array(_)) {
            let reference = ColumnRef { source: id, field: 0 };
            let base = self.body.expr(ExprKind::Column(reference), DataType::Dynamic, segments[0].1);
            return Some(self.members(base, &segments[used..], range));
        }
        let Some((name, name_range)) = segments.get(used) else {
            // The entity's name alone: a column or variable of that name may be meant.
            return None;
        };
        let field = source.fields.iter().position(|field| field.name == *name);
        let Some(field) = field else {
            // `created.id` with an entity `created` whose fields have no `id`, beside a variable `created`.
            let candidates = Candidates::new("fields", source.fields.iter().map(|field| field.name.as_str()));
            let diagnostic = unknown_field(name, &source.name, *name_range, &candidates);
            return Some(self.mistake(diagnostic));
        };
        let data_type = source.fields[field].data_type;
        let reference = ColumnRef { source: id, field: field as u32 };
        let column_range = segments[0].1.cover(*name_range);
        let base = self.body.expr(ExprKind::Column(reference), data_type, column_range);
        Some(self.members(base, &segments[used + 1..], range))
    }

    /// `base.a.b`
    pub(super) fn members(&mut self, base: ExprId, segments: &[Segment], range: TextRange) -> ExprId {
        let start = self.expr_range(base).start();
        let mut base = base;
        for (position, (key, key_range)) in segments.iter().enumerate() {
            let whole = if position + 1 == segments.len() { range } else { TextRange::new(start, key_range.end()) };
            base = self.member(base, key.clone(), *key_range, whole);
        }
        base
    }

    /// `base.key`
    pub(super) fn member(&mut self, base: ExprId, key: String, key_range: TextRange, range: TextRange) -> ExprId {
        match self.expr_type(base) {
            DataType::Document | DataType::Dynamic | DataType::Null => {}
            DataType::Array => {
                let help = match key.as_str() {
                    "length" | "size" | "count" => "write `ARRAY_LENGTH(…)`".to_owned(),
                    _ => format!("an element has them: `[0].{key}`"),
                };
                return self.mistake(misplaced(format!("an array has no member `{key}`"), key_range).help(help));
            }
            other => {
                return self.mistake(misplaced(format!("`{other}` has no member `{key}`"), key_range));
            }
        }
        self.check_row_member(base, &key, key_range);
        self.body.expr(ExprKind::Member { base, key }, DataType::Dynamic, range)
    }

    /// `results[0].nam`, where the columns of `results` are known.
    fn check_row_member(&mut self, base: ExprId, key: &str, key_range: TextRange) {
        let ExprKind::Index { base: rows, .. } = &self.body.exprs[base].kind else { return };
        let ExprKind::Variable(variable) = &self.body.exprs[*rows].kind else { return };
        let Some(columns) = self.rows.get(variable) else { return };
        if columns.iter().any(|column| column == key) {
            return;
        }
        let name = &self.body.variables[*variable].name;
        let candidates = Candidates::new("columns", columns.iter().map(String::as_str));
        let diagnostic = LocalDiagnostic::warning(
            "unknown-column",
            key_range,
            format!("the rows of `{name}` have no column `{key}`"),
        )
        .nearest(key, &candidates, key_range, "");
        self.report(diagnostic);
    }

    fn lambda_parameter(&self, name: &str) -> Option<crate::body::VariableId> {
        self.selects.iter().rev().find_map(|scope| match scope {
            Scope::Lambda(parameters) => {
                parameters.iter().copied().find(|parameter| self.body.variables[*parameter].name == name)
            }
            Scope::Sources(_) => None,
        })
    }

    /// The sources of the innermost SELECT.
    pub(super) fn sources(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        let sources = self
            .selects
            .iter()
            .rev()
            .find_map(|scope| match scope {
                Scope::Sources(sources) => Some(sources.as_slice()),
                Scope::Lambda(_) => None,
            })
            .unwrap_or_default();
        sources.iter().map(|id| (*id, &self.body.sources[*id]))
    }

    /// The column with this name in the sources around; for the name of an array's element, the element.
    fn column(&self, name: &str) -> Option<Column> {
        for (id, source) in self.sources() {
            let is_element = matches!(source.kind, SourceKind::Array(_));
            if let Some(field) = source.fields.iter().position(|field| field.name == name) {
                return Some(Column {
                    reference: ColumnRef { source: id, field: field as u32 },
                    data_type: source.fields[field].data_type,
                    source: source.name.clone(),
                    is_element,
                });
            }
        }
        None
    }

    /// The element of the only source, when that is an array.
    fn element(&self) -> Option<ColumnRef> {
        let (id, _) = self.sources().find(|(_, source)| matches!(source.kind, SourceKind::Array(_)))?;
        Some(ColumnRef { source: id, field: 0 })
    }
}
