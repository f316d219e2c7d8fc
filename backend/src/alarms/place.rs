//! One patient in one bed: whose alarms these are, and who hears them.

use fleetward_common::id::{BedId, OrganisationId, PatientId, UnitId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub organisation: OrganisationId,
    pub unit: UnitId,
    pub bed: BedId,
    pub patient: PatientId,
}
