//! The published page: all its blocks together have warnings only.

use moltler_db::{MemorySystem, Severity};
use moltler_hir::{Database, Package, file_diagnostics};

const PAGE: &str = include_str!("../../../tests/docs/building-connectors.md");

#[test]
fn page() {
    let blocks = moltler_page(PAGE);
    let mut system = MemorySystem::new();
    system.write("/p/page.molt", blocks);
    let mut db = Database::default();
    let (package, file) = Package::load(&mut db, &system, "/p/page.molt").expect("in memory");
    let file = file.expect("a file");
    for d in file_diagnostics(&db, &package, file) {
        println!("{:?} {} {} {:?}", d.severity, d.code, d.message, d.help);
    }
    assert!(file_diagnostics(&db, &package, file).iter().all(|d| d.severity != Severity::Error));
}

fn moltler_page(page: &str) -> String {
    let mut text = String::new();
    let mut fence = None;
    for line in page.lines() {
        match (fence, line) {
            (None, "```sql") => fence = Some("sql"),
            (None, "```javascript") => {
                fence = Some("javascript");
                text.push_str("CREATE CONNECTOR ENTITY 'myservice.items' FIELDS {\"id\": {\"type\": \"string\", \"primary_key\": true}, \"name\": {\"type\": \"string\"}, \"status\": {\"type\": \"string\"}, \"created_at\": {\"type\": \"timestamp\"}, \"metadata\": {\"type\": \"document\"}} QUERY_HANDLER '''\n");
            }
            (Some(kind), "```") => {
                if kind == "javascript" {
                    text.push_str("''';\n");
                }
                fence = None;
            }
            (Some(_), line) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    text
}
