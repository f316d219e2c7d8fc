//! `/capabilities` and `/policy`: the policy, asked about itself.

use actix_web::web::{Data, Json, Query};
use fleetward_common::{
    access::{Action, Capabilities, Kind, PolicyRule, PolicyView},
    error::ErrorBody,
};
use serde::Deserialize;

use super::{
    AccessReview, Actor, Bed, Consent, Device, Membership, Organisation, Patient, ReadPolicy, Subject, Unit,
    policy::{Effect, Rule},
    store::Stands,
};
use crate::{
    app::App,
    identity::{SignedIn, Whoever},
    platform::http::{Failure, Guard, Routes},
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/capabilities", Guard::SignedIn, capabilities)
        .get(
            "/policy",
            Guard::Point(Kind::Organisation, Action::ReadPolicy),
            policy,
        )
}

/// Both or neither.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowQuery {
    /// What kind of row is asked about.
    #[param(inline)]
    pub kind: Option<Kind>,
    /// Which one.
    pub id: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/capabilities", tag = "access", params(RowQuery),
    responses(
        (status = 200, description = "What this session could do at all, or may do to one row", body = Capabilities),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn capabilities(
    app: Data<App>,
    Whoever(known): Whoever,
    query: Result<Query<RowQuery>, actix_web::Error>,
) -> Result<Json<Capabilities>, Failure> {
    let actor = &known.actor;
    let RowQuery { kind, id } = query.map_err(Failure::bad_request)?.into_inner();
    let found = match (kind, id) {
        (None, None) => app.access.capabilities(actor),
        (Some(kind), Some(id)) => match kind {
            Kind::Unit => on::<Unit>(&app, actor, &id).await?,
            Kind::Bed => on::<Bed>(&app, actor, &id).await?,
            Kind::Patient => on::<Patient>(&app, actor, &id).await?,
            Kind::Device => on::<Device>(&app, actor, &id).await?,
            Kind::Organisation => on::<Organisation>(&app, actor, &id).await?,
            Kind::Membership => on::<Membership>(&app, actor, &id).await?,
            Kind::AccessReview => on::<AccessReview>(&app, actor, &id).await?,
            Kind::Consent => on::<Consent>(&app, actor, &id).await?,
        },
        _ => {
            return Err(Failure::BadRequest(
                "Name both the kind and the id of a row, or neither.".to_owned(),
            ));
        }
    };
    Ok(Json(found))
}

async fn on<K: Subject + Stands>(app: &App, actor: &Actor, id: &str) -> Result<Capabilities, Failure>
where
    K::Id: std::str::FromStr,
{
    let id = id.parse().or(Err(Failure::NotFound))?;
    app.access.capabilities_on::<K>(actor, id).await
}

#[utoipa::path(
    get, path = "/api/v1/policy", tag = "access",
    responses(
        (status = 200, description = "The policy in force", body = PolicyView),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn policy(app: Data<App>, signed_in: SignedIn) -> Result<Json<PolicyView>, Failure> {
    let actor = &signed_in.actor;
    app.access
        .organisation(actor.organisation)
        .permit::<ReadPolicy>(actor)
        .await?;
    Ok(Json(PolicyView {
        release: env!("CARGO_PKG_VERSION").to_owned(),
        in_force_since: app.access.in_force_since(),
        rules: app.access.rules().iter().map(shown).collect(),
    }))
}

fn shown(rule: &Rule) -> PolicyRule {
    PolicyRule {
        role: rule.role,
        kind: rule.kind,
        class: rule.class,
        action: rule.action,
        relation: rule.relation.as_str().to_owned(),
        relation_means: rule.relation.means().to_owned(),
        purpose: rule.purpose,
        denies: rule.effect == Effect::Deny,
    }
}
