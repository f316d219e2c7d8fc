//! The form on the refusal itself: whoever is kept out of a bed and could open it is shown how.

use fleetward_common::{
    access::{Action, Kind},
    id::PatientId,
};
use yew::{Callback, Html, Properties, component, html};
use yew_router::prelude::*;

use super::{EmergencyForm, Start, use_emergency};
use crate::{care::ward::WardRoute, hooks::use_permitted};

#[derive(Properties, PartialEq)]
pub struct EmergencyOnRefusalProps {
    pub start: Start,
}

/// Nothing for those whose policy has no emergency access.
#[component(EmergencyOnRefusal)]
pub fn emergency_on_refusal(props: &EmergencyOnRefusalProps) -> Html {
    let may_open = use_permitted(Kind::Patient, Action::OpenEmergency);
    let navigator = use_navigator();
    let emergency = use_emergency();
    if !may_open {
        return html! {};
    }
    let on_open = Callback::from(move |patient: PatientId| {
        if let Some(emergency) = &emergency {
            emergency.reload.emit(());
        }
        if let Some(navigator) = &navigator {
            navigator.push(&WardRoute::Record { patient });
        }
    });
    html! { <div class="bg-main"><EmergencyForm start={props.start} {on_open} /></div> }
}
