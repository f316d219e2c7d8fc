//! Bugs planted on purpose, to see that the tests would notice them.
//!
//! Only the cargo feature `mutations` can plant one, and only for the thread that asks; without it every
//! question here is a constant no, and the compiler leaves nothing of it in the server.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// A cause that is found again raises a second alarm.
    SecondAlarmOfOneCause,
    /// A High alarm ends with its cause, though nobody has seen it.
    HighEndsUnseen,
    /// Who acknowledges last owns the alarm.
    LastAcknowledgementOwns,
    /// A pause hushes what begins after it.
    PauseHushesLater,
    /// A pause or an "off" lasts until somebody ends it.
    NothingEndsByItself,
    /// A clock set back prolongs a pause.
    ClockProlongsPause,
    /// "Off" needs no end.
    OffWithoutEnd,
    /// An alarm ends when its value grows old.
    SilenceEnds,
    /// Late data alarms.
    LateDataAlarms,
    /// A restart forgets what had begun.
    RestartForgets,
    /// Alarms stay at the bed for the next patient.
    AlarmsOutstayThePatient,
    /// An acknowledged alarm goes on asking.
    AcknowledgedStillAsks,
}

#[cfg(feature = "mutations")]
mod planting {
    use super::Mutation;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Mutation>> = const { Cell::new(None) };
    }

    pub fn planted(mutation: Mutation) -> bool {
        PLANTED.get() == Some(mutation)
    }

    /// Plants a bug for as long as `run` runs on this thread.
    pub fn with<R>(mutation: Mutation, run: impl FnOnce() -> R) -> R {
        struct Uproot;
        impl Drop for Uproot {
            fn drop(&mut self) {
                PLANTED.set(None);
            }
        }
        PLANTED.set(Some(mutation));
        let _uproot = Uproot;
        run()
    }
}

#[cfg(feature = "mutations")]
pub use planting::{planted, with};

#[cfg(not(feature = "mutations"))]
pub const fn planted(_: Mutation) -> bool {
    false
}
