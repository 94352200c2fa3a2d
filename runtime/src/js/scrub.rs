//! Keeps the values of secrets out of texts that people see.

use std::rc::Rc;

/// What stands where a secret stood.
const MASK: &str = "***";
/// A shorter text occurs everywhere; masking it would make messages unreadable.
const MIN_LENGTH: usize = 4;
/// From this length on, encoded forms are looked for too.
const MIN_ENCODED_LENGTH: usize = 8;

/// Replaces secrets by `***`. Clones share the list.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {
    /// Longest first, so that a secret inside another one does not leave the rest of it.
    needles: Rc<[String]>,
}

impl Scrubber {
    /// Of these secrets, as they are and percent-encoded, in base64 or escaped for JSON.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Scrubber {
        let mut needles = Vec::new();
        for secret in secrets {
            if secret.len() < MIN_LENGTH {
                continue;
            }
            if secret.len() >= MIN_ENCODED_LENGTH {
                let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
                needles.push(percent.replace('+', "%20"));
                needles.push(percent);
                needles.push(base64(secret.as_bytes()));
                needles.push(secret.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
            }
            needles.push(secret.to_owned());
        }
        needles.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        needles.dedup();
        Scrubber { needles: needles.into() }
    }

    /// `text` with every secret masked.
    pub fn scrub(&self, text: &str) -> String {
        let mut result = text.to_owned();
        for needle in self.needles.iter() {
            if result.contains(needle.as_str()) {
                result = result.replace(needle.as_str(), MASK);
            }
        }
        result
    }
}

/// The part of base64 that does not depend on what follows.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks_exact(3)
        .flat_map(|chunk| {
            let group = u32::from(chunk[0]) << 16 | u32::from(chunk[1]) << 8 | u32::from(chunk[2]);
            [18, 12, 6, 0].map(|shift| char::from(DIGITS[(group >> shift) as usize & 63]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_in_every_form() {
        let scrubber = Scrubber::new(["s3cr3t k/y", "abc"]);
        assert_eq!(scrubber.scrub("key s3cr3t k/y!"), "key ***!");
        assert_eq!(scrubber.scrub("?k=s3cr3t+k%2Fy&x"), "?k=***&x");
        assert_eq!(scrubber.scrub("?k=s3cr3t%20k%2Fy"), "?k=***");
        assert_eq!(scrubber.scrub("czNjcjN0IGsveQ=="), "***eQ==");
        assert_eq!(scrubber.scrub("abc"), "abc");
    }

    #[test]
    fn the_longer_secret_goes_first() {
        assert_eq!(Scrubber::new(["pass", "password"]).scrub("password pass"), "*** ***");
    }
}
