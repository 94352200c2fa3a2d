//! `file:` URIs and paths.

/// The path that a `file:` URI names; `None` for other schemes.
pub(crate) fn path(uri: &str) -> Option<String> {
    let rest = uri.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("file:")).and(uri.get(5..))?;
    let rest = match rest.strip_prefix("//") {
        // `file://host/path`: only this machine's files are read.
        Some(with_host) => &with_host[with_host.find('/')?..],
        None => rest,
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let path = decode(&rest[..end]);
    // `/C:/x` is how a drive is written.
    let bytes = path.as_bytes();
    let is_drive = bytes.len() > 2 && bytes[0] == b'/' && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
    path.starts_with('/').then(|| if is_drive { path[1..].to_owned() } else { path })
}

/// The URI of an absolute path.
pub(crate) fn from_path(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "file:///" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let hex = text.get(position + 1..position + 3).filter(|_| bytes[position] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                position += 3;
            }
            None => {
                decoded.push(bytes[position]);
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for text in ["/a/b.molt", "/ä b/100%/c#d?.molt", "/xy:z"] {
            assert_eq!(path(&from_path(text)).as_deref(), Some(text));
        }
        assert_eq!(path("file:///C%3A/x.molt").as_deref(), Some("C:/x.molt"));
        assert_eq!(path("FILE:/a%zz%2").as_deref(), Some("/a%zz%2"));
    }

    #[test]
    fn other_uris_have_no_path() {
        for text in ["", "file", "file:", "file://", "file://host", "untitled:Untitled-1", "é"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
