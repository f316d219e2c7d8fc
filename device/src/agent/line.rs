//! Keeping one line to the server: the only place where the agent waits for anything.

use fleetward_common::devices::link::{
    ByeReason, DeviceMessage, Hello, PROTOCOL_VERSION, Refusal, ServerMessage, Welcome,
};
use std::{io, pin::Pin, sync::PoisonError, time::Duration};
use thiserror::Error;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, Sleep, interval, sleep, timeout},
};

use super::{
    Agent, Plug,
    buffer::{Agreement, BufferError},
    link::{Heard, Link, LinkError},
    session::{Effect, Leave, Session},
};
use crate::clock::roll;

/// After so many pulses without a word from the server the line is dead.
const DEAD_AFTER_PULSES: u32 = 3;

#[derive(Debug, Error)]
enum LineError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Buffer(#[from] BufferError),
    #[error("could not write the log of acknowledgements")]
    AckLog(#[source] io::Error),
    #[error("the server was silent")]
    Silence,
    #[error("the server said something out of order")]
    OutOfOrder,
}

/// How a line ended, where it did not fail.
enum Ended {
    Stopped,
    Unplugged,
    /// The next line needs another `Hello`, soon.
    SayHelloAgain,
    Bye(ByeReason),
}

/// What is remembered from line to line.
#[derive(Default)]
struct Attempts {
    failures: u32,
    careful_below: u64,
}

impl Agent {
    /// Keeps a line to `server` (`host:port`) until [`Agent::stop`]. Whatever goes wrong, it tries again.
    pub async fn run(&self, server: &str) {
        let mut stop = self.shared.stop.subscribe();
        tokio::select! {
            () = self.keep_line(server) => {}
            () = self.sync_every_second() => {}
            // A stop that comes while a line is open is seen there first, to say `Bye`.
            () = async {
                become_true(&mut stop, |stop| *stop).await;
                sleep(self.shared.timing.patience).await;
            } => {}
        }
        if let Err(error) = self.sync().await {
            tracing::error!(device.serial = %self.shared.serial, %error, "the buffer did not reach the disk");
        }
        self.shared.status.send_modify(|status| status.connected = false);
    }

    async fn keep_line(&self, server: &str) {
        let mut attempts = Attempts::default();
        let mut stop = self.shared.stop.subscribe();
        let mut plug = self.shared.plug.subscribe();
        loop {
            tokio::select! {
                biased;
                () = become_true(&mut stop, |stop| *stop) => return,
                () = become_true(&mut plug, |plug| *plug == Plug::In) => {}
            }
            let ended = self.hold_line(server, &mut attempts).await;
            self.shared.status.send_modify(|status| status.connected = false);
            let Some(wait) = self.wait_after(ended, &mut attempts) else {
                return;
            };
            tokio::select! {
                biased;
                () = become_true(&mut stop, |stop| *stop) => return,
                () = sleep(wait) => {}
            }
        }
    }

    /// `None` when the agent was told to stop.
    fn wait_after(&self, ended: Result<Ended, LineError>, attempts: &mut Attempts) -> Option<Duration> {
        let backoff = self.shared.timing.backoff;
        let serial = &self.shared.serial;
        match ended {
            Ok(Ended::Stopped) => return None,
            Ok(Ended::Unplugged) => return Some(Duration::ZERO),
            Ok(Ended::SayHelloAgain) => return Some(backoff.wait(1, roll())),
            Ok(Ended::Bye(reason)) => {
                tracing::warn!(device.serial = %serial, ?reason, "the server said good-bye");
                self.shared
                    .status
                    .send_modify(|status| status.last_bye = Some(reason));
                if reason != ByeReason::Shutdown {
                    // Trying again soon would only push the other line out, or be refused again.
                    return Some(backoff.most);
                }
            }
            Err(error) => {
                let why = chain(&error);
                if attempts.failures == 0 {
                    tracing::warn!(device.serial = %serial, error = %why, "no line to the server");
                } else {
                    tracing::debug!(device.serial = %serial, error = %why, "still no line to the server");
                }
                self.shared
                    .status
                    .send_modify(|status| status.last_failure = Some(why.into()));
            }
        }
        attempts.failures = attempts.failures.saturating_add(1);
        Some(backoff.wait(attempts.failures, roll()))
    }

    async fn hold_line(&self, server: &str, attempts: &mut Attempts) -> Result<Ended, LineError> {
        let mut stop = self.shared.stop.subscribe();
        let introduced = tokio::select! {
            () = become_true(&mut stop, |stop| *stop) => return Ok(Ended::Stopped),
            introduced = self.introduce(server, attempts) => introduced?,
        };
        let (mut link, mut session) = match introduced {
            Introduced::Welcome(link, session) => (link, session),
            Introduced::Ended(ended) => return Ok(ended),
        };
        let ended = self.converse(&mut link, &mut session, attempts).await;
        attempts.careful_below = session.careful_below();
        if matches!(ended, Ok(Ended::Stopped)) {
            // The server may be gone already; then nobody is left to be polite to.
            if link.say(&DeviceMessage::Bye).await.is_ok() {
                let _ = link.close().await;
            }
        }
        ended
    }

    async fn introduce(&self, server: &str, attempts: &mut Attempts) -> Result<Introduced, LineError> {
        let shared = &self.shared;
        let mut link = Link::connect(server, &shared.credentials, shared.timing.patience).await?;
        let (hello, until) = self.hello();
        let epoch = hello.epoch;
        link.say(&DeviceMessage::Hello(hello)).await?;
        let welcome = match timeout(shared.timing.patience, hear_welcome(&mut link)).await {
            Ok(Ok(welcome)) => welcome,
            Ok(Err(ended)) => return Ok(Introduced::Ended(ended?)),
            Err(_) => return Err(LinkError::NoAnswer(shared.timing.patience).into()),
        };
        let agreement = self
            .buffer()
            .server_expects(welcome.next_seq, shared.clock.now())?;
        match agreement {
            Agreement::Agreed { already_stored } => self.note_stored(epoch, &already_stored)?,
            Agreement::NewEpoch { already_stored } => {
                tracing::warn!(
                    device.serial = %shared.serial,
                    "the server knows frames this device has forgotten: a new epoch begins"
                );
                self.note_stored(epoch, &already_stored)?;
                attempts.careful_below = 0;
                return Ok(Introduced::Ended(Ended::SayHelloAgain));
            }
        }
        let oldest = {
            let buffer = self.buffer();
            self.publish(&buffer, |status| {
                status.connected = true;
                status.welcomes += 1;
            });
            buffer.oldest_seq()
        };
        tracing::info!(device.serial = %shared.serial, next_seq = welcome.next_seq, "connected");
        let session = Session::new(epoch, oldest, until, shared.window, attempts.careful_below);
        Ok(Introduced::Welcome(Box::new(link), session))
    }

    fn hello(&self) -> (Hello, Option<u64>) {
        let buffer = self.buffer();
        let (channels, until) = buffer.channels();
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            serial: self.shared.serial.clone(),
            software: self.shared.software.clone(),
            epoch: buffer.epoch(),
            next_seq: buffer.oldest_seq(),
            device_time: self.shared.clock.now(),
            clock: self.shared.clock_state,
            channels,
        };
        (hello, until)
    }

    async fn converse(
        &self,
        link: &mut Link,
        session: &mut Session,
        attempts: &mut Attempts,
    ) -> Result<Ended, LineError> {
        let mut stop = self.shared.stop.subscribe();
        let mut plug = self.shared.plug.subscribe();
        let mut pulse = interval(self.shared.timing.pulse);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pulse.reset();
        let mut silent_pulses = 0;
        let mut pause: Option<Pin<Box<Sleep>>> = None;
        loop {
            if self.send_what_may_go(link, session).await? == Sending::NeedsAnotherHello {
                return Ok(Ended::SayHelloAgain);
            }
            tokio::select! {
                () = become_true(&mut stop, |stop| *stop) => return Ok(Ended::Stopped),
                () = become_true(&mut plug, |plug| *plug != Plug::In) => {
                    self.wait_out_silence(&mut plug).await;
                    return Ok(Ended::Unplugged);
                }
                heard = link.hear() => {
                    silent_pulses = 0;
                    let Heard::Message(message) = heard? else { continue };
                    match session.hear(message) {
                        Some(Effect::Pause { millis }) => {
                            pause = Some(Box::pin(sleep(Duration::from_millis(u64::from(millis)))));
                        }
                        Some(Effect::Leave(Leave::ServerSaidBye(reason))) => return Ok(Ended::Bye(reason)),
                        Some(Effect::Leave(Leave::GoOneByOne { suspects, refusal })) => {
                            // An acknowledgement of later frames may make the refused one look stored.
                            self.buffer().copy_aside(&suspects, &refusal)?;
                            return Ok(Ended::SayHelloAgain);
                        }
                        Some(Effect::Leave(Leave::OutOfOrder)) => return Err(LineError::OutOfOrder),
                        Some(Effect::Acknowledge { through }) => {
                            attempts.failures = 0;
                            let stored = self.buffer().acknowledge(through)?;
                            self.note_stored(session.epoch(), &stored)?;
                        }
                        Some(Effect::SetAside { seq, refusal }) => self.set_aside(seq, &refusal)?,
                        None => {}
                    }
                }
                () = self.shared.work.notified(), if session.may_send_from().is_some() => {}
                () = resumed(&mut pause), if pause.is_some() => {
                    pause = None;
                    session.resume();
                }
                _ = pulse.tick() => {
                    silent_pulses += 1;
                    if silent_pulses >= DEAD_AFTER_PULSES {
                        return Err(LineError::Silence);
                    }
                    attempts.failures = 0;
                    link.ping().await?;
                }
            }
        }
    }

    async fn send_what_may_go(&self, link: &mut Link, session: &mut Session) -> Result<Sending, LineError> {
        let mut sent = 0;
        while let Some(from) = session.may_send_from() {
            let next = {
                let mut buffer = self.buffer();
                let next = buffer.message_from(from)?;
                if let Some((seq, _)) = &next
                    && session.carries(*seq)
                {
                    buffer.note_sent(*seq);
                }
                next
            };
            let Some((seq, message)) = next else { break };
            if !session.carries(seq) {
                if session.is_waiting_for_answers() {
                    break;
                }
                return Ok(Sending::NeedsAnotherHello);
            }
            session.sent(seq, message.len());
            link.feed(message).await?;
            sent += 1;
        }
        if sent > 0 {
            link.flush().await?;
            self.shared.status.send_modify(|status| status.sent += sent);
        }
        Ok(Sending::UpToDate)
    }

    fn note_stored(&self, epoch: u64, seqs: &[u64]) -> Result<(), LineError> {
        let buffer = self.buffer();
        if let Some(log) = &self.shared.ack_log
            && !seqs.is_empty()
        {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.note(epoch, seqs).map_err(LineError::AckLog)?;
        }
        self.publish(&buffer, |status| status.acknowledged += seqs.len() as u64);
        Ok(())
    }

    fn set_aside(&self, seq: u64, refusal: &Refusal) -> Result<(), LineError> {
        let mut buffer = self.buffer();
        if buffer.refuse(seq, refusal)? {
            tracing::error!(
                device.serial = %self.shared.serial,
                seq,
                code = ?refusal.code,
                field = %refusal.field,
                "the server refused a frame: it was set aside"
            );
            self.publish(&buffer, |status| status.refused += 1);
        }
        Ok(())
    }

    async fn wait_out_silence(&self, plug: &mut watch::Receiver<Plug>) {
        let mut stop = self.shared.stop.subscribe();
        tokio::select! {
            () = become_true(plug, |plug| *plug != Plug::Silent) => {}
            () = become_true(&mut stop, |stop| *stop) => {}
        }
    }

    async fn sync_every_second(&self) {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            second.tick().await;
            if self.buffer().held_frames() == 0 {
                // The server has everything: there is nothing that could be lost.
                continue;
            }
            if let Err(error) = self.sync().await {
                tracing::error!(device.serial = %self.shared.serial, %error, "the buffer did not reach the disk");
            }
        }
    }

    async fn sync(&self) -> Result<(), BufferError> {
        let files = self.buffer().take_unsynced()?;
        if files.is_empty() {
            return Ok(());
        }
        let work = move || files.iter().try_for_each(std::fs::File::sync_data);
        let result = tokio::task::spawn_blocking(work).await.map_err(io::Error::other);
        result.flatten().map_err(|source| BufferError::Disk {
            step: "bring the buffer to the disk",
            source,
        })
    }
}

