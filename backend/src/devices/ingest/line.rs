//! One device's line, from `Hello` to its end.

use std::{sync::Arc, time::Duration};

use actix_web::web::Bytes;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, MessageStream, Session};
use fleetward_common::{
    devices::link::{
        self, ByeReason, DeviceMessage, Hello, MAX_CHANNELS, MAX_MESSAGE_BYTES, PROTOCOL_VERSION,
        ServerMessage,
    },
    time::Instant,
};
use futures_util::StreamExt;
use tokio::time;

use super::decode::decode;
use crate::{
    devices::{
        authority::DeviceCertificate,
        store::registration::{self, CertificateState},
        twin::{
            Twins,
            actor::{FrameArrived, LineEnded},
            outbox::{Inbox, ToLine},
            registry::Joined,
        },
    },
    platform::db::DbError,
};

/// How long a device may take to say who it is.
const HELLO: Duration = Duration::from_secs(10);
const PING: Duration = Duration::from_secs(5);
/// A device that doesn't take what we send is let go.
const WRITE: Duration = Duration::from_secs(10);
/// Larger messages than the protocol allows are read up to here, so that they can be refused by number
/// and the line stays open; beyond, the line is closed.
const READ_AT_MOST: usize = 4 * MAX_MESSAGE_BYTES;
/// With more than this waiting for the writer, devices are asked to pause.
const BACKLOG_JOBS: usize = 20_000;
const BACKLOG_BYTES: usize = 64 * 1024 * 1024;
const PAUSE: Duration = Duration::from_millis(500);

pub async fn run(
    twins: Twins,
    certificate: Arc<DeviceCertificate>,
    session: Session,
    messages: MessageStream,
) {
    let messages = messages
        .max_frame_size(READ_AT_MOST)
        .aggregate_continuations()
        .max_continuation_size(READ_AT_MOST);
    let mut line = Line {
        twins,
        certificate,
        session,
        messages,
    };
    line.twins.metrics().lines.inc();
    let end = line.talk().await;
    line.twins.metrics().lines.dec();
    if let End::TurnedAway(reason) = end {
        line.turn_away(reason).await;
    }
    let _ = time::timeout(WRITE, line.session.close(None)).await;
}

struct Line {
    twins: Twins,
    certificate: Arc<DeviceCertificate>,
    session: Session,
    messages: AggregatedMessageStream,
}

/// Why a line is over.
enum End {
    Closed,
    SaidBye,
    TurnedAway(ByeReason),
}

impl Line {
    async fn talk(&mut self) -> End {
        let hello = match time::timeout(HELLO, self.hello()).await {
            Ok(Ok(hello)) => hello,
            Ok(Err(end)) => return end,
            Err(_) => return End::TurnedAway(ByeReason::ProtocolError),
        };
        if let Some(reason) = self.objection(&hello).await {
            return reason;
        }
        let device = self.certificate.device;
        let (joined, inbox) = match self.twins.join(device, hello).await {
            Ok(joined) => joined,
            Err(error) => {
                tracing::error!(device.id = %device, %error, "a device could not be given its twin");
                return End::Closed;
            }
        };
        tracing::info!(device.id = %device, "a device is connected");
        let end = self.exchange(&joined, inbox).await;
        let said_bye = matches!(end, End::SaidBye);
        tracing::info!(device.id = %device, said_bye, "a device line ended");
        let number = joined.line;
        let _ = joined.twin.send(LineEnded { number, said_bye }).await;
        end
    }

    async fn hello(&mut self) -> Result<Hello, End> {
        loop {
            match self.next().await? {
                Heard::Nothing => {}
                Heard::Message(bytes) => {
                    return match decode(&bytes) {
                        Ok(DeviceMessage::Hello(hello)) => Ok(hello),
                        _ => Err(End::TurnedAway(ByeReason::ProtocolError)),
                    };
                }
            }
        }
    }

