use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use salsa::Setter;

use crate::{Db, Statement};

/// What a name names. Names of different kinds never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameKind {
    /// A connector type: `myservice`.
    Type,
    /// A REGISTER CONNECTOR TYPE of it.
    Registration,
    /// An entity with its type: `myservice.items`.
    Entity,
    /// An action with its type: `myservice.items.create`.
    Action,
    /// An instance: `my_service_prod`.
    Instance,
    /// Everything whose name begins with this type and a dot; the key is the type.
    Members,
    /// A test: the key is its type, a blank, its name.
    Test,
    /// A variable of a file's top level: the key is the number of the file, a blank, the name.
    Variable,
}

/// The statements that declare a name. There is one for each name that was declared or looked up, until
/// [`Names::forget`].
#[salsa::input(debug)]
pub struct NameInput {
    /// In the order of their files' paths and their places; empty when nobody declares the name.
    #[returns(ref)]
    pub declarations: Arc<[Statement]>,
}

type Inputs = FxHashMap<(NameKind, Box<str>), NameInput>;

/// The inputs of names, shared by all handles of one data base. Asking for a name creates its input, so that a query also
/// depends on names that nobody declares yet.
#[derive(Clone, Default)]
pub struct Names {
    inputs: Arc<Mutex<Inputs>>,
    /// Inputs without a name, which nobody declares: salsa keeps inputs for ever, so they are used again.
    free: Arc<Mutex<Vec<NameInput>>>,
}

impl Names {
    /// The input of a name, if it was ever asked for.
    pub fn get(&self, kind: NameKind, name: &str) -> Option<NameInput> {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner).get(&(kind, Box::from(name))).copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many inputs wait for a name.
    pub fn free_count(&self) -> usize {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes their inputs from the names that are not to be kept, so that what was typed letter by letter does not pile up.
    /// A query that looked such a name up is computed again and asks for a new input.
    pub fn forget(db: &mut dyn Db, keep: impl Fn(NameKind, &str) -> bool) {
        let names = db.names().clone();
        let mut forgotten = Vec::new();
        names.inputs.lock().unwrap_or_else(PoisonError::into_inner).retain(|(kind, name), input| {
            let is_kept = keep(*kind, name);
            if !is_kept {
                forgotten.push(*input);
            }
            is_kept
        });
        for input in &forgotten {
            // Even where it declared nothing: who depends on it depends on a name that is no longer its.
            input.set_declarations(db).to(Arc::from([]));
        }
        names.free.lock().unwrap_or_else(PoisonError::into_inner).extend(forgotten);
    }
}

/// The input of a name.
pub fn names(db: &dyn Db, kind: NameKind, name: &str) -> NameInput {
    let mut inputs = db.names().inputs.lock().unwrap_or_else(PoisonError::into_inner);
    *inputs.entry((kind, Box::from(name))).or_insert_with(|| {
        let free = db.names().free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| NameInput::new(db, Arc::from([])))
    })
}
