//! Whether the record fits together: a badge when it does, a block that says where when it does not.

use fleetward_common::review::ChainView;
use yew::{Html, Properties, component, html};

use super::own_view::grouped;
use crate::ui::{icon::Icon, zone::Zone};

#[derive(Properties, PartialEq)]
pub struct ChainProps {
    pub chain: ChainView,
    pub zone: Zone,
}

#[component(ChainBadge)]
pub fn chain_badge(props: &ChainProps) -> Html {
    match &props.chain {
        ChainView::Verified { checked_at, .. } => html! {
            <p class="chain"><Icon name="chain" /><span>{ "Audit chain verified to " }<b>{ props.zone.minute(*checked_at) }</b></span></p>
        },
        ChainView::Broken { fits_until, .. } => html! {
            <p class="chain broken"><Icon name="chain" /><span>{ match fits_until {
                Some(at) => html! { <>{ "Verified to " }<b>{ props.zone.clock(*at) }</b>{ ", then broken" }</> },
                None => html! { "Broken from its first entry" },
            } }</span></p>
        },
        ChainView::CheckpointForged { .. } => html! {
            <p class="chain broken"><Icon name="chain" /><span>{ "Checkpoint changed by someone without the key" }</span></p>
        },
        ChainView::Checking => {
            html! { <p class="chain"><Icon name="chain" /><span>{ "Audit chain is being checked" }</span></p> }
        }
    }
}

/// Nothing while it fits.
#[component(ChainBreak)]
pub fn chain_break(props: &ChainProps) -> Html {
    let (number, around, checked_at) = match &props.chain {
        ChainView::Verified { .. } | ChainView::Checking => return html! {},
        ChainView::CheckpointForged { checked_at } => return forged(&props.zone.minute(*checked_at)),
        ChainView::Broken {
            number,
            around,
            checked_at,
            ..
        } => (number, around, checked_at),
    };
    html! {
        <section class="break" role="alert">
            <div class="break-say"><Icon name="fault" class="large" /><div>
                <h2>{ "The audit log does not fit together at entry " }{ grouped(*number) }</h2>
                <p>{ "Everything before it is verified. The entry is not the one that was written, or one was taken out before it." }</p>
            </div></div>
            <ol class="links" aria-label="The chain around the break">
                { for around.iter().map(|link| html! {
                    <li class={if link.fits { "" } else { "gap" }}>
                        <b>{ grouped(link.number) }</b><span>{ props.zone.clock(link.at) }</span>
                        { if link.fits { if link.number < *number { "fits" } else { "not checked" } } else { "does not fit" } }
                    </li>
                }) }
            </ol>
            <div class="break-do">
                <div><h3>{ "What waits" }</h3><p>{ "Deciding. Deadlines keep running, and the wait is on record as their cause." }</p></div>
                <div><h3>{ "What goes on" }</h3><p>{ "Care, alarms, emergency access and recording. Nothing waits for this." }</p></div>
                <div><h3>{ "Who can settle it" }</h3><p>{ "The platform’s operator, with the checkpoints kept outside the database. Found " }{ props.zone.minute(*checked_at) }{ ", told in the server’s log." }</p></div>
            </div>
        </section>
    }
}

fn forged(found: &str) -> Html {
    html! {
        <section class="break" role="alert">
            <div class="break-say"><Icon name="fault" class="large" /><div>
                <h2>{ "The audit checkpoint was changed by someone without the key" }</h2>
                <p>{ "Each entry that is there fits the one before it. Whether the last ones were cut off can’t be told." }</p>
            </div></div>
            <div class="break-do">
                <div><h3>{ "What waits" }</h3><p>{ "Deciding. Deadlines keep running, and the wait is on record as their cause." }</p></div>
                <div><h3>{ "What goes on" }</h3><p>{ "Care, alarms, emergency access and recording. Nothing waits for this." }</p></div>
                <div><h3>{ "Who can settle it" }</h3><p>{ "The platform’s operator, with a copy of the checkpoint. Found " }{ found }{ ", told in the server’s log." }</p></div>
            </div>
        </section>
    }
}
