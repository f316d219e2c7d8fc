//! The authenticator app beside the password, and the recovery codes for the day it is lost.

use fleetward_common::credentials::{SecondFactorOffer, SecondFactorView};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::{Callback, Html, Properties, SubmitEvent, component, html, use_node_ref, use_state, use_state_eq};

use super::{recovery_sheet::RecoverySheet, step_up_dialog::Needs};
use crate::{
    api::{clock, credentials},
    identity::{Deed, use_deed},
    ui::{panel::Panel, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct SecondFactorPanelProps {
    pub factor: Option<SecondFactorView>,
    pub codes_left: u32,
    pub reload: Callback<()>,
}

#[component(SecondFactorPanel)]
pub fn second_factor_panel(props: &SecondFactorPanelProps) -> Html {
    let deed = use_deed(Needs::OwnBest);
    let offer = use_state(|| None::<Rc<SecondFactorOffer>>);
    let codes = use_state_eq(|| None::<Vec<String>>);
    let set_up = {
        let (deed, offer) = (deed.clone(), offer.clone());
        move |_| {
            let offer = offer.clone();
            deed.run(move || {
                let offer = offer.clone();
                async move {
                    offer.set(Some(Rc::new(credentials::offer_second_factor().await?)));
                    Ok(())
                }
            });
        }
    };
    let on_set = {
        let (offer, codes, reload) = (offer.clone(), codes.clone(), props.reload.clone());
        Callback::from(move |made: Vec<String>| {
            offer.set(None);
            codes.set(Some(made));
            reload.emit(());
        })
    };
    let on_kept = {
        let codes = codes.clone();
        Callback::from(move |()| codes.set(None))
    };
    html! {
        <Panel title="Authenticator app">
            <div class="body">
                if let Some(codes) = &*codes {
                    <RecoverySheet codes={codes.clone()} {on_kept} />
                } else if let Some(offer) = &*offer {
                    <Enrolment offer={offer.clone()} {on_set} />
                } else if let Some(factor) = &props.factor {
                    { in_force(factor, props, &deed, &codes) }
                    <p class="buttons"><button type="button" class="button" disabled={deed.is_sending()} onclick={set_up}>{ "Move to another phone" }</button></p>
                } else {
                    <p>{ "An app on your phone shows a new code every 30 seconds. Beside your password it proves that it is you, also for dangerous actions." }</p>
                    <button type="button" class="button" disabled={deed.is_sending()} onclick={set_up}>{ "Set up an app" }</button>
                }
                { deed.outcome() }
            </div>
        </Panel>
    }
}

fn in_force(
    factor: &SecondFactorView,
    props: &SecondFactorPanelProps,
    deed: &Deed,
    codes: &yew::UseStateHandle<Option<Vec<String>>>,
) -> Html {
    let since = Zone::of_viewer().moment(factor.since, clock::now());
    let asked = factor.asked_at_sign_in;
    let ask = {
        let (deed, reload) = (deed.clone(), props.reload.clone());
        move |_| {
            let reload = reload.clone();
            deed.run(move || {
                let reload = reload.clone();
                async move {
                    credentials::ask_at_sign_in(!asked).await?;
                    reload.emit(());
                    Ok(())
                }
            });
        }
    };
    let remove = {
        let (deed, reload) = (deed.clone(), props.reload.clone());
        move |_| {
            let reload = reload.clone();
            deed.run(move || {
                let reload = reload.clone();
                async move {
                    credentials::remove_second_factor().await?;
                    reload.emit(());
                    Ok(())
                }
            });
        }
    };
    let make = {
        let (deed, codes, reload) = (deed.clone(), codes.clone(), props.reload.clone());
        move |_| {
            let (codes, reload) = (codes.clone(), reload.clone());
            deed.run(move || {
                let (codes, reload) = (codes.clone(), reload.clone());
                async move {
                    codes.set(Some(credentials::make_recovery_codes().await?.codes));
                    reload.emit(());
                    Ok(())
                }
            });
        }
    };
    html! {
        <>
            <p>{ format!("In use since {since}. ") }
                { if asked { "Its code is asked for at every sign-in with your password." } else { "Its code is asked for before dangerous actions, not at sign-in." } }
            </p>
            <p>{ match props.codes_left {
                0 => "You have no recovery code left: a lost phone would need your administrator.".to_owned(),
                1 => "You have 1 recovery code left.".to_owned(),
                left => format!("You have {left} recovery codes left."),
            } }</p>
            <p class="buttons">
                <button type="button" class="button" disabled={deed.is_sending()} onclick={make}>{ "Make new recovery codes" }</button>
                <button type="button" class="button" disabled={deed.is_sending()} onclick={ask}>
                    { if asked { "Ask only before dangerous actions" } else { "Ask at every sign-in" } }
                </button>
                <button type="button" class="button" disabled={deed.is_sending()} onclick={remove}>{ "Remove the app" }</button>
            </p>
        </>
    }
}

#[derive(Properties)]
struct EnrolmentProps {
    offer: Rc<SecondFactorOffer>,
    on_set: Callback<Vec<String>>,
}

impl PartialEq for EnrolmentProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.offer, &other.offer) && self.on_set == other.on_set
    }
}

#[component(Enrolment)]
fn enrolment(props: &EnrolmentProps) -> Html {
    let deed = use_deed(Needs::OwnBest);
    let field = use_node_ref();
    let confirm = {
        let (deed, field, on_set) = (deed.clone(), field.clone(), props.on_set.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let Some(code) = field.cast::<HtmlInputElement>().map(|input| input.value()) else {
                return;
            };
            let on_set = on_set.clone();
            deed.run(move || {
                let (code, on_set) = (code.clone(), on_set.clone());
                async move {
                    on_set.emit(credentials::set_second_factor(code).await?.codes);
                    Ok(())
                }
            });
        }
    };
    let qr = &props.offer.qr;
    let size = qr.size;
    html! {
        <form class="enrolment" onsubmit={confirm}>
            <svg class="qr" viewBox={format!("0 0 {size} {size}")} role="img" aria-label="QR code for your authenticator app">
                <path d={qr.path.clone()} />
            </svg>
            <div class="steps">
                <p>{ "Scan this with your authenticator app, or " }<a href={props.offer.link.clone()}>{ "open it on this phone" }</a>{ "." }</p>
                <p>{ "By hand: " }<span class="mono secret">{ grouped(&props.offer.secret) }</span></p>
                <div class="field">
                    <label for="first-code">{ "The code that the app shows now" }</label>
                    <input id="first-code" ref={field} inputmode="numeric" autocomplete="one-time-code" required=true />
                </div>
                <button type="submit" class="button primary" disabled={deed.is_sending()}>{ "Use this app from now on" }</button>
                { deed.outcome() }
            </div>
        </form>
    }
}

fn grouped(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}
