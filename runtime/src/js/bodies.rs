//! The bodies of answers that JavaScript has not taken: they stay with the host, on their way or whole, by the number of their
//! request. Text and JSON are made of them without a copy in between.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::task::{Context, Poll};

use rquickjs::{Ctx, Function, IntoJs, Object, TypedArray, Value};

use super::host::{Event, Host};
use super::json;
use crate::http::{Body, FailureKind, TransportError};

/// The bodies of an engine.
#[derive(Default)]
pub(super) struct Bodies {
    /// Nobody waits for these.
    kept: RefCell<HashMap<u32, Body>>,
    /// These are read.
    wanted: RefCell<Vec<Wanted>>,
}

struct Wanted {
    id: u32,
    /// Or the next piece only.
    whole: bool,
    body: Body,
}

impl Bodies {
    /// Keeps the body of an answer.
    pub(super) fn keep(&self, id: u32, body: Body) {
        self.kept.borrow_mut().insert(id, body);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.kept.borrow().len() + self.wanted.borrow().len()
    }

    /// Whether somebody waits for one.
    pub(super) fn are_wanted(&self) -> bool {
        !self.wanted.borrow().is_empty()
    }

    /// Takes a body that nobody waits for.
    fn take(&self, id: u32) -> Option<Body> {
        self.kept.borrow_mut().remove(&id)
    }

    /// Somebody waits for a body: an event will tell.
    fn want(&self, id: u32, whole: bool) {
        if let Some(body) = self.take(id) {
            self.wanted.borrow_mut().push(Wanted { id, whole, body });
        }
    }

    /// Gives a body up, with its connection where it is not whole.
    fn give_up(&self, id: u32) {
        let mut wanted = self.wanted.borrow_mut();
        let stopped = wanted.iter().position(|other| other.id == id).map(|index| wanted.remove(index));
        drop(wanted);
        // A body is dropped after the borrow: it may hold anything.
        drop((stopped, self.take(id)));
    }

    /// The next event of those that are read. What the host keeps of all of them has this limit, in bytes: it is not part of the
    /// memory that JavaScript is limited to.
    pub(super) fn poll(&self, context: &mut Context<'_>, limit: usize) -> Poll<Event> {
        let mut wanted = self.wanted.borrow_mut();
        for index in 0..wanted.len() {
            let Wanted { id, whole, body } = &mut wanted[index];
            let id = *id;
            let event = if *whole {
                let before = body.held();
                match body.poll_whole(context) {
                    Poll::Ready(read) => Event::Body(id, read),
                    Poll::Pending if body.held() == before || self.held(&wanted) <= limit => continue,
                    Poll::Pending => Event::Body(id, Err(too_much(limit))),
                }
            } else {
                match body.poll_chunk(context) {
                    Poll::Ready(chunk) => Event::Chunk(id, chunk),
                    Poll::Pending => continue,
                }
            };
            let event = match event {
                Event::Body(id, Ok(())) if self.held(&wanted) > limit => Event::Body(id, Err(too_much(limit))),
                event => event,
            };
            let Wanted { body, .. } = wanted.swap_remove(index);
            if matches!(event, Event::Body(_, Ok(())) | Event::Chunk(_, Ok(Some(_)))) {
                self.keep(id, body);
            }
            return Poll::Ready(event);
        }
        Poll::Pending
    }

    fn held(&self, wanted: &[Wanted]) -> usize {
        let kept: usize = self.kept.borrow().values().map(Body::held).sum();
        kept + wanted.iter().map(|wanted| wanted.body.held()).sum::<usize>()
    }
}

fn too_much(limit: usize) -> TransportError {
    TransportError::failed(
        FailureKind::TooLarge,
        "ERR_BODY_TOO_LARGE",
        format!("the bodies of answers that are under way are larger than {} MB (`max_memory_mb`)", limit >> 20),
    )
}

/// Adds the functions to those that the globals are made of.
pub(super) fn add_native<'js>(ctx: &Ctx<'js>, native: &Object<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    // Whether all of a body is here; where not, it is read, and `body` or `broken` will be called.
    let state = Rc::clone(host);
    let read = move |id: u32| {
        let is_whole = state.bodies.kept.borrow().get(&id).is_none_or(Body::is_whole);
        if !is_whole {
            state.bodies.want(id, true);
        }
        is_whole
    };
    native.set("readBody", Function::new(ctx.clone(), read)?)?;

    // All that is left of a body that is here, null at its end; where more is on its way undefined, and `chunk` or `broken`
    // will be called.
    let state = Rc::clone(host);
    let pull = move |ctx: Ctx<'js>, id: u32| {
        let body = state.bodies.take(id);
        match body {
            Some(body) if !body.is_whole() => {
                state.bodies.keep(id, body);
                state.bodies.want(id, false);
                Ok::<_, rquickjs::Error>(Value::new_undefined(ctx))
            }
            Some(mut body) if body.held() > 0 => Ok(TypedArray::new_copy(ctx, body.take())?.into_value()),
            _ => Ok(Value::new_null(ctx)),
        }
    };
    native.set("pullBody", Function::new(ctx.clone(), pull)?)?;

    let state = Rc::clone(host);
    native.set("dropBody", Function::new(ctx.clone(), move |id: u32| state.bodies.give_up(id))?)?;

    let state = Rc::clone(host);
    let text = move |id: u32| {
        let bytes = state.bodies.take(id).map(|mut body| body.take()).unwrap_or_default();
        let text =
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }
    };
    native.set("bodyText", Function::new(ctx.clone(), text)?)?;

    // Where it is no JSON the body stays, for the message.
    let state = Rc::clone(host);
    let parsed = move |ctx: Ctx<'js>, id: u32| {
        let Some(body) = state.bodies.take(id) else { return json::parse_bytes(&ctx, b"") };
        let value = json::parse_bytes(&ctx, body.bytes());
        if value.is_err() {
            state.bodies.keep(id, body);
        }
        value
    };
    native.set("bodyJson", Function::new(ctx.clone(), parsed)?)?;

    let state = Rc::clone(host);
    let bytes = move |ctx: Ctx<'js>, id: u32| {
        let bytes = state.bodies.take(id).map(|mut body| body.take()).unwrap_or_default();
        TypedArray::<u8>::new_copy(ctx.clone(), bytes)?.into_js(&ctx)
    };
    native.set("bodyBytes", Function::new(ctx.clone(), bytes)?)
}
