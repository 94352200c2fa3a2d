//! From TypeScript to JavaScript of the same length: what is only there for types becomes blanks.
//!
//! Nothing is translated, so every position stays, and so does every byte that is not blanked. What TypeScript would translate
//! (`enum`, namespaces with values, parameter properties, decorators) is an error that names the replacement.
//!
//! A blank must not join what a line end separated: where a statement that is blanked, or a type at the end of one, stood between two
//! statements without `;`, one is written into the blanks.

use swc_common::{Span, Spanned};
use swc_ecma_ast::{
    ArrowExpr, BindingIdent, Class, ClassMember, Decl, Decorator, DefaultDecl, ExportDecl, ExportDefaultDecl, Expr,
    Function, ImportDecl, ImportSpecifier, Module, NamedExport, ParamOrTsParamProp, Pat, PropName, TsAsExpr,
    TsConstAssertion, TsExportAssignment, TsImportEqualsDecl, TsNamespaceBody, TsNamespaceExportDecl, TsNonNullExpr,
    TsSatisfiesExpr, TsTypeAnn, TsTypeAssertion, TsTypeParamDecl, TsTypeParamInstantiation, VarDeclarator,
};
use swc_ecma_visit::{Visit, VisitWith};

use crate::parse::range;
use crate::script::{ErrorKind, Range, ScriptError};

/// Words before a class member that only types need.
const MODIFIERS: [&str; 7] = ["public", "private", "protected", "readonly", "abstract", "override", "declare"];

/// The JavaScript of a module that was parsed as TypeScript, and what cannot become JavaScript by leaving something out.
pub(crate) fn blank(source: &str, module: &Module) -> (String, Vec<ScriptError>) {
    let mut eraser = Eraser { source, bytes: source.as_bytes().to_vec(), errors: Vec::new() };
    module.visit_with(&mut eraser);
    // Whole characters were replaced by as many blanks as they have bytes.
    let text = String::from_utf8(eraser.bytes).unwrap_or_else(|_| source.to_owned());
    (text, eraser.errors)
}

struct Eraser<'a> {
    source: &'a str,
    bytes: Vec<u8>,
    errors: Vec<ScriptError>,
}

