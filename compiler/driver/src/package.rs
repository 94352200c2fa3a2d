//! PACKAGE and PUBLISH: a connector as one file, and folders of such files.
//!
//! A package holds what makes up the connector: the statements that define its type, its entities and its actions, a manifest
//! and generated documentation. It never holds instances, tests, secrets or recordings.

pub mod archive;
pub mod compatibility;
pub mod contents;
pub mod documentation;
pub mod registry;

/// Why a connector cannot be packaged or published; one sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl PackageError {
    /// An error without further help.
    pub fn new(message: impl Into<String>) -> PackageError {
        PackageError { message: message.into(), help: None }
    }

    /// With a sentence on what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> PackageError {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for PackageError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(formatter, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PackageError {}

/// A connector as one file.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The type's name.
    pub name: String,
    /// Of the PACKAGE statement.
    pub version: semver::Version,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

impl Archive {
    /// `name-version.moltpkg`
    pub fn file_name(&self) -> String {
        format!("{}-{}.moltpkg", self.name, self.version)
    }
}
