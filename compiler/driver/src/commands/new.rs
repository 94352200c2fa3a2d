//! `moltlerc new`

use std::io::ErrorKind;
use std::path::Path;

use crate::args::NewArguments;
use crate::files;
use crate::output::{self, Failure, SUCCESS};

/// The name of the connector in the templates.
const PLACEHOLDER: &str = "myservice";

/// The files of a new package.
const FILES: [(&str, &str); 5] = [
    ("moltler.toml", include_str!("new/moltler.toml")),
    ("myservice.molt", include_str!("new/myservice.molt")),
    ("query.molt", include_str!("new/query.molt")),
    ("README.md", include_str!("new/README.md")),
    (".gitignore", include_str!("new/gitignore")),
];

/// Makes a folder with a connector that passes its own tests. A folder that has something in it is left alone.
pub fn run(arguments: &NewArguments) -> Result<u8, Failure> {
    let name = arguments.name.as_str();
    check(name)?;
    let folder = Path::new(name);
    match std::fs::create_dir(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => refuse_full(folder)?,
        Err(error) => return Err(Failure::Usage(format!("{name}: {error}"))),
    }
    for (file, text) in FILES {
        let path = folder.join(file.replace(PLACEHOLDER, name));
        files::create(&path, filled(text, name).as_bytes())
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    }
    output::note(format_args!("made {name}/ with {name}.molt, query.molt and moltler.toml"));
    output::note(format_args!("try it: cd {name} && moltlerc test"));
    Ok(SUCCESS)
}

/// A template with the connector's name in it, also where it is part of a word of an environment or of a sentence.
fn filled(text: &str, name: &str) -> String {
    text.replace(PLACEHOLDER, name)
        .replace(&PLACEHOLDER.to_uppercase(), &name.to_uppercase())
        .replace("MyService", name)
}

/// A name of a connector type is a file, a folder and part of names in the language: so it has to be plain.
fn check(name: &str) -> Result<(), Failure> {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    if is_plain {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "`{name}` can't be the name of a connector: lower-case letters, digits and underscores, a letter first"
    )))
}

fn refuse_full(folder: &Path) -> Result<(), Failure> {
    let is_empty = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if is_empty { Ok(()) } else { Err(Failure::Usage(format!("`{}` exists already", folder.display()))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["shop", "a1", "my_shop"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", "Shop", "1a", "_a", "my-shop", "../shop", "a/b", "é", "a b", "."] {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn templates_are_filled() {
        assert_eq!(filled("myservice MYSERVICE_URL 'MyService'", "shop"), "shop SHOP_URL 'shop'");
    }
}
