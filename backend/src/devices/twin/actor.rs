//! The thin shell around [`TwinState`]: it delivers events and carries out effects.

use std::sync::Arc;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture,
    StreamHandler, WrapFuture,
};
use fleetward_common::{
    devices::link::{ByeReason, Frame, RefusalCode, ServerMessage},
    time::Instant,
};
use tokio::sync::oneshot;

use super::{
    TwinState,
    event::{Effects, Event},
    ledger::{CommitLedger, CommitNotices, Commits},
    outbox::Outbox,
    registry::Twins,
    slot::Slot,
};
use crate::devices::{
    store::frames,
    telemetry::append::{FrameAppend, TwinAppend},
};
use crate::platform::db::DbError;

/// A line awaits each send, so more than a few messages never wait; more would be a mistake.
const MAILBOX: usize = 8;

/// The twin's end of a line.
pub struct Line {
    pub number: u64,
    pub outbox: Outbox,
}

pub struct TwinActor {
    line: Option<Line>,
    ledger: Arc<CommitLedger>,
    slot: Arc<Slot>,
    twins: Twins,
    /// Set when another line takes over: it may begin once nothing waits for the writer.
    successor: Option<oneshot::Sender<()>>,
}

impl TwinActor {
    pub fn new(line: Line, slot: Arc<Slot>, twins: Twins) -> Self {
        Self {
            line: Some(line),
            ledger: Arc::default(),
            slot,
            twins,
            successor: None,
        }
    }

    /// Lets something happen to the twin and carries out what follows. Answers whether there is room for
    /// more frames.
    pub(super) fn apply(&mut self, event: Event, now: Instant) -> bool {
        let presence = &self.slot.presence;
        let mut state = self.slot.state();
        let Some(twin) = state.as_mut() else { return false };
        let effects = twin.apply(event, now);
        let room = twin.has_room();
        presence.waits_since(twin.waiting_since());
        presence.set_open_minutes(twin.has_open_minutes());
        drop(state);
        self.carry_out(effects, room, now);
        room
    }

    fn carry_out(&mut self, effects: Effects, room: bool, now: Instant) {
        let device = self.slot.device;
        if let Some(rows) = effects.store {
            self.twins.db().append(Box::new(FrameAppend {
                device,
                rows,
                ledger: self.ledger.clone(),
            }));
        }
        if let Some(saved) = effects.save {
            self.twins
                .db()
                .append(Box::new(TwinAppend { device, saved, now }));
        }
        if !effects.publication.is_empty() {
            self.twins.publish(device, effects.publication);
        }
        for message in effects.replies {
            self.say(message, room);
        }
    }

    fn frames_waiting(&self) -> usize {
        self.slot.state().as_ref().map_or(0, TwinState::frames_waiting)
    }

    fn say(&mut self, message: ServerMessage, room: bool) {
        let metrics = self.twins.metrics();
        match &message {
            ServerMessage::Ack { .. } => metrics.acks.inc(),
            ServerMessage::Refused(refusal) => {
                metrics.refused.with_label_values(&[word(refusal.code)]).inc();
                tracing::warn!(
                    device.id = %self.slot.device, seq = refusal.seq, field = %refusal.field,
                    code = word(refusal.code), "a frame was refused"
                );
            }
            _ => {}
        }
        let Some(line) = &self.line else { return };
        // A line that doesn't take its messages is as good as broken; the device will come again.
        if !line.outbox.tell(message, room) {
            self.line = None;
        }
    }

    fn hand_over_when_quiet(&mut self, context: &mut Context<Self>) {
        if self.frames_waiting() == 0
            && let Some(successor) = self.successor.take()
        {
            let _ = successor.send(());
            context.stop();
        }
    }
}

impl Actor for TwinActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(MAILBOX);
        context.add_stream(CommitNotices(self.ledger.clone()));
        self.twins.metrics().twins.inc();
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.twins.metrics().twins.dec();
    }
}

/// A frame came in over the line. Answers whether the line should go on reading.
#[derive(Message)]
#[rtype(result = "bool")]
pub struct FrameArrived {
    pub frame: Frame,
    pub at: Instant,
}

impl Handler<FrameArrived> for TwinActor {
    type Result = bool;

    fn handle(&mut self, arrived: FrameArrived, _: &mut Context<Self>) -> bool {
        if self.successor.is_some() {
            return false;
        }
        self.twins.count(&arrived.frame);
        self.apply(Event::Frame(arrived.frame), arrived.at)
    }
}

