//! The staff portal: where each role lands, and the consoles behind.

use fleetward_common::{
    access::{Action, Capabilities, Kind, Role},
    id::{AccessReviewId, DeviceId, InvitationId, MembershipId},
    identity::SessionView,
};
use yew::{Html, component, html};
use yew_router::prelude::*;

use super::{Portal, SessionGate, error_page::NotFoundPage, frame::Frame};
use crate::{
    access::PolicyPage,
    care::{emergency::Questions, home::HomePatientsPage},
    fleet::{DevicePage, FleetPage},
    hooks::{use_capabilities, use_session},
    identity::SecurityPage,
    people::{InvitationPage, InvitePage, OutboxPage, PeoplePage, PersonPage, UnitsPage},
    reviews::{EventPage, QueuePage, SearchPage},
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
    #[at("/staff/policy")]
    Policy,
    #[at("/security")]
    Security,
    #[at("/staff/privacy")]
    Privacy,
    #[at("/staff/privacy/record")]
    Record,
    #[at("/staff/privacy/:review")]
    Review { review: AccessReviewId },
    #[at("/staff/people")]
    People,
    #[at("/staff/people/:membership")]
    Person { membership: MembershipId },
    #[at("/staff/invite")]
    Invite,
    #[at("/staff/invitations/:invitation")]
    Invitation { invitation: InvitationId },
    #[at("/staff/units")]
    Units,
    #[at("/staff/outbox")]
    Outbox,
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
    /// Who looked at whom, and why; never a value.
    Privacy,
    /// Who has access, and to what.
    People,
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
        Role::PrivacyOfficer => Console::Privacy,
        Role::HospitalAdministrator | Role::ProviderAdministrator => Console::People,
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
    let capabilities = use_capabilities();
    let Some(session) = use_session() else {
        return html! {};
    };
    let console = console(session.role);
    if props.route == StaffRoute::Security {
        return html! { <SecurityPage /> };
    }
    html! {
        <Frame nav={nav(console, props.route, &capabilities, session.role == Role::PlatformOperator)} no_patient_data={console == Console::Fleet}>
            <Questions />
            { page(props.route, console, &session) }
        </Frame>
    }
}

/// A link that leads somewhere for this person, or none: what the console is for, then everything
/// whose action is permitted.
fn nav(console: Console, route: StaffRoute, capabilities: &Capabilities, is_operator: bool) -> Html {
    let work = match console {
        Console::HomeCare => Some((StaffRoute::Patients, "Patients")),
        Console::Fleet => Some((StaffRoute::Fleet, "Fleet")),
        Console::HospitalDevices => Some((StaffRoute::Fleet, "Devices")),
        // First among what is permitted.
        Console::People | Console::Privacy | Console::Waiting(..) => None,
    };
    let permitted = PERMITTED
        .iter()
        .filter(|entry| capabilities.may(entry.kind, entry.action))
        .map(|entry| (entry.to, entry.label));
    let link = |(to, label): (StaffRoute, &'static str)| {
        let current = if to == route { "is-current" } else { "" };
        html! { <Link<StaffRoute> {to} classes={current}>{ label }</Link<StaffRoute>> }
    };
    // Mail is the platform's, and every organisation keeps its own people: no action tells them apart.
    let outbox = is_operator.then_some((StaffRoute::Outbox, "Outbox"));
    work.into_iter()
        .chain(permitted)
        .chain(outbox)
        .map(link)
        .collect()
}

/// A page that some may open, and what they must be permitted for it.
struct Entry {
    to: StaffRoute,
    label: &'static str,
    kind: Kind,
    action: Action,
}

const PERMITTED: &[Entry] = &[
    Entry {
        to: StaffRoute::Privacy,
        label: "Reviews",
        kind: Kind::AccessReview,
        action: Action::Read,
    },
    Entry {
        to: StaffRoute::Record,
        label: "Record",
        kind: Kind::Organisation,
        action: Action::ReadAudit,
    },
    Entry {
        to: StaffRoute::People,
        label: "People",
        kind: Kind::Membership,
        action: Action::Administer,
    },
    Entry {
        to: StaffRoute::Units,
        label: "Units",
        kind: Kind::Unit,
        action: Action::Administer,
    },
    Entry {
        to: StaffRoute::Policy,
        label: "Policy",
        kind: Kind::Organisation,
        action: Action::ReadPolicy,
    },
];

fn page(route: StaffRoute, console: Console, session: &SessionView) -> Html {
    match (route, console) {
        (StaffRoute::Landing, Console::HomeCare) => {
            html! { <Redirect<StaffRoute> to={StaffRoute::Patients} /> }
        }
        (StaffRoute::Landing, Console::Fleet | Console::HospitalDevices) => {
            html! { <Redirect<StaffRoute> to={StaffRoute::Fleet} /> }
        }
        (StaffRoute::Landing, Console::Privacy) => {
            html! { <Redirect<StaffRoute> to={StaffRoute::Privacy} /> }
        }
        (StaffRoute::Landing, Console::People) => {
            html! { <Redirect<StaffRoute> to={StaffRoute::People} /> }
        }
        (StaffRoute::People, _) => html! { <PeoplePage /> },
        (StaffRoute::Person { membership }, _) => html! { <PersonPage {membership} /> },
        (StaffRoute::Invite, _) => html! { <InvitePage /> },
        (StaffRoute::Invitation { invitation }, _) => html! { <InvitationPage {invitation} /> },
        (StaffRoute::Units, _) => html! { <UnitsPage /> },
        (StaffRoute::Outbox, _) => html! { <OutboxPage /> },
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
        (StaffRoute::Policy, _) => html! { <PolicyPage /> },
        (StaffRoute::Privacy, _) => html! { <QueuePage /> },
        (StaffRoute::Record, _) => html! { <SearchPage /> },
        (StaffRoute::Review { review }, _) => html! { <EventPage {review} /> },
        // Another role's list would be empty here, and an empty list would say that there is nobody.
        (StaffRoute::Patients | StaffRoute::Fleet | StaffRoute::Security | StaffRoute::NotFound, _) => {
            html! { <NotFoundPage home="/staff" home_name="your console" /> }
        }
    }
}
