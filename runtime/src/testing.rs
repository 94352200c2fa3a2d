//! Help for the tests of this crate: programs whose "generated code" jumps to functions of a test.
#![expect(unsafe_code, reason = "stands in for generated code")]

use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::image::{Image, host_target};
use moltler_abi::layout::{
    Context, Datum, DatumOut, EntryFunction, OK, PipelineFunction, Runtime, ScalarFunction, Status, kind,
};
use moltler_abi::manifest::{
    ConfigField, ConnectorType, Entity, Field, Function, FunctionId, Instance, Manifest, Script, SourceFile, Span,
};

use crate::context::{ExecContext, Setup};
use crate::js::{self, Clock};
use crate::loader::Program;
use crate::output::{Format, Output};

/// A program under construction.
#[derive(Default)]
pub(crate) struct TestProgram {
    /// Everything but code.
    pub(crate) manifest: Manifest,
    code: Vec<u8>,
}

impl TestProgram {
    /// Adds a function that jumps to this address.
    fn jump(&mut self, address: usize) -> FunctionId {
        let offset = self.code.len();
        #[cfg(target_arch = "x86_64")]
        {
            // mov rax, address; jmp rax
            self.code.extend([0x48, 0xb8]);
            self.code.extend((address as u64).to_le_bytes());
            self.code.extend([0xff, 0xe0]);
        }
        #[cfg(target_arch = "aarch64")]
        {
            // ldr x16, #8; br x16; address
            self.code.extend(0x5800_0050_u32.to_le_bytes());
            self.code.extend(0xd61f_0200_u32.to_le_bytes());
            self.code.extend((address as u64).to_le_bytes());
        }
        let length = (self.code.len() - offset) as u32;
        self.code.resize(self.code.len().next_multiple_of(16), 0);
        self.manifest.functions.push(Function { name: "test".to_owned(), offset: offset as u32, length });
        FunctionId(self.manifest.functions.len() as u32 - 1)
    }

    pub(crate) fn entry(&mut self, function: EntryFunction) -> FunctionId {
        self.jump(function as usize)
    }

    pub(crate) fn scalar(&mut self, function: ScalarFunction) -> FunctionId {
        self.jump(function as usize)
    }

    pub(crate) fn pipeline(&mut self, function: PipelineFunction) -> FunctionId {
        self.jump(function as usize)
    }

    /// Adds a type `shop` with an entity `items` of these fields and this handler, and a global instance `shop1` of it.
    pub(crate) fn shop(&mut self, fields: &[(&str, DataType)], handler: &str, config: Option<FunctionId>) {
        let script = |name: &str, entry: &str, source: &str| Script {
            name: name.to_owned(),
            entry: entry.to_owned(),
            source: source.to_owned(),
            ..Script::default()
        };
        self.manifest
            .files
            .push(SourceFile { path: "shop.molt".to_owned(), text: "SELECT * FROM shop1.items;".to_owned() });
        self.manifest.types.push(ConnectorType { name: "shop".to_owned(), ..ConnectorType::default() });
        self.manifest.entities.push(Entity {
            name: "items".to_owned(),
            fields: fields.iter().map(|(name, data_type)| field(name, *data_type)).collect(),
            handler: script("shop.items", "query", handler),
            ..Entity::default()
        });
        self.manifest.instances.push(Instance { name: "shop1".to_owned(), config, ..Instance::default() });
        self.manifest.global_instances.push(0);
        self.manifest.statements.push(Span { file: 0, start: 0, end: 26 });
    }

    /// The program.
    pub(crate) fn load(self) -> Arc<Program> {
        let image = Image {
            manifest: self.manifest,
            code: self.code,
            target: host_target(),
            engine: js::engine_version().to_owned(),
        };
        Arc::new(Program::from_image(&image).expect("a program for this machine"))
    }

    /// A context of the program, with its output captured. `SET` is the only environment variable with a value, `EMPTY` is
    /// empty; `api_key` is a known secret.
    pub(crate) fn context(self, format: Format) -> ExecContext {
        ExecContext::new(self.load(), 4, setup(format)).expect("an event loop")
    }
}

/// An entity's field.
pub(crate) fn field(name: &str, data_type: DataType) -> Field {
    Field { name: name.to_owned(), data_type, ..Field::default() }
}

/// A field of a schema.
pub(crate) fn config_field(name: &str, data_type: DataType) -> ConfigField {
    ConfigField { name: name.to_owned(), data_type, ..ConfigField::default() }
}

fn setup(format: Format) -> Setup {
    Setup {
        output: Output::captured(format),
        environment: Arc::new(|name| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            "MOLTLER_SECRET_API_KEY" => Some("s3cr3t-value\n".to_owned()),
            _ => None,
        }),
        host: None,
        clock: Clock::real(),
        mock: None,
        transport: None,
        coverage: None,
        is_test: false,
        max_calls: 10,
        sync: crate::sync::SyncOptions::default(),
    }
}

/// A context of an empty program.
pub(crate) fn context() -> ExecContext {
    TestProgram::default().context(Format::Json)
}

/// An integer as a datum.
pub(crate) fn integer(integer: i64) -> Datum {
    Datum { kind: kind::INTEGER, extra: 0, low: integer as u64, high: 0 }
}

/// A text as a datum.
pub(crate) fn text(text: &'static str) -> Datum {
    Datum { kind: kind::STRING, extra: 0, low: text.as_ptr() as u64, high: text.len() as u64 }
}

/// A scalar function that gives a constant integer.
pub(crate) unsafe extern "C" fn constant<const N: i64>(_: Runtime, _: Context, result: DatumOut) -> Status {
    // SAFETY: callers of a scalar function give it a datum to write to.
    unsafe { result.write(integer(N)) };
    OK
}

/// A scalar function that gives NULL.
pub(crate) unsafe extern "C" fn null(_: Runtime, _: Context, result: DatumOut) -> Status {
    // SAFETY: as in `constant`.
    unsafe { result.write(Datum::default()) };
    OK
}
