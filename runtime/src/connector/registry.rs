//! The instances of a run, by name.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use indexmap::IndexMap;
use moltler_abi::manifest::Manifest;

use super::instance::Instance;
use crate::context::{ExecContext, internal_error};
use crate::error::RuntimeError;
use crate::suggest::did_you_mean;
use crate::value::Document;

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

    /// Puts an instance with a CONFIG from outside in the place of that with this index in the manifest.
    pub fn configure(&self, context: &ExecContext, index: u32, config: Document) -> Result<Rc<Instance>, RuntimeError> {
        let manifest = context.manifest();
        let definition = manifest.instances.get(index as usize).ok_or_else(|| internal_error("unknown instance"))?;
        let instance = Rc::new(Instance::with_config(index, definition, config));
        self.instances.borrow_mut().insert(definition.name.clone(), Rc::clone(&instance));
        Ok(instance)
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

    /// Lets time go by for all handlers at once: their timers that are due by then fire, in their order.
    pub fn advance(&self, context: &ExecContext, duration: Duration) -> Result<(), RuntimeError> {
        let opened: Vec<_> = self.all().iter().filter_map(|instance| instance.opened()).collect();
        context.block_on(async {
            let deadline = tokio::time::Instant::now() + duration;
            let mut engines: Vec<_> = opened.iter().map(|opened| opened.engine().borrow_mut()).collect();
            let mut idle: Vec<_> =
                engines.iter_mut().map(|engine| Some(Box::pin(engine.idle_until(deadline)))).collect();
            std::future::poll_fn(|task| {
                for waiting in &mut idle {
                    if let Some(engine) = waiting
                        && let Poll::Ready(result) = engine.as_mut().poll(task)
                    {
                        *waiting = None;
                        if result.is_err() {
                            return Poll::Ready(result);
                        }
                    }
                }
                if idle.iter().all(Option::is_none) { Poll::Ready(Ok(())) } else { Poll::Pending }
            })
            .await?;
            tokio::time::sleep_until(deadline).await;
            Ok(())
        })
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
