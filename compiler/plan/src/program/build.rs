use moltler_abi::manifest::{
    Action, ConfigField, ConnectorType, Entity, Exactness, Field, MockApi, OrderField, Script, SourceFile, Test,
};
use moltler_db::FileId;
use moltler_hir::body::StmtKind;
use moltler_hir::definition::{self, ActionDef, EntityDef, TestDef, TypeDef, split_name};
use moltler_hir::{Database, Lowered, Package};

use rustc_hash::FxHashMap;

use super::gather::Gather;
use super::{FunctionBody, Program};
use crate::from_hir::{FromHir, Slots, Unit};
use crate::logical::Pushdown;

/// What of a package goes into a program, besides all its definitions.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The file whose statements are run.
    pub main: Option<FileId>,
    /// The files whose TESTs are taken.
    pub tests: Vec<FileId>,
    /// Queries are left as they were written: no rule rewrites them. The results are the same; tests compare them.
    pub unoptimized: bool,
}

/// The program of a package.
///
/// Definitions that have errors are left out, and so are statements of `main` with errors: whoever runs or builds a program
/// makes sure that there are none. A TEST with errors is listed with them, and has no code.
pub fn build(db: &Database, package: &Package, options: &Options) -> Program {
    let mut file_indices = FxHashMap::default();
    let root = package.root().trim_end_matches('/');
    let files = package.files().map(|(file, path)| {
        file_indices.insert(file, file_indices.len() as u32);
        let relative = path.strip_prefix(root).map_or(path, |rest| rest.trim_start_matches('/'));
        SourceFile { path: relative.to_owned(), text: package.text(file) }
    });
    let files = files.collect();
    let index = |file: FileId| file_indices.get(&file).copied().unwrap_or_default();
    let definitions = package.definitions(db);
    let main = options.main.map(|file| package.program(db, file));
    let tests: Vec<Lowered> = options.tests.iter().flat_map(|file| package.tests(db, *file)).collect();
    gather(Sources {
        unoptimized: options.unoptimized,
        files,
        types: sound(&definitions.types).map(|lowered| unit(lowered, index(lowered.file))).collect(),
        entities: sound(&definitions.entities).map(|lowered| unit(lowered, index(lowered.file))).collect(),
        actions: sound(&definitions.actions).map(|lowered| unit(lowered, index(lowered.file))).collect(),
        instances: sound(&definitions.instances).map(|lowered| unit(lowered, index(lowered.file))).collect(),
        main: main
            .as_ref()
            .map(|statements| sound(statements).map(|lowered| unit(lowered, index(lowered.file))).collect()),
        tests: tests.iter().map(|test| (unit(test, index(test.file)), test.errors.as_slice())).collect(),
    })
}

fn unit(lowered: &Lowered, file: u32) -> Unit<'_> {
    Unit { file, offset: lowered.offset, text: &lowered.text, body: &lowered.body }
}

fn sound(statements: &[Lowered]) -> impl Iterator<Item = &Lowered> {
    statements.iter().filter(|statement| statement.errors.is_empty())
}

/// What a program is made from: sound statements of a package.
pub(super) struct Sources<'a> {
    /// See [`Options`].
    pub(super) unoptimized: bool,
    /// Path and text of each file; a [`Unit`]'s file is an index into it.
    pub(super) files: Vec<SourceFile>,
    /// CREATE CONNECTOR TYPE, those that count.
    pub(super) types: Vec<Unit<'a>>,
    /// CREATE CONNECTOR ENTITY, those that count.
    pub(super) entities: Vec<Unit<'a>>,
    /// CREATE CONNECTOR ACTION, those that count.
    pub(super) actions: Vec<Unit<'a>>,
    /// CREATE CONNECTOR name at the top level, those that count.
    pub(super) instances: Vec<Unit<'a>>,
    /// The statements to run; `None` where only tests run.
    pub(super) main: Option<Vec<Unit<'a>>>,
    /// TESTs, and the messages of the errors in them.
    pub(super) tests: Vec<(Unit<'a>, &'a [String])>,
}

