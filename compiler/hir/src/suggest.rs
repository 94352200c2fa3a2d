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
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        if name == written {
            continue;
        }
        if let Some(distance) = distance(written, name)
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// How far two names are from each other, `None` when too far. In dotted names each part must be near.
fn distance(written: &str, name: &str) -> Option<usize> {
    let mut sum = 0;
    let (mut written, mut name) = (written.split('.'), name.split('.'));
    loop {
        match (written.next(), name.next()) {
            (Some(written), Some(name)) => {
                let limit = (written.chars().count() / 3).clamp(1, 4);
                if name.len().abs_diff(written.len()) > 3 * limit {
                    return None;
                }
                let distance = strsim::osa_distance(&written.to_lowercase(), &name.to_lowercase());
                if distance > limit || (distance == 1 && written.len() == 1 && name.len() == 1) {
                    return None;
                }
                sum += distance;
            }
            (None, None) => return Some(sum),
            _ => return None,
        }
    }
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
        assert_eq!(nearest("items.delete", ["items.create"]), None);
        assert_eq!(nearest("item.create", ["items.create"]), Some("items.create"));
        assert_eq!(nearest("y", ["x"]), None);
    }
}
