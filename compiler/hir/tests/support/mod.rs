//! The blocks of the published page as one file.

const PAGE: &str = include_str!("../../../../tests/docs/building-connectors.md");

/// What a block of JavaScript is put into: a definition of the page's entity.
const ENTITY: &str = r#"CREATE CONNECTOR ENTITY 'myservice.items'
FIELDS {
    "id": {"type": "string", "primary_key": true},
    "name": {"type": "string"},
    "status": {"type": "string"},
    "created_at": {"type": "timestamp"},
    "metadata": {"type": "document"}
}
QUERY_HANDLER '''
"#;

/// All blocks of the page, in order.
#[expect(unreachable_pub, reason = "a module of each test")]
pub fn page() -> String {
    let mut text = String::new();
    let mut fence = None;
    for line in PAGE.lines() {
        match (fence, line) {
            (None, "```sql") => fence = Some("sql"),
            (None, "```javascript") => {
                fence = Some("javascript");
                text.push_str(ENTITY);
            }
            (Some(language), "```") => {
                if language == "javascript" {
                    text.push_str("''';\n");
                }
                fence = None;
            }
            (Some(_), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    text
}
