//! Messages to the outside: what waits, what left, what was laid aside. Never their texts.

use fleetward_common::people::{MessageState, OutboxMessage};
use std::rc::Rc;
use yew::prelude::*;

use super::{parts::use_deed, words::message_chip};
use crate::{
    api::{ApiError, clock, people},
    hooks::{use_query, use_refresh, use_session},
    ui::{async_view::AsyncView, empty_state::EmptyState, zone::Zone},
};

#[component(OutboxPage)]
pub fn outbox_page() -> Html {
    let organisation_id = use_session().map(|session| session.organisation);
    let messages = use_query(organisation_id, |id| async move {
        people::outbox(id.ok_or(ApiError::NoAnswer)?).await
    });
    use_refresh(messages.reload.clone(), 5_000);
    let deed = use_deed();
    let ready = {
        let (deed, reload) = (deed.clone(), messages.reload.clone());
        Callback::from(move |messages: Rc<Vec<OutboxMessage>>| {
            if messages.is_empty() {
                return html! {
                    <EmptyState title="No message yet"><p>{ "Invitations and notices stand here once somebody is invited or a credential changes." }</p></EmptyState>
                };
            }
            let retry = {
                let (deed, reload) = (deed.clone(), reload.clone());
                Callback::from(move |message| {
                    if let Some(organisation) = organisation_id {
                        deed.send(
                            move || people::retry(organisation, message),
                            "It is tried again.",
                            reload.clone(),
                        );
                    }
                })
            };
            table(&messages, &retry)
        })
    };
    html! {
        <>
            <div class="page-head"><div>
                <h1>{ "Outbox" }</h1>
                <p class="muted">{ "Mail of this portal: written with what it tells, carried afterwards, laid aside when it can’t be. Texts are not shown to anyone." }</p>
            </div></div>
            { deed.say() }
            <AsyncView<Vec<OutboxMessage>> of={messages} what="the messages" {ready} />
        </>
    }
}

fn table(messages: &[OutboxMessage], retry: &Callback<fleetward_common::id::MessageId>) -> Html {
    let (now, zone) = (clock::now(), Zone::of_viewer());
    html! {
        <section class="panel outbox-table" aria-label="Messages">
            <div class="table-scroll" tabindex="0" role="region" aria-label="Messages, table">
                <table class="data">
                    <thead><tr><th scope="col">{ "Written" }</th><th scope="col">{ "To" }</th><th scope="col">{ "Subject" }</th><th scope="col" class="num">{ "Tries" }</th><th scope="col">{ "State" }</th><th scope="col">{ "What happened" }</th></tr></thead>
                    <tbody>
                        { for messages.iter().map(|message| {
                            let (word, class) = message_chip(message.state);
                            let again = {
                                let (retry, id) = (retry.clone(), message.id);
                                move |_| retry.emit(id)
                            };
                            html! {
                                <tr>
                                    <td>{ zone.moment(message.created_at, now) }</td>
                                    <td>{ &message.recipient }</td>
                                    <td>{ &message.subject }</td>
                                    <td class="num">{ message.attempts }</td>
                                    <td><span {class}>{ word }</span></td>
                                    <td>
                                        if let Some(error) = &message.last_error { { error } }
                                        if let Some(next) = message.next_try_at { <span class="caption">{ " Next try " }{ zone.moment(next, now) }</span> }
                                        if message.state == MessageState::Dead { { " " }<button type="button" class="button" onclick={again}>{ "Try again" }</button> }
                                    </td>
                                </tr>
                            }
                        }) }
                    </tbody>
                </table>
            </div>
        </section>
    }
}