enum Introduced {
    Welcome(Box<Link>, Session),
    Ended(Ended),
}

#[derive(PartialEq, Eq)]
enum Sending {
    UpToDate,
    NeedsAnotherHello,
}

/// Keeps no reference to the watched value, which must not be held while waiting for something else.
async fn become_true<T>(watched: &mut watch::Receiver<T>, is_so: impl Fn(&T) -> bool) {
    // The sender lives as long as the agent does, so waiting can't fail.
    let _ = watched.wait_for(|value| is_so(value)).await;
}

async fn resumed(pause: &mut Option<Pin<Box<Sleep>>>) {
    if let Some(pause) = pause {
        pause.await;
    }
}

async fn hear_welcome(link: &mut Link) -> Result<Welcome, Result<Ended, LineError>> {
    loop {
        match link.hear().await {
            Ok(Heard::Pulse) => {}
            Ok(Heard::Message(ServerMessage::Welcome(welcome))) => return Ok(welcome),
            Ok(Heard::Message(ServerMessage::Bye { reason })) => return Err(Ok(Ended::Bye(reason))),
            Ok(Heard::Message(_)) => return Err(Err(LineError::OutOfOrder)),
            Err(error) => return Err(Err(error.into())),
        }
    }
}

/// The error with its causes, for one line of log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
