//! Documents that are on no disk: declarations of what handlers find.

use moltler_abi::host::{ECMASCRIPT_TYPES, TYPES};
use moltler_db::FileId;
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;

use crate::completion::script_host_at;
use crate::token::{TokenKind, tokens};

/// Names and texts of the declarations of TypeScript. There is one copy of each: names are pieces of it.
pub static HOST_FILES: &[(&str, &str)] = &[("moltler.d.ts", TYPES), ("ecmascript.d.ts", ECMASCRIPT_TYPES)];

/// Where the global or the member at an offset of a file is declared: the text of [`HOST_FILES`] with this index, and the name in it.
pub fn host_definition(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<(usize, TextRange)> {
    let (statement, start) = package.statement_at(file, offset)?;
    let text = statement.text(db);
    let at = offset.checked_sub(start)?;
    let all = tokens(text);
    let block = all.iter().find(|token| token.kind == TokenKind::Raw && token.holds(at))?;
    let name = script_host_at(&all, block, at)?;
    HOST_FILES.iter().enumerate().find_map(|(index, (_, text))| {
        let place = (name.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        (place < text.len()).then(|| (index, TextRange::from(place..place + name.len())))
    })
}