/// Gathers everything into one program.
pub(super) fn gather(sources: Sources<'_>) -> Program {
    let mut gather = Gather::new(sources.unoptimized, sources.tests.is_empty());
    gather.manifest().files = sources.files;
    for unit in &sources.types {
        if let Some(StmtKind::Type(definition)) = kind(unit) {
            let connector_type = connector_type(&mut gather, *unit, definition);
            gather.declare_type(&definition.name.text, connector_type);
        }
    }
    for unit in &sources.entities {
        if let Some(StmtKind::Entity(definition)) = kind(unit)
            && let Some(entity) = entity(&gather, *unit, definition)
        {
            gather.declare_entity(&definition.name.text, entity);
        }
    }
    for unit in &sources.actions {
        if let Some(StmtKind::Action(definition)) = kind(unit)
            && let Some(action) = action(&mut gather, *unit, definition)
        {
            gather.declare_action(&definition.name.text, action);
        }
    }
    for unit in &sources.instances {
        if let Some(StmtKind::Instance(definition)) = kind(unit)
            && let Some(instance) = constant(&mut gather, *unit, |lowering| lowering.instance(definition))
        {
            gather.manifest().global_instances.push(instance);
        }
    }
    if let Some(main) = &sources.main {
        let mut slots = Slots::behind(gather.reserved);
        let mut statements = Vec::new();
        for unit in main {
            if let Some(StmtKind::Package(package)) = kind(unit) {
                gather.manifest().version.clone_from(&package.version);
            }
            statements.extend(FromHir::new(&mut gather, &mut slots, *unit).root());
        }
        gather.manifest().main = Some(gather.function("main", FunctionBody::Entry(statements)));
        if !gather.manifest().syncs.is_empty() {
            let mut syncs = Vec::new();
            for unit in main {
                syncs.extend(FromHir::new(&mut gather, &mut slots, *unit).root_of_syncs());
            }
            gather.manifest().main_syncs = Some(gather.function("main_syncs", FunctionBody::Entry(syncs)));
        }
        gather.manifest().main_variables = slots.count();
    }
    for (unit, errors) in &sources.tests {
        if let Some(StmtKind::Test(definition)) = kind(unit) {
            let test = test(&mut gather, *unit, definition, errors);
            gather.manifest().tests.push(test);
        }
    }
    gather.program
}

fn kind<'a>(unit: &Unit<'a>) -> Option<&'a StmtKind> {
    unit.body.statement().map(|statement| &statement.kind)
}

/// Something of a definition.
fn constant<R>(gather: &mut Gather, unit: Unit<'_>, lower: impl FnOnce(&mut FromHir<'_>) -> R) -> R {
    let mut slots = Slots::behind(gather.reserved);
    let lowered = lower(&mut FromHir::new(gather, &mut slots, unit));
    gather.reserved = slots.count();
    lowered
}

fn connector_type(gather: &mut Gather, unit: Unit<'_>, definition: &TypeDef) -> ConnectorType {
    let name = definition.name.text.clone();
    let config = config_fields(gather, unit, &name, &definition.config);
    let options = definition
        .options
        .map(|options| constant(gather, unit, |lowering| lowering.scalar(&format!("options_{name}"), options)));
    ConnectorType {
        description: definition.description.clone(),
        config,
        shared: definition.shared.as_ref().map(|shared| script(unit, &format!("{name} (SHARED)"), shared)),
        check: definition.check.as_ref().map(|check| script(unit, &format!("{name} (check)"), check)),
        allow_hosts: definition.allow_hosts.clone(),
        options,
        span: unit.span(definition.name.range.start(), definition.name.range.end()),
        name,
    }
}

fn entity(gather: &Gather, unit: Unit<'_>, definition: &EntityDef) -> Option<Entity> {
    let (type_name, name) = split_name(&definition.name.text);
    let fields = definition.fields.iter().map(|field| Field {
        name: field.name.clone(),
        data_type: field.data_type,
        description: field.description.clone(),
        primary_key: field.primary_key,
        required: field.required,
        filter_only: field.filter_only,
        from_filter: field.from_filter,
        unit: field.unit.clone(),
    });
    Some(Entity {
        connector_type: gather.connector_type(type_name)?,
        name: name.to_owned(),
        description: definition.description.clone(),
        fields: fields.collect(),
        pushdown: pushdown(definition),
        handler: script(unit, &definition.name.text, definition.handler.as_ref()?),
        span: unit.span(definition.name.range.start(), definition.name.range.end()),
    })
}

