//! Names in the JavaScript of a statement.

use moltler_db::{NameKind, Statement};
use moltler_hir::catalog;
use moltler_hir::definition::split_name;
use moltler_hir::item_tree::{Item, item_tree};
use moltler_hir::script::{Role as Block, ScriptBlock};
use moltler_hir::{Database, scripts};
use moltler_js::{Access, AccessForm, Range, ReturnedObject};
use moltler_syntax::TextRange;

use super::{Form, Occurrence, Role, Symbol};

pub(super) fn occurrences(db: &Database, statement: Statement) -> Vec<Occurrence> {
    let mut found = Vec::new();
    let item = item_tree(db, statement).item.as_ref();
    let type_name = match item {
        Some(Item::Type(item)) => item.name.as_str(),
        Some(Item::Entity(item)) => split_name(&item.name).0,
        Some(Item::Action(item)) => split_name(&item.name).0,
        _ => return found,
    };
    for block in scripts(db, statement) {
        let mut names = Names { db, statement, type_name, block, found: &mut found };
        names.declared();
        names.shared();
        names.members(item);
    }
    found
}

struct Names<'a> {
    db: &'a Database,
    statement: Statement,
    type_name: &'a str,
    block: &'a ScriptBlock,
    found: &'a mut Vec<Occurrence>,
}

impl Names<'_> {
    fn place(&self, range: &Range) -> TextRange {
        TextRange::new(range.start, range.end).shift(self.block.range.start())
    }

    fn add(&mut self, range: &Range, symbol: Symbol, role: Role, form: Form) {
        let range = self.place(range);
        self.found.push(Occurrence { range, symbol, role, form });
    }

    /// Names that the block declares itself.
    fn declared(&mut self) {
        let script = &self.block.script;
        for name in &script.bindings {
            let is_shared = self.block.role == Block::Shared && script.names.iter().any(|top| top.range == name.range);
            let symbol = if is_shared {
                Symbol::Shared(self.type_name.to_owned(), name.name.clone())
            } else {
                Symbol::Local(self.statement, self.place(&name.range))
            };
            let form = if self.takes_key(&name.range) { Form::ShorthandValue } else { Form::Script };
            self.add(&name.range, symbol.clone(), Role::Declaration, form);
            for one in &name.uses {
                let role = if one.is_written { Role::Write } else { Role::Read };
                let form = if one.is_shorthand { Form::ShorthandValue } else { Form::Script };
                self.add(&one.range, symbol.clone(), role, form);
            }
        }
    }

    /// Whether a declaration is also the key that it takes: `const {status} = filters`.
    fn takes_key(&self, range: &Range) -> bool {
        let functions = self.block.script.names.iter().filter_map(|name| name.function.as_ref());
        functions.flat_map(|function| &function.accesses).any(|access| access.range == *range)
    }

    /// Names of the type's SHARED block.
    fn shared(&mut self) {
        let Some(shared) = catalog::connector_type(self.db, self.type_name).map(|item| &item.shared_names) else {
            return;
        };
        for name in &self.block.script.free_names {
            if shared.contains(&name.name) {
                let symbol = Symbol::Shared(self.type_name.to_owned(), name.name.clone());
                let role = if name.is_written { Role::Write } else { Role::Read };
                self.add(&name.range, symbol, role, Form::Script);
            }
        }
    }

    /// Members of what the entry point is given, and keys of what it returns.
    fn members(&mut self, item: Option<&Item>) {
        let block = self.block;
        if block.role == Block::Shared {
            self.shared_members();
        }
        let Some((_, function)) = block.script.function(block.role.entry()) else { return };
        for access in &function.accesses {
            let symbol = match (block.role.parameters().get(access.parameter).copied(), item) {
                (Some("config"), _) => Symbol::Key(NameKind::Type, self.type_name.to_owned(), access.name.clone()),
                (Some("filters"), Some(Item::Entity(entity))) => {
                    Symbol::Key(NameKind::Entity, entity.name.clone(), access.name.clone())
                }
                (Some("params"), Some(Item::Action(action))) => {
                    Symbol::Key(NameKind::Action, action.name.clone(), access.name.clone())
                }
                _ => continue,
            };
            self.access(access, symbol);
        }
        if let (Block::Query, Some(Item::Entity(entity))) = (block.role, item) {
            let fields: Vec<&str> = entity.fields.iter().map(|field| field.name.as_str()).collect();
            for object in &function.returned {
                self.row(object, &entity.name, &fields);
            }
        }
    }

    /// Functions of SHARED that are handed the config, which they call so.
    fn shared_members(&mut self) {
        let block = self.block;
        for function in block.script.names.iter().filter_map(|name| name.function.as_ref()) {
            let is_config = |position: usize| {
                function.parameters.get(position).is_some_and(|parameter| parameter.name.as_deref() == Some("config"))
            };
            for access in function.accesses.iter().filter(|access| is_config(access.parameter)) {
                let symbol = Symbol::Key(NameKind::Type, self.type_name.to_owned(), access.name.clone());
                self.access(access, symbol);
            }
        }
    }

    fn access(&mut self, access: &Access, symbol: Symbol) {
        let form = match access.form {
            AccessForm::Dot => Form::Script,
            AccessForm::Computed | AccessForm::In => Form::Quoted,
            AccessForm::Destructured => {
                let is_short = self.block.script.bindings.iter().any(|name| name.range == access.range);
                if is_short { Form::ShorthandKey } else { Form::Script }
            }
        };
        let role = if access.is_written { Role::Write } else { Role::Read };
        self.add(&access.range, symbol, role, form);
    }

    fn row(&mut self, object: &ReturnedObject, entity: &str, fields: &[&str]) {
        for key in &object.keys {
            // A key in quotes is one character longer on both sides.
            let before = self.block.range.start() + key.range.start;
            let text = self.statement.text(self.db);
            let is_quoted =
                before.checked_sub(1).is_some_and(|at| matches!(text.as_bytes().get(at as usize), Some(b'\'' | b'"')));
            let form = match (key.is_shorthand, is_quoted) {
                (true, _) => Form::ShorthandKey,
                (false, true) => Form::Quoted,
                (false, false) => Form::Script,
            };
            if fields.contains(&key.name.as_str()) {
                let symbol = Symbol::Key(NameKind::Entity, entity.to_owned(), key.name.clone());
                self.add(&key.range, symbol, Role::Write, form);
            } else if key.name == split_name(entity).1 {
                // `{items: […]}`: rows under the entity's own name.
                self.add(&key.range, Symbol::Name(NameKind::Entity, entity.to_owned()), Role::Read, form);
                for row in &key.rows {
                    self.row(row, entity, fields);
                }
            }
        }
    }
}
