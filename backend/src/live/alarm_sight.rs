//! What of a ward's alarms a reader sees: of the beds that are theirs, and of each what its classes allow.

use std::collections::HashMap;

use fleetward_common::{
    access::DataClass,
    alarms::{
        Alarm, AlarmKind,
        lane::{AlarmNews, BedState},
    },
    id::BedId,
};

use crate::access::permit::Classes;

pub type Beds = HashMap<BedId, Classes>;

/// Who sees no values hears of no limit that they crossed.
pub fn sees(alarm: &Alarm, beds: &Beds) -> bool {
    beds.get(&alarm.bed).is_some_and(|classes| match alarm.kind {
        AlarmKind::Physiological => classes.has(DataClass::Clinical),
        AlarmKind::Technical => !classes.is_empty(),
    })
}

pub fn is_told(news: &AlarmNews, beds: &Beds) -> bool {
    match &news.alarm {
        Some(alarm) => sees(alarm, beds),
        None => beds
            .get(&news.state.bed)
            .is_some_and(|classes| !classes.is_empty()),
    }
}

/// Limits are about the patient: who sees no values sees none of them.
pub fn seen(state: BedState, beds: &Beds) -> BedState {
    let clinical = beds
        .get(&state.bed)
        .is_some_and(|classes| classes.has(DataClass::Clinical));
    BedState {
        limits: if clinical { state.limits } else { Vec::new() },
        ..state
    }
}
