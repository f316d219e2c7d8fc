//! What to say next on one line, and what the answers mean. No I/O, no clock.

use fleetward_common::devices::link::{ByeReason, Refusal, ServerMessage};
use std::collections::VecDeque;

/// How much may be on its way without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub frames: usize,
    pub bytes: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            frames: 64,
            bytes: 1 << 20,
        }
    }
}

/// What the driver has to do about a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// All frames up to this one are final.
    Acknowledge { through: u64 },
    /// This frame will never be stored.
    SetAside { seq: u64, refusal: Refusal },
    /// Send nothing for this long, then call [`Session::resume`].
    Pause { millis: u32 },
    /// The line is of no use any more.
    Leave(Leave),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    ServerSaidBye(ByeReason),
    /// A message was refused, and it can't be told which of these: they go again, one by one.
    GoOneByOne {
        suspects: Vec<u64>,
        refusal: Refusal,
    },
    OutOfOrder,
}

#[derive(Debug)]
pub struct Session {
    epoch: u64,
    /// The next frame to look for.
    cursor: u64,
    /// Frames from here on were made for other channels than this line's `Hello` declared.
    until: Option<u64>,
    window: Window,
    in_flight: VecDeque<(u64, usize)>,
    paused: bool,
    /// One frame at a time below this sequence number.
    careful_below: u64,
}

impl Session {
    /// After `Welcome`: `next_seq` is the oldest frame the server may still want.
    pub fn new(epoch: u64, next_seq: u64, until: Option<u64>, window: Window, careful_below: u64) -> Self {
        Self {
            epoch,
            cursor: next_seq,
            until,
            window,
            in_flight: VecDeque::new(),
            paused: false,
            careful_below,
        }
    }

    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// From which sequence number the next frame may be sent; `None` when it has to wait.
    pub fn may_send_from(&self) -> Option<u64> {
        let bytes: usize = self.in_flight.iter().map(|(_, bytes)| bytes).sum();
        let oldest = self.in_flight.front().map_or(self.cursor, |(seq, _)| *seq);
        let frames = if oldest < self.careful_below {
            1
        } else {
            self.window.frames
        };
        let waits = self.paused || self.in_flight.len() >= frames || bytes >= self.window.bytes;
        (!waits).then_some(self.cursor)
    }

    /// Whether this line may carry the frame; if not, and nothing is on its way, it's time for a new `Hello`.
    pub fn carries(&self, seq: u64) -> bool {
        self.until.is_none_or(|until| seq < until)
    }

    pub fn is_waiting_for_answers(&self) -> bool {
        !self.in_flight.is_empty()
    }

    pub fn sent(&mut self, seq: u64, bytes: usize) {
        self.in_flight.push_back((seq, bytes));
        self.cursor = seq.saturating_add(1);
    }

    pub fn resume(&mut self) {
        self.paused = false;
    }

    /// The sequence number below which a following line has to go one by one.
    pub fn careful_below(&self) -> u64 {
        self.careful_below
    }

    pub fn hear(&mut self, message: ServerMessage) -> Option<Effect> {
        match message {
            ServerMessage::Ack { epoch, through } if epoch == self.epoch => self.hear_ack(through),
            // About frames of an earlier epoch, which are final already.
            ServerMessage::Ack { .. } => None,
            ServerMessage::Refused(refusal) => Some(self.hear_refusal(refusal)),
            ServerMessage::SlowDown { pause_ms } => {
                self.paused = true;
                Some(Effect::Pause { millis: pause_ms })
            }
            ServerMessage::Bye { reason } => Some(Effect::Leave(Leave::ServerSaidBye(reason))),
            ServerMessage::Welcome(_) => Some(Effect::Leave(Leave::OutOfOrder)),
        }
    }

    fn hear_ack(&mut self, through: u64) -> Option<Effect> {
        // An acknowledgement of what was never sent must not delete anything.
        let through = through.min(self.cursor.checked_sub(1)?);
        self.in_flight.retain(|(seq, _)| *seq > through);
        Some(Effect::Acknowledge { through })
    }

