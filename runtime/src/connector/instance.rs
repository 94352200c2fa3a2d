//! One instance: opened at first use, alive to the end of the run.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use moltler_abi::manifest::{self, Manifest};
use sha2::{Digest, Sha256};

use super::cache::ResultCache;
use super::options::Options;
use super::schema;
use crate::coerce::value_to_json;
use crate::context::{ExecContext, internal_error};
use crate::error::RuntimeError;
use crate::evaluate::with_article;
use crate::http::{Gateway, Limiter, Policy, limiter};
use crate::js::{Engine, Settings};
use crate::secrets;
use crate::secrets::config::Sealed;
use crate::secrets::seal::Seal;
use crate::value::{Document, Value};

/// An instance of a connector type.
#[derive(Debug)]
pub struct Instance {
    definition: u32,
    name: String,
    enabled: Cell<bool>,
    /// CONFIG, where it does not come from the program.
    given: Option<Rc<Document>>,
    /// By ALTER; a NULL takes a key away.
    altered: RefCell<Document>,
    opened: RefCell<Option<Rc<Opened>>>,
    /// How the last call ended; `None` before the first.
    outcome: RefCell<Option<Result<(), String>>>,
}

/// What an instance has once it is in use.
pub struct Opened {
    config: Value,
    options: Options,
    /// Index into the manifest's types.
    connector_type: u32,
    /// One call at a time.
    engine: RefCell<Engine>,
    cache: RefCell<ResultCache>,
}

impl std::fmt::Debug for Opened {
    /// Without the configuration, which holds secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Opened").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Instance {
    /// Not opened yet.
    pub fn new(index: u32, definition: &manifest::Instance) -> Instance {
        Instance {
            definition: index,
            name: definition.name.clone(),
            enabled: Cell::new(true),
            given: None,
            altered: RefCell::default(),
            opened: RefCell::default(),
            outcome: RefCell::default(),
        }
    }

    /// The same with another CONFIG, from outside of the program.
    pub fn with_config(index: u32, definition: &manifest::Instance, config: Document) -> Instance {
        Instance { given: Some(Rc::new(config)), ..Instance::new(index, definition) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its definition.
    pub fn definition<'m>(&self, manifest: &'m Manifest) -> &'m manifest::Instance {
        &manifest.instances[self.definition as usize]
    }

