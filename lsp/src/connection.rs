//! The conversation: messages in their order, the life of the server, panics.

use std::future::Future;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tower_lsp_server::jsonrpc::{ErrorCode, Id, Request, Response};
use tower_lsp_server::{ExitedError, LspService};
use tower_service::Service;

use crate::handlers::{CONFIGURATION, PreparedRequests, Server, router};
use crate::settings::Settings;
use crate::state::{STACK, Writer};
use crate::system::SharedSystem;
use crate::transport::{Outgoing, Reader};

/// What the thread that routes messages is told.
pub(crate) enum Event {
    /// The body of a message.
    Message(Vec<u8>),
    /// The end of the input.
    End,
    /// The editor's process is gone.
    EditorGone,
}

/// How many reads run at the same time; each thread has memory of its own that it gives back late.
const MAX_READERS: usize = 8;
/// How often it is looked whether the editor's process still runs.
const EDITOR_CHECK: Duration = Duration::from_secs(1);

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INTERNAL_ERROR: i64 = -32603;
const NOT_INITIALIZED: i64 = -32002;

pub(crate) fn serve(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    system: Arc<SharedSystem>,
) -> i32 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .thread_stack_size(STACK)
        .max_blocking_threads(MAX_READERS)
        .build();
    let (Ok(runtime), Ok((outgoing, output_thread))) = (runtime, Outgoing::start(output)) else { return 1 };
    let (events, inbox) = mpsc::unbounded_channel();
    let reader_events = events.clone();
    let reader = std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut reader = Reader::new(input);
        while let Some(body) = reader.read() {
            if reader_events.send(Event::Message(body)).is_err() {
                return;
            }
        }
        reader_events.send(Event::End).unwrap_or_default();
    });
    let writer = Writer::start(system.clone(), outgoing.clone(), runtime.handle().clone());
    let (Ok(_), Ok((writer, state_thread))) = (reader, writer) else { return 1 };
    let settings = Arc::default();
    let (service, _) = router(Server::new(writer.clone(), outgoing.clone(), events, system, Arc::clone(&settings)));
    let mut connection = Connection {
        service,
        outgoing: outgoing.clone(),
        writer: writer.clone(),
        prepared: PreparedRequests::default(),
        settings,
        life: Life::Fresh,
    };
    let code = runtime.block_on(connection.run(inbox));
    writer.stop();
    state_thread.join().unwrap_or_default();
    runtime.shutdown_timeout(Duration::from_secs(1));
    outgoing.close();
    // A reader that has stopped reading must not keep the server alive.
    let deadline = std::time::Instant::now() + Duration::from_secs(1);
    while !output_thread.is_finished() && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    code
}

/// Watches the editor's process, where there is a way to.
pub(crate) fn watch_editor(process: i32, events: UnboundedSender<Event>) {
    let folder = std::path::PathBuf::from(format!("/proc/{process}"));
    if process <= 0 || !folder.is_dir() {
        return;
    }
    let watch = move || {
        while folder.is_dir() {
            std::thread::sleep(EDITOR_CHECK);
            if events.is_closed() {
                return;
            }
        }
        events.send(Event::EditorGone).unwrap_or_default();
    };
    // Without this thread the end of the input still ends the server.
    std::thread::Builder::new().name("editor".to_owned()).spawn(watch).map(drop).unwrap_or_default();
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Fresh,
    Running,
    ShutDown,
}

struct Connection {
    service: LspService<Server>,
    outgoing: Outgoing,
    writer: Writer,
    prepared: PreparedRequests,
    settings: Arc<Mutex<Settings>>,
    life: Life,
}

type Answer = Pin<Box<dyn Future<Output = Result<Option<Response>, ExitedError>> + Send>>;

impl Connection {
    async fn run(&mut self, mut inbox: UnboundedReceiver<Event>) -> i32 {
        while let Some(event) = inbox.recv().await {
            match event {
                Event::Message(body) => {
                    if self.message(&body).await {
                        break;
                    }
                }
                Event::End | Event::EditorGone => break,
            }
        }
        i32::from(self.life != Life::ShutDown)
    }

