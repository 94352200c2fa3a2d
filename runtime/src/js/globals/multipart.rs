//! `multipart/form-data` as a server sends it.

/// A part: its name, its file's name and type where it has them, and its bytes.
#[derive(Debug, PartialEq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    pub(super) filename: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) body: &'a [u8],
}

/// The parts of a body; `None` where it is not well-formed.
pub(super) fn parse<'a>(bytes: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let delimiter = format!("--{boundary}");
    let separator = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    let mut rest = bytes;
    // Some servers begin with an empty line.
    while let Some(tail) = rest.strip_prefix(b"\r\n") {
        rest = tail;
    }
    rest = rest.strip_prefix(delimiter.as_bytes())?;
    loop {
        if rest.starts_with(b"--") {
            let end = &rest[2..];
            return (end.is_empty() || end == b"\r\n").then_some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let (mut name, mut filename, mut media_type) = (None, None, None);
        loop {
            let end = find(rest, b"\r\n")?;
            let line = &rest[..end];
            rest = &rest[end + 2..];
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|byte| *byte == b':')?;
            let value = line[colon + 1..].trim_ascii();
            match line[..colon].trim_ascii().to_ascii_lowercase().as_slice() {
                b"content-disposition" => (name, filename) = disposition(value)?,
                b"content-type" => media_type = Some(value.iter().map(|byte| char::from(*byte)).collect()),
                _ => {}
            }
        }
        let end = find(rest, separator.as_bytes())?;
        let body = &rest[..end];
        rest = &rest[end + separator.len()..];
        parts.push(Part { name: name?, filename, media_type, body });
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Name and file name of `form-data; name="a"; filename="b"`.
fn disposition(value: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let kind = value.get(..9)?;
    if !kind.eq_ignore_ascii_case(b"form-data") {
        return None;
    }
    let mut rest = value[9..].trim_ascii_start();
    let (mut name, mut filename) = (None, None);
    while let Some(tail) = rest.strip_prefix(b";") {
        let tail = tail.trim_ascii_start();
        let equals = tail.iter().position(|byte| *byte == b'=')?;
        let key = tail[..equals].trim_ascii().to_ascii_lowercase();
        let tail = tail[equals + 1..].trim_ascii_start();
        let text;
        if let Some(quoted) = tail.strip_prefix(b"\"") {
            let end = quoted.iter().position(|byte| *byte == b'"')?;
            text = &quoted[..end];
            rest = quoted[end + 1..].trim_ascii_start();
        } else {
            let end = tail.iter().position(|byte| *byte == b';').unwrap_or(tail.len());
            text = tail[..end].trim_ascii();
            rest = &tail[end..];
        }
        match key.as_slice() {
            b"name" => name = Some(unescape(text)),
            b"filename" => filename = Some(unescape(text)),
            _ => {}
        }
    }
    rest.is_empty().then_some((name, filename))
}

/// Line ends and quotes are percent-encoded in names, nothing else is.
fn unescape(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace("%0A", "\n").replace("%0D", "\r").replace("%22", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a%22\"\r\n\r\none\r\n--x\r\n\
            content-type: text/csv\r\ncontent-disposition: form-data; name=f; filename=\"f.csv\"\r\n\r\n1\r\n2\r\n--x--\r\n";
        let parts = parse(body, "x").expect("it is well-formed");
        let shown: Vec<_> = parts
            .iter()
            .map(|part| {
                let body = String::from_utf8_lossy(part.body);
                format!("{} {:?} {:?} {body:?}", part.name, part.filename, part.media_type)
            })
            .collect();
        assert_eq!(shown, ["a\" None None \"one\"", "f Some(\"f.csv\") Some(\"text/csv\") \"1\\r\\n2\""]);
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let whole = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--x--";
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length], "x"), None, "{length}");
        }
        assert!(parse(whole, "x").is_some());
        assert_eq!(parse(whole, "y"), None);
    }
}
