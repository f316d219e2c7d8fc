//! The staff portal: where each role lands, and the consoles behind.

use fleetward_common::{access::Role, id::DeviceId, identity::SessionView};
use yew::{Html, component, html};
use yew_router::prelude::*;

use super::{Portal, SessionGate, error_page::NotFoundPage, frame::Frame};
use crate::{
    care::home::HomePatientsPage,
    fleet::{DevicePage, FleetPage},
    hooks::use_session,
    ui::empty_state::EmptyState,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Routable)]
pub enum StaffRoute {
    #[at("/staff")]
    Landing,
    #[at("/staff/patients")]
    Patients,
    #[at("/staff/fleet")]
    Fleet,
    #[at("/staff/devices/:device")]
    Device { device: DeviceId },
    #[not_found]
    #[at("/staff/nothing-here")]
    NotFound,
}

/// What a role works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Console {
    HomeCare,
    /// The maker's own: no patient in it, by design.
    Fleet,
    HospitalDevices,
    /// Their page is not built yet. What they will find there, and what they may see now.
    Waiting(&'static str, &'static str),
}

fn console(role: Role) -> Console {
    match role {
        Role::ProviderClinician | Role::RespiratoryTechnician => Console::HomeCare,
        Role::SupportAgent
        | Role::FieldTechnician
        | Role::ReleaseEngineer
        | Role::ProductSecurity
        | Role::ProductManager
        | Role::ManufacturerAdministrator => Console::Fleet,
        Role::BiomedicalEngineer => Console::HospitalDevices,
        Role::PrivacyOfficer => Console::Waiting(
            "Reviews of emergency openings and odd access",
            "Emergency openings, and access that no care relation explains, will wait here, the nearest deadline first. \
             You see no patient's values.",
        ),
        Role::HospitalAdministrator => Console::Waiting(
            "People, roles and what each can see",
            "Inviting people and giving them roles and wards will happen here. You see no patient's values.",
        ),
        Role::PlatformOperator => Console::Waiting(
            "Is it up, and how old is the data",
            "Health, data age and capacity of this portal will stand here. You see no patient and no organisation's data.",
        ),
        Role::Nurse | Role::ChargeNurse | Role::Physician | Role::WardStation => Console::Waiting(
            "Your beds are on the ward board",
            "This console is for offices. Your board is at the address /ward.",
        ),
        Role::Patient | Role::Proxy => Console::Waiting(
            "Your page is elsewhere",
            "This console is for clinics and makers. Your own page is at the address /patient.",
        ),
    }
}

#[component(StaffPortal)]
pub fn staff_portal() -> Html {
    html! {
        <Portal>
            <SessionGate><Switch<StaffRoute> render={|route| html! { <StaffPage {route} /> }} /></SessionGate>
        </Portal>
    }
}

#[derive(yew::Properties, PartialEq)]
struct StaffPageProps {
    route: StaffRoute,
}

#[component(StaffPage)]
fn staff_page(props: &StaffPageProps) -> Html {
    let Some(session) = use_session() else {
        return html! {};
    };
    let console = console(session.role);
    html! {
        <Frame nav={nav(console, props.route)} no_patient_data={console == Console::Fleet}>
            { page(props.route, console, &session) }
        </Frame>
    }
}

fn nav(console: Console, route: StaffRoute) -> Html {
    let (to, label, current) = match console {
        Console::HomeCare => (StaffRoute::Patients, "Patients", route == StaffRoute::Patients),
        Console::Fleet | Console::HospitalDevices => {
            let label = if console == Console::Fleet {
                "Fleet"
            } else {
                "Devices"
            };
            (StaffRoute::Fleet, label, route == StaffRoute::Fleet)
        }
        Console::Waiting(..) => return html! {},
    };
    html! {
        <Link<StaffRoute> {to} classes={if current { "is-current" } else { "" }}>{ label }</Link<StaffRoute>>
    }
}

fn page(route: StaffRoute, console: Console, session: &SessionView) -> Html {
    match (route, console) {
        (StaffRoute::Landing, Console::HomeCare) => {
            html! { <Redirect<StaffRoute> to={StaffRoute::Patients} /> }
        }
        (StaffRoute::Landing, Console::Fleet | Console::HospitalDevices) => {
            html! { <Redirect<StaffRoute> to={StaffRoute::Fleet} /> }
        }
        (StaffRoute::Landing, Console::Waiting(title, text)) => html! {
            <>
                <div class="page-head"><div><h1>{ &session.organisation_name }</h1><p class="muted">{ session.role.title() }</p></div></div>
                <EmptyState {title}><p>{ text }</p><p class="muted">{ "Nothing is here yet. Your sign-in works, and shows nothing that you may not see." }</p></EmptyState>
            </>
        },
        (StaffRoute::Patients, Console::HomeCare) => html! { <HomePatientsPage /> },
        (StaffRoute::Fleet, Console::Fleet | Console::HospitalDevices) => html! { <FleetPage /> },
        // The server decides who may see this one device; the page draws its refusal too.
        (StaffRoute::Device { device }, _) => html! { <DevicePage {device} /> },
        // Another role's list would be empty here, and an empty list would say that there is nobody.
        (StaffRoute::Patients | StaffRoute::Fleet | StaffRoute::NotFound, _) => {
            html! { <NotFoundPage home="/staff" home_name="your console" /> }
        }
    }
}
