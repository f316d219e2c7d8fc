//! Whether what is on the page is live. In the header of every page that listens.

use std::time::Duration;
use yew::{Html, Properties, component, html};

use crate::{
    api::{clock, live::Line},
    hooks::use_pulse,
    ui::age::stopwatch_text,
};

/// After so long without a line the word is no longer "reconnecting".
const OFFLINE_AFTER: Duration = Duration::from_secs(30);

#[derive(Properties, PartialEq)]
pub struct ConnectionBadgeProps {
    pub line: Line,
}

#[component(ConnectionBadge)]
pub fn connection_badge(props: &ConnectionBadgeProps) -> Html {
    use_pulse(1_000);
    let (state, word) = match props.line {
        Line::Opening => ("opening", "Connecting".to_owned()),
        Line::Live => ("live", "Live".to_owned()),
        Line::Lost { since, .. } => {
            let lost_for = clock::now().since(since);
            if lost_for >= OFFLINE_AFTER || !gloo::utils::window().navigator().on_line() {
                ("offline", format!("Offline {}", stopwatch_text(lost_for)))
            } else {
                ("lost", format!("Reconnecting {}", stopwatch_text(lost_for)))
            }
        }
    };
    // The seconds are for the eye only: a reader would otherwise be told each one of them.
    html! {
        <span class="connection-badge" data-state={state}>
            <i aria-hidden="true"></i>{ word }
        </span>
    }
}