impl StreamHandler<Commits> for TwinActor {
    fn handle(&mut self, commits: Commits, context: &mut Context<Self>) {
        let now = self.twins.now();
        self.twins.metrics().stored_frames.inc_by(commits.frames as u64);
        if commits.frames > 0 {
            let frames = commits.frames;
            self.apply(Event::Stored { frames }, now);
        }
        if commits.failed {
            // What waits was not stored. Forget it all: the device sends it again to a twin that is
            // read back from the store.
            let failed = self.frames_waiting() as u64;
            self.twins.metrics().failed_frames.inc_by(failed);
            self.line = None;
            *self.slot.state() = None;
            self.successor = None;
            self.twins.forget(&self.slot);
            context.stop();
            return;
        }
        self.hand_over_when_quiet(context);
    }
}

/// Another line of the same device came: the newer one wins.
#[derive(Message)]
#[rtype(result = "()")]
pub struct HandOver;

impl Handler<HandOver> for TwinActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: HandOver, context: &mut Context<Self>) -> Self::Result {
        self.say(
            ServerMessage::Bye {
                reason: ByeReason::Superseded,
            },
            false,
        );
        self.line = None;
        let (sender, receiver) = oneshot::channel();
        self.successor = Some(sender);
        self.hand_over_when_quiet(context);
        Box::pin(async move {
            // An error means that the frames were not stored and the state was thrown away.
            let _ = receiver.await;
        })
    }
}

/// The line ended.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LineEnded {
    pub number: u64,
    pub said_bye: bool,
}

impl Handler<LineEnded> for TwinActor {
    type Result = ();

    fn handle(&mut self, ended: LineEnded, _: &mut Context<Self>) {
        if self.line.as_ref().is_some_and(|line| line.number != ended.number) || self.successor.is_some() {
            return;
        }
        self.line = None;
        self.slot.presence.set_line(false);
        if ended.said_bye {
            self.slot.presence.set_connected(false);
            let now = self.twins.now();
            self.apply(Event::SaidBye, now);
        }
    }
}

/// What the watchdog asks for.
#[derive(Message)]
#[rtype(result = "()")]
pub enum Nudge {
    Tick,
    /// The device has been silent: its line is given up.
    LetGo,
    Passivate,
    /// The server stops.
    Close,
}

impl Handler<Nudge> for TwinActor {
    type Result = ();

    fn handle(&mut self, nudge: Nudge, context: &mut Context<Self>) {
        let now = self.twins.now();
        match nudge {
            Nudge::Tick => {
                if self.slot.presence.waiting_since().is_some() {
                    self.twins.metrics().unrecorded.inc();
                }
                self.apply(Event::Tick, now);
            }
            Nudge::LetGo => self.line = None,
            Nudge::Close => {
                let reason = ByeReason::Shutdown;
                self.say(ServerMessage::Bye { reason }, false);
                self.line = None;
                self.passivate(now, context);
            }
            Nudge::Passivate => {
                if self.line.is_none() && self.successor.is_none() && self.frames_waiting() == 0 {
                    self.passivate(now, context);
                }
            }
        }
    }
}

impl TwinActor {
    fn passivate(&mut self, now: Instant, context: &mut Context<Self>) {
        let state = self
            .slot
            .state()
            .as_mut()
            .map(|twin| twin.apply(Event::Passivating, now));
        let Some(saved) = state.and_then(|effects| effects.save) else {
            return;
        };
        let device = self.slot.device;
        let db = self.twins.db().clone();
        let stored = async move {
            db.write(move |connection| frames::save(connection, device, &saved, now).map_err(DbError::Query))
                .await
        };
        let then_sleep = stored.into_actor(self).map(|stored, twin, context| {
            // A line may have come meanwhile; then the twin stays awake.
            if stored.is_ok()
                && twin.line.is_none()
                && twin.successor.is_none()
                && twin.twins.forget(&twin.slot)
            {
                context.stop();
            }
        });
        context.spawn(then_sleep);
    }
}

const fn word(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::Malformed => "malformed",
        RefusalCode::TooLarge => "too_large",
        RefusalCode::UnknownChannel => "unknown_channel",
        RefusalCode::WrongShape => "wrong_shape",
        RefusalCode::OutOfBounds => "out_of_bounds",
    }
}
