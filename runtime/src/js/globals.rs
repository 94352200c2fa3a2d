//! The globals that a handler finds besides those of ECMAScript: classes in JavaScript, over a few native functions.

mod multipart;
mod text;

use std::rc::Rc;
use std::sync::OnceLock;

use rquickjs::prelude::Opt;
use rquickjs::{Array, Ctx, Exception, Function, IntoJs, Object, TypedArray, Value};
use url::{Url, quirks};

use super::bytecode::compile_host;
use super::convert::put;
use super::host::{ConsoleLevel, Host};
use super::{bodies, crypto, json, raw, secrets};
use crate::http::{RedirectMode, Request, Response, Terms, TransportError};
use crate::secrets::vault::{Derivation, Encoded};
use text::{pairs, texts};

/// The modules of the globals; frames of a stack in them are not shown.
const HOST_MODULE: &str = "moltler:host";

/// A part of the globals that is compiled and evaluated as a whole; its scripts share one scope.
struct Group {
    /// Name and text.
    scripts: &'static [(&'static str, &'static str)],
    /// What it takes from the groups before it.
    imports: &'static str,
}

/// The scripts of these names.
macro_rules! scripts {
    ($($name:literal),+) => { &[$(($name, include_str!(concat!("globals/", $name, ".js")))),+] };
}

const HELPERS: &str = "const {define, setMember, descriptorsOf, expose, tag, isObject, internal, domException, viewOf, bytesOf, usv, utf8, \
                       byteString, need, dictionary, webIdl, pairsFrom, iterable, nextNumber, startTimer, ConnectorRateLimitError, \
                       FetchError, use} = core;\n";

/// The first one is evaluated for each engine, the others when one of their names is used; `dispatch.js` has the names.
const GROUPS: [Group; 13] = [
    Group { scripts: scripts!["base", "secrets", "date", "errors", "timers", "dispatch"], imports: "" },
    Group { scripts: scripts!["url"], imports: HELPERS },
    Group { scripts: scripts!["events", "abort"], imports: HELPERS },
    Group { scripts: scripts!["headers", "mime", "body", "fetch"], imports: HELPERS },
    Group { scripts: scripts!["streams"], imports: HELPERS },
    Group { scripts: scripts!["blob"], imports: HELPERS },
    Group { scripts: scripts!["console"], imports: HELPERS },
    Group { scripts: scripts!["encoding"], imports: HELPERS },
    Group { scripts: scripts!["crypto"], imports: HELPERS },
    Group { scripts: scripts!["clone"], imports: HELPERS },
    Group { scripts: scripts!["moltler"], imports: HELPERS },
    Group { scripts: scripts!["sign"], imports: HELPERS },
    Group { scripts: scripts!["helpers"], imports: HELPERS },
];

static BYTECODE: [OnceLock<Vec<u8>>; GROUPS.len()] = [const { OnceLock::new() }; GROUPS.len()];

/// Whether local time is UTC, found out once in a process by `date.js`.
static SYSTEM_IS_UTC: OnceLock<bool> = OnceLock::new();

/// The bytecode of a group, compiled once in a process where no image brought it.
fn group_bytecode(index: usize) -> &'static [u8] {
    BYTECODE[index].get_or_init(|| {
        let Group { scripts, imports } = &GROUPS[index];
        let body: String = scripts.iter().map(|(name, text)| script_text(name, text)).collect();
        compile_host(
            HOST_MODULE,
            format!("export default function install(native, core, late) {{\n{imports}{body}}}\n"),
        )
    })
}

/// The text of a script. Tests may take it from a folder, so that a change of it needs no new build.
fn script_text(name: &str, text: &'static str) -> std::borrow::Cow<'static, str> {
    #[cfg(test)]
    if let Some(folder) = std::env::var_os("MOLTLER_HOST_SCRIPTS") {
        let file = std::path::Path::new(&folder).join(name).with_extension("js");
        return std::fs::read_to_string(file).expect("the folder has the globals' scripts").into();
    }
    let _ = name;
    text.into()
}

/// The globals as bytecode, for an image: [`use_host_bytecode`] then saves its program the time to compile them.
pub fn host_bytecode() -> Vec<u8> {
    let mut bytes = Vec::new();
    for index in 0..GROUPS.len() {
        let code = group_bytecode(index);
        bytes.extend_from_slice(&(code.len() as u32).to_le_bytes());
        bytes.extend_from_slice(code);
    }
    bytes
}

/// Takes what [`host_bytecode`] gave to the same engine version; anything else has no effect. As with the bytecode of
/// scripts, the image's digest and engine name are to be checked before.
pub fn use_host_bytecode(mut bytes: &[u8]) {
    let mut codes = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let Some((code, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize) else { return };
        codes.push(code.to_vec());
        bytes = rest;
    }
    if codes.len() == GROUPS.len() {
        for (place, code) in BYTECODE.iter().zip(codes) {
            // One that was compiled before is the same.
            let _ = place.set(code);
        }
    }
}

/// Defines the globals; gives the object whose functions the engine calls: `timer`, `response`, `failure`, `body`, `chunk`, `broken`, `date`, `iterator`,
/// `step`, `stop`.
pub(super) fn install<'js>(ctx: &Ctx<'js>, host: &Rc<Host>) -> rquickjs::Result<Object<'js>> {
    load_group(ctx, 0)?.call((native(ctx, host)?,))
}