impl Eraser<'_> {
    /// Blanks a range; line ends stay.
    fn cut(&mut self, range: Range) {
        let (start, end) = (range.start as usize, (range.end as usize).min(self.bytes.len()));
        let Some(text) = self.source.get(start..end) else { return };
        for (index, character) in text.char_indices() {
            if !matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}') {
                let from = start + index;
                self.bytes[from..from + character.len_utf8()].fill(b' ');
            }
        }
    }

    /// Writes one byte over a blank.
    fn put(&mut self, at: u32, byte: u8) {
        if let Some(place) = self.bytes.get_mut(at as usize)
            && *place == b' '
        {
            *place = byte;
        }
    }

    /// Blanks a statement or a class member, and ends what stood before it.
    fn cut_statement(&mut self, range: Range) {
        self.cut(range.clone());
        self.put(range.start, b';');
    }

    /// Blanks what follows an expression. Where the statement ends there by its line end only, and the next line could go on
    /// with the expression, a `;` ends it.
    fn cut_behind(&mut self, expression: Span, whole: Span) {
        let cut = range(expression).end..range(whole).end;
        self.cut(cut.clone());
        let next = self.skip(cut.end);
        let has_line_end = self.source.get(cut.end as usize..next as usize).is_some_and(|text| text.contains('\n'));
        if has_line_end && matches!(self.byte(next), Some(b'(' | b'[' | b'`')) {
            let place = cut.clone().find(|at| self.bytes.get(*at as usize) == Some(&b' '));
            self.put(place.unwrap_or(cut.start), b';');
        }
    }

    fn byte(&self, at: u32) -> Option<u8> {
        self.source.as_bytes().get(at as usize).copied()
    }

    /// The next place that is neither blank nor comment.
    fn skip(&self, from: u32) -> u32 {
        let mut at = from as usize;
        loop {
            let Some(rest) = self.source.get(at..) else { return from };
            let trimmed = rest.trim_start();
            at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                at += trimmed.find("*/").map_or(trimmed.len(), |end| end + 2);
            } else {
                return at as u32;
            }
        }
    }

    /// The end of the name that begins here.
    fn word_end(&self, from: u32) -> u32 {
        let rest = self.source.get(from as usize..).unwrap_or_default();
        let length = rest.find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '$' | '\\' | '#')));
        from + length.unwrap_or(rest.len()) as u32
    }

    fn word(&self, from: u32) -> &str {
        self.source.get(from as usize..self.word_end(from) as usize).unwrap_or_default()
    }

    /// Blanks the `?` or `!` that follows a name.
    fn cut_mark(&mut self, name_end: u32) {
        let at = self.skip(name_end);
        if matches!(self.byte(at), Some(b'?' | b'!')) {
            self.cut(at..at + 1);
        }
    }

    /// The range with a keyword directly before it.
    fn with_keyword(&self, span: Span, keyword: &str) -> Range {
        let whole = range(span);
        let before = self.source.get(..whole.start as usize).unwrap_or_default().trim_end();
        let is_word = before.strip_suffix(keyword).is_some_and(|rest| {
            !rest.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.'))
        });
        if is_word && self.word(whole.start) != keyword {
            (before.len() - keyword.len()) as u32..whole.end
        } else {
            whole
        }
    }

    fn error(&mut self, range: Range, message: &str) {
        let error = ScriptError { kind: ErrorKind::NotErasable, message: message.to_owned(), range, related: None };
        self.errors.push(error);
    }

    /// At the first word of what is not allowed.
    fn error_at_word(&mut self, span: Span, message: &str) {
        let start = range(span).start;
        self.error(start..self.word_end(start).max(start + 1), message);
    }

    /// Blanks the words before a member's key that only types need. One at the start becomes `;`: the member before it may have
    /// ended by its line end only.
    fn modifiers(&mut self, member: Span, key: Span) {
        let mut at = self.skip(range(member).start);
        let key = range(key).start;
        let mut is_first = true;
        while at < key {
            let end = self.word_end(at);
            if end == at {
                at = self.skip(at + 1);
            } else {
                if MODIFIERS.contains(&self.word(at)) {
                    self.cut(at..end);
                    if is_first {
                        self.put(at, b';');
                    }
                }
                at = self.skip(end);
            }
            is_first = false;
        }
    }

    fn member(&mut self, member: &ClassMember) {
        let whole = member.span();
        match member {
            ClassMember::Constructor(constructor) => {
                if constructor.body.is_none() {
                    self.cut_statement(range(whole));
                    return;
                }
                self.modifiers(whole, constructor.key.span());
                for parameter in &constructor.params {
                    match parameter {
                        ParamOrTsParamProp::Param(parameter) => parameter.visit_with(self),
                        ParamOrTsParamProp::TsParamProp(property) => self.error_at_word(
                            property.span,
                            "a parameter property makes code: declare the field and set it in the constructor",
                        ),
                    }
                }
                constructor.body.visit_with(self);
            }
            ClassMember::Method(method) => {
                if method.is_abstract || method.function.body.is_none() {
                    self.cut_statement(range(whole));
                    return;
                }
                self.modifiers(whole, method.key.span());
                if method.is_optional {
                    self.cut_mark(range(method.key.span()).end);
                }
                method.key.visit_with(self);
                method.function.visit_with(self);
            }
            ClassMember::PrivateMethod(method) => {
                if method.is_abstract || method.function.body.is_none() {
                    self.cut_statement(range(whole));
                    return;
                }
                self.modifiers(whole, method.key.span);
                method.function.visit_with(self);
            }
            ClassMember::ClassProp(property) => {
                if property.declare || property.is_abstract {
                    self.cut_statement(range(whole));
                    return;
                }
                property.decorators.visit_with(self);
                self.modifiers(whole, property.key.span());
                if let PropName::Computed(key) = &property.key {
                    key.visit_with(self);
                }
                let marked = property.is_optional || property.definite;
                self.field(property.key.span(), marked, property.type_ann.as_deref(), property.value.as_deref());
            }
            ClassMember::PrivateProp(property) => {
                property.decorators.visit_with(self);
                self.modifiers(whole, property.key.span);
                let marked = property.is_optional || property.definite;
                self.field(property.key.span, marked, property.type_ann.as_deref(), property.value.as_deref());
            }
            ClassMember::AutoAccessor(accessor) => {
                self.modifiers(whole, accessor.key.span());
                accessor.visit_children_with(self);
            }
            ClassMember::TsIndexSignature(_) => self.cut_statement(range(whole)),
            ClassMember::Empty(_) | ClassMember::StaticBlock(_) => member.visit_children_with(self),
        }
    }

    /// A field behind its modifiers. Without a value, `get: T` would make a getter of what follows: a `;` ends it.
    fn field(&mut self, key: Span, is_marked: bool, annotation: Option<&TsTypeAnn>, value: Option<&Expr>) {
        if is_marked {
            self.cut_mark(range(key).end);
        }
        if let Some(annotation) = annotation {
            let cut = range(annotation.span);
            self.cut(cut.clone());
            if value.is_none() {
                self.put(cut.start, b';');
            }
        }
        if let Some(value) = value {
            value.visit_with(self);
        }
    }

    fn is_only_types(&self, declaration: &Decl) -> bool {
        match declaration {
            Decl::TsInterface(_) | Decl::TsTypeAlias(_) => true,
            Decl::TsEnum(declared) => declared.declare,
            Decl::TsModule(declared) => declared.declare || has_only_types(declared.body.as_ref()),
            Decl::Fn(function) => function.declare || function.function.body.is_none(),
            Decl::Class(class) => class.declare,
            Decl::Var(variables) => variables.declare,
            Decl::Using(_) => false,
        }
    }
}

