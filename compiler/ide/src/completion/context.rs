//! Where in a statement the cursor is.

use moltler_db::{FileId, NameKind};
use moltler_hir::{Database, Package, catalog};
use moltler_syntax::TextRange;

use crate::blocks::Blocks;
use crate::token::{Token, TokenKind};

/// The place of the cursor. Ranges are those of the statement.
pub(super) struct Context<'a> {
    pub(super) db: &'a Database,
    pub(super) package: &'a Package,
    pub(super) file: FileId,
    /// The text of the statement.
    pub(super) text: &'a str,
    /// Where the cursor is in it.
    pub(super) cursor: u32,
    /// All tokens but comments of the whole statement, a TEST with all it holds.
    pub(super) all: Vec<Token<'a>>,
    /// Those of the innermost statement around the cursor, behind the cursor too.
    pub(super) inner: Vec<Token<'a>>,
    /// How many of `inner` are before the cursor; the word or string at the cursor is not among them.
    pub(super) before: usize,
    /// The brackets that are open at the cursor, outermost first.
    pub(super) frames: Vec<Frame>,
    /// Whether the cursor is between quotes.
    pub(super) in_string: bool,
    /// Whether the innermost statement is one of a TEST or another block.
    pub(super) in_block: bool,
    /// What a suggestion replaces.
    pub(super) replace: TextRange,
}

/// The string at the cursor.
pub(super) struct Written<'a> {
    /// All of it.
    pub(super) whole: &'a str,
    /// Up to the cursor.
    pub(super) before: &'a str,
}

/// An open bracket.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub(super) bracket: char,
    /// The key, the keyword or the name before it, in upper case when it is no key.
    pub(super) owner: String,
    /// Of a document: the keys that it has before the cursor.
    pub(super) keys: Vec<String>,
    /// Of a document: the key whose value is being written.
    pub(super) key: Option<String>,
}

impl<'a> Context<'a> {
    /// `None` where nothing can be suggested: in a number.
    pub(super) fn new(
        db: &'a Database,
        package: &'a Package,
        file: FileId,
        text: &'a str,
        tokens: &[Token<'a>],
        at: u32,
    ) -> Option<Context<'a>> {
        let all: Vec<Token<'a>> = tokens.iter().filter(|token| token.kind != TokenKind::Comment).copied().collect();
        let at_cursor = all.iter().position(|token| {
            token.holds(at)
                || matches!(token.kind, TokenKind::Word | TokenKind::Number)
                    && token.range.start() < at
                    && at <= token.range.end()
        });
        let (in_string, replace) = match at_cursor.map(|index| all[index]) {
            Some(token) if token.kind == TokenKind::Number => return None,
            Some(token) => (token.kind == TokenKind::String, token.inner()),
            None => (false, TextRange::empty(at)),
        };
        let count = at_cursor.unwrap_or_else(|| all.iter().take_while(|token| token.range.end() <= at).count());
        let Blocks { start, in_block, .. } = Blocks::of(&all[..count]);
        let end = count + all[count..].iter().position(|token| token.is_mark(';')).unwrap_or(all.len() - count);
        let inner: Vec<Token<'a>> = all[start..end].to_vec();
        let before = count - start;
        let frames = frames(&inner[..before]);
        let cursor = at;
        Some(Context { db, package, file, text, cursor, all, inner, before, frames, in_string, in_block, replace })
    }

