//! Names, who declares them and who mentions them, as plain maps.

use std::collections::{BTreeMap, BTreeSet};

use moltler_db::{FileId, NameKind, Statement};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog::{test_key, variable_key};
use crate::item_tree::{ActionItem, EntityItem, Item, ItemTree};
use crate::signature::without_prose;

/// For each kind its names.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    kinds: FxHashMap<NameKind, BTreeMap<String, Entry>>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    declarations: Vec<Statement>,
    uses: FxHashSet<Statement>,
}

impl Index {
    pub(super) fn names(&self, kind: NameKind) -> impl Iterator<Item = &str> {
        self.kinds
            .get(&kind)
            .into_iter()
            .flatten()
            .filter(|(_, entry)| !entry.declarations.is_empty())
            .map(|(name, _)| name.as_str())
    }

    /// How many names are declared or mentioned.
    pub(super) fn len(&self) -> usize {
        self.kinds.values().map(BTreeMap::len).sum()
    }

    /// Whether a name is declared or mentioned.
    pub(super) fn has(&self, kind: NameKind, name: &str) -> bool {
        self.entry(kind, name).is_some()
    }

    pub(super) fn declarations(&self, kind: NameKind, name: &str) -> &[Statement] {
        self.entry(kind, name).map_or(&[], |entry| &entry.declarations)
    }

    pub(super) fn uses(&self, kind: NameKind, name: &str) -> impl Iterator<Item = Statement> {
        self.entry(kind, name).into_iter().flat_map(|entry| entry.uses.iter().copied())
    }

    pub(super) fn add_use(&mut self, kind: NameKind, name: &str, statement: Statement) {
        self.entry_mut(kind, name).uses.insert(statement);
    }

    pub(super) fn remove_use(&mut self, kind: NameKind, name: &str, statement: Statement) {
        self.entry_mut(kind, name).uses.remove(&statement);
        self.drop_if_empty(kind, name);
    }

    pub(super) fn set_declarations(&mut self, kind: NameKind, name: &str, declarations: Vec<Statement>) {
        self.entry_mut(kind, name).declarations = declarations;
        self.drop_if_empty(kind, name);
    }

    fn entry(&self, kind: NameKind, name: &str) -> Option<&Entry> {
        self.kinds.get(&kind)?.get(name)
    }

    fn entry_mut(&mut self, kind: NameKind, name: &str) -> &mut Entry {
        let names = self.kinds.entry(kind).or_default();
        if !names.contains_key(name) {
            names.insert(name.to_owned(), Entry::default());
        }
        names.get_mut(name).expect("Invariant: inserted above")
    }

    fn drop_if_empty(&mut self, kind: NameKind, name: &str) {
        if let Some(names) = self.kinds.get_mut(&kind)
            && names.get(name).is_some_and(|entry| entry.declarations.is_empty() && entry.uses.is_empty())
        {
            names.remove(name);
        }
    }
}

/// What edits of statements change in the index.
#[derive(Debug, Default)]
pub(super) struct Difference {
    removed: BTreeMap<(NameKind, String), Vec<Statement>>,
    added: BTreeMap<(NameKind, String), Vec<Statement>>,
    pub(super) removed_uses: Vec<(NameKind, String, Statement)>,
    pub(super) added_uses: Vec<(NameKind, String, Statement)>,
    /// Names whose meaning changed: declared, no longer declared, or declared otherwise.
    pub(super) changed: BTreeSet<(NameKind, String)>,
    /// Types of which a handler reads other config keys than before.
    pub(super) read_otherwise: BTreeSet<String>,
}

impl Difference {
    /// Compares what a statement was and is.
    pub(super) fn compare(
        &mut self,
        statement: Statement,
        file: FileId,
        old: Option<&ItemTree>,
        new: Option<&ItemTree>,
    ) {
        if old == new {
            return;
        }
        let declared = |tree: Option<&ItemTree>| tree.map(|tree| declares(tree, file)).unwrap_or_default();
        let (before, after) = (declared(old), declared(new));
        let meaning = |tree: Option<&ItemTree>| tree.map(without_prose);
        let is_same_item = meaning(old) == meaning(new);
        for key in &before {
            if !after.contains(key) {
                self.removed.entry(key.clone()).or_default().push(statement);
            }
            if !is_same_item {
                self.changed.insert(key.clone());
            }
        }
        for key in &after {
            if !before.contains(key) {
                self.added.entry(key.clone()).or_default().push(statement);
            }
            if !is_same_item {
                self.changed.insert(key.clone());
            }
        }
        let mentioned = |tree: Option<&ItemTree>| tree.map(|tree| tree.mentions.clone()).unwrap_or_default();
        let (before, after) = (mentioned(old), mentioned(new));
        let missing = |from: &[(NameKind, String)], other: &[(NameKind, String)]| {
            from.iter()
                .filter(|key| other.binary_search(key).is_err())
                .map(|key| (key.0, key.1.clone(), statement))
                .collect::<Vec<_>>()
        };
        self.removed_uses.extend(missing(&before, &after));
        self.added_uses.extend(missing(&after, &before));
    }

    /// The handler of this entity or action reads other config keys than before.
    pub(super) fn reads_otherwise(&mut self, tree: &ItemTree) {
        if let Some(Item::Entity(EntityItem { name, .. }) | Item::Action(ActionItem { name, .. })) = &tree.item {
            self.read_otherwise.insert(crate::definition::split_name(name).0.to_owned());
        }
    }

    /// The names whose lists of declarations change.
    pub(super) fn redeclared(&self) -> BTreeSet<&(NameKind, String)> {
        self.removed.keys().chain(self.added.keys()).collect()
    }

    /// The statements that no longer declare the name.
    pub(super) fn removals(&self, key: &(NameKind, String)) -> &[Statement] {
        self.removed.get(key).map_or(&[], Vec::as_slice)
    }

    /// The statements that now declare the name.
    pub(super) fn additions(&self, key: &(NameKind, String)) -> &[Statement] {
        self.added.get(key).map_or(&[], Vec::as_slice)
    }
}

/// The names that a statement declares.
pub(crate) fn declares(tree: &ItemTree, file: FileId) -> Vec<(NameKind, String)> {
    let member = |kind, name: &str| {
        let (type_name, _) = crate::definition::split_name(name);
        vec![(kind, name.to_owned()), (NameKind::Members, type_name.to_owned())]
    };
    let mut declared = match &tree.item {
        Some(Item::Type(item)) => vec![(NameKind::Type, item.name.clone())],
        Some(Item::Entity(item)) => member(NameKind::Entity, &item.name),
        Some(Item::Action(item)) => member(NameKind::Action, &item.name),
        Some(Item::Registration(name)) => vec![(NameKind::Registration, name.clone())],
        Some(Item::Instance(item)) => vec![(NameKind::Instance, item.name.clone())],
        Some(Item::Test(item)) => vec![(NameKind::Test, test_key(item))],
        Some(Item::Package(_)) | None => Vec::new(),
    };
    declared.extend(tree.variables.iter().map(|variable| (NameKind::Variable, variable_key(file, &variable.name))));
    declared
}
