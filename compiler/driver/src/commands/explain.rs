//! `moltlerc explain`

use std::path::Path;

use moltler_hir::diagnostics::Code;

use crate::args::ExplainArguments;
use crate::commands::query::complete;
use crate::compile::{self, Goal};
use crate::output::{self, Failure, SUCCESS};
use crate::session::Session;

/// Prints the page of a diagnostic, lists all diagnostics, or tells the decisions about each query of a statement, without running
/// it.
pub fn run(arguments: &ExplainArguments) -> Result<u8, Failure> {
    match arguments.text.as_deref() {
        None => list(),
        // No statement is a word alone.
        Some(text) if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => page(text),
        Some(text) => statement(text, arguments.project.as_deref().unwrap_or(Path::new("."))),
    }
}

fn list() -> Result<u8, Failure> {
    let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or(0);
    for code in Code::ALL {
        output::line(format_args!("{:width$}  {}", code.name(), code.summary()))?;
    }
    Ok(SUCCESS)
}

fn page(name: &str) -> Result<u8, Failure> {
    let Some(code) = Code::from_name(name) else {
        let help = match Code::nearest(name) {
            Some(near) => format!("did you mean `{}`?", near.name()),
            None => "`moltlerc explain` lists all".to_owned(),
        };
        return Err(Failure::Failed(format!("there is no diagnostic `{name}`; {help}")));
    };
    output::line(for_terminal(code.page()).trim_end())?;
    if code.page().contains("shop") {
        output::line("\n`shop` is a connector with an entity `items` (id, name, price, stock, created).")?;
    }
    Ok(SUCCESS)
}

/// A page with its examples indented, each below a word that says what it shows.
fn for_terminal(page: &str) -> String {
    let mut shown = String::new();
    let mut is_example = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some("") => is_example = false,
            Some(info) => {
                is_example = true;
                shown.push_str(info.strip_prefix("sql ").unwrap_or(info));
                shown.push_str(":\n\n");
            }
            None if is_example && !line.is_empty() => {
                shown.push_str("    ");
                shown.push_str(line);
                shown.push('\n');
            }
            None => {
                shown.push_str(line);
                shown.push('\n');
            }
        }
    }
    shown
}

fn statement(text: &str, project: &Path) -> Result<u8, Failure> {
    let (mut session, _) = Session::load(project)?;
    let file = session.open("<query>", &complete(text));
    let program = compile::plan(&session, &Goal::Main(file));
    session.refuse_reached(file, &program)?;
    if program.decisions.is_empty() {
        return Err(Failure::Failed("there is no SELECT or SYNC to explain".to_owned()));
    }
    for (name, sentences) in &program.decisions {
        output::line(name)?;
        for sentence in sentences {
            output::line(format_args!("  {sentence}"))?;
        }
    }
    let environment = moltler_runtime::context::process_environment();
    let destination = session.project.default_destination();
    for sentence in moltler_runtime::sync::last_runs(&program.manifest, &destination, &environment) {
        output::line(format_args!("  {sentence}"))?;
    }
    Ok(SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::for_terminal;

    #[test]
    fn examples_are_indented() {
        let page = "# a-b\n\nWhat.\n\n```sql fails\nPRINT 1\n\n;\n```\n";
        assert_eq!(for_terminal(page), "# a-b\n\nWhat.\n\nfails:\n\n    PRINT 1\n\n    ;\n");
    }
}
