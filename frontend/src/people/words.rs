//! What is said about people. Pure.

use fleetward_common::people::{Delivery, InvitationState, MemberState, MessageState, NotGiven, RolePreview};

/// Word and chip of a state. Active is the usual one and gets no chip.
pub const fn state_chip(state: MemberState) -> (&'static str, Option<&'static str>) {
    match state {
        MemberState::Invited => ("Invited", Some("chip watch")),
        MemberState::NotYet => ("Begins later", Some("chip watch")),
        MemberState::Active => ("Active", None),
        MemberState::Suspended => ("Suspended", Some("chip nodata")),
        MemberState::Ended => ("Ended", Some("chip plain")),
    }
}

pub const fn delivery_words(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Waiting => "The message is about to leave.",
        Delivery::Sent => "The message was sent.",
        Delivery::Failed => "The message could not be delivered. Is the address right?",
        Delivery::Withdrawn => "The message was taken back.",
    }
}

pub const fn invitation_words(state: InvitationState) -> &'static str {
    match state {
        InvitationState::Open => "Waits for them to open the link",
        InvitationState::Begun => "Has made a sign-in, and not looked at the role yet",
        InvitationState::Joined => "Has joined",
        InvitationState::Withdrawn => "Taken back",
        InvitationState::Expired => "The link has expired. Send it again.",
    }
}

pub const fn message_chip(state: MessageState) -> (&'static str, &'static str) {
    match state {
        MessageState::Waiting => ("Waits", "chip watch"),
        MessageState::Sent => ("Sent", "chip calm"),
        MessageState::Dead => ("Laid aside", "chip act"),
        MessageState::Withdrawn => ("Taken back", "chip plain"),
    }
}

/// A line of a preview, and whether it comes with the change that is not saved yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub new: bool,
    /// A rule denies it: nobody can give it.
    pub never: bool,
}

/// What the wanted role gives, each line marked that the present one doesn't.
pub fn given(wanted: &[String], present: Option<&[String]>) -> Vec<Line> {
    wanted
        .iter()
        .map(|text| Line {
            text: text.clone(),
            new: present.is_some_and(|present| !present.contains(text)),
            never: false,
        })
        .collect()
}

pub fn withheld(wanted: &[NotGiven], present: Option<&[NotGiven]>) -> Vec<Line> {
    wanted
        .iter()
        .map(|line| Line {
            text: line.what.clone(),
            new: present.is_some_and(|present| !present.iter().any(|known| known.what == line.what)),
            never: line.never,
        })
        .collect()
}

/// The four lists of a preview, in the order they are read.
pub fn lists(wanted: &RolePreview, present: Option<&RolePreview>) -> [(&'static str, bool, Vec<Line>); 4] {
    [
        (
            "sees",
            true,
            given(&wanted.sees, present.map(|present| &*present.sees)),
        ),
        (
            "cannot see",
            false,
            withheld(&wanted.cannot_see, present.map(|present| &*present.cannot_see)),
        ),
        (
            "may do",
            true,
            given(&wanted.may, present.map(|present| &*present.may)),
        ),
        (
            "may not do",
            false,
            withheld(&wanted.may_not, present.map(|present| &*present.may_not)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_what_the_change_brings_is_new() {
        let (before, after) = (vec!["A".to_owned()], vec!["A".to_owned(), "B".to_owned()]);
        let lines = given(&after, Some(&before));
        assert_eq!(
            lines.iter().map(|line| line.new).collect::<Vec<_>>(),
            [false, true]
        );
        assert!(given(&after, None).iter().all(|line| !line.new));
    }
}