fn pushdown(definition: &EntityDef) -> Pushdown {
    let declared = &definition.pushdown;
    let index = |name: &String| {
        let position = definition.fields.iter().position(|field| field.name == *name);
        position.map(|position| position as u32)
    };
    let always = definition.fields.iter().enumerate().filter(|(_, field)| field.required);
    let always: Vec<u32> = always.map(|(index, _)| index as u32).collect();
    let mut required: Vec<Vec<u32>> = declared
        .required
        .iter()
        .map(|set| always.iter().copied().chain(set.iter().filter_map(index)).collect())
        .collect();
    if required.is_empty() && !always.is_empty() {
        required.push(always);
    }
    Pushdown {
        filters: declared
            .filters
            .iter()
            .filter_map(|(field, operators)| {
                Some((index(field)?, operators.iter().map(|operator| operator.to_lowercase()).collect()))
            })
            .collect(),
        exact: match &declared.exact_fields {
            Some(fields) => Exactness::Of(fields.iter().filter_map(index).collect()),
            None if declared.exact => Exactness::All,
            None => Exactness::Undeclared,
        },
        limit: declared.limit,
        order_fields: declared
            .order_fields
            .iter()
            .filter_map(|(field, descending)| Some(OrderField { field: index(field)?, descending: *descending }))
            .collect(),
        order_keys: declared.order_keys,
        required,
        complete: declared.complete,
    }
}

fn action(gather: &mut Gather, unit: Unit<'_>, definition: &ActionDef) -> Option<Action> {
    let (type_name, name) = split_name(&definition.name.text);
    let connector_type = gather.connector_type(type_name)?;
    let handler = script(unit, &definition.name.text, definition.handler.as_ref()?);
    let parameters = definition.parameters.as_ref();
    Some(Action {
        connector_type,
        name: name.to_owned(),
        description: definition.description.clone(),
        parameters: parameters.map(|fields| config_fields(gather, unit, &definition.name.text, fields)),
        open: definition.open,
        handler,
        span: unit.span(definition.name.range.start(), definition.name.range.end()),
    })
}

fn config_fields(
    gather: &mut Gather,
    unit: Unit<'_>,
    owner: &str,
    fields: &[definition::ConfigField],
) -> Vec<ConfigField> {
    let fields = fields.iter().map(|field| ConfigField {
        name: field.name.clone(),
        data_type: field.data_type,
        required: field.required,
        secret: field.secret,
        default: field.default.map(|default| {
            let name = format!("default_{owner}_{}", field.name);
            constant(gather, unit, |lowering| lowering.scalar(&name, default))
        }),
        description: field.description.clone(),
        one_of_values: field.one_of_values.clone(),
        pattern: field.pattern.clone(),
        format: field.format.clone(),
        group: field.group.clone(),
        expose: field.expose,
        hosts: field.hosts.clone(),
    });
    fields.collect()
}

fn script(unit: Unit<'_>, name: &str, script: &definition::Script) -> Script {
    let (start, end) = (script.range.start(), script.range.end());
    let text = || unit.text.get(start as usize..end as usize).unwrap_or_default();
    Script {
        name: name.to_owned(),
        span: unit.span(start, end),
        entry: script.entry.to_owned(),
        shared_names: script.shared_names.clone(),
        source: script.javascript.as_deref().unwrap_or_else(text).to_owned(),
        bytecode: Vec::new(),
    }
}

fn test(gather: &mut Gather, unit: Unit<'_>, definition: &TestDef, errors: &[String]) -> Test {
    let span = match unit.body.statement() {
        Some(statement) => unit.span(statement.range.start(), statement.range.end()),
        None => unit.span(0, 0),
    };
    let mut test = Test {
        name: definition.name.text.clone(),
        type_name: definition.type_name.text.clone(),
        tags: definition.tags.clone(),
        at: None,
        mock_api: None,
        code: None,
        variables: 0,
        environment: definition.environment.clone(),
        errors: errors.to_vec(),
        span,
    };
    if !errors.is_empty() {
        return test;
    }
    let name = format!("test_{}", gather.manifest().tests.len());
    let mut slots = Slots::behind(gather.reserved);
    let mut lowering = FromHir::new(gather, &mut slots, unit);
    test.at = definition.at.map(|at| lowering.scalar(&format!("{name}_at"), at));
    test.mock_api = definition.mock_api.map(|mock| match lowering.constant(mock) {
        Some(json) => MockApi::Constant(json),
        None => MockApi::Computed(lowering.scalar(&format!("{name}_mock_api"), mock)),
    });
    let statements = lowering.test(&definition.body);
    test.code = Some(gather.function(&name, FunctionBody::Entry(statements)));
    test.variables = slots.count();
    test
}
