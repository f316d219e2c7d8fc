//! The list of people: members and who is invited, filtered and in pages.

use actix_web::web::{Data, Json, Query};
use fleetward_common::{
    error::ErrorBody,
    people::{MemberCounts, MemberState, MemberSummary, PeoplePage},
    time::Instant,
};
use serde::Deserialize;

use super::{
    member::Member,
    store::{
        invitations::{self as invited, Invitation},
        members,
    },
};
use crate::{
    access::{Administer, Listing, Membership, Read},
    app::App,
    identity::SignedIn,
    platform::http::Failure,
};

const PAGE: usize = 50;

/// Filters of the list; they stand in the page's address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// Part of a name, a role or a unit.
    pub q: Option<String>,
    /// invited, active, ends_soon, suspended or ended. Without it: everybody who has not ended.
    pub state: Option<String>,
    /// One role.
    pub role: Option<String>,
    pub after: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/people", tag = "people", params(PeopleQuery),
    responses((status = 200, body = PeoplePage), (status = 401, body = ErrorBody))
)]
pub async fn list(
    app: Data<App>,
    signed_in: SignedIn,
    query: Result<Query<PeopleQuery>, actix_web::Error>,
) -> Result<Json<PeoplePage>, Failure> {
    let query = query.map_err(Failure::bad_request)?.into_inner();
    let listing: Listing<Membership, Read> = app.access.listing(&signed_in.actor);
    let now = listing.at();
    // Who may invite sees who is invited.
    let invites = app
        .access
        .organisation(signed_in.actor.organisation)
        .permit::<Administer>(&signed_in.actor)
        .await
        .ok();
    let (members, invitations) = app
        .db
        .read(move |connection| {
            let members = members::within(connection, &listing)?;
            let invitations = match invites {
                Some(permit) => invited::open_of(connection, permit.id())?,
                None => Vec::new(),
            };
            Ok::<_, Failure>((members, invitations))
        })
        .await?;
    let rows: Vec<Row> = invitations
        .iter()
        .map(Row::invited)
        .chain(members.iter().map(|member| Row::member(member, now)))
        .collect();
    Ok(Json(query.page(signed_in.organisation_name, rows)))
}

/// A line of the list, and what the filters ask of it.
struct Row {
    summary: MemberSummary,
    ends_soon: bool,
}

impl Row {
    fn member(member: &Member, now: Instant) -> Self {
        let units = member.current.units_at(now).map(|span| span.name.clone());
        Self {
            ends_soon: member.ends_soon(now),
            summary: MemberSummary {
                membership: Some(member.current.id),
                invitation: None,
                name: member.name.clone(),
                email: member.email.clone(),
                role: member.current.role,
                units: units.collect(),
                until: member.until(),
                last_sign_in: member.last_sign_in,
                signs_in_with: member.signs_in_with.clone(),
                state: member.state(now),
            },
        }
    }

    fn invited(invitation: &Invitation) -> Self {
        Self {
            ends_soon: false,
            summary: MemberSummary {
                membership: None,
                invitation: Some(invitation.id),
                name: invitation.name.clone(),
                email: Some(invitation.email.clone()),
                role: invitation.role,
                units: invitation.unit_names(),
                until: invitation.member_until,
                last_sign_in: None,
                signs_in_with: Vec::new(),
                state: MemberState::Invited,
            },
        }
    }

    /// Stands for the line in `?after=`.
    fn key(&self) -> String {
        match (self.summary.membership, self.summary.invitation) {
            (Some(membership), _) => membership.to_string(),
            (None, Some(invitation)) => invitation.to_string(),
            (None, None) => String::new(),
        }
    }
}

impl PeopleQuery {
    fn page(&self, organisation: String, rows: Vec<Row>) -> PeoplePage {
        let count = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count() as u64;
        let in_state = |state: MemberState| count(&|row: &Row| row.summary.state == state);
        let counts = MemberCounts {
            all: count(&|row: &Row| row.summary.state != MemberState::Ended),
            invited: in_state(MemberState::Invited),
            ends_soon: count(&|row: &Row| row.ends_soon),
            suspended: in_state(MemberState::Suspended),
            ended: in_state(MemberState::Ended),
        };
        let matching: Vec<Row> = rows.into_iter().filter(|row| self.matches(row)).collect();
        let total = matching.len() as u64;
        let begin = match &self.after {
            Some(after) => matching
                .iter()
                .position(|row| row.key() == *after)
                .map_or(matching.len(), |at| at + 1),
            None => 0,
        };
        let more = matching.len() > begin + PAGE;
        let shown: Vec<Row> = matching.into_iter().skip(begin).take(PAGE).collect();
        PeoplePage {
            organisation,
            next: shown.last().filter(|_| more).map(Row::key),
            items: shown.into_iter().map(|row| row.summary).collect(),
            total,
            counts,
        }
    }

    fn matches(&self, row: &Row) -> bool {
        let summary = &row.summary;
        let in_state = match self.state.as_deref() {
            None | Some("") => summary.state != MemberState::Ended,
            Some("ends_soon") => row.ends_soon,
            Some(word) => MemberState::parse(word) == Some(summary.state),
        };
        let in_role = match self.role.as_deref() {
            None | Some("") => true,
            Some(word) => summary.role.as_str() == word,
        };
        let wanted = self.q.as_deref().unwrap_or_default().trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        in_state
            && in_role
            && (wanted.is_empty()
                || has(&summary.name)
                || has(summary.role.title())
                || summary.email.as_deref().is_some_and(has)
                || summary.units.iter().any(|unit| has(unit)))
    }
}
