//! Coverage as a file in the form of `lcov`, beside another report.

use std::path::{Path, PathBuf};

use moltler_abi::manifest::Manifest;
use moltler_runtime::test_run::TestOutcome;

use super::{Report, Sums};
use crate::coverage::CoverageReport;
use crate::files;
use crate::output::Failure;

/// Writes the coverage of all packages to one file at the end.
pub(super) struct Lcov {
    pub(super) report: Box<dyn Report>,
    pub(super) file: PathBuf,
    /// Whether the other report tells it too.
    pub(super) also_told: bool,
    pub(super) root: PathBuf,
    pub(super) text: String,
}

impl Report for Lcov {
    fn package(&mut self, root: &Path) {
        self.root = root.to_owned();
        self.report.package(root);
    }

    fn outcome(&mut self, manifest: &Manifest, outcome: &TestOutcome) -> Result<(), Failure> {
        self.report.outcome(manifest, outcome)
    }

    fn coverage(&mut self, report: &CoverageReport) -> Result<(), Failure> {
        self.text.push_str(&report.to_lcov(&self.root));
        if self.also_told { self.report.coverage(report) } else { Ok(()) }
    }

    fn end(&mut self, sums: &Sums) -> Result<(), Failure> {
        files::replace(&self.file, self.text.as_bytes(), files::Mode::Data)
            .map_err(|error| Failure::Usage(format!("{}: {error}", self.file.display())))?;
        self.report.end(sums)
    }
}
