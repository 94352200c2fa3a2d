//! `moltlerc check --fix`
//!
//! Fixes are carried out in memory, round by round: one that overlaps another waits for the next round. A round that makes
//! anything worse is taken back, and tried again in halves. Files are written when no fix is left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use moltler_db::{Diagnostic, FileId, Fix, Severity};
use moltler_hir::diagnostics::Code;
use moltler_runtime::context::process_environment;
use moltler_runtime::secrets::store::Store;
use moltler_syntax::literal::string_value;

use crate::files::{Mode, replace};
use crate::output::{self, Failure, count};
use crate::session::{Selection, Session, shown};

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    fixes: usize,
    files: usize,
    /// Secrets that went from the text to the user's store.
    secrets: Vec<String>,
}

impl Fixed {
    /// Tells it on standard error.
    pub(super) fn tell(&self) {
        for name in &self.secrets {
            output::note(format_args!(
                "the value of `{{{{secrets.{name}}}}}` is kept for you; elsewhere: moltlerc secrets set {name}"
            ));
        }
        let fixes = if self.fixes == 1 { "1 fix".to_owned() } else { format!("{} fixes", self.fixes) };
        output::note(format_args!("{fixes} in {}", count(self.files, "file")));
    }
}

/// A fix that was tried and made something worse: where it stands does not matter, the text around it moves.
type Refused = BTreeSet<(FileId, &'static str, String, String)>;

/// Errors, and everything: less is better.
type Weight = (usize, usize);

struct Fixer<'a> {
    session: &'a mut Session,
    /// Where fixes are looked for.
    files: &'a [FileId],
    /// Texts before the first fix.
    before: BTreeMap<FileId, String>,
    refused: Refused,
    /// Values of secrets by name, to be kept.
    secrets: BTreeMap<String, String>,
}

/// Carries out the fixes of the diagnostics that have exactly one which needs no look at it.
pub(super) fn fix(selection: &mut Selection) -> Result<Fixed, Failure> {
    let Selection { session, files } = selection;
    let mut fixer =
        Fixer { session, files, before: BTreeMap::new(), refused: Refused::new(), secrets: BTreeMap::new() };
    let mut fixed = Fixed::default();
    loop {
        let candidates = fixer.candidates();
        if candidates.is_empty() {
            break;
        }
        fixed.fixes += fixer.round(&candidates);
    }
    fixed.secrets = fixer.keep_secrets()?;
    fixed.files = fixer.write()?;
    Ok(fixed)
}