    /// The content of the string at the cursor.
    pub(super) fn written(&self) -> Written<'a> {
        let whole = self.replace.of(self.text);
        let before = self.cursor.saturating_sub(self.replace.start()) as usize;
        Written { whole, before: whole.get(..before.min(whole.len())).unwrap_or(whole) }
    }

    /// The type of the instance whose CONFIG or OPTIONS the cursor is in.
    pub(super) fn config_type(&self) -> Option<&'a str> {
        let pair = self.inner.windows(2).find(|pair| pair[0].is("TYPE") && pair[1].kind == TokenKind::String)?;
        Some(pair[1].name())
    }

    /// The tokens of the innermost statement before the cursor.
    pub(super) fn before(&self) -> &[Token<'a>] {
        &self.inner[..self.before]
    }

    /// The token this far before the cursor, 1 being the last.
    pub(super) fn back(&self, count: usize) -> Option<&Token<'a>> {
        self.before.checked_sub(count).map(|index| &self.inner[index])
    }

    /// Whether the innermost statement begins with these keywords.
    pub(super) fn starts(&self, keywords: &[&str]) -> bool {
        keywords.len() <= self.before && keywords.iter().zip(&self.inner).all(|(keyword, token)| token.is(keyword))
    }

    /// The names before the dot at the cursor: `a`, `b` for `a.b.`; empty without a dot.
    pub(super) fn path(&self) -> Vec<&'a str> {
        let mut path = Vec::new();
        let mut back = 1;
        while self.back(back).is_some_and(|token| token.is_mark('.')) {
            match self.back(back + 1) {
                Some(token) if matches!(token.kind, TokenKind::Word | TokenKind::Quoted) => path.push(token.name()),
                _ => break,
            }
            back += 2;
        }
        path.reverse();
        path
    }

    /// Instances that are made in the same TEST, with their types.
    fn local_instances(&self) -> Vec<(&'a str, &'a str)> {
        let made = self.all.windows(5).filter(|window| {
            window[0].is("CREATE")
                && window[1].is("CONNECTOR")
                && window[3].is("TYPE")
                && window[4].kind == TokenKind::String
                && !window[2].is("TYPE")
        });
        made.map(|window| (window[2].name(), window[4].name())).collect()
    }

    /// Where the same TEST makes an instance.
    pub(super) fn local_instance(&self, name: &str) -> Option<TextRange> {
        let made = self.all.windows(4).rfind(|window| {
            window[0].is("CREATE") && window[1].is("CONNECTOR") && window[2].name() == name && window[3].is("TYPE")
        });
        made.filter(|_| self.in_block).map(|window| window[2].inner())
    }

    /// Where the same block declares a variable before the cursor.
    pub(super) fn local_variable(&self, name: &str) -> Option<TextRange> {
        let declared = self.all.windows(2).rfind(|window| {
            ["DECLARE", "FOR", "CATCH"].iter().any(|keyword| window[0].is(keyword))
                && window[1].name() == name
                && window[1].range.start() <= self.replace.start()
        });
        declared.map(|window| window[1].inner())
    }

    /// The names of all instances that are known here, with their types.
    pub(super) fn instances(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        if self.in_block {
            found.extend(self.local_instances().into_iter().map(|(name, of)| (name.to_owned(), of.to_owned())));
        }
        for name in self.package.names(NameKind::Instance) {
            if !found.iter().any(|(known, _)| known == name)
                && let Some(instance) = catalog::instance(self.db, name)
            {
                found.push((name.to_owned(), instance.type_name.clone()));
            }
        }
        found
    }

    /// The type of an instance.
    pub(super) fn type_of(&self, instance: &str) -> Option<String> {
        let local = self.local_instances().into_iter().rev().find(|(name, _)| *name == instance);
        match local {
            Some((_, type_name)) if self.in_block => Some(type_name.to_owned()),
            _ => Some(catalog::instance(self.db, instance)?.type_name.clone()),
        }
    }

    /// Variables that are known here, with their types where they are written.
    pub(super) fn variables(&self) -> Vec<String> {
        let mut found = Vec::new();
        let cursor = self.replace.start();
        for window in self.all.windows(2) {
            let declares = ["DECLARE", "FOR", "PARAM", "CATCH"].iter().any(|keyword| window[0].is(keyword));
            if declares && window[1].kind == TokenKind::Word && window[1].range.end() < cursor {
                found.push(window[1].text.to_owned());
            }
        }
        let prefix = catalog::variable_key(self.file, "");
        found.extend(
            self.package.names(NameKind::Variable).filter_map(|key| key.strip_prefix(&prefix)).map(str::to_owned),
        );
        found.sort();
        found.dedup();
        found
    }
}

fn frames(before: &[Token<'_>]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for (index, token) in before.iter().enumerate() {
        if token.kind != TokenKind::Mark {
            continue;
        }
        match token.text {
            "{" | "[" | "(" => {
                let owner = match frames.last() {
                    Some(frame) if frame.bracket == '{' => frame.key.clone().unwrap_or_default(),
                    Some(frame) if frame.bracket == '[' => frame.owner.clone(),
                    _ => index.checked_sub(1).map(|index| before[index].text.to_uppercase()).unwrap_or_default(),
                };
                let bracket = token.text.chars().next().unwrap_or_default();
                frames.push(Frame { bracket, owner, ..Frame::default() });
            }
            "}" | "]" | ")" => {
                frames.pop();
            }
            ":" => {
                if let Some(frame) = frames.last_mut().filter(|frame| frame.bracket == '{' && frame.key.is_none())
                    && let Some(key) = index.checked_sub(1).map(|index| before[index])
                {
                    frame.keys.push(key.name().to_owned());
                    frame.key = Some(key.name().to_owned());
                }
            }
            "," => {
                if let Some(frame) = frames.last_mut() {
                    frame.key = None;
                }
            }
            _ => {}
        }
    }
    frames
}