/// The function that defines a group's globals.
fn load_group<'js>(ctx: &Ctx<'js>, index: usize) -> rquickjs::Result<Function<'js>> {
    if index >= GROUPS.len() {
        return Err(Exception::throw_range(ctx, "there is no such group"));
    }
    let module = raw::load_module(ctx, group_bytecode(index))?;
    let (module, promise) = module.eval()?;
    promise.finish::<()>()?;
    module.get("default")
}

fn native<'js>(ctx: &Ctx<'js>, host: &Rc<Host>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("virtual", host.clock.is_virtual())?;
    native.set("baseUrl", host.base_url.as_deref())?;
    if let Some(is_utc) = SYSTEM_IS_UTC.get() {
        native.set("systemIsUtc", *is_utc)?;
    }
    let add = |name: &str, function: rquickjs::Result<Function<'js>>| native.set(name, function?);

    let found_utc = |is_utc: bool| {
        // Another thread found the same.
        let _ = SYSTEM_IS_UTC.set(is_utc);
    };
    add("foundUtc", Function::new(ctx.clone(), found_utc))?;
    add("load", Function::new(ctx.clone(), |ctx: Ctx<'js>, index: usize| load_group(&ctx, index)))?;
    let state = Rc::clone(host);
    add("now", Function::new(ctx.clone(), move || state.now_ms()))?;
    let state = Rc::clone(host);
    add("nowExact", Function::new(ctx.clone(), move || state.clock.now_micros() as f64 / 1000.0))?;
    let state = Rc::clone(host);
    add("startTimer", Function::new(ctx.clone(), move |id: u32, ms: f64| state.start_timer(id, ms)))?;
    let state = Rc::clone(host);
    add("stopTimer", Function::new(ctx.clone(), move |id: u32| state.stop_timer(id)))?;
    let state = Rc::clone(host);
    let console = move |level: u8, text: Value<'js>| {
        let level = match level {
            0 => ConsoleLevel::Debug,
            1 => ConsoleLevel::Info,
            2 => ConsoleLevel::Warn,
            _ => ConsoleLevel::Error,
        };
        (state.console)(level, &state.seal.vault().scrub(&raw::text(&text).unwrap_or_default()));
    };
    add("console", Function::new(ctx.clone(), console))?;

    let state = Rc::clone(host);
    add(
        "startFetch",
        Function::new(ctx.clone(), move |id: u32, request: Object<'js>| start_fetch(&state, id, &request)),
    )?;
    let state = Rc::clone(host);
    add("stopFetch", Function::new(ctx.clone(), move |id: u32| state.stop_request(id)))?;

    bodies::add_native(ctx, &native, host)?;

    add("parseJson", Function::new(ctx.clone(), parse_json))?;
    add("encodeText", Function::new(ctx.clone(), text::encode_text))?;
    add("decodeText", Function::new(ctx.clone(), text::decode_text))?;
    add("encodingOf", Function::new(ctx.clone(), text::encoding_of))?;
    add("decoder", Function::new(ctx.clone(), text::decoder))?;
    add("percentDecode", Function::new(ctx.clone(), text::percent_decode))?;
    add("parseMultipart", Function::new(ctx.clone(), text::parse_multipart))?;
    add("randomBytes", Function::new(ctx.clone(), random_bytes))?;
    add("parseUrl", Function::new(ctx.clone(), parse_url))?;
    add("changeUrl", Function::new(ctx.clone(), change_url))?;
    let state = Rc::clone(host);
    let parse = move |text: Value<'js>| {
        let text = raw::text(&text).unwrap_or_default();
        let decoded = state.seal.vault().underive(&[Encoded::Percent, Encoded::Form], &text);
        text::parse_form(decoded.as_deref().unwrap_or(&text))
    };
    add("parseForm", Function::new(ctx.clone(), parse))?;
    let state = Rc::clone(host);
    let write = move |flat: Array<'js>| {
        let form = text::write_form(flat)?;
        Ok::<_, rquickjs::Error>(state.seal.vault().derive(Derivation::Form, &form).unwrap_or(form))
    };
    add("writeForm", Function::new(ctx.clone(), write))?;
    secrets::add_native(ctx, &native, host)?;
    crypto::add_native(ctx, &native, host)?;
    Ok(native)
}