impl Fixer<'_> {
    /// The fixes that are left, by file and place.
    fn candidates(&self) -> Vec<(Diagnostic, Fix)> {
        let of = |diagnostic: Diagnostic| match &diagnostic.fixes[..] {
            [fix] if fix.is_automatic && !self.refused.contains(&self.key(&diagnostic)) => {
                let fix = fix.clone();
                Some((diagnostic, fix))
            }
            _ => None,
        };
        self.session.diagnostics(self.files).into_iter().filter_map(of).collect()
    }

    fn key(&self, diagnostic: &Diagnostic) -> (FileId, &'static str, String, String) {
        let text = self.session.package.text(diagnostic.range.file);
        let marked = diagnostic.range.range.of(&text).to_owned();
        (diagnostic.range.file, diagnostic.code, diagnostic.message.clone(), marked)
    }

    /// Carries out what does not overlap; gives how many fixes that were. Where it is none, at least one is refused.
    fn round(&mut self, candidates: &[(Diagnostic, Fix)]) -> usize {
        let mut chosen: Vec<&(Diagnostic, Fix)> = Vec::new();
        for candidate in candidates {
            if !chosen.iter().any(|(_, other)| overlap(other, &candidate.1)) && self.take_secret(candidate) {
                chosen.push(candidate);
            }
        }
        self.narrow(&chosen)
    }

    /// Carries out these fixes, else as many as make nothing worse: the first half, and so on. What is left comes again in the next
    /// round, when places have moved. Gives how many; where it is none, all of them are refused.
    fn narrow(&mut self, chosen: &[&(Diagnostic, Fix)]) -> usize {
        let fixes: Vec<&Fix> = chosen.iter().map(|(_, fix)| fix).collect();
        if self.attempt(&fixes) {
            return fixes.len();
        }
        match chosen {
            [] => 0,
            [(diagnostic, _)] => {
                let key = self.key(diagnostic);
                self.refused.insert(key);
                0
            }
            _ => {
                let (first, rest) = chosen.split_at(chosen.len() / 2);
                match self.narrow(first) {
                    0 => self.narrow(rest),
                    count => count,
                }
            }
        }
    }

    /// Changes the texts; takes it back, and gives false, when that does not make the package better.
    fn attempt(&mut self, fixes: &[&Fix]) -> bool {
        if fixes.is_empty() {
            return false;
        }
        let weight = self.weight();
        let mut changes: BTreeMap<FileId, Vec<(std::ops::Range<usize>, &str)>> = BTreeMap::new();
        for edit in fixes.iter().flat_map(|fix| &fix.edits) {
            changes.entry(edit.range.file).or_default().push((edit.range.range.into(), &edit.text));
        }
        let mut old: Vec<(FileId, String)> = Vec::new();
        for (file, mut edits) in changes {
            let mut text = self.session.package.text(file);
            old.push((file, text.clone()));
            // Insertions at one place stay in their order.
            edits.sort_by_key(|(range, _)| range.start);
            for (range, replacement) in edits.into_iter().rev() {
                text.replace_range(range, replacement);
            }
            self.session.set_text(file, &text);
        }
        if self.weight() < weight {
            for (file, text) in old {
                self.before.entry(file).or_insert(text);
            }
            return true;
        }
        for (file, text) in old {
            self.session.set_text(file, &text);
        }
        false
    }

    /// What is wrong with the whole package: a fix in one file must not break another.
    fn weight(&self) -> Weight {
        let files: Vec<FileId> = self.session.package.files().map(|(file, _)| file).collect();
        let found = self.session.diagnostics(&files);
        (found.iter().filter(|one| one.severity == Severity::Error).count(), found.len())
    }

    /// Notes the value of a secret that a fix takes out of the text. It is refused where another value has that name.
    fn take_secret(&mut self, (diagnostic, fix): &(Diagnostic, Fix)) -> bool {
        if diagnostic.code != Code::HardCodedSecret.name() {
            return true;
        }
        let name = fix.edits.iter().find_map(|edit| {
            let (_, rest) = edit.text.split_once("{{secrets.")?;
            Some(rest.split_once("}}")?.0.to_owned())
        });
        let text = self.session.package.text(diagnostic.range.file);
        let value = string_value(diagnostic.range.range.of(&text));
        let stored = Store::of_user(&process_environment()).and_then(|store| store.secrets().ok());
        let is_free = |name: &String| {
            let known = self.secrets.get(name).or_else(|| stored.as_ref()?.get(name));
            stored.is_some() && known.is_none_or(|known| *known == value)
        };
        match name.filter(is_free) {
            Some(name) => {
                self.secrets.insert(name, value);
                true
            }
            None => {
                let key = self.key(diagnostic);
                self.refused.insert(key);
                false
            }
        }
    }

    /// Puts the secrets that the text refers to by now into the user's store.
    fn keep_secrets(&self) -> Result<Vec<String>, Failure> {
        let texts: Vec<String> = self.before.keys().map(|file| self.session.package.text(*file)).collect();
        let mut secrets = self.secrets.clone();
        secrets.retain(|name, _| texts.iter().any(|text| text.contains(&format!("{{{{secrets.{name}}}}}"))));
        let names = secrets.keys().cloned().collect();
        if !secrets.is_empty() {
            let store = Store::of_user(&process_environment())
                .ok_or_else(|| Failure::Usage("there is no folder for secrets: set MOLTLER_STATE_DIR".to_owned()))?;
            store.change_secrets(|kept| kept.extend(secrets)).map_err(|error| Failure::Failed(error.to_string()))?;
        }
        Ok(names)
    }

    /// Writes the files that are not what they were; gives how many.
    fn write(&self) -> Result<usize, Failure> {
        let mut written = 0;
        for (file, before) in &self.before {
            let text = self.session.package.text(*file);
            if text != *before {
                let path = Path::new(self.session.package.path(*file));
                let failed = |error| Failure::Usage(format!("{}: {error}", shown(path)));
                replace(path, text.as_bytes(), Mode::Data).map_err(failed)?;
                written += 1;
            }
        }
        Ok(written)
    }
}

/// Whether two fixes change the same place; places that touch count.
fn overlap(one: &Fix, other: &Fix) -> bool {
    one.edits.iter().any(|edit| {
        other.edits.iter().any(|known| {
            edit.range.file == known.range.file
                && edit.range.range.start() <= known.range.range.end()
                && known.range.range.start() <= edit.range.range.end()
        })
    })
}
