//! The one socket of this tab, `GET /api/v1/live`.
//!
//! It reconnects for ever, from 1 s to 30 s apart with some chance in it. A line that says nothing
//! for 12 s (the server ticks every 5 s) counts as broken. What was missed is not replayed: after
//! [`Heard::Opened`] the page clears, fetches, and draws only then. Only changes of alarms are: they are
//! numbered, and the line asks for whatever came after the last it heard.

use fleetward_common::{
    live::{ClientMessage, LiveMessage, Topic, WavePacket},
    time::Instant,
};
use gloo::timers::callback::{Interval, Timeout};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};
use yew::Callback;

use super::{clock, session};

/// The server says something every two seconds, also when nothing moves. Microseconds.
const SILENCE: i64 = 6_000_000;
/// WebSocket's code for "against the rules here".
const CLOSED_BY_RULE: u16 = 1008;

/// How the line to the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Nothing was ever heard.
    Opening,
    Live,
    /// Lost since; tries so far, and the next one.
    Lost {
        since: Instant,
        tries: u32,
        next_try: Instant,
    },
}

pub enum Heard {
    /// The line is up (again): everything shown before is old.
    Opened,
    Message(LiveMessage),
    Wave(WavePacket),
    /// [`LiveLine::line`] changed.
    Lost,
}

/// Keeps the socket as long as it lives.
#[derive(Clone)]
pub struct LiveLine(Rc<RefCell<Inner>>);

impl PartialEq for LiveLine {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct Inner {
    subscriptions: Vec<(Topic, bool)>,
    /// The last change of alarms that came over this line.
    alarms_heard: Option<u64>,
    line: Line,
    last_heard: i64,
    socket: Option<OpenSocket>,
    retry: Option<Timeout>,
    watch: Option<Interval>,
    listener: Callback<Heard>,
}

struct OpenSocket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing a socket that is closed already is no error worth telling.
        let _ = self.socket.close();
    }
}

/// Seconds to wait before try number `tries` (from 0), spread by `chance` (0 to 1).
pub fn back_off_millis(tries: u32, chance: f64) -> u32 {
    let base = 1_000_u32.saturating_mul(1 << tries.min(5)).min(30_000);
    (f64::from(base) * (0.75 + 0.5 * chance)) as u32
}

impl LiveLine {
    pub fn open(subscriptions: Vec<(Topic, bool)>, listener: Callback<Heard>) -> Self {
        let line = Self(Rc::new(RefCell::new(Inner {
            subscriptions,
            alarms_heard: None,
            line: Line::Opening,
            last_heard: clock::stopwatch(),
            socket: None,
            retry: None,
            watch: None,
            listener,
        })));
        line.connect();
        let weak = Rc::downgrade(&line.0);
        line.0.borrow_mut().watch = Some(Interval::new(1_000, move || {
            if let Some(inner) = weak.upgrade() {
                LiveLine(inner).check_silence();
            }
        }));
        line
    }

    pub fn line(&self) -> Line {
        self.0.borrow().line
    }

    /// Stops for good. Callbacks hold only weak references, so dropping does the same later.
    pub fn close(&self) {
        let mut inner = self.0.borrow_mut();
        (inner.socket, inner.retry, inner.watch) = (None, None, None);
    }

    /// Skips the wait.
    pub fn try_now(&self) {
        self.0.borrow_mut().retry = None;
        self.connect();
    }

    /// As after sleep: the line may look open and be dead. A fresh one is sure.
    pub fn start_over(&self) {
        self.0.borrow_mut().socket = None;
        self.try_now();
    }

    fn emit(&self, heard: Heard) {
        let listener = self.0.borrow().listener.clone();
        listener.emit(heard);
    }

