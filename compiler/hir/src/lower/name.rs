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
use crate::diagnostics::query::ambiguous_column;
use crate::diagnostics::unknown_name::{unknown_field, unknown_name, unknown_variable};
use crate::diagnostics::{Code, LocalDiagnostic, Suggest};
use crate::suggest::Candidates;

/// A name of a dotted name, with its place.
type Segment = (String, TextRange);

/// What a bare name means to a SELECT.
enum Column {
    /// Nothing.
    None,
    /// A column.
    Of(ColumnRef),
    /// A member of the elements of its only array.
    Element(ColumnRef),
    /// Columns of these sources.
    Several(Vec<String>),
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

    /// `a.b.c`, and `a` alone. SELECTs and lambdas are asked from the inside out, then the variables.
    pub(super) fn path(&mut self, segments: &[Segment], range: TextRange) -> ExprId {
        let (name, name_range) = &segments[0];
        let is_variable = self.has_variable(name);
        // `a.b`: the name of a source, of whichever SELECT around, before a column.
        let depths = (0..self.selects.len()).rev();
        let order = depths.clone().map(|depth| (depth, true)).chain(depths.map(|depth| (depth, false)));
        let mut scalar = None;
        for (depth, is_source) in order.filter(|(_, is_source)| !is_source || segments.len() > 1) {
            let found = match &self.selects[depth] {
                Scope::Lambda(parameters) => {
                    let mut parameters = parameters.iter().copied();
                    let found = parameters.find(|parameter| self.body.variables[*parameter].name == *name);
                    let Some(parameter) = found else { continue };
                    let base = self.variable_expr(parameter, *name_range);
                    return self.members(base, &segments[1..], range);
                }
                Scope::Select(scope) if is_source => {
                    let Some(meaning) = self.qualified(&scope.sources, segments) else { continue };
                    return self.qualified_expr(meaning, segments, range);
                }
                Scope::Select(scope) => self.column(&scope.sources, name),
            };
            match found {
                Column::None => {}
                Column::Several(tables) => return self.mistake(ambiguous_column(name, &tables, &[], *name_range)),
                Column::Of(column) => {
                    let data_type = self.column_type(column);
                    let has_members = matches!(data_type, DataType::Document | DataType::Array | DataType::Dynamic);
                    if segments.len() > 1 && !has_members {
                        scalar = scalar.or(Some(column));
                        continue;
                    }
                    let source = &self.body.sources[column.source];
                    let is_element = matches!(source.kind, SourceKind::Array(_));
                    if is_variable && !is_element && segments.len() == 1 {
                        self.report(ambiguous_name(name, &source.name.clone(), *name_range));
                    }
                    let base = self.body.expr(ExprKind::Column(column), data_type, *name_range);
                    return self.members(base, &segments[1..], range);
                }
                // Rows of an array have no declared columns: any name reaches into the element.
                Column::Element(element) if !is_variable => {
                    let base = self.body.expr(ExprKind::Column(element), DataType::Dynamic, *name_range);
                    return self.members(base, segments, range);
                }
                Column::Element(_) => break,
            }
        }
        if let Some(variable) = self.variable(name) {
            let base = self.variable_expr(variable, *name_range);
            return self.members(base, &segments[1..], range);
        }
        if let Some(column) = scalar {
            let base = self.body.expr(ExprKind::Column(column), self.column_type(column), *name_range);
            return self.members(base, &segments[1..], range);
        }
        self.unknown(name, *name_range)
    }

    fn column_type(&self, column: ColumnRef) -> DataType {
        let field = self.body.sources[column.source].fields.get(column.field as usize);
        field.map_or(DataType::Dynamic, |field| field.data_type)
    }

