//! The instances of a run, by name.

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;
use moltler_abi::manifest::Manifest;

use super::instance::Instance;
use crate::context::{ExecContext, internal_error};
use crate::error::RuntimeError;
use crate::suggest::did_you_mean;

/// The instances of a run: those of the package from the start, then those that CREATE CONNECTOR adds, which go before others of
/// the same name.
#[derive(Debug)]
pub struct Registry {
    instances: RefCell<IndexMap<String, Rc<Instance>>>,
}

impl Registry {
    /// The instances that the whole package knows; none is opened yet.
    pub fn new(manifest: &Manifest) -> Registry {
        let instances = manifest.global_instances.iter().filter_map(|index| {
            let definition = manifest.instances.get(*index as usize)?;
            Some((definition.name.clone(), Rc::new(Instance::new(*index, definition))))
        });
        Registry { instances: RefCell::new(instances.collect()) }
    }

    /// CREATE CONNECTOR as a statement: evaluates and checks CONFIG at once.
    pub fn create(&self, context: &ExecContext, index: u32) -> Result<(), RuntimeError> {
        let manifest = context.manifest();
        let definition = manifest.instances.get(index as usize).ok_or_else(|| internal_error("unknown instance"))?;
        let instance = Rc::new(Instance::new(index, definition));
        instance.open(context)?;
        self.instances.borrow_mut().insert(definition.name.clone(), instance);
        Ok(())
    }

    /// The instance with this name.
    pub fn get(&self, name: &str) -> Result<Rc<Instance>, RuntimeError> {
        let instances = self.instances.borrow();
        instances.get(name).cloned().ok_or_else(|| {
            let hint = did_you_mean(name, instances.keys().map(String::as_str));
            RuntimeError::new("UnknownConnector", format!("there is no connector `{name}`{hint}"))
        })
    }

    /// All of them, in the order of their definitions.
    pub fn all(&self) -> Vec<Rc<Instance>> {
        self.instances.borrow().values().cloned().collect()
    }

    /// DROP CONNECTOR.
    pub fn drop(&self, name: &str) -> Result<(), RuntimeError> {
        let instance = self.get(name)?;
        self.instances.borrow_mut().shift_remove(name);
        // Outside of the borrow: its engine goes with it.
        drop(instance);
        Ok(())
    }
}
