//! Messages as bytes: `Content-Length: 17\r\n\r\n{"jsonrpc":"2.0"…`.
//!
//! Whatever comes in, reading goes on: a header without a usable length is skipped, a body that is no message is told as
//! such. Only the end of the input ends it.

use std::io::{self, BufRead, BufReader, IoSlice, Read, Write};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use serde::Serialize;
use serde_json::{Value, json};

/// A header longer than this is none.
const MAX_HEADER: usize = 64 << 10;
/// A body longer than this is not waited for.
const MAX_BODY: u64 = 1 << 30;

/// Reads the bodies of messages.
pub(crate) struct Reader<R> {
    input: BufReader<R>,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(input: R) -> Reader<R> {
        Reader { input: BufReader::with_capacity(64 << 10, input) }
    }

    /// The next body; `None` at the end of the input. A broken pipe is an end too.
    pub(crate) fn read(&mut self) -> Option<Vec<u8>> {
        loop {
            let Some(length) = self.header()? else { continue };
            let mut body = Vec::new();
            self.input.by_ref().take(length).read_to_end(&mut body).ok()?;
            if (body.len() as u64) < length {
                return None;
            }
            if !body.is_empty() {
                return Some(body);
            }
        }
    }

    /// The length that a header tells, if it does; `None` outside at the end of the input.
    fn header(&mut self) -> Option<Option<u64>> {
        let (mut length, mut size) = (None, 0);
        loop {
            let mut line = Vec::new();
            let count = self.input.by_ref().take(MAX_HEADER as u64).read_until(b'\n', &mut line).ok()?;
            if count == 0 {
                return None;
            }
            size += count;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim();
            if line.is_empty() {
                if size > 2 || length.is_some() {
                    return Some(length);
                }
                // Blank lines between messages.
                size = 0;
                continue;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.trim().eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok().filter(|length| *length <= MAX_BODY);
            }
            if size > MAX_HEADER {
                return Some(None);
            }
        }
    }
}

/// A part of a message. Parts that are sent again and again are shared, not copied.
pub(crate) enum Piece {
    Owned(Vec<u8>),
    Shared(Arc<[u8]>),
    Static(&'static [u8]),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Piece::Owned(bytes) => bytes,
            Piece::Shared(bytes) => bytes,
            Piece::Static(bytes) => bytes,
        }
    }
}

impl From<&'static str> for Piece {
    fn from(text: &'static str) -> Piece {
        Piece::Static(text.as_bytes())
    }
}

impl From<String> for Piece {
    fn from(text: String) -> Piece {
        Piece::Owned(text.into_bytes())
    }
}

/// Writes a message without putting it together first.
fn write(output: &mut impl Write, message: &[Piece]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = message.iter().map(|piece| IoSlice::new(piece.bytes())).collect();
    let mut rest = &mut slices[..];
    // Empty slices in front would look like the end of the output.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match output.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    output.flush()
}

/// Where messages to the editor go. They are written in the order in which they are sent, by one thread.
#[derive(Clone)]
pub(crate) struct Outgoing {
    queue: mpsc::Sender<Option<Vec<Piece>>>,
}

impl Outgoing {
    /// Starts the thread. It ends after [`Outgoing::close`], or when nobody reads any more.
    pub(crate) fn start(mut output: impl Write + Send + 'static) -> io::Result<(Outgoing, JoinHandle<()>)> {
        let (queue, messages) = mpsc::channel::<Option<Vec<Piece>>>();
        let thread = std::thread::Builder::new().name("output".to_owned()).spawn(move || {
            while let Ok(Some(message)) = messages.recv() {
                if write(&mut output, &message).is_err() {
                    return;
                }
            }
        })?;
        Ok((Outgoing { queue }, thread))
    }

    /// Sends a message that is already in the protocol's form.
    pub(crate) fn send(&self, message: &impl Serialize) {
        let Ok(body) = serde_json::to_vec(message) else { return };
        self.send_body([Piece::Owned(body)]);
    }

