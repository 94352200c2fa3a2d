//! "Did you mean".

/// Names of which one may have been meant.
pub struct Candidates<'a> {
    names: Vec<&'a str>,
    what: &'static str,
}

impl<'a> Candidates<'a> {
    /// `what` is told when the names are listed: `known keys`.
    pub fn new(what: &'static str, names: impl IntoIterator<Item = &'a str>) -> Candidates<'a> {
        Candidates { names: names.into_iter().collect(), what }
    }

    /// The name that is near enough to be meant.
    pub fn nearest(&self, written: &str) -> Option<&'a str> {
        nearest(written, self.names.iter().copied())
    }

    /// All names in a sentence, when they are not too many.
    pub fn list(&self) -> Option<String> {
        if self.names.is_empty() || self.names.len() > 12 {
            return None;
        }
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        Some(format!("{}: {}", self.what, names.join(", ")))
    }
}

/// The nearest name, the first of several equally near ones, `None` when none is near. Letters of other case cost less than
/// other letters.
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.is_empty() || written.len() > 200 {
        return None;
    }
    let lower = written.to_lowercase();
    let limit = (written.chars().count() / 3).clamp(1, 4);
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        if name == written || name.len().abs_diff(written.len()) > 3 * limit {
            continue;
        }
        let distance = strsim::osa_distance(&lower, &name.to_lowercase());
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    fn check(written: &str, expected: Option<&str>) {
        assert_eq!(nearest(written, ["status", "name", "created_at", "id"]), expected);
    }

    #[test]
    fn a_name_that_is_near() {
        check("stauts", Some("status"));
        check("Status", Some("status"));
        check("create_at", Some("created_at"));
        check("idd", Some("id"));
    }

    #[test]
    fn no_name_is_near() {
        check("priority", None);
        check("", None);
        check("x", None);
    }
}