    /// Reads a message and starts what it asks for; true for `exit`.
    async fn message(&mut self, body: &[u8]) -> bool {
        let message = match serde_json::from_slice::<Value>(body) {
            Ok(message) => message,
            Err(error) => {
                self.outgoing.error(&Value::Null, PARSE_ERROR, &format!("this is not JSON: {error}"));
                return false;
            }
        };
        let Value::Object(mut message) = message else {
            self.outgoing.error(&Value::Null, INVALID_REQUEST, "a message is an object");
            return false;
        };
        let id = match message.remove("id") {
            None => None,
            Some(Value::Number(number)) if number.is_i64() => number.as_i64().map(Id::Number),
            Some(Value::String(text)) => Some(Id::String(text)),
            Some(_) => {
                self.outgoing.error(&Value::Null, INVALID_REQUEST, "an id is an integer or a string");
                return false;
            }
        };
        let method = match message.remove("method") {
            Some(Value::String(method)) => method,
            // An answer to one of our requests; only that for settings is needed.
            None if message.contains_key("result") || message.contains_key("error") => {
                if id == Some(Id::String(CONFIGURATION.to_owned()))
                    && let Some(section) = message.get("result").and_then(|result| result.get(0))
                {
                    *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = Settings::new(section);
                }
                return false;
            }
            _ => {
                self.refuse(id.as_ref(), INVALID_REQUEST, "a request names its method");
                return false;
            }
        };
        self.request(method, id, message.remove("params")).await
    }

    async fn request(&mut self, method: String, id: Option<Id>, params: Option<Value>) -> bool {
        match (method.as_str(), self.life) {
            ("exit", _) => return true,
            ("initialize", Life::Fresh) => {}
            (_, Life::Fresh) => {
                self.refuse(id.as_ref(), NOT_INITIALIZED, "the server is not initialized");
                return false;
            }
            ("initialize", _) => {
                self.refuse(id.as_ref(), INVALID_REQUEST, "the server is initialized already");
                return false;
            }
            (_, Life::ShutDown) => {
                self.refuse(id.as_ref(), INVALID_REQUEST, "the server is shut down");
                return false;
            }
            ("shutdown", Life::Running) if id.is_some() => self.life = Life::ShutDown,
            (_, Life::Running) => {}
        }
        let is_prepared = match &id {
            Some(id) => self.prepared.ask(&self.writer, &self.outgoing, &method, id, params.as_ref()),
            None => method == "$/cancelRequest" && self.prepared.cancel(params.as_ref()),
        };
        if is_prepared {
            return false;
        }
        let is_first = method == "initialize";
        let mut request = Request::build(method);
        if let Some(params) = params.filter(|params| !params.is_null()) {
            request = request.params(params);
        }
        if let Some(id) = &id {
            request = request.id(id.clone());
        }
        let Ok(answer) = catch_unwind(AssertUnwindSafe(|| self.service.call(request.finish()))) else {
            self.refuse(id.as_ref(), INTERNAL_ERROR, "a defect of the server");
            return false;
        };
        let mut answer = Guarded { answer, id, outgoing: self.outgoing.clone() };
        // The handler runs up to its first wait right here, so that what it hands to the state is in the order of the messages.
        match Pin::new(&mut answer).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(succeeded) => {
                if is_first && succeeded {
                    self.life = Life::Running;
                }
            }
            Poll::Pending if is_first => {
                if answer.await {
                    self.life = Life::Running;
                }
            }
            Poll::Pending => drop(tokio::spawn(answer)),
        }
        false
    }

    fn refuse(&self, id: Option<&Id>, code: i64, message: &str) {
        refuse(&self.outgoing, id, code, message);
    }
}

fn refuse(outgoing: &Outgoing, id: Option<&Id>, code: i64, message: &str) {
    // What is wrong with a notification is told to nobody, as the protocol wants it.
    if let Some(id) = id {
        outgoing.error(&serde_json::to_value(id).unwrap_or_default(), code, message);
    }
}

/// Sends the answer when it is there; a panic on the way is an answer too. The result tells whether it was a success.
struct Guarded {
    answer: Answer,
    id: Option<Id>,
    outgoing: Outgoing,
}

impl Future for Guarded {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.answer.as_mut().poll(context)));
        let response = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(response)) => response.ok().flatten(),
            Err(_) => {
                refuse(&self.outgoing, self.id.as_ref(), INTERNAL_ERROR, "a defect of the server");
                return Poll::Ready(false);
            }
        };
        match response {
            Some(response) if self.id.is_some() => {
                let succeeded = response.is_ok();
                match response.error() {
                    Some(error) if error.code == ErrorCode::MethodNotFound => {
                        refuse(&self.outgoing, self.id.as_ref(), METHOD_NOT_FOUND, "there is no such method");
                    }
                    _ => self.outgoing.send(&response),
                }
                Poll::Ready(succeeded)
            }
            Some(_) => Poll::Ready(false),
            // The router is silent about unknown methods that begin with `$/`; a request always gets an answer.
            None => {
                refuse(&self.outgoing, self.id.as_ref(), METHOD_NOT_FOUND, "there is no such method");
                Poll::Ready(false)
            }
        }
    }
}
