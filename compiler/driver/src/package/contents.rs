//! What goes into a package.

use std::collections::BTreeMap;

use moltler_abi::manifest::{Action, ConfigField, ConnectorType, Entity, Manifest, Package};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::archive::{self, Files};
use super::{Archive, PackageError, documentation};

/// Version of the layout of `manifest.json`.
const FORMAT: u32 = 1;

/// A connector as the package sees it.
pub struct Connector<'a> {
    /// The type.
    pub connector_type: &'a ConnectorType,
    /// Its entities.
    pub entities: Vec<&'a Entity>,
    /// Its actions.
    pub actions: Vec<&'a Action>,
    /// DOCUMENTATION by the full name of what it documents: `myservice`, `myservice.items`, `myservice.items.create`.
    pub documentation: BTreeMap<String, String>,
}

impl<'a> Connector<'a> {
    /// The connector whose type has this name, `None` where the program has no such type.
    pub fn find(manifest: &'a Manifest, name: &str) -> Option<Connector<'a>> {
        let index = manifest.types.iter().position(|connector_type| connector_type.name == name)?;
        Some(Connector {
            connector_type: &manifest.types[index],
            entities: manifest.entities.iter().filter(|entity| entity.connector_type as usize == index).collect(),
            actions: manifest.actions.iter().filter(|action| action.connector_type as usize == index).collect(),
            documentation: BTreeMap::new(),
        })
    }
}

/// The package of a connector. `sources` are its definitions by path, `namespace` comes from `moltler.toml`.
pub fn build(
    statement: &Package,
    connector: &Connector<'_>,
    sources: Files,
    namespace: Option<&str>,
) -> Result<Archive, PackageError> {
    let name = connector.connector_type.name.as_str();
    check_name(name)?;
    let version = check_version(statement)?;
    check_license(statement)?;

    let mut files = Files::new();
    for (path, text) in sources {
        files.insert(format!("src/{path}"), text);
    }
    files.insert("README.md".to_owned(), documentation::render(statement, connector).into_bytes());
    let manifest = describe(statement, connector, namespace, &files);
    let mut text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| PackageError::new(format!("the manifest cannot be written: {error}")))?;
    text.push('\n');
    files.insert("manifest.json".to_owned(), text.into_bytes());
    let bytes = archive::pack(&files).map_err(|error| PackageError::new(format!("cannot pack `{name}`: {error}")))?;
    Ok(Archive { name: name.to_owned(), version, bytes })
}

fn check_name(name: &str) -> Result<(), PackageError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(PackageError::new(format!("`{name}` cannot be the name of a package"))
            .help("name the connector type with letters, digits, `_` and `-`"));
    }
    Ok(())
}

fn check_version(statement: &Package) -> Result<semver::Version, PackageError> {
    let Some(text) = &statement.version else {
        return Err(PackageError::new(format!("PACKAGE of `{}` has no VERSION", statement.type_name))
            .help("add a semantic version, as in `VERSION '1.0.0'`"));
    };
    semver::Version::parse(text).map_err(|error| {
        PackageError::new(format!("`{text}` is not a semantic version: {error}"))
            .help("write major, minor and patch, as in `VERSION '1.0.0'`")
    })
}

fn check_license(statement: &Package) -> Result<(), PackageError> {
    let Some(text) = &statement.license else { return Ok(()) };
    match spdx::Expression::parse(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(PackageError::new(format!("`{text}` is not an SPDX licence expression: {}", error.reason))
            .help("use an identifier of https://spdx.org/licenses, as in `LICENSE 'MIT'` or `'Apache-2.0 OR MIT'`")),
    }
}

/// `manifest.json`.
fn describe(statement: &Package, connector: &Connector<'_>, namespace: Option<&str>, files: &Files) -> Value {
    let digests: Map<String, Value> =
        files.iter().map(|(path, contents)| (path.clone(), Value::String(digest(contents)))).collect();
    let connector_type = connector.connector_type;
    let mut manifest = json!({
        "format": FORMAT,
        "name": connector_type.name,
        "namespace": namespace,
        "version": statement.version,
        "description": statement.description.as_ref().or(connector_type.description.as_ref()),
        "author": statement.author,
        "license": statement.license,
        "homepage": statement.homepage,
        "repository": statement.repository,
        "tags": statement.tags,
        "moltler": env!("CARGO_PKG_VERSION"),
        "config": parameters(&connector_type.config),
        "entities": connector.entities.iter().map(|entity| describe_entity(entity)).collect::<Vec<_>>(),
        "actions": connector.actions.iter().map(|action| describe_action(action)).collect::<Vec<_>>(),
        "hosts": {
            "allowed": connector_type.allow_hosts,
            "from_config": host_fields(connector_type),
        },
        "files": digests,
    });
    remove_nulls(&mut manifest);
    manifest
}

/// The fields of CONFIG that may name a host: text that is no secret.
fn host_fields(connector_type: &ConnectorType) -> Vec<&str> {
    let may_name_a_host = |field: &&ConfigField| {
        !field.secret
            && field.data_type == moltler_abi::DataType::String
            && matches!(field.format.as_deref(), None | Some("uri" | "hostname"))
    };
    connector_type.config.iter().filter(may_name_a_host).map(|field| field.name.as_str()).collect()
}

