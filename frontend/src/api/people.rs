//! An organisation's people, places and mail, and one's own memberships.

use fleetward_common::access::Role;
use fleetward_common::{
    id::{InvitationId, MembershipId, MessageId, OrganisationId, SiteId, UnitId},
    identity::SessionView,
    people::{
        IdentityCheck, InvitationView, MemberChange, MemberView, NewInvitation, NewUnit, OrganisationView,
        OutboxMessage, OwnMembership, PeoplePage, RecoveryStarted, RolePreview, SiteForm, StartRecovery,
        SwitchMembership, UnitName,
    },
    review::Deadlines,
};

use super::{
    ApiError,
    client::{delete, delete_for, get, post, tell, with_query},
};

/// Which people: what the address of the page holds, handed to the server as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeopleFilter {
    pub q: Option<String>,
    pub state: Option<String>,
    pub after: Option<String>,
}

pub async fn list(filter: &PeopleFilter) -> Result<PeoplePage, ApiError> {
    get(&with_query(
        "people",
        &[
            ("q", filter.q.clone()),
            ("state", filter.state.clone()),
            ("after", filter.after.clone()),
        ],
    ))
    .await
}

pub async fn member(membership: MembershipId) -> Result<MemberView, ApiError> {
    get(&format!("people/{membership}")).await
}

pub async fn change(membership: MembershipId, change: &MemberChange) -> Result<MemberView, ApiError> {
    post(&format!("people/{membership}/change"), change).await
}

pub async fn take_back_plan(membership: MembershipId) -> Result<MemberView, ApiError> {
    delete_for(&format!("people/{membership}/plan")).await
}

pub async fn suspend(membership: MembershipId) -> Result<MemberView, ApiError> {
    post(&format!("people/{membership}/suspension"), &()).await
}

pub async fn lift_suspension(membership: MembershipId) -> Result<MemberView, ApiError> {
    delete_for(&format!("people/{membership}/suspension")).await
}

pub async fn end(membership: MembershipId) -> Result<MemberView, ApiError> {
    post(&format!("people/{membership}/end"), &()).await
}

pub async fn start_recovery(
    membership: MembershipId,
    proven_by: IdentityCheck,
) -> Result<RecoveryStarted, ApiError> {
    post(
        &format!("people/{membership}/recovery"),
        &StartRecovery { proven_by },
    )
    .await
}

pub async fn organisation(id: OrganisationId) -> Result<OrganisationView, ApiError> {
    get(&format!("organisations/{id}")).await
}

pub async fn preview(id: OrganisationId, role: Role, units: &[UnitId]) -> Result<RolePreview, ApiError> {
    let units: Vec<String> = units.iter().map(ToString::to_string).collect();
    get(&with_query(
        &format!("organisations/{id}/preview"),
        &[
            ("role", Some(role.as_str().to_owned())),
            ("units", Some(units.join(","))),
        ],
    ))
    .await
}

pub async fn invite(id: OrganisationId, invitation: &NewInvitation) -> Result<InvitationView, ApiError> {
    post(&format!("organisations/{id}/invitations"), invitation).await
}

pub async fn invitation(id: InvitationId) -> Result<InvitationView, ApiError> {
    get(&format!("invitations/{id}")).await
}

pub async fn send_again(id: InvitationId) -> Result<InvitationView, ApiError> {
    post(&format!("invitations/{id}/link"), &()).await
}

pub async fn take_back_invitation(id: InvitationId) -> Result<(), ApiError> {
    delete(&format!("invitations/{id}")).await
}

pub async fn set_review_deadlines(
    id: OrganisationId,
    deadlines: &Deadlines,
) -> Result<OrganisationView, ApiError> {
    post(&format!("organisations/{id}/review-deadlines"), deadlines).await
}

pub async fn add_site(id: OrganisationId, site: &SiteForm) -> Result<OrganisationView, ApiError> {
    post(&format!("organisations/{id}/sites"), site).await
}

pub async fn change_site(
    id: OrganisationId,
    site: SiteId,
    form: &SiteForm,
) -> Result<OrganisationView, ApiError> {
    post(&format!("organisations/{id}/sites/{site}"), form).await
}

pub async fn add_unit(id: OrganisationId, unit: &NewUnit) -> Result<OrganisationView, ApiError> {
    post(&format!("organisations/{id}/units"), unit).await
}

pub async fn rename_unit(unit: UnitId, name: &UnitName) -> Result<(), ApiError> {
    tell(&format!("units/{unit}/name"), name).await
}

pub async fn close_unit(unit: UnitId) -> Result<(), ApiError> {
    tell(&format!("units/{unit}/closing"), &()).await
}

pub async fn own_memberships() -> Result<Vec<OwnMembership>, ApiError> {
    get("session/memberships").await
}

pub async fn switch(membership: MembershipId) -> Result<SessionView, ApiError> {
    post("session/membership", &SwitchMembership { membership }).await
}

pub async fn outbox(id: OrganisationId) -> Result<Vec<OutboxMessage>, ApiError> {
    get(&format!("organisations/{id}/outbox")).await
}

pub async fn retry(id: OrganisationId, message: MessageId) -> Result<(), ApiError> {
    tell(&format!("organisations/{id}/outbox/{message}/retry"), &()).await
}