    /// Why this device can't have its line. The certificate is checked again here: it may have ended, or
    /// been revoked, since the handshake.
    async fn objection(&self, hello: &Hello) -> Option<End> {
        let turned_away = |reason| Some(End::TurnedAway(reason));
        if self.twins.is_closing() {
            return turned_away(ByeReason::Shutdown);
        }
        if hello.protocol != PROTOCOL_VERSION {
            return turned_away(ByeReason::ProtocolVersion);
        }
        let mut ids: Vec<u16> = hello.channels.iter().map(|channel| channel.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if hello.channels.len() > MAX_CHANNELS
            || ids.len() != hello.channels.len()
            || i64::try_from(hello.epoch).is_err()
        {
            return turned_away(ByeReason::ProtocolError);
        }
        if !self.certificate.valid.contains(self.twins.now()) {
            return turned_away(ByeReason::CertificateExpired);
        }
        let (device, fingerprint) = (self.certificate.device, self.certificate.fingerprint);
        let found = self.twins.db().read(move |connection| {
            registration::find(connection, device, &fingerprint).map_err(DbError::Query)
        });
        let registered = match found.await {
            Ok(Some(registered)) => registered,
            Ok(None) => return turned_away(ByeReason::UnknownDevice),
            Err(error) => {
                tracing::error!(device.id = %device, %error, "a device could not be looked up");
                return Some(End::Closed);
            }
        };
        if registered.revoked || registered.certificate != CertificateState::Valid {
            return turned_away(ByeReason::UnknownDevice);
        }
        let serial = hello.serial.as_str();
        if serial != registered.serial || serial != self.certificate.serial {
            return turned_away(ByeReason::WrongSerial);
        }
        None
    }

    async fn exchange(&mut self, joined: &Joined, inbox: Inbox) -> End {
        let mut ping = time::interval(PING);
        ping.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut room = true;
        let mut paused_until = Instant::EPOCH;
        loop {
            tokio::select! {
                biased;
                told = inbox.next() => {
                    let Some(ToLine { message, room: goes_on }) = told else { return End::Closed };
                    room = goes_on;
                    let superseded = matches!(message, ServerMessage::Bye { .. });
                    if self.say(&message).await.is_err() || superseded {
                        return End::Closed;
                    }
                }
                _ = ping.tick() => {
                    if time::timeout(WRITE, self.session.ping(b"")).await.is_err() {
                        return End::Closed;
                    }
                }
                heard = next(&mut self.messages, &mut self.session), if room => {
                    let now = self.twins.now();
                    let bytes = match heard {
                        Ok(Heard::Message(bytes)) => bytes,
                        Ok(Heard::Nothing) => {
                            joined.slot.presence.hear(now);
                            continue;
                        }
                        Err(end) => return end,
                    };
                    joined.slot.presence.hear(now);
                    match decode(&bytes) {
                        Ok(DeviceMessage::Frame(frame)) => {
                            match joined.twin.send(FrameArrived { frame, at: now }).await {
                                Ok(goes_on) => room = goes_on,
                                Err(_) => return End::Closed,
                            }
                        }
                        Ok(DeviceMessage::Bye) => return End::SaidBye,
                        Ok(DeviceMessage::Hello(_)) => return End::TurnedAway(ByeReason::ProtocolError),
                        Err(refusal) => {
                            if self.refuse(refusal).await.is_err() {
                                return End::Closed;
                            }
                        }
                    }
                    if now >= paused_until && self.writer_is_behind() {
                        paused_until = now + PAUSE;
                        if self.slow_down().await.is_err() {
                            return End::Closed;
                        }
                    }
                }
            }
        }
    }

    async fn refuse(&mut self, refusal: link::Refusal) -> Result<(), End> {
        let metrics = self.twins.metrics();
        metrics
            .refused
            .with_label_values(&[match refusal.code {
                link::RefusalCode::TooLarge => "too_large",
                _ => "malformed",
            }])
            .inc();
        tracing::warn!(
            device.id = %self.certificate.device, seq = refusal.seq, field = %refusal.field,
            "a message was refused"
        );
        self.say(&ServerMessage::Refused(refusal)).await
    }

    fn writer_is_behind(&self) -> bool {
        let backlog = self.twins.db().backlog();
        backlog.jobs > BACKLOG_JOBS || backlog.bytes > BACKLOG_BYTES
    }

    async fn slow_down(&mut self) -> Result<(), End> {
        self.twins.metrics().slowed_down.inc();
        let pause_ms = u32::try_from(PAUSE.as_millis()).unwrap_or(u32::MAX);
        self.say(&ServerMessage::SlowDown { pause_ms }).await
    }

    async fn turn_away(&mut self, reason: ByeReason) {
        let word = match reason {
            ByeReason::Shutdown => "shutdown",
            ByeReason::Superseded => "superseded",
            ByeReason::WrongSerial => "wrong_serial",
            ByeReason::CertificateExpired => "certificate_expired",
            ByeReason::UnknownDevice => "unknown_device",
            ByeReason::ProtocolVersion => "protocol_version",
            ByeReason::ProtocolError => "protocol_error",
        };
        self.twins.metrics().turned_away.with_label_values(&[word]).inc();
        tracing::warn!(device.id = %self.certificate.device, reason = word, "a device was turned away");
        let _ = self.say(&ServerMessage::Bye { reason }).await;
    }

    async fn say(&mut self, message: &ServerMessage) -> Result<(), End> {
        let bytes = link::encode(message);
        match time::timeout(WRITE, self.session.binary(bytes)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Closed),
        }
    }

    async fn next(&mut self) -> Result<Heard, End> {
        next(&mut self.messages, &mut self.session).await
    }
}

enum Heard {
    Message(Bytes),
    /// The device is there, and said nothing.
    Nothing,
}

async fn next(messages: &mut AggregatedMessageStream, session: &mut Session) -> Result<Heard, End> {
    match messages.next().await {
        Some(Ok(AggregatedMessage::Binary(bytes))) => Ok(Heard::Message(bytes)),
        Some(Ok(AggregatedMessage::Text(_))) => Err(End::TurnedAway(ByeReason::ProtocolError)),
        Some(Ok(AggregatedMessage::Ping(bytes))) => {
            let _ = time::timeout(WRITE, session.pong(&bytes)).await;
            Ok(Heard::Nothing)
        }
        Some(Ok(AggregatedMessage::Pong(_))) => Ok(Heard::Nothing),
        Some(Ok(AggregatedMessage::Close(_)) | Err(_)) | None => Err(End::Closed),
    }
}
