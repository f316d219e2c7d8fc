//! The ward's alarms on their way to this screen: fetched once, then every change of them, in order. What
//! comes over the socket while they are fetched waits, and is applied to what that brings.

use fleetward_common::{
    alarms::lane::{AlarmNews, WardAlarms},
    id::{AlarmId, BedId, PatientId},
};
use wasm_bindgen_futures::spawn_local;

use super::board_store::{BoardStore, Source};
use crate::{
    api::{self, clock},
    care::alarms::{Alarms, BedAlarms, Shown},
};

#[derive(Default)]
pub(super) struct AlarmLane {
    pub alarms: Alarms,
    /// Came while they were being fetched.
    meanwhile: Option<Vec<AlarmNews>>,
}

impl BoardStore {
    /// At once, and not with the next look: this is what the board is for.
    pub(super) fn hear_alarms(&self, news: &[AlarmNews]) {
        {
            let mut inner = self.inner.borrow_mut();
            inner.lane.alarms.hear(news);
            if let Some(meanwhile) = &mut inner.lane.meanwhile {
                meanwhile.extend_from_slice(news);
            }
        }
        self.look();
        self.redraw();
    }

    pub(super) fn fetch_alarms(&self) {
        let Source::Ward(unit) = self.inner.borrow().source else {
            return;
        };
        self.inner.borrow_mut().lane.meanwhile.get_or_insert_default();
        let store = self.clone();
        spawn_local(async move {
            // What can't be fetched is told by the board beside it.
            if let Ok(ward) = api::alarms::of_ward(unit).await {
                store.fetched_alarms(ward);
            }
        });
    }

    fn fetched_alarms(&self, ward: WardAlarms) {
        {
            let mut inner = self.inner.borrow_mut();
            let mut alarms = Alarms::fetched(ward);
            alarms.hear(&inner.lane.meanwhile.take().unwrap_or_default());
            // Two fetches under way may answer in the wrong order.
            if alarms.heard() >= inner.lane.alarms.heard() {
                inner.lane.alarms = alarms;
            }
        }
        self.look();
        self.redraw();
    }

    /// Every open alarm of the ward, highest and oldest first.
    pub fn alarms(&self) -> Vec<Shown> {
        let inner = self.inner.borrow();
        let Some(board) = &inner.board else {
            return Vec::new();
        };
        let mut all = inner.lane.alarms.all(clock::now());
        // A bed that left the board took its alarms with it.
        all.retain(|alarm| board.beds.iter().any(|bed| bed.id == alarm.bed));
        all
    }

    pub fn alarms_of(&self, bed: BedId) -> (Vec<Shown>, BedAlarms) {
        let (inner, now) = (self.inner.borrow(), clock::now());
        (
            inner.lane.alarms.of_bed(bed, now),
            inner.lane.alarms.on_tile(bed, now),
        )
    }

    /// Who switched them off.
    pub fn off_by(&self, bed: BedId) -> Option<String> {
        let inner = self.inner.borrow();
        inner.lane.alarms.off(bed, clock::now()).map(|off| off.by.clone())
    }

    pub fn patient_of(&self, alarm: AlarmId) -> Option<PatientId> {
        let inner = self.inner.borrow();
        inner.lane.alarms.alarm(alarm).map(|alarm| alarm.patient)
    }
}
