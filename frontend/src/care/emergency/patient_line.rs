//! Two identifiers in a line, for the check before anything is opened, and over the open record.

use fleetward_common::care::PatientIdentity;
use yew::{AttrValue, Children, Html, Properties, component, html};

use crate::care::parts::patient_banner::{clinical_date, sex};

#[derive(Properties, PartialEq)]
pub struct PatientLineProps {
    pub identity: PatientIdentity,
    pub place: Option<AttrValue>,
    /// The page's own heading, where it is one.
    #[prop_or(false)]
    pub is_heading: bool,
    #[prop_or_default]
    pub children: Children,
}

#[component(PatientLine)]
pub fn patient_line(props: &PatientLineProps) -> Html {
    let identity = &props.identity;
    let name =
        html! { <><b>{ identity.family_name.to_uppercase() }{ "," }</b>{ " " }{ &identity.given_name }</> };
    html! {
        <section class="patient-line" aria-label="Patient">
            if props.is_heading { <h1 class="pl-name">{ name }</h1> } else { <p class="pl-name">{ name }</p> }
            <dl>
                <div><dt>{ "Born" }</dt><dd>{ clinical_date(&identity.born) }</dd></div>
                <div><dt>{ "Gender" }</dt><dd>{ sex(identity.sex) }</dd></div>
                <div><dt>{ "Record no." }</dt><dd>{ &identity.record_number }</dd></div>
                <div><dt>{ "Bed" }</dt><dd>{ props.place.clone().unwrap_or_else(|| "In no bed".into()) }</dd></div>
            </dl>
            { for props.children.iter() }
        </section>
    }
}