fn describe_entity(entity: &Entity) -> Value {
    let fields: Map<String, Value> = entity
        .fields
        .iter()
        .map(|field| {
            let description = json!({
                "type": field.data_type.name(),
                "description": field.description,
                "primary_key": field.primary_key.then_some(true),
                "required": field.required.then_some(true),
                "filter_only": field.filter_only.then_some(true),
                "from_filter": field.from_filter.then_some(true),
                "unit": field.unit,
            });
            (field.name.clone(), description)
        })
        .collect();
    json!({"name": entity.name, "description": entity.description, "fields": fields})
}

fn describe_action(action: &Action) -> Value {
    json!({
        "name": action.name,
        "description": action.description,
        "parameters": action.parameters.as_deref().map(parameters),
        "open": (action.open || action.parameters.is_none()).then_some(true),
    })
}

fn parameters(fields: &[ConfigField]) -> Value {
    let described = fields.iter().map(|field| {
        let values: Vec<Value> =
            field.one_of_values.iter().filter_map(|value| serde_json::from_str(value).ok()).collect();
        let description = json!({
            "type": field.data_type.name(),
            "description": field.description,
            "required": field.required.then_some(true),
            "secret": field.secret.then_some(true),
            "has_default": field.default.is_some().then_some(true),
            "enum": (!values.is_empty()).then_some(values),
            "format": field.format,
            "pattern": field.pattern,
            "one_of": field.group,
            "expose": field.expose.then_some(true),
            "hosts": (!field.hosts.is_empty()).then_some(&field.hosts),
        });
        (field.name.clone(), description)
    });
    Value::Object(described.collect())
}

/// A key without a value is left out: shorter to read, and a later version can add keys.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(remove_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `sha256:` and 64 hexadecimal digits.
fn digest(contents: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(contents) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use moltler_abi::manifest::Field;

    fn program() -> Manifest {
        let field = |name: &str, secret: bool| ConfigField {
            name: name.to_owned(),
            required: true,
            secret,
            ..ConfigField::default()
        };
        let connector_type = ConnectorType {
            name: "shop".to_owned(),
            description: Some("A shop".to_owned()),
            config: vec![field("api_url", false), field("api_key", true)],
            allow_hosts: vec!["api.shop.example".to_owned()],
            ..ConnectorType::default()
        };
        let entity = Entity {
            name: "items".to_owned(),
            fields: vec![Field { name: "id".to_owned(), primary_key: true, ..Field::default() }],
            ..Entity::default()
        };
        let action = Action { name: "items.create".to_owned(), parameters: Some(Vec::new()), ..Action::default() };
        Manifest { types: vec![connector_type], entities: vec![entity], actions: vec![action], ..Manifest::default() }
    }

    fn statement() -> Package {
        Package {
            type_name: "shop".to_owned(),
            version: Some("1.2.3".to_owned()),
            license: Some("MIT".to_owned()),
            ..Package::default()
        }
    }

    fn package(statement: &Package) -> Result<Archive, PackageError> {
        let program = program();
        let connector = Connector::find(&program, "shop").expect("the program has it");
        let sources = Files::from([("shop.molt".to_owned(), b"CREATE CONNECTOR TYPE 'shop';\n".to_vec())]);
        build(statement, &connector, sources, Some("acme"))
    }

    #[test]
    fn a_package_holds_sources_manifest_and_documentation() {
        let archive = package(&statement()).expect("the statement is sound");
        assert_eq!(archive.file_name(), "shop-1.2.3.moltpkg");
        let files = archive::unpack(&archive.bytes).expect("it was packed just now");
        assert_eq!(files.keys().collect::<Vec<_>>(), ["README.md", "manifest.json", "src/shop.molt"]);
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("the manifest is JSON");
        assert_eq!(manifest["entities"][0]["fields"]["id"], json!({"type": "string", "primary_key": true}));
        assert_eq!(manifest["config"]["api_key"]["secret"], json!(true));
        assert_eq!(manifest["hosts"], json!({"allowed": ["api.shop.example"], "from_config": ["api_url"]}));
        assert_eq!(manifest["files"]["src/shop.molt"], json!(digest(&files["src/shop.molt"])));
        assert_eq!(manifest["namespace"], json!("acme"));
    }

    #[test]
    fn the_same_connector_gives_the_same_bytes() {
        let bytes = || package(&statement()).expect("the statement is sound").bytes;
        assert_eq!(bytes(), bytes());
    }

    #[test]
    fn a_version_that_is_not_semantic_is_refused() {
        for version in ["1", "1.0", "v1.0.0", "one", ""] {
            let error = package(&Package { version: Some(version.to_owned()), ..statement() }).expect_err(version);
            assert!(error.message.contains("is not a semantic version"), "{error}");
        }
        let error = package(&Package { version: None, ..statement() }).expect_err("there is none");
        assert!(error.message.contains("has no VERSION"), "{error}");
    }

    #[test]
    fn a_licence_that_is_not_spdx_is_refused() {
        let error = package(&Package { license: Some("Do what you like".to_owned()), ..statement() });
        assert!(error.expect_err("SPDX has no such licence").message.contains("is not an SPDX licence expression"));
        assert!(package(&Package { license: Some("Apache-2.0 OR MIT".to_owned()), ..statement() }).is_ok());
        assert!(package(&Package { license: None, ..statement() }).is_ok());
    }
}