/// Whether a namespace declares nothing that exists when the program runs.
fn has_only_types(body: Option<&TsNamespaceBody>) -> bool {
    match body {
        Some(TsNamespaceBody::TsModuleBlock(block)) => block.body.iter().all(is_type),
        Some(TsNamespaceBody::TsNamespaceDecl(nested)) => has_only_types(Some(&nested.body)),
        None => true,
    }
}

fn is_type(item: &swc_ecma_ast::ModuleItem) -> bool {
    use swc_ecma_ast::{ModuleDecl, ModuleItem, Stmt};
    let declaration = match item {
        ModuleItem::Stmt(Stmt::Decl(declaration)) => declaration,
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => &export.decl,
        _ => return false,
    };
    matches!(declaration, Decl::TsInterface(_) | Decl::TsTypeAlias(_))
}

impl Visit for Eraser<'_> {
    fn visit_decl(&mut self, declaration: &Decl) {
        if self.is_only_types(declaration) {
            let whole = self.with_keyword(declaration.span(), "declare");
            self.cut_statement(whole);
            return;
        }
        match declaration {
            Decl::TsEnum(declared) => {
                let span = declared.span;
                let name = &declared.id.sym;
                let message = format!("`enum` makes code: write `const {name} = {{…}} as const`");
                self.error_at_word(span, &message);
            }
            Decl::TsModule(declared) => self.error_at_word(
                declared.span,
                "a namespace with values makes code: write its functions at the top level, or an object",
            ),
            _ => declaration.visit_children_with(self),
        }
    }

    fn visit_export_decl(&mut self, export: &ExportDecl) {
        if self.is_only_types(&export.decl) {
            self.cut_statement(range(export.span));
        } else {
            export.visit_children_with(self);
        }
    }

    fn visit_export_default_decl(&mut self, export: &ExportDefaultDecl) {
        match &export.decl {
            DefaultDecl::TsInterfaceDecl(_) => self.cut_statement(range(export.span)),
            _ => export.visit_children_with(self),
        }
    }

    fn visit_named_export(&mut self, export: &NamedExport) {
        if export.type_only {
            self.cut_statement(range(export.span));
        }
    }

    fn visit_import_decl(&mut self, import: &ImportDecl) {
        let has_types = import.specifiers.iter().any(|specifier| match specifier {
            ImportSpecifier::Named(named) => named.is_type_only,
            _ => false,
        });
        if import.type_only || has_types {
            if !import.type_only {
                let message = "a handler has no modules: `import` is not allowed".to_owned();
                let error = ScriptError { kind: ErrorKind::Import, message, range: range(import.span), related: None };
                self.errors.push(error);
            }
            self.cut_statement(range(import.span));
        }
    }

    fn visit_ts_import_equals_decl(&mut self, import: &TsImportEqualsDecl) {
        if import.is_type_only {
            self.cut_statement(range(import.span));
        } else {
            self.error_at_word(import.span, "a handler has no modules: put shared code into the type's SHARED block");
        }
    }

    fn visit_ts_export_assignment(&mut self, export: &TsExportAssignment) {
        self.error_at_word(export.span, "a handler has no modules: write the function alone, it is found by its name");
    }

    fn visit_ts_namespace_export_decl(&mut self, export: &TsNamespaceExportDecl) {
        self.error_at_word(export.span, "a handler has no modules: write the function alone, it is found by its name");
    }

    fn visit_decorator(&mut self, decorator: &Decorator) {
        let start = range(decorator.span).start;
        let end = self.word_end(start + 1);
        self.error(start..end, "a decorator makes code: call the function yourself");
    }

    fn visit_class(&mut self, class: &Class) {
        class.decorators.visit_with(self);
        if class.is_abstract {
            let whole = self.with_keyword(class.span, "abstract");
            let end = self.word_end(whole.start);
            if self.word(whole.start) == "abstract" {
                self.cut(whole.start..end);
            }
        }
        class.type_params.visit_with(self);
        class.super_class.visit_with(self);
        class.super_type_params.visit_with(self);
        if let Some(last) = class.implements.last() {
            let before = (class.super_type_params.as_ref().map(|arguments| arguments.span))
                .or_else(|| class.super_class.as_ref().map(|parent| parent.span()))
                .or_else(|| class.type_params.as_ref().map(|parameters| parameters.span));
            let mut at = before.map_or(range(class.span).start, |span| range(span).end);
            let end = range(last.span).end;
            while at < end && self.word(at) != "implements" {
                at = self.skip(self.word_end(at).max(at + 1));
            }
            self.cut(at..end);
        }
        class.body.iter().for_each(|member| self.member(member));
    }

    fn visit_function(&mut self, function: &Function) {
        if let Some(this) = &function.this_param {
            let cut = range(this.span);
            let next = self.skip(cut.end);
            let end = if self.byte(next) == Some(b',') { next + 1 } else { cut.end };
            self.cut(cut.start..end);
        }
        function.decorators.visit_with(self);
        function.params.visit_with(self);
        function.type_params.visit_with(self);
        function.return_type.visit_with(self);
        function.body.visit_with(self);
    }

    fn visit_arrow_expr(&mut self, arrow: &ArrowExpr) {
        let has_line_end = |eraser: &Self, of: &Range| {
            eraser.source.get(of.start as usize..of.end as usize).is_some_and(|text| text.contains('\n'))
        };
        let mut open = range(arrow.span).start;
        if let Some(parameters) = &arrow.type_params {
            let cut = range(parameters.span);
            open = self.skip(cut.end);
            self.cut(cut.clone());
            if has_line_end(self, &cut) && self.byte(open) == Some(b'(') {
                // `return <T,\n>(x) => x` must not end behind `return`.
                self.cut(open..open + 1);
                self.put(cut.start, b'(');
            }
        }
        arrow.params.visit_with(self);
        if let Some(annotation) = &arrow.return_type {
            let cut = range(annotation.span);
            self.cut(cut.clone());
            // No line may end between `)` and `=>`.
            let mut close = arrow.params.last().map_or(open, |last| range(last.span()).end);
            while close < cut.start && self.byte(close) != Some(b')') {
                close = self.skip(close + 1);
            }
            if has_line_end(self, &(close..cut.end)) && self.byte(close) == Some(b')') {
                self.cut(close..close + 1);
                self.put(cut.end - 1, b')');
            }
        }
        arrow.body.visit_with(self);
    }

    fn visit_binding_ident(&mut self, name: &BindingIdent) {
        if name.id.optional {
            self.cut_mark(self.word_end(range(name.id.span).start));
        }
        name.type_ann.visit_with(self);
    }

    fn visit_var_declarator(&mut self, declarator: &VarDeclarator) {
        if declarator.definite
            && let Pat::Ident(name) = &declarator.name
        {
            self.cut_mark(self.word_end(range(name.id.span).start));
        }
        declarator.visit_children_with(self);
    }

    fn visit_ts_as_expr(&mut self, cast: &TsAsExpr) {
        cast.expr.visit_with(self);
        self.cut_behind(cast.expr.span(), cast.span);
    }

    fn visit_ts_satisfies_expr(&mut self, cast: &TsSatisfiesExpr) {
        cast.expr.visit_with(self);
        self.cut_behind(cast.expr.span(), cast.span);
    }

    fn visit_ts_const_assertion(&mut self, cast: &TsConstAssertion) {
        if cast.expr.span().lo > cast.span.lo {
            self.error(range(cast.span), "write `x as const`");
            return;
        }
        cast.expr.visit_with(self);
        self.cut_behind(cast.expr.span(), cast.span);
    }

    fn visit_ts_type_assertion(&mut self, cast: &TsTypeAssertion) {
        let whole = range(cast.span);
        self.error(whole.start..range(cast.expr.span()).start, "write `x as T` instead of `<T>x`");
        cast.expr.visit_with(self);
    }

    fn visit_ts_non_null_expr(&mut self, assertion: &TsNonNullExpr) {
        assertion.expr.visit_with(self);
        let cut = range(assertion.expr.span()).end..range(assertion.span).end;
        self.cut(cut);
    }

    fn visit_ts_type_ann(&mut self, annotation: &TsTypeAnn) {
        self.cut(range(annotation.span));
    }

    fn visit_ts_type_param_decl(&mut self, parameters: &TsTypeParamDecl) {
        self.cut(range(parameters.span));
    }

    fn visit_ts_type_param_instantiation(&mut self, arguments: &TsTypeParamInstantiation) {
        self.cut(range(arguments.span));
    }
}