    /// `enabled`, `disabled`, `connected` after a call that went well, `error` after one that did not.
    pub fn status(&self) -> &'static str {
        match &*self.outcome.borrow() {
            _ if !self.enabled.get() => "disabled",
            None => "enabled",
            Some(Ok(())) => "connected",
            Some(Err(_)) => "error",
        }
    }

    /// What went wrong in the last call.
    pub fn last_error(&self) -> Option<String> {
        self.outcome.borrow().clone().and_then(Result::err)
    }

    /// Keeps the outcome of a call for SHOW CONNECTOR STATUS.
    pub fn record<T>(&self, outcome: &Result<T, RuntimeError>) {
        self.outcome.replace(Some(outcome.as_ref().map(|_| ()).map_err(RuntimeError::to_string)));
    }

    /// ALTER … ENABLE and DISABLE.
    pub fn set_enabled(&self, enabled: bool) {
        self.enabled.set(enabled);
    }

    /// An error where the instance is disabled.
    pub fn check_enabled(&self) -> Result<(), RuntimeError> {
        if self.enabled.get() {
            return Ok(());
        }
        Err(RuntimeError::new("ConnectorDisabled", format!("the connector `{}` is disabled", self.name))
            .with_note(format!("`ALTER CONNECTOR {} ENABLE` enables it", self.name)))
    }

    /// ALTER … OPTIONS: merged key by key, NULL takes a key away. The next call starts with fresh handlers.
    pub fn alter(&self, options: &Value) -> Result<(), RuntimeError> {
        let Value::Document(options) = options else {
            return Err(RuntimeError::new("ConfigError", "OPTIONS must be a document"));
        };
        Options::check_keys(&self.name, options)?;
        self.altered.borrow_mut().extend(options.iter().map(|(key, value)| (Rc::clone(key), value.clone())));
        self.opened.replace(None);
        Ok(())
    }

    /// Whether ALTER has changed its options in this run.
    pub fn is_altered(&self) -> bool {
        !self.altered.borrow().is_empty()
    }

    /// The texts in the secret fields of its CONFIG; none before it is opened.
    pub fn secret_texts(&self, manifest: &Manifest) -> Vec<String> {
        let Some(opened) = self.opened() else { return Vec::new() };
        let fields = &manifest.types[opened.connector_type as usize].config;
        match &opened.config {
            Value::Document(config) => {
                schema::secret_texts(fields, config).into_iter().map(|text| text.to_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What it has once it is in use.
    pub fn opened(&self) -> Option<Rc<Opened>> {
        self.opened.borrow().clone()
    }

    /// Evaluates and checks CONFIG and OPTIONS, unless that was done before.
    pub fn open(&self, context: &ExecContext) -> Result<Rc<Opened>, RuntimeError> {
        if let Some(opened) = &*self.opened.borrow() {
            return Ok(Rc::clone(opened));
        }
        let manifest = context.manifest();
        let definition = self.definition(manifest);
        let result = self.open_now(context, definition);
        if let Err(error) = &result {
            self.outcome.replace(Some(Err(error.to_string())));
        }
        // What is wrong with CONFIG stands there, not at the statement that is the first to use it.
        let opened = Rc::new(result.map_err(|error| RuntimeError { span: Some(definition.span), ..error })?);
        self.opened.replace(Some(Rc::clone(&opened)));
        Ok(opened)
    }

    fn open_now(&self, context: &ExecContext, definition: &manifest::Instance) -> Result<Opened, RuntimeError> {
        let manifest = context.manifest();
        let connector_type = manifest
            .types
            .get(definition.connector_type as usize)
            .ok_or_else(|| internal_error("an instance of an unknown type"))?;
        context.take_environment_read();
        let given = match &self.given {
            Some(given) => Rc::clone(given),
            None => self.document(context, definition.config, "CONFIG")?,
        };
        let environment = context.take_environment_read();
        let Sealed { config, grants } =
            secrets::config::seal(context, &self.name, connector_type, &given, &environment)?;
        let mut options = (*self.document(context, connector_type.options, "OPTIONS")?).clone();
        for layer in [self.document(context, definition.options, "OPTIONS")?, Rc::new(self.altered.borrow().clone())] {
            options.extend(layer.iter().map(|(key, value)| (Rc::clone(key), value.clone())));
        }
        let options = Options::new(&self.name, &options)?;
        let policy = Policy::new(
            &connector_type.config,
            &given,
            &config,
            &connector_type.allow_hosts,
            context.setup().mock.is_some(),
        )
        .map_err(|error| RuntimeError { message: format!("`{}`: {}", self.name, error.message), ..error })?;
        let config = Value::Document(Rc::new(config));
        let gateway = Gateway::new(
            context.transport(),
            policy,
            self.limiter(context, &connector_type.name, &config, &options),
            options.limits(),
            context.setup().clock.clone(),
            Rc::clone(context.counters()),
        );
        let output = context.output().clone();
        let settings = Settings {
            shared: connector_type.shared.clone().map(Rc::new),
            clock: context.setup().clock.clone(),
            seal: Rc::new(Seal::new(Rc::clone(context.vault()), grants)),
            tokens: Rc::clone(context.tokens()),
            instance: self.name.clone(),
            console: Rc::new(move |_, line| output.message(line)),
            coverage: context.setup().coverage.clone(),
            max_memory_mb: options.max_memory_mb,
            max_run_seconds: options.max_run_seconds,
            max_wait_seconds: options.max_wait_seconds,
            ..Settings::new(Rc::new(gateway))
        };
        Ok(Opened {
            config,
            options,
            connector_type: definition.connector_type,
            engine: RefCell::new(Engine::new(settings)),
            cache: RefCell::default(),
        })
    }

    /// The rate limit that all instances of this type, name and configuration in the process share; under a virtual clock the
    /// instance's own.
    fn limiter(&self, context: &ExecContext, connector_type: &str, config: &Value, options: &Options) -> Arc<Limiter> {
        if context.setup().clock.is_virtual() {
            return Arc::new(Limiter::new(options.rate));
        }
        // The configuration has secrets: a digest is kept, not its text.
        let digest = Sha256::digest(value_to_json(config));
        limiter::shared(format!("{connector_type}\n{}\n{digest:x}", self.name), options.rate)
    }

    fn document(
        &self,
        context: &ExecContext,
        function: Option<manifest::FunctionId>,
        clause: &str,
    ) -> Result<Rc<Document>, RuntimeError> {
        match function.map(|function| context.evaluate(function)).transpose()? {
            None => Ok(Rc::default()),
            Some(Value::Document(document)) => Ok(document),
            Some(other) => Err(RuntimeError::new(
                "ConfigError",
                format!(
                    "{clause} of `{}` must be a document, not {}",
                    self.name,
                    with_article(crate::datum::type_of(&other))
                ),
            )),
        }
    }
}

impl Opened {
    /// What handlers get as `config`.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// Its options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The engine that runs the handlers; calls do not overlap.
    pub fn engine(&self) -> &RefCell<Engine> {
        &self.engine
    }

    /// Results of calls, for `cache_ttl`.
    pub fn cache(&self) -> &RefCell<ResultCache> {
        &self.cache
    }

    /// The configuration with secrets as `***`.
    pub fn shown_config(&self, context: &ExecContext) -> Value {
        let fields = &context.manifest().types[self.connector_type as usize].config;
        match &self.config {
            Value::Document(document) => Value::Document(Rc::new(schema::masked(fields, document))),
            other => other.clone(),
        }
    }

    /// The options that were given.
    pub fn shown_options(&self) -> Value {
        Value::Document(Rc::new(self.options.given().clone()))
    }
}
