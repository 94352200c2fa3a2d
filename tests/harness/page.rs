//! The published page "Building Connectors" and programs made of its blocks, word for word.

use crate::markdown::{Section, sections};

/// The page's text.
pub const TEXT: &str = include_str!("../docs/building-connectors.md");

/// The first block below the heading with this title.
pub fn block(title: &str) -> String {
    let found = sections(TEXT).into_iter().find(|section: &Section| section.title == title);
    let block = found.and_then(|section| section.fences.into_iter().next());
    block.unwrap_or_else(|| panic!("the page has no block below `{title}`")).text
}

/// An entity with the fields of the page's entity and this handler.
pub fn entity(name: &str, handler: &str) -> String {
    let definition = block("2. Define Entities");
    let (head, _) = definition.split_once("QUERY_HANDLER").expect("the page's entity has a handler");
    let head = head.replacen("myservice.items", &format!("myservice.{name}"), 1);
    format!("{head}QUERY_HANDLER '''\n{handler}''';\n")
}

/// What the page's first part builds: the type, the entity with the handler of section 3, the action, the registration.
pub fn connector() -> String {
    [
        block("1. Define Connector Type"),
        block("2. Define Entities"),
        entity("items", &block("3. Implement Query Handler")),
        block("4. Implement Actions"),
        block("5. Register Connector"),
    ]
    .join("\n")
}

/// All blocks, in the order of the page. The snippets of "Advanced Features" become handlers of entities of their own.
pub fn everything() -> String {
    [
        connector(),
        block("Create Instance"),
        block("Query"),
        block("Execute Actions"),
        entity("paginated", &block("Pagination")),
        entity("rate_limited", &block("Rate Limiting")),
        entity("cached", &block("Caching")),
        entity("careful", &block("Error Handling")),
        block("Unit Tests"),
        block("Integration Tests"),
        block("Package Connector"),
        block("Publish"),
    ]
    .join("\n")
}

/// An instance whose URL and key come from the environment: `SHOP_URL`, and the secret `shop_key`.
pub fn instance(name: &str) -> String {
    format!(
        "CREATE CONNECTOR {name} TYPE 'myservice'\n\
         CONFIG {{\"api_url\": ENV('SHOP_URL'), \"api_key\": \"{{{{secrets.shop_key}}}}\"}}\n\
         OPTIONS {{\"retry_count\": 0}};\n"
    )
}