    /// Whether the innermost SELECT has a column with this name.
    pub(super) fn is_local_column(&self, name: &str) -> bool {
        self.sources().any(|(_, source)| source.fields.iter().any(|field| field.name == name))
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
        let sources: Vec<&Source> = self.sources().map(|(_, source)| source).collect();
        let table = match sources[..] {
            [] => None,
            [source] => Some(format!("`{}`", source.name)),
            _ => Some("a table in FROM".to_owned()),
        };
        known.splice(0..0, sources.iter().flat_map(|source| &source.fields).map(|field| field.name.clone()));
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

    /// `alias.column…`, `entity.column…`, `instance.entity.column…`: the source, and how many segments name it.
    fn qualified(&self, sources: &[SourceId], segments: &[Segment]) -> Option<(SourceId, usize)> {
        let name = segments[0].0.as_str();
        let mut found = None;
        for id in sources {
            let source = &self.body.sources[*id];
            if source.name == name {
                found = Some((*id, 1));
            } else if let SourceKind::Entity { instance, entity } = &source.kind
                && segments.len() > 2
                && instance == name
                && crate::definition::split_name(entity).1 == segments[1].0
            {
                found = Some((*id, 2));
            }
        }
        found
    }

    fn qualified_expr(&mut self, meaning: (SourceId, usize), segments: &[Segment], range: TextRange) -> ExprId {
        let (id, used) = meaning;
        let source = &self.body.sources[id];
        if matches!(source.kind, SourceKind::Array(_)) {
            let element = ExprKind::Column(ColumnRef { source: id, field: 0 });
            let base = self.body.expr(element, DataType::Dynamic, segments[0].1);
            return self.members(base, &segments[used..], range);
        }
        let Some((name, name_range)) = segments.get(used) else { return self.missing(range) };
        let mut fields = source.fields.iter().enumerate().filter(|(_, field)| field.name == *name);
        let Some((field, declared)) = fields.next() else {
            let candidates = Candidates::new("fields", source.fields.iter().map(|field| field.name.as_str()));
            let diagnostic = unknown_field(name, &source.name, *name_range, &candidates);
            return self.mistake(diagnostic);
        };
        if fields.next().is_some() {
            return self.mistake(ambiguous_column(name, &[], &[], *name_range));
        }
        let column = ExprKind::Column(ColumnRef { source: id, field: field as u32 });
        let data_type = declared.data_type;
        let column_range = segments[0].1.cover(*name_range);
        let base = self.body.expr(column, data_type, column_range);
        self.members(base, &segments[used + 1..], range)
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

    /// `results[0].nam`, where the columns of `results` are known, and `x.nam` in a function of its elements.
    fn check_row_member(&mut self, base: ExprId, key: &str, key_range: TextRange) {
        let (variable, columns) = match &self.body.exprs[base].kind {
            ExprKind::Index { base: rows, .. } => {
                let ExprKind::Variable(variable) = &self.body.exprs[*rows].kind else { return };
                (variable, self.rows.get(variable))
            }
            ExprKind::Variable(variable) => (variable, self.records.get(variable)),
            _ => return,
        };
        let Some(columns) = columns else { return };
        if columns.iter().any(|column| column == key) {
            return;
        }
        let name = &self.body.variables[*variable].name;
        let candidates = Candidates::new("columns", columns.iter().map(String::as_str));
        let message = if self.rows.contains_key(variable) {
            format!("the rows of `{name}` have no column `{key}`")
        } else {
            format!("the row `{name}` has no column `{key}`")
        };
        let diagnostic =
            LocalDiagnostic::warning(Code::UnknownColumn, key_range, message).nearest(key, &candidates, key_range, "");
        self.report(diagnostic);
    }

    /// The sources of the innermost SELECT.
    pub(super) fn sources(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        let sources = self
            .selects
            .iter()
            .rev()
            .find_map(|scope| match scope {
                Scope::Select(scope) => Some(scope.sources.as_slice()),
                Scope::Lambda(_) => None,
            })
            .unwrap_or_default();
        sources.iter().map(|id| (*id, &self.body.sources[*id]))
    }

    /// What a bare name means to the sources of a SELECT.
    fn column(&self, sources: &[SourceId], name: &str) -> Column {
        let mut found: Vec<ColumnRef> = Vec::new();
        let mut elements = Vec::new();
        for id in sources {
            let source = &self.body.sources[*id];
            let named = source.fields.iter().enumerate().filter(|(_, field)| field.name == name);
            found.extend(named.map(|(field, _)| ColumnRef { source: *id, field: field as u32 }));
            if matches!(source.kind, SourceKind::Array(_)) {
                elements.push(ColumnRef { source: *id, field: 0 });
            }
        }
        if found.is_empty() {
            found = elements;
            if let [element] = found[..] {
                return Column::Element(element);
            }
        }
        match found[..] {
            [] => Column::None,
            [column] => Column::Of(column),
            _ => Column::Several(found.iter().map(|column| self.body.sources[column.source].name.clone()).collect()),
        }
    }
}
