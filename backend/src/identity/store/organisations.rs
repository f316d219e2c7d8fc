//! Organisations, their places and units.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
};
use fleetward_common::{
    id::{OrganisationId, SiteId, UnitId},
    time::Instant,
};

use crate::{
    platform::db::{DbConnection, DbError, StoredId, micros},
    schema::{organisations, sites, units},
};

/// The organisation that runs this platform.
pub fn platform(connection: &mut DbConnection) -> Result<Option<OrganisationId>, DbError> {
    let id: Option<Vec<u8>> = organisations::table
        .filter(organisations::kind.eq("platform"))
        .order(organisations::created_at)
        .select(organisations::id)
        .first(connection)
        .optional()?;
    Ok(id.map(|id| OrganisationId::restored(&id)).transpose()?)
}

pub fn all(connection: &mut DbConnection) -> Result<Vec<OrganisationId>, DbError> {
    let ids: Vec<Vec<u8>> = organisations::table.select(organisations::id).load(connection)?;
    ids.iter()
        .map(|id| OrganisationId::restored(id).map_err(DbError::from))
        .collect()
}

/// By its name as it is written, or by its id.
pub fn by_name_or_id(connection: &mut DbConnection, text: &str) -> Result<Option<OrganisationId>, DbError> {
    let id = text
        .parse::<OrganisationId>()
        .map(|id| id.stored())
        .unwrap_or_default();
    let found: Option<Vec<u8>> = organisations::table
        .filter(organisations::name.eq(text).or(organisations::id.eq(id)))
        .select(organisations::id)
        .first(connection)
        .optional()?;
    Ok(found.map(|id| OrganisationId::restored(&id)).transpose()?)
}

pub fn count(connection: &mut DbConnection) -> Result<i64, DbError> {
    Ok(organisations::table.count().get_result(connection)?)
}

pub struct NewOrganisation<'a> {
    pub id: OrganisationId,
    pub name: &'a str,
    /// hospital, provider, manufacturer or platform.
    pub kind: &'a str,
    pub home_region: &'a str,
    pub created_at: Instant,
}

pub fn add(connection: &mut DbConnection, new: &NewOrganisation<'_>) -> QueryResult<()> {
    diesel::insert_into(organisations::table)
        .values((
            organisations::id.eq(new.id.stored()),
            organisations::name.eq(new.name),
            organisations::kind.eq(new.kind),
            organisations::home_region.eq(new.home_region),
            organisations::created_at.eq(micros(new.created_at)),
        ))
        .execute(connection)
        .map(drop)
}

pub struct NewSite<'a> {
    pub id: SiteId,
    pub organisation: OrganisationId,
    pub name: &'a str,
    pub spoken_code: &'a str,
    pub time_zone: &'a str,
}

pub fn add_site(connection: &mut DbConnection, new: &NewSite<'_>) -> QueryResult<()> {
    diesel::insert_into(sites::table)
        .values((
            sites::id.eq(new.id.stored()),
            sites::organisation_id.eq(new.organisation.stored()),
            sites::name.eq(new.name),
            sites::spoken_code.eq(new.spoken_code),
            sites::time_zone.eq(new.time_zone),
        ))
        .execute(connection)
        .map(drop)
}

pub struct NewUnit<'a> {
    pub id: UnitId,
    pub organisation: OrganisationId,
    pub site: SiteId,
    pub name: &'a str,
    pub created_at: Instant,
}

pub fn add_unit(connection: &mut DbConnection, new: &NewUnit<'_>) -> QueryResult<()> {
    diesel::insert_into(units::table)
        .values((
            units::id.eq(new.id.stored()),
            units::organisation_id.eq(new.organisation.stored()),
            units::site_id.eq(new.site.stored()),
            units::name.eq(new.name),
            units::created_at.eq(micros(new.created_at)),
        ))
        .execute(connection)
        .map(drop)
}
