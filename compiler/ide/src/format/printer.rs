//! From a layout to text: a group whose content fits on the line stays on it, any other is broken at its lines.

use super::WIDTH;
use super::leaves::{Comment, Leaf, Leaves};

/// A step of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// The next leaf.
    Token,
    /// The next leaf, which closes what is indented: comments before it belong inside.
    Closer,
    /// A place where the line may be broken.
    Line {
        /// A blank when it is not.
        space: bool,
        /// It always is.
        hard: bool,
        /// A blank line of the source is kept.
        blank: bool,
    },
    /// Its lines are broken all or none.
    Open {
        /// They are broken.
        forced: bool,
    },
    /// The end of a group.
    Close,
    /// Lines behind it start further right.
    Indent,
    /// The end of that.
    Dedent,
}

const INDENT: usize = 4;

/// What is known of a group before it is written.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    /// Columns on one line.
    width: usize,
    /// It cannot be on one line.
    forced: bool,
}

/// The text of the leaves in this layout, without a line break at the end.
pub(super) fn print(leaves: &Leaves<'_>, ops: &[Op], line_end: &str) -> String {
    let measures = measure(leaves, ops);
    let mut printer = Printer {
        text: String::new(),
        line_end,
        column: 0,
        indent: 0,
        space: false,
        must_break: false,
        // What is before the text is not this printer's.
        at_line_start: true,
    };
    let mut groups: Vec<bool> = Vec::new();
    let mut next = 0;
    for (index, op) in ops.iter().enumerate() {
        match *op {
            Op::Token | Op::Closer => {
                printer.leaf(&leaves.tokens[next], *op == Op::Closer);
                next += 1;
            }
            Op::Line { space, hard, blank } => {
                if hard || groups.last().copied().unwrap_or(true) {
                    printer.line(blank && leaves.tokens.get(next).is_some_and(|leaf| leaf.blank_before));
                } else {
                    printer.space |= space;
                }
            }
            Op::Open { .. } => {
                let is_broken = groups.last().copied().unwrap_or(true) && {
                    let Measure { width, forced } = measures[index];
                    forced || { printer.next_column(leaves, next) + width + tail(leaves, ops, index, next) > WIDTH }
                };
                groups.push(is_broken);
            }
            Op::Close => {
                groups.pop();
            }
            Op::Indent => printer.indent += INDENT,
            Op::Dedent => printer.indent -= INDENT,
        }
    }
    printer.text
}

struct Printer<'a> {
    text: String,
    line_end: &'a str,
    column: usize,
    indent: usize,
    /// A blank comes before what is written next on this line.
    space: bool,
    /// The line ends in a comment, so that nothing else may be written on it.
    must_break: bool,
    at_line_start: bool,
}

impl Printer<'_> {
    fn leaf(&mut self, leaf: &Leaf<'_>, is_closer: bool) {
        let inside = if is_closer { INDENT } else { 0 };
        for (index, comment) in leaf.before.iter().enumerate() {
            self.indent += inside;
            let blank = comment.breaks > 1 && (index > 0 || is_closer);
            if self.at_line_start || comment.breaks > 0 {
                self.line(blank);
            }
            self.comment(comment);
            self.indent -= inside;
            self.must_break |= leaf.before.get(index + 1).map_or(leaf.breaks, |next| next.breaks) > 0;
        }
        if !leaf.before.is_empty() && leaf.breaks > 1 && !is_closer {
            self.line(true);
        }
        if leaf.joins_left {
            self.space = false;
        }
        self.write(&leaf.text);
        for comment in &leaf.behind {
            self.space = true;
            self.comment(comment);
        }
        self.space = !leaf.joins_right || !leaf.behind.is_empty();
    }

    /// Where the next leaf would start.
    fn next_column(&self, leaves: &Leaves<'_>, next: usize) -> usize {
        if self.must_break {
            return self.indent;
        }
        let joins = leaves.tokens.get(next).is_none_or(|leaf| leaf.joins_left);
        self.column + usize::from(self.space && !self.at_line_start && !joins)
    }

    fn comment(&mut self, comment: &Comment<'_>) {
        self.write(comment.text);
        self.space = true;
        self.must_break |= comment.is_line();
    }

    fn write(&mut self, text: &str) {
        if self.must_break {
            self.line(false);
        }
        if self.at_line_start {
            self.at_line_start = false;
        } else if self.space {
            self.text.push(' ');
            self.column += 1;
        }
        self.space = false;
        self.text.push_str(text);
        match text.rfind('\n') {
            Some(end) => self.column = text[end + 1..].chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn line(&mut self, blank: bool) {
        if !self.at_line_start {
            self.text.push_str(self.line_end);
            self.indentation();
        } else {
            self.restart();
        }
        if blank {
            self.blank();
        }
    }

    /// Begins the line again, with the present indentation.
    fn restart(&mut self) {
        let end = self.text.trim_end_matches(' ').len();
        self.text.truncate(end);
        self.indentation();
    }

    fn indentation(&mut self) {
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n(' ', self.indent));
        }
        self.column = self.indent;
        (self.at_line_start, self.space, self.must_break) = (true, false, false);
    }

    /// A blank line before the one that has just begun.
    fn blank(&mut self) {
        let end = self.text.trim_end_matches(' ').len();
        self.text.truncate(end);
        let has_one = self.text.strip_suffix(self.line_end).is_some_and(|rest| rest.ends_with(self.line_end));
        if !self.text.is_empty() && !has_one {
            self.text.push_str(self.line_end);
        }
        self.indentation();
    }
}