    fn hear_refusal(&mut self, refusal: Refusal) -> Effect {
        let seq = match refusal.seq {
            Some(seq) if seq < self.cursor => Some(seq),
            // Too broken to tell which, but if there is only one, it is that one.
            _ if self.in_flight.len() == 1 => self.in_flight.front().map(|(seq, _)| *seq),
            _ => None,
        };
        match seq {
            Some(seq) => {
                self.in_flight.retain(|(other, _)| *other != seq);
                Effect::SetAside { seq, refusal }
            }
            None => {
                self.careful_below = self.cursor;
                let suspects = self.in_flight.iter().map(|(seq, _)| *seq).collect();
                Effect::Leave(Leave::GoOneByOne { suspects, refusal })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::devices::link::RefusalCode;

    const EPOCH: u64 = 9;

    fn session() -> Session {
        let window = Window {
            frames: 4,
            bytes: 1_000,
        };
        Session::new(EPOCH, 10, None, window, 0)
    }

    fn ack(through: u64) -> ServerMessage {
        ServerMessage::Ack {
            epoch: EPOCH,
            through,
        }
    }

    fn refused(seq: Option<u64>) -> Refusal {
        Refusal {
            seq,
            code: RefusalCode::Malformed,
            field: String::new(),
        }
    }

    #[test]
    fn four_frames_may_be_on_their_way_and_the_fifth_waits_for_an_answer() {
        let mut session = session();
        for seq in 10..14 {
            assert_eq!(session.may_send_from(), Some(seq));
            session.sent(seq, 10);
        }
        assert_eq!(session.may_send_from(), None);
        assert_eq!(session.hear(ack(11)), Some(Effect::Acknowledge { through: 11 }));
        assert_eq!(session.may_send_from(), Some(14));
    }

    #[test]
    fn one_huge_frame_fills_the_window() {
        let mut session = session();
        session.sent(10, 60_000);
        assert_eq!(session.may_send_from(), None);
    }

    #[test]
    fn an_acknowledgement_of_frames_that_were_never_sent_deletes_only_what_was() {
        let mut session = session();
        session.sent(10, 10);
        assert_eq!(
            session.hear(ack(4_000)),
            Some(Effect::Acknowledge { through: 10 })
        );
        let mut fresh = Session::new(EPOCH, 0, None, Window::default(), 0);
        assert_eq!(fresh.hear(ack(4_000)), None);
    }

    #[test]
    fn an_acknowledgement_of_another_epoch_means_nothing() {
        let mut session = session();
        session.sent(10, 10);
        let other = ServerMessage::Ack {
            epoch: EPOCH - 1,
            through: 10,
        };
        assert_eq!(session.hear(other), None);
        assert!(session.is_waiting_for_answers());
    }

    #[test]
    fn a_refused_frame_makes_room_and_the_next_goes_on() {
        let mut session = session();
        for seq in 10..14 {
            session.sent(seq, 10);
        }
        let effect = session.hear(ServerMessage::Refused(refused(Some(12))));
        let expected = Effect::SetAside {
            seq: 12,
            refusal: refused(Some(12)),
        };
        assert_eq!(effect, Some(expected));
        assert_eq!(session.may_send_from(), Some(14));
    }

    #[test]
    fn an_anonymous_refusal_is_of_the_only_frame_on_its_way() {
        let mut session = session();
        session.sent(10, 10);
        let effect = session.hear(ServerMessage::Refused(refused(None)));
        assert!(matches!(effect, Some(Effect::SetAside { seq: 10, .. })));
    }

    #[test]
    fn an_anonymous_refusal_among_several_makes_them_go_one_by_one() {
        let mut first = session();
        first.sent(10, 10);
        first.sent(11, 10);
        let effect = first.hear(ServerMessage::Refused(refused(None)));
        let expected = Leave::GoOneByOne {
            suspects: vec![10, 11],
            refusal: refused(None),
        };
        assert_eq!(effect, Some(Effect::Leave(expected)));

        let mut second = Session::new(EPOCH, 10, None, Window::default(), first.careful_below());
        second.sent(10, 10);
        assert_eq!(second.may_send_from(), None);
        second.hear(ServerMessage::Refused(refused(None)));
        second.sent(11, 10);
        second.hear(ack(11));
        second.sent(12, 10);
        assert_eq!(second.may_send_from(), Some(13), "careful only as long as needed");
    }

    #[test]
    fn a_paused_session_sends_nothing_until_it_resumes() {
        let mut session = session();
        let effect = session.hear(ServerMessage::SlowDown { pause_ms: 40 });
        assert_eq!(effect, Some(Effect::Pause { millis: 40 }));
        assert_eq!(session.may_send_from(), None);
        session.resume();
        assert_eq!(session.may_send_from(), Some(10));
    }

    #[test]
    fn frames_of_other_channels_wait_for_another_hello() {
        let session = Session::new(EPOCH, 10, Some(12), Window::default(), 0);
        assert!(session.carries(11));
        assert!(!session.carries(12));
    }

    #[test]
    fn a_second_welcome_is_out_of_order() {
        let welcome = fleetward_common::devices::link::Welcome {
            server_time: fleetward_common::time::Instant::EPOCH,
            next_seq: 0,
        };
        let effect = session().hear(ServerMessage::Welcome(welcome));
        assert_eq!(effect, Some(Effect::Leave(Leave::OutOfOrder)));
    }
}