    fn connect(&self) {
        let Ok(socket) = WebSocket::new(&socket_url()) else {
            return self.lost();
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let weak = Rc::downgrade(&self.0);
        let with_line = move |act: fn(&LiveLine)| {
            if let Some(inner) = weak.upgrade() {
                act(&LiveLine(inner));
            }
        };
        let (on_open, on_close) = (with_line.clone(), with_line);
        let weak = Rc::downgrade(&self.0);
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(inner) = weak.upgrade() {
                LiveLine(inner).received(&event);
            }
        });
        let on_open = Closure::new(move |_: Event| on_open(LiveLine::opened));
        let on_close = Closure::new(move |event: CloseEvent| {
            if event.code() == CLOSED_BY_RULE {
                // Signed out elsewhere, suspended, or no longer allowed: the page finds out who it is now.
                spawn_local(session::leave_if_signed_out());
            }
            on_close(LiveLine::lost);
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        let mut inner = self.0.borrow_mut();
        inner.last_heard = clock::stopwatch();
        inner.socket = Some(OpenSocket {
            socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        });
    }

    fn opened(&self) {
        {
            let mut inner = self.0.borrow_mut();
            inner.line = Line::Live;
            inner.last_heard = clock::stopwatch();
            let subscriptions = inner.subscriptions.clone();
            for (topic, waves) in subscriptions {
                let after = match topic {
                    Topic::Alarms(_) => inner.alarms_heard,
                    _ => None,
                };
                send(&inner, &ClientMessage::Subscribe { topic, waves, after });
            }
        }
        self.emit(Heard::Opened);
    }

    fn received(&self, event: &MessageEvent) {
        self.0.borrow_mut().last_heard = clock::stopwatch();
        let data = event.data();
        if let Some(text) = data.as_string() {
            // A message of a newer server that this page does not know is none of its business.
            if let Ok(message) = serde_json::from_str::<LiveMessage>(&text) {
                match &message {
                    LiveMessage::Tick { server_time } => clock::heard(*server_time),
                    LiveMessage::Alarms { news, .. } => {
                        let last = news.last().map(|news| news.number);
                        let mut inner = self.0.borrow_mut();
                        inner.alarms_heard = last.or(inner.alarms_heard);
                    }
                    _ => {}
                }
                self.emit(Heard::Message(message));
            }
        } else if let Ok(buffer) = data.dyn_into::<js_sys::ArrayBuffer>()
            && let Some(packet) = WavePacket::decode(&js_sys::Uint8Array::new(&buffer).to_vec())
        {
            self.emit(Heard::Wave(packet));
        }
    }

    fn lost(&self) {
        let now = clock::now();
        {
            let mut inner = self.0.borrow_mut();
            let (since, tries) = match inner.line {
                Line::Lost { since, tries, .. } => (since, tries + 1),
                Line::Opening | Line::Live => (now, 0),
            };
            let wait = back_off_millis(tries, clock::chance());
            inner.line = Line::Lost {
                since,
                tries,
                next_try: now.shifted(i64::from(wait) * 1_000),
            };
            inner.socket = None;
            let weak = Rc::downgrade(&self.0);
            inner.retry = Some(Timeout::new(wait, move || {
                if let Some(inner) = weak.upgrade() {
                    LiveLine(inner).connect();
                }
            }));
        }
        self.emit(Heard::Lost);
    }

    fn check_silence(&self) {
        let silent = {
            let inner = self.0.borrow();
            inner.socket.is_some() && clock::stopwatch() - inner.last_heard > SILENCE
        };
        if silent {
            self.lost();
        }
    }
}

fn send(inner: &Inner, message: &ClientMessage) {
    if let (Some(open), Ok(text)) = (&inner.socket, serde_json::to_string(message)) {
        // A socket that broke this instant tells so by its close event.
        let _ = open.socket.send_with_str(&text);
    }
}

fn socket_url() -> String {
    let location = gloo::utils::window().location();
    let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
    format!(
        "{}://{}/api/v1/live",
        if secure { "wss" } else { "ws" },
        location.host().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn tries_are_spread_from_one_second_to_thirty() {
        assert_eq!(back_off_millis(0, 0.5), 1_000);
        assert_eq!(back_off_millis(3, 0.0), 6_000);
        assert_eq!(back_off_millis(90, 0.5), 30_000);
    }
}