/// Whether a blank is between a leaf and the one before it, on one line.
fn needs_space(leaves: &Leaves<'_>, index: usize) -> bool {
    let Some(before) = index.checked_sub(1).and_then(|before| leaves.tokens.get(before)) else { return false };
    leaves.tokens.get(index).is_some_and(|leaf| !before.joins_right && !leaf.joins_left)
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Measures all groups; what is no group stays empty.
fn measure(leaves: &Leaves<'_>, ops: &[Op]) -> Vec<Measure> {
    let mut measures = vec![Measure::default(); ops.len()];
    // Groups that are open: where they start and with which leaf.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut widths: Vec<usize> = vec![0];
    let mut next = 0;
    let mut after_line = true;
    let mut total = 0;
    for (index, op) in ops.iter().enumerate() {
        match *op {
            Op::Token | Op::Closer => {
                let leaf = &leaves.tokens[next];
                if !after_line && needs_space(leaves, next) {
                    total += 1;
                }
                after_line = false;
                total += columns(&leaf.text);
                let is_broken = leaf.text.contains('\n');
                for (start, first) in &open {
                    let is_first = *first == next;
                    measures[*start].forced |= is_broken || !is_first && !leaf.before.is_empty();
                    // What is behind the leaf before lies inside when there is another one in the group.
                    let behind = next.checked_sub(1).filter(|_| !is_first).map(|last| &leaves.tokens[last].behind);
                    measures[*start].forced |=
                        behind.is_some_and(|behind| behind.iter().any(|one| one.is_line() || one.text.contains('\n')));
                    let inline = behind.into_iter().flatten();
                    measures[*start].width += inline.map(|comment| columns(comment.text) + 1).sum::<usize>();
                }
                next += 1;
            }
            Op::Line { space, hard, .. } => {
                total += usize::from(space);
                after_line = true;
                for (start, _) in open.iter().filter(|_| hard) {
                    measures[*start].forced = true;
                }
            }
            Op::Open { forced } => {
                for (start, _) in open.iter().filter(|_| forced) {
                    measures[*start].forced = true;
                }
                measures[index].forced = forced;
                open.push((index, next));
                widths.push(total);
            }
            Op::Close => {
                if let (Some((start, _)), Some(before)) = (open.pop(), widths.pop()) {
                    measures[start].width += total - before;
                }
            }
            Op::Indent | Op::Dedent => {}
        }
    }
    measures
}

/// How much follows the group on its last line.
fn tail(leaves: &Leaves<'_>, ops: &[Op], open: usize, first: usize) -> usize {
    let (mut depth, mut next, mut width) = (0u32, first, 0);
    for op in &ops[open..] {
        match op {
            Op::Open { .. } if depth > 0 || next == first => depth += 1,
            Op::Close if depth > 0 => depth -= 1,
            Op::Token | Op::Closer if depth > 0 => next += 1,
            Op::Token | Op::Closer => {
                width += usize::from(needs_space(leaves, next)) + columns(&leaves.tokens[next].text);
                next += 1;
            }
            Op::Line { .. } if depth == 0 => return width,
            Op::Line { .. } | Op::Indent | Op::Dedent | Op::Open { .. } | Op::Close => {}
        }
        if width > WIDTH {
            return width;
        }
    }
    width
}