/// `{method, url, headers: [name, value, …], body: Uint8Array|undefined, redirect}`, checked by `fetch.js`.
fn start_fetch<'js>(host: &Host, id: u32, request: &Object<'js>) -> rquickjs::Result<()> {
    let ctx = request.ctx();
    let url = raw::text(&request.get("url")?).and_then(|url| Url::parse(&url).ok());
    let Some(mut url) = url else { return Err(Exception::throw_type(ctx, "the URL is not valid")) };
    url.set_fragment(None);
    let texts = texts(&request.get::<_, Array<'js>>("headers")?)?;
    let redirect = match raw::text(&request.get("redirect")?).as_deref() {
        Some("error") => RedirectMode::Error,
        Some("manual") => RedirectMode::Manual,
        _ => RedirectMode::Follow,
    };
    let body = raw::bytes(&request.get("body")?);
    if let Some(reason) = host.refuse_request(body.as_ref().map_or(0, Vec::len)) {
        return Err(Exception::throw_range(ctx, &reason));
    }
    let request = Request {
        method: raw::text(&request.get("method")?).unwrap_or_else(|| "GET".to_owned()),
        url,
        headers: pairs(texts),
        body,
        redirect,
        seal: None,
        terms: Terms::default(),
    };
    host.start_request(id, request);
    Ok(())
}

/// A response as `dispatch.js` takes it.
/// Its body stays with the host until it is asked for.
pub(super) fn response_to_js<'js>(
    ctx: &Ctx<'js>,
    host: &Host,
    id: u32,
    response: Response,
) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    put(&object, "status", response.status)?;
    put(&object, "statusText", response.status_text)?;
    put(&object, "url", String::from(response.url))?;
    put(&object, "redirected", response.redirected)?;
    let headers: Vec<String> = response.headers.into_iter().flat_map(|(name, value)| [name, value]).collect();
    put(&object, "headers", headers)?;
    host.bodies.keep(id, response.body);
    Ok(object)
}

/// A failure as `dispatch.js` takes it; `None` for one that JavaScript does not see.
pub(super) fn failure_to_js<'js>(ctx: &Ctx<'js>, error: &TransportError) -> rquickjs::Result<Option<Object<'js>>> {
    let object = Object::new(ctx.clone())?;
    match error {
        TransportError::Failed { kind, code, message, causes } => {
            put(&object, "kind", kind.name())?;
            put(&object, "code", code.as_str())?;
            put(&object, "message", message.as_str())?;
            put(&object, "causes", causes.clone())?;
        }
        TransportError::RateLimited { message, retry_after } => {
            put(&object, "message", message.as_str())?;
            put(&object, "retryAfter", *retry_after)?;
        }
        TransportError::Fatal(_) => return Ok(None),
    }
    Ok(Some(object))
}

fn parse_json<'js>(ctx: Ctx<'js>, bytes: Value<'js>) -> rquickjs::Result<Value<'js>> {
    json::parse_bytes(&ctx, &raw::bytes(&bytes).unwrap_or_default())
}

fn random_bytes(ctx: Ctx<'_>, length: usize) -> rquickjs::Result<TypedArray<'_, u8>> {
    let mut bytes = vec![0; length.min(65_536)];
    if rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).is_err() {
        return Err(Exception::throw_message(&ctx, "the system has no random numbers"));
    }
    TypedArray::new_copy(ctx, bytes)
}

/// The parts of a URL as `url.js` wants them; `null` where it is not valid.
fn parse_url<'js>(ctx: Ctx<'js>, text: Value<'js>, base: Opt<Value<'js>>) -> rquickjs::Result<Value<'js>> {
    let text = raw::text(&text).unwrap_or_default();
    let url = match base.0.as_ref().and_then(raw::text) {
        Some(base) => Url::parse(&base).and_then(|base| base.join(&text)),
        None => Url::parse(&text),
    };
    match url {
        Ok(url) => url_parts(&url).into_js(&ctx),
        Err(_) => Ok(Value::new_null(ctx)),
    }
}

fn url_parts(url: &Url) -> Vec<String> {
    vec![
        quirks::href(url).to_owned(),
        quirks::protocol(url).to_owned(),
        quirks::username(url).to_owned(),
        quirks::password(url).to_owned(),
        quirks::host(url).to_owned(),
        quirks::hostname(url).to_owned(),
        quirks::port(url).to_owned(),
        quirks::pathname(url).to_owned(),
        quirks::search(url).to_owned(),
        quirks::hash(url).to_owned(),
        quirks::origin(url),
    ]
}

/// The parts after one of them was set; a value that does not fit changes nothing.
fn change_url<'js>(ctx: Ctx<'js>, href: Value<'js>, part: String, value: Value<'js>) -> rquickjs::Result<Value<'js>> {
    let Some(mut url) = raw::text(&href).and_then(|href| Url::parse(&href).ok()) else {
        return Ok(Value::new_null(ctx));
    };
    let value = raw::text(&value).unwrap_or_default();
    // The setters of the URL standard ignore what does not fit.
    let _: Result<(), ()> = match part.as_str() {
        "protocol" => quirks::set_protocol(&mut url, &value),
        "username" => quirks::set_username(&mut url, &value),
        "password" => quirks::set_password(&mut url, &value),
        "host" => quirks::set_host(&mut url, &value),
        "hostname" => quirks::set_hostname(&mut url, &value),
        "port" => quirks::set_port(&mut url, &value),
        "pathname" => {
            quirks::set_pathname(&mut url, &value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, &value);
            Ok(())
        }
        _ => {
            quirks::set_hash(&mut url, &value);
            Ok(())
        }
    };
    url_parts(&url).into_js(&ctx)
}
