//! Who at the maker may see what this device measures, until when; opened and closed by who keeps it.

use fleetward_common::{
    access::{Action, Capabilities, Kind},
    id::{DeviceId, PersonId},
    support::{OpenToSupport, SupportAccess},
};
use std::rc::Rc;
use web_sys::{HtmlSelectElement, SubmitEvent};
use yew::{Callback, Html, NodeRef, Properties, component, html, use_node_ref};

use crate::{
    api::{clock, devices},
    hooks::{use_permitted_on, use_query},
    ui::{
        async_view::AsyncView,
        deed::{Deed, use_deed},
        panel::Panel,
        zone::Zone,
    },
};

const HOURS: [u8; 4] = [1, 2, 8, 24];
const USUAL_HOURS: u8 = 1;

#[derive(Properties, PartialEq)]
pub struct SupportPanelProps {
    pub device: DeviceId,
}

/// Nothing for whoever can't open the device.
#[component(SupportPanel)]
pub fn support_panel(props: &SupportPanelProps) -> Html {
    let device = props.device;
    let may = use_permitted_on(Kind::Device, device);
    let shown = Callback::from(move |may: Rc<Capabilities>| {
        html! {
            if may.may(Kind::Device, Action::OpenToSupport) { <OpenPanel {device} /> }
        }
    });
    html! { <AsyncView<Capabilities> of={may} what="what you may do here" ready={shown} /> }
}

#[component(OpenPanel)]
fn open_panel(props: &SupportPanelProps) -> Html {
    let device = props.device;
    let access = use_query(device, devices::support_access);
    let deed = use_deed();
    let (person, hours) = (use_node_ref(), use_node_ref());
    let (reload, shown_deed) = (access.reload.clone(), deed.clone());
    let ready = Callback::from(move |access: Rc<SupportAccess>| {
        html! {
            <>
                { open_now(&access, device, &shown_deed, &reload) }
                { form(&access, device, (&person, &hours), &shown_deed, &reload) }
            </>
        }
    });
    html! {
        <div class="help-from-maker">
        <Panel title="Help from the maker">
            <div class="body support">
                <p>{ "Someone who helps with this device sees its technical state. What it measures they see only while you open it to them and the patient agrees; never on whom it is." }</p>
                <AsyncView<SupportAccess> of={access} what="to whom it is open" {ready} />
                { deed.say() }
            </div>
        </Panel>
        </div>
    }
}

fn open_now(access: &SupportAccess, device: DeviceId, deed: &Deed, reload: &Callback<()>) -> Html {
    let (now, zone) = (clock::now(), Zone::of_viewer());
    if access.open.is_empty() {
        return html! { <p>{ format!("Open to nobody at {}.", access.maker_name) }</p> };
    }
    html! {
        <ul class="opened">
            { for access.open.iter().map(|opened| {
                let (grant, deed, reload) = (opened.grant, deed.clone(), reload.clone());
                let close = move |_: web_sys::MouseEvent| {
                    let reload = reload.clone();
                    deed.send(
                        move || async move { devices::close_to_support(device, grant).await },
                        "Closed.",
                        Callback::from(move |()| reload.emit(())),
                    );
                };
                html! {
                    <li key={grant.to_string()}>
                        <span>{ format!("{}, until {}, opened by {}", opened.name, zone.moment(opened.until, now), opened.by) }</span>
                        <button type="button" class="button" aria-label={format!("Close it to {}", opened.name)} onclick={close}>{ "Close" }</button>
                    </li>
                }
            }) }
        </ul>
    }
}

fn form(
    access: &SupportAccess,
    device: DeviceId,
    (person, hours): (&NodeRef, &NodeRef),
    deed: &Deed,
    reload: &Callback<()>,
) -> Html {
    if access.agents.is_empty() {
        return html! { <p>{ format!("{} has no support agents here.", access.maker_name) }</p> };
    }
    let open = {
        let (person, hours) = (person.clone(), hours.clone());
        let (deed, reload) = (deed.clone(), reload.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let (Some(person), Some(hours)) = (chosen::<PersonId>(&person), chosen::<u8>(&hours)) else {
                return;
            };
            let reload = reload.clone();
            deed.send(
                move || async move { devices::open_to_support(device, &OpenToSupport { person, hours }).await },
                "Opened.",
                Callback::from(move |()| reload.emit(())),
            );
        }
    };
    html! {
        <form onsubmit={open}>
            <label class="field"><span>{ format!("At {}", access.maker_name) }</span>
                <select ref={person.clone()}>
                    { for access.agents.iter().enumerate().map(|(place, agent)| html! { <option value={agent.person.to_string()} selected={place == 0}>{ &agent.name }</option> }) }
                </select>
            </label>
            <label class="field"><span>{ "For" }</span>
                <select ref={hours.clone()}>
                    { for HOURS.iter().map(|hours| html! { <option value={hours.to_string()} selected={*hours == USUAL_HOURS}>{ if *hours == 1 { "1 hour".to_owned() } else { format!("{hours} hours") } }</option> }) }
                </select>
            </label>
            <button type="submit" class="button" disabled={deed.is_sending()}>{ "Open to them" }</button>
        </form>
    }
}

fn chosen<T: std::str::FromStr>(select: &NodeRef) -> Option<T> {
    select.cast::<HtmlSelectElement>()?.value().parse().ok()
}