    fn send_body(&self, body: impl IntoIterator<Item = Piece>) {
        let mut message = vec![Piece::Static(b"")];
        message.extend(body);
        let length: usize = message.iter().map(|piece| piece.bytes().len()).sum();
        message[0] = format!("Content-Length: {length}\r\n\r\n").into();
        // Nobody reads: the editor is gone, and its end of the input ends the server.
        self.queue.send(Some(message)).unwrap_or_default();
    }

    /// Sends a notification.
    pub(crate) fn notify(&self, method: &str, params: impl Serialize) {
        #[derive(Serialize)]
        struct Notification<'a, P> {
            jsonrpc: &'static str,
            method: &'a str,
            params: P,
        }
        self.send(&Notification { jsonrpc: "2.0", method, params });
    }

    /// Sends a notification whose parameters are JSON already.
    pub(crate) fn notify_pieces(&self, method: &str, params: Vec<Piece>) {
        let start = Piece::from(format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":"));
        self.send_body([start].into_iter().chain(params).chain(["}".into()]));
    }

    /// Answers a request with a result that is JSON already.
    pub(crate) fn result_pieces(&self, id: &Value, result: Vec<Piece>) {
        let start = Piece::from(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":"));
        self.send_body([start].into_iter().chain(result).chain(["}".into()]));
    }

    /// Sends a request whose answer does not matter.
    pub(crate) fn request(&self, id: &str, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
    }

    /// Tells that something takes a while. The token names it until [`Outgoing::end_progress`].
    pub(crate) fn begin_progress(&self, token: &str, title: &str) {
        let token = format!("moltler/{token}");
        self.request(&token, "window/workDoneProgress/create", json!({"token": token}));
        let value = json!({"kind": "begin", "title": title, "message": token.trim_start_matches("moltler/")});
        self.notify("$/progress", json!({"token": token, "value": value}));
    }

    /// Tells that it is done.
    pub(crate) fn end_progress(&self, token: &str, message: &str) {
        let value = json!({"kind": "end", "message": message});
        self.notify("$/progress", json!({"token": format!("moltler/{token}"), "value": value}));
    }

    /// Answers a request, or a message that could not be read, with an error.
    pub(crate) fn error(&self, id: &Value, code: i64, message: &str) {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}));
    }

    /// Ends the thread behind what was sent so far.
    pub(crate) fn close(&self) {
        self.queue.send(None).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(input: &str) -> Vec<String> {
        let mut reader = Reader::new(input.as_bytes());
        std::iter::from_fn(|| reader.read()).map(|body| String::from_utf8_lossy(&body).into_owned()).collect()
    }

    #[test]
    fn ordinary_messages() {
        assert_eq!(bodies("Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]"), ["{}", "[1]"]);
        assert_eq!(bodies("content-length:2\r\nContent-Type: x\r\n\r\n{}"), ["{}"]);
        assert_eq!(bodies("X: 1\nContent-Length: 2\n\n{}\r\n\r\nContent-Length: 1\r\n\r\n5"), ["{}", "5"]);
    }

    #[test]
    fn odd_headers_are_skipped() {
        assert_eq!(bodies("Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}"), ["{}"]);
        assert_eq!(bodies("X-Other: 1\r\n\r\nContent-Length: 2\r\n\r\n{}"), ["{}"]);
        assert_eq!(bodies("\0\u{7f} garbage \r\n\r\nContent-Length: 2\r\n\r\n{}"), ["{}"]);
        assert_eq!(bodies("Content-Length: -5\r\n\r\nContent-Length: 2\r\n\r\n{}"), ["{}"]);
        assert_eq!(bodies("Content-Length: 99999999999999999999\r\n\r\nContent-Length: 2\r\n\r\n{}"), ["{}"]);
    }

    #[test]
    fn a_torn_message_is_the_end() {
        assert_eq!(bodies("Content-Length: 5\r\n\r\n{}"), [] as [&str; 0]);
        assert_eq!(bodies("Content-Len"), [] as [&str; 0]);
    }
}
