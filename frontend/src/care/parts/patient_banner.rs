//! Who is in the bed: two identifiers, in the order of the NHS.

use fleetward_common::care::{BoardBed, Occupancy, PatientIdentity, Sex};
use yew::{Children, Html, Properties, component, html};

use crate::ui::zone::Zone;

#[derive(Properties, PartialEq)]
pub struct PatientBannerProps {
    pub bed: BoardBed,
    pub ward: String,
    pub zone: Zone,
    /// What can be done from here, at the end of the banner.
    #[prop_or_default]
    pub children: Children,
}

#[component(PatientBanner)]
pub fn patient_banner(props: &PatientBannerProps) -> Html {
    let bed = &props.bed;
    html! {
        <header class="patient-banner">
            <b class="where"><span class="hidden">{ "Bed " }</span>{ &bed.label }</b>
            { match &bed.occupancy {
                Occupancy::Free => html! { <div class="person-name"><h2 id="drawer-title">{ "Free bed" }</h2><span>{ &props.ward }</span></div> },
                Occupancy::Occupied { since, identity, .. } => html! {
                    <>
                        <div class="person-name">
                            <h2 id="drawer-title">{ identity.as_ref().map_or("Name not open to you".to_owned(), full_name) }</h2>
                            <span>{ &props.ward }{ ", bed " }{ &bed.label }{ " since " }{ props.zone.date(*since) }{ " " }{ props.zone.minute(*since) }</span>
                        </div>
                        if let Some(identity) = identity {
                            <dl>
                                <div><dt>{ "Born" }</dt><dd>{ clinical_date(&identity.born) }</dd></div>
                                <div><dt>{ "Sex" }</dt><dd>{ sex(identity.sex) }</dd></div>
                                <div><dt>{ "Record no." }</dt><dd>{ &identity.record_number }</dd></div>
                            </dl>
                        }
                    </>
                },
            } }
            <div class="end">{ for props.children.iter() }</div>
        </header>
    }
}

/// `HARTE, Miriam`
pub fn full_name(identity: &PatientIdentity) -> String {
    format!("{}, {}", identity.family_name.to_uppercase(), identity.given_name)
}

/// `14-Jul-1945`: no reader on earth takes the day for the month.
pub fn clinical_date(iso: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut parts = iso.splitn(3, '-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month = month
        .and_then(|month| month.parse::<usize>().ok())
        .and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) => format!("{day}-{month}-{year}"),
        _ => iso.to_owned(),
    }
}

pub fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "Female",
        Sex::Male => "Male",
        Sex::Other => "Other",
        Sex::Unknown => "Not known",
    }
}

#[cfg(test)]
mod tests {
    use super::clinical_date;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_birth_date_names_its_month() {
        assert_eq!(clinical_date("1945-07-14"), "14-Jul-1945");
    }

    #[test]
    fn a_date_that_is_none_is_shown_as_it_came() {
        assert_eq!(clinical_date("unknown"), "unknown");
        assert_eq!(clinical_date("1945-13-01"), "1945-13-01");
    }
}
