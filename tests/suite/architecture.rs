//! Who may know whom, read from cargo's own graph. A new edge is a decision, made here first.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Direct dependencies between the workspace's packages, without those of tests.
const EDGES: &[(&str, &[&str])] = &[
    ("tree-sitter-moltler", &[]),
    ("moltler-abi", &[]),
    ("moltler-js", &[]),
    ("moltler-syntax", &["tree-sitter-moltler"]),
    ("moltler-db", &["moltler-syntax"]),
    ("moltler-hir", &["moltler-abi", "moltler-db", "moltler-js", "moltler-syntax"]),
    ("moltler-plan", &["moltler-abi", "moltler-db", "moltler-hir", "moltler-syntax"]),
    ("moltler-codegen", &["moltler-abi", "moltler-plan"]),
    // Plans are data too: the hints of an editor say what `explain` says, from the same decisions.
    ("moltler-ide", &["moltler-abi", "moltler-db", "moltler-hir", "moltler-js", "moltler-plan", "moltler-syntax"]),
    ("moltler-lsp", &["moltler-db", "moltler-hir", "moltler-ide", "moltler-syntax"]),
    ("moltler-targets", &[]),
    ("moltler-runtime", &["moltler-abi", "moltler-targets"]),
    (
        "moltlerc",
        &[
            "moltler-abi",
            "moltler-codegen",
            "moltler-db",
            "moltler-hir",
            "moltler-ide",
            "moltler-js",
            "moltler-plan",
            "moltler-runtime",
            "moltler-syntax",
        ],
    ),
    ("moltler-tests", &[]),
];

/// A package and what it must not reach, however far.
const WALLS: &[(&str, &[&str])] = &[
    ("moltler-lsp", &["moltler-runtime", "rquickjs", "rquickjs-sys", "reqwest", "cranelift", "cranelift-codegen"]),
    ("moltler-ide", &["moltler-runtime", "moltler-codegen", "cranelift-codegen"]),
    (
        "moltler-runtime",
        &[
            "tree-sitter",
            "tree-sitter-moltler",
            "salsa",
            "swc_ecma_parser",
            "cranelift-codegen",
            "moltler-syntax",
            "moltler-js",
            "moltler-db",
            "moltler-hir",
            "moltler-plan",
            "moltler-codegen",
        ],
    ),
    ("moltler-codegen", &["rquickjs", "reqwest"]),
];

/// A dependency and the only packages that may name it.
const KEEPERS: &[(&str, &[&str])] = &[
    ("tree-sitter", &["moltler-syntax"]),
    ("swc_common", &["moltler-js"]),
    ("swc_ecma_ast", &["moltler-js"]),
    ("swc_ecma_parser", &["moltler-js"]),
    ("swc_ecma_visit", &["moltler-js"]),
    ("rquickjs", &["moltler-runtime"]),
    ("reqwest", &["moltler-runtime", "moltler-targets"]),
    ("rusqlite", &["moltler-targets"]),
    ("tokio-postgres", &["moltler-targets"]),
    ("parquet", &["moltler-targets"]),
    ("cranelift", &["moltler-codegen"]),
    ("tower-lsp-server", &["moltler-lsp"]),
    ("annotate-snippets", &["moltlerc"]),
];

/// The graph, without edges that only tests need.
struct Graph {
    /// Packages of the workspace by id.
    members: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn read() -> Graph {
        let output = Command::new(option_env!("CARGO").unwrap_or("cargo"))
            .current_dir(moltler_tests::workspace())
            .args(["metadata", "--format-version=1", "--offline", "--filter-platform", &host()])
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
        let text = |value: &Value| value.as_str().expect("cargo names things by text").to_owned();
        let list = |value: &Value| value.as_array().expect("cargo lists things").clone();
        let names: BTreeMap<String, String> =
            list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
        let members =
            list(&metadata["workspace_members"]).iter().map(|id| (text(id), names[&text(id)].clone())).collect();
        let normal = |dependency: &Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let edges = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| {
                let dependencies =
                    list(&node["deps"]).iter().filter(|edge| normal(edge)).map(|edge| text(&edge["pkg"])).collect();
                (text(&node["id"]), dependencies)
            })
            .collect();
        Graph { members, names, edges }
    }

    fn member(&self, name: &str) -> &String {
        let found = self.members.iter().find(|(_, member)| *member == name);
        found.map(|(id, _)| id).unwrap_or_else(|| panic!("the workspace has no package `{name}`"))
    }

    /// The names of direct dependencies.
    fn direct(&self, id: &str) -> BTreeSet<&str> {
        self.edges[id].iter().map(|dependency| self.names[dependency].as_str()).collect()
    }

    /// The names of everything that it is linked with.
    fn reached(&self, id: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![id];
        while let Some(next) = waiting.pop() {
            for dependency in &self.edges[next] {
                if seen.insert(dependency.as_str()) {
                    waiting.push(dependency);
                }
            }
        }
        seen.into_iter().map(|dependency| self.names[dependency].as_str()).collect()
    }
}

#[test]
fn packages_know_only_whom_they_may() {
    let graph = Graph::read();
    let named: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    assert_eq!(graph.members.values().map(String::as_str).collect::<BTreeSet<_>>(), named, "packages of the workspace");
    for (name, allowed) in EDGES {
        let known = graph.direct(graph.member(name));
        let ours: BTreeSet<&str> = known.into_iter().filter(|dependency| named.contains(dependency)).collect();
        let surplus: Vec<&&str> = ours.iter().filter(|dependency| !allowed.contains(dependency)).collect();
        assert!(surplus.is_empty(), "`{name}` must not depend on {surplus:?}");
    }
}

#[test]
fn walls_hold() {
    let graph = Graph::read();
    for (name, forbidden) in WALLS {
        let reached = graph.reached(graph.member(name));
        let through: Vec<&&str> = forbidden.iter().filter(|dependency| reached.contains(**dependency)).collect();
        assert!(through.is_empty(), "`{name}` reaches {through:?}");
    }
}

#[test]
fn engines_are_named_by_their_keepers_alone() {
    let graph = Graph::read();
    for (id, member) in &graph.members {
        for (dependency, keepers) in KEEPERS {
            assert!(
                keepers.contains(&member.as_str()) || !graph.direct(id).contains(dependency),
                "`{member}` must not name `{dependency}`: that is for {keepers:?}"
            );
        }
    }
}

#[test]
fn each_direct_dependency_has_one_version() {
    let graph = Graph::read();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for id in graph.members.keys() {
        for dependency in &graph.edges[id] {
            versions.entry(&graph.names[dependency]).or_default().insert(dependency);
        }
    }
    for (name, versions) in versions {
        assert_eq!(versions.len(), 1, "`{name}` is there in several versions: {versions:?}");
    }
}

/// The platform that this build is for. What other platforms need may not have been downloaded.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = String::from_utf8(output.stdout).expect("rustc writes text");
    version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}
