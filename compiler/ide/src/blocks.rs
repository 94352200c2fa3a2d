//! Blocks that are open at a place of a statement: TEST, IF, loops, TRY. By words, because the text may be broken right now.

use crate::token::{Token, TokenKind};

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// What stands behind its END.
    pub(crate) end: &'static str,
    /// The index of the first word of its head.
    pub(crate) head: usize,
}

/// Where a statement is after some tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blocks {
    /// The index at which the innermost statement starts.
    pub(crate) start: usize,
    /// Whether it is inside of a block.
    pub(crate) in_block: bool,
    /// The blocks that are open, outermost first.
    pub(crate) open: Vec<Block>,
    /// What stands behind the first END of a block that was not opened in these tokens, in upper case.
    pub(crate) surplus: Option<String>,
    depth: usize,
    cases: usize,
}

impl Blocks {
    /// After these tokens, of which none is a comment.
    pub(crate) fn of(tokens: &[Token<'_>]) -> Blocks {
        let mut blocks = Blocks::default();
        for index in 0..tokens.len() {
            blocks.step(tokens, index);
        }
        blocks
    }

    /// One token further.
    fn step(&mut self, tokens: &[Token<'_>], index: usize) {
        let token = &tokens[index];
        match token.text {
            "(" | "[" | "{" if token.kind == TokenKind::Mark => self.depth += 1,
            ")" | "]" | "}" if token.kind == TokenKind::Mark => self.depth = self.depth.saturating_sub(1),
            _ if self.depth > 0 => {}
            ";" if token.kind == TokenKind::Mark => self.start = index + 1,
            _ if token.is("CASE") => self.cases += 1,
            _ if token.is("END") && index == self.start => {
                self.cases = 0;
                if self.open.pop().is_none() && self.surplus.is_none() {
                    self.surplus = Some(tokens.get(index + 1).map(|next| next.text.to_uppercase()).unwrap_or_default());
                }
            }
            _ if token.is("END") => self.cases = self.cases.saturating_sub(1),
            _ if self.cases > 0 => {}
            _ => self.opener(tokens, index),
        }
    }

    /// Whether a word opens a block, and is not a name: by how its statement starts.
    fn opener(&mut self, tokens: &[Token<'_>], index: usize) {
        let Some(head) = tokens.get(self.start) else { return };
        let word = &tokens[index];
        let end = if word.is("BEGIN") && head.is("TEST") {
            Some("TEST")
        } else if word.is("THEN") && head.is("IF") {
            Some("IF")
        } else if word.is("LOOP") && (head.is("FOR") || head.is("WHILE")) {
            Some("LOOP")
        } else if word.is("TRY") && index == self.start {
            Some("TRY")
        } else {
            let goes_on = word.is("THEN") && head.is("ELSEIF")
                || index == self.start && ["ELSE", "CATCH", "FINALLY"].iter().any(|branch| word.is(branch));
            if !goes_on {
                return;
            }
            None
        };
        if let Some(end) = end {
            self.open.push(Block { end, head: self.start });
        }
        self.start = index + 1;
        self.in_block = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tokens;

    fn open(text: &str) -> Vec<&'static str> {
        Blocks::of(&tokens(text)).open.iter().map(|block| block.end).collect()
    }

    #[test]
    fn blocks() {
        assert_eq!(open("TEST CONNECTOR TYPE 'a' NAME 'b' BEGIN IF x THEN PRINT 1; ELSE"), ["TEST", "IF"]);
        assert_eq!(open("FOR r IN rows LOOP WHILE a LOOP END LOOP;"), ["LOOP"]);
        assert_eq!(open("TRY PRINT 1; CATCH PRINT CASE WHEN a THEN b END;"), ["TRY"]);
        assert_eq!(open("IF a THEN IF b THEN END IF; END IF;"), [] as [&str; 0]);
        assert_eq!(open("SELECT begin, then, loop FROM a.b"), [] as [&str; 0]);
        assert_eq!(Blocks::of(&tokens("PRINT 1; END IF; END TEST;")).surplus.as_deref(), Some("IF"));
    }
}
