//! Every form of JavaScript that declares, uses, writes or names something.

use super::{Signature, Walk, string_value, without_parentheses};
use crate::parse::range;
use crate::returns::key_name;
use crate::scope::{BindingKind, lexical_names, pattern_names};
use crate::script::{AccessForm, ErrorKind};
use swc_ecma_ast::{
    AssignExpr, AssignTarget, AwaitExpr, BinExpr, BinaryOp, BlockStmt, CallExpr, Callee, CatchClause, ClassDecl,
    ClassExpr, ClassMember, Constructor, ExportAll, ExportDecl, ExportDefaultDecl, ExportDefaultExpr, ExportSpecifier,
    Expr, FnDecl, ForInStmt, ForOfStmt, ForStmt, ImportDecl, KeyValueProp, Lit, ModuleExportName, NamedExport, NewExpr,
    ObjectPatProp, OptChainBase, OptChainExpr, ParamOrTsParamProp, Pat, Prop, ReturnStmt, SimpleAssignTarget,
    StaticBlock, SwitchStmt, Tpl, UnaryExpr, UnaryOp, UpdateExpr, VarDecl,
};
use swc_ecma_visit::{Visit, VisitWith};

impl Visit for Walk<'_> {
    fn visit_expr(&mut self, expression: &Expr) {
        let name = self.string_name.take();
        match expression {
            Expr::Ident(name) => self.use_name(name, false),
            Expr::Member(member) => self.member(member, false),
            Expr::Lit(Lit::Str(text)) => {
                self.string_name = name;
                self.string(text.value.to_string_lossy().into_owned(), text.span);
            }
            Expr::Paren(inner) => {
                self.string_name = name;
                inner.expr.visit_with(self);
            }
            Expr::Tpl(template) => {
                self.string_name = name;
                template.visit_with(self);
            }
            Expr::Fn(function) => self.function_expression(function),
            Expr::Arrow(arrow) => self.arrow(arrow),
            _ => expression.visit_children_with(self),
        }
        if let Expr::Call(call) = expression {
            self.inspecting_call(call);
            self.parsing_call(call);
        }
        self.string_name = None;
    }

    fn visit_opt_chain_expr(&mut self, chain: &OptChainExpr) {
        match &*chain.base {
            OptChainBase::Member(member) => self.member(member, false),
            OptChainBase::Call(call) => {
                call.callee.visit_with(self);
                call.args.visit_with(self);
            }
        }
    }

    fn visit_tpl(&mut self, template: &Tpl) {
        if let ([], [text]) = (&template.exprs[..], &template.quasis[..]) {
            let value = text.cooked.as_ref().map(|text| text.to_string_lossy().into_owned()).unwrap_or_default();
            self.string(value, template.span);
        } else {
            template.exprs.visit_with(self);
        }
    }

    fn visit_unary_expr(&mut self, expression: &UnaryExpr) {
        match (expression.op, without_parentheses(&expression.arg)) {
            (UnaryOp::TypeOf, Expr::Ident(name)) => self.note_use(name, false, false),
            (UnaryOp::Delete, target) => self.written(target),
            (_, operand) => operand.visit_with(self),
        }
    }

    fn visit_update_expr(&mut self, expression: &UpdateExpr) {
        self.written(&expression.arg);
    }

    fn visit_assign_expr(&mut self, expression: &AssignExpr) {
        let mut name = None;
        match &expression.left {
            AssignTarget::Simple(target) => match target {
                SimpleAssignTarget::Ident(target) => {
                    name = Some(target.id.sym.to_string());
                    self.use_name(&target.id, true);
                }
                SimpleAssignTarget::Member(member) => {
                    name = member.prop.as_ident().map(|name| name.sym.to_string());
                    self.member(member, true);
                }
                SimpleAssignTarget::Paren(target) => self.written(&target.expr),
                target => target.visit_with(self),
            },
            AssignTarget::Pat(swc_ecma_ast::AssignTargetPat::Array(array)) => {
                array.elems.iter().flatten().for_each(|element| self.assigned_pattern(element));
            }
            AssignTarget::Pat(swc_ecma_ast::AssignTargetPat::Object(object)) => self.assigned_object(&object.props),
            AssignTarget::Pat(swc_ecma_ast::AssignTargetPat::Invalid(_)) => {}
        }
        match name {
            Some(name) => self.named(&expression.right, &name),
            None => expression.right.visit_with(self),
        }
    }

    fn visit_bin_expr(&mut self, expression: &BinExpr) {
        if expression.op == BinaryOp::In
            && let (Some(key), Some(parameter)) = (string_value(&expression.left), self.parameter_of(&expression.right))
        {
            self.note_base(&expression.right);
            self.access(parameter, key, AccessForm::In, false);
            return;
        }
        expression.left.visit_with(self);
        expression.right.visit_with(self);
    }

    fn visit_await_expr(&mut self, expression: &AwaitExpr) {
        if self.function_depth == 0 {
            self.error(ErrorKind::TopLevelAwait, "`await` outside of a function", expression.span);
        }
        expression.arg.visit_with(self);
    }

    fn visit_call_expr(&mut self, call: &CallExpr) {
        match &call.callee {
            Callee::Import(import) => {
                self.error(ErrorKind::Import, "a handler has no modules: `import` is not allowed", import.span);
            }
            Callee::Expr(callee) => callee.visit_with(self),
            Callee::Super(_) => {}
        }
        call.args.visit_with(self);
    }

    fn visit_new_expr(&mut self, expression: &NewExpr) {
        if let (Expr::Ident(name), Some([argument])) =
            (without_parentheses(&expression.callee), expression.args.as_deref())
            && name.sym == *"Date"
            && argument.spread.is_none()
            && matches!(without_parentheses(&argument.expr), Expr::Lit(Lit::Null(_)))
            && self.scopes.resolve("Date").is_none()
        {
            self.script.null_dates.push(range(expression.span));
        }
        expression.visit_children_with(self);
    }

    fn visit_prop(&mut self, property: &Prop) {
        match property {
            Prop::Shorthand(name) => {
                self.note_use(name, false, true);
                self.use_name(name, false);
            }
            Prop::KeyValue(pair) => pair.visit_with(self),
            Prop::Assign(assign) => assign.value.visit_with(self),
            Prop::Getter(getter) => {
                self.property_name(&getter.key);
                self.function(&getter.function);
            }
            Prop::Setter(setter) => {
                self.property_name(&setter.key);
                self.function(&setter.function);
            }
            Prop::Method(method) => {
                self.property_name(&method.key);
                self.function(&method.function);
            }
        }
    }

    fn visit_key_value_prop(&mut self, pair: &KeyValueProp) {
        self.property_name(&pair.key);
        match key_name(&pair.key) {
            Some((name, _)) => self.named(&pair.value, &name),
            None => pair.value.visit_with(self),
        }
    }

    fn visit_pat(&mut self, pattern: &Pat) {
        // What a pattern declares is known by now: only its defaults and computed keys are code.
        match pattern {
            Pat::Ident(_) | Pat::Invalid(_) => {}
            Pat::Array(array) => array.elems.visit_with(self),
            Pat::Rest(rest) => rest.arg.visit_with(self),
            Pat::Object(object) => {
                for property in &object.props {
                    match property {
                        ObjectPatProp::KeyValue(pair) => {
                            self.property_name(&pair.key);
                            pair.value.visit_with(self);
                        }
                        ObjectPatProp::Assign(short) => short.value.visit_with(self),
                        ObjectPatProp::Rest(rest) => rest.arg.visit_with(self),
                    }
                }
            }
            Pat::Assign(assign) => {
                assign.left.visit_with(self);
                assign.right.visit_with(self);
            }
            Pat::Expr(expression) => expression.visit_with(self),
        }
    }

    fn visit_var_decl(&mut self, declaration: &VarDecl) {
        self.start_declaration(declaration);
        declaration.decls.iter().for_each(|declarator| self.declarator(declarator, declaration.kind));
    }

    fn visit_return_stmt(&mut self, statement: &ReturnStmt) {
        self.note_return(statement);
        statement.arg.visit_with(self);
    }

    fn visit_fn_decl(&mut self, declaration: &FnDecl) {
        self.declared.push(range(declaration.ident.span));
        self.function(&declaration.function);
    }

    fn visit_function(&mut self, function: &swc_ecma_ast::Function) {
        self.function(function);
    }

    fn visit_class_decl(&mut self, declaration: &ClassDecl) {
        self.class(None, &declaration.class);
    }

    fn visit_class_expr(&mut self, expression: &ClassExpr) {
        self.class(expression.ident.as_ref(), &expression.class);
    }

    fn visit_class_member(&mut self, member: &ClassMember) {
        match member {
            ClassMember::Constructor(constructor) => constructor.visit_with(self),
            ClassMember::Method(method) => {
                self.property_name(&method.key);
                self.function(&method.function);
            }
            ClassMember::PrivateMethod(method) => self.function(&method.function),
            ClassMember::ClassProp(property) => {
                self.property_name(&property.key);
                self.field(property.value.as_deref());
            }
            ClassMember::PrivateProp(property) => self.field(property.value.as_deref()),
            ClassMember::StaticBlock(block) => block.visit_with(self),
            ClassMember::AutoAccessor(accessor) => self.field(accessor.value.as_deref()),
            ClassMember::Empty(_) | ClassMember::TsIndexSignature(_) => {}
        }
    }

    fn visit_constructor(&mut self, constructor: &Constructor) {
        let parameters = constructor.params.iter().filter_map(|parameter| match parameter {
            ParamOrTsParamProp::Param(parameter) => Some(&parameter.pat),
            ParamOrTsParamProp::TsParamProp(_) => None,
        });
        self.scoped_function(Signature { parameters: parameters.collect(), has_arguments: true }, |walk| {
            if let Some(body) = &constructor.body {
                walk.function_body(&body.stmts);
            }
        });
    }

    fn visit_static_block(&mut self, block: &StaticBlock) {
        self.scoped_function(Signature { parameters: Vec::new(), has_arguments: false }, |walk| {
            walk.function_body(&block.body.stmts);
        });
    }

    fn visit_block_stmt(&mut self, block: &BlockStmt) {
        self.scopes.push(false);
        self.statements(&block.stmts, false);
        self.scopes.pop();
    }

    fn visit_switch_stmt(&mut self, switch: &SwitchStmt) {
        switch.discriminant.visit_with(self);
        self.scopes.push(false);
        for (name, _) in lexical_names(switch.cases.iter().flat_map(|case| &case.cons)) {
            self.declare(name, BindingKind::Lexical);
        }
        for case in &switch.cases {
            case.test.visit_with(self);
            case.cons.visit_with(self);
        }
        self.scopes.pop();
    }

    fn visit_catch_clause(&mut self, clause: &CatchClause) {
        self.scopes.push(false);
        if let Some(pattern) = &clause.param {
            let mut names = Vec::new();
            pattern_names(pattern, &mut names);
            names.into_iter().for_each(|name| self.declare(name, BindingKind::Parameter));
            pattern.visit_with(self);
        }
        self.statements(&clause.body.stmts, false);
        self.scopes.pop();
    }

    fn visit_for_stmt(&mut self, statement: &ForStmt) {
        let declaration = statement.init.as_ref().and_then(|init| init.as_var_decl()).map(|declaration| &**declaration);
        self.loop_scope(declaration, |walk| {
            statement.init.visit_with(walk);
            statement.test.visit_with(walk);
            statement.update.visit_with(walk);
            statement.body.visit_with(walk);
        });
    }

    fn visit_for_in_stmt(&mut self, statement: &ForInStmt) {
        statement.right.visit_with(self);
        self.loop_scope(statement.left.as_var_decl().map(|declaration| &**declaration), |walk| {
            walk.loop_head(&statement.left);
            statement.body.visit_with(walk);
        });
    }

    fn visit_for_of_stmt(&mut self, statement: &ForOfStmt) {
        if statement.is_await && self.function_depth == 0 {
            self.error(ErrorKind::TopLevelAwait, "`await` outside of a function", statement.span);
        }
        statement.right.visit_with(self);
        self.loop_scope(statement.left.as_var_decl().map(|declaration| &**declaration), |walk| {
            walk.loop_head(&statement.left);
            statement.body.visit_with(walk);
        });
    }

    fn visit_import_decl(&mut self, import: &ImportDecl) {
        self.error(ErrorKind::Import, "a handler has no modules: `import` is not allowed", import.span);
    }

    fn visit_export_decl(&mut self, export: &ExportDecl) {
        self.export(export.span);
        self.top_level_declaration(&export.decl);
    }

    fn visit_export_default_decl(&mut self, export: &ExportDefaultDecl) {
        self.export(export.span);
        export.visit_children_with(self);
    }

    fn visit_export_default_expr(&mut self, export: &ExportDefaultExpr) {
        self.export(export.span);
        export.expr.visit_with(self);
    }

    fn visit_export_all(&mut self, export: &ExportAll) {
        self.export(export.span);
    }

    fn visit_named_export(&mut self, export: &NamedExport) {
        self.export(export.span);
        if export.src.is_none() {
            for specifier in &export.specifiers {
                if let ExportSpecifier::Named(named) = specifier
                    && let ModuleExportName::Ident(name) = &named.orig
                {
                    self.use_name(name, false);
                }
            }
        }
    }
}
