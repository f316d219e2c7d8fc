//! Everything that is watched: which device is on whom, under which rules, and what alarms there.
//!
//! A change is applied to a copy, committed, and only then true here, so a screen never shows what a
//! restart would forget. A commit that fails is tried again with the next round; what was found is not
//! lost.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use fleetward_common::{
    alarms::{Condition, Presence, RuleSet},
    id::{AlarmId, BedId, DeviceId, PatientId, UnitId},
    live::{TechnicalUpdate, Topic},
    time::Instant,
};

use super::{
    bedside::{Bedside, Change, Event, Refused},
    device_watch::{DeviceWatch, Observation},
    escalation::{Reached, next_to_ask},
    place::Place,
    store::{
        lane,
        limits::{self, NewLimits},
        occupants, open, rules,
    },
};
use crate::{
    app::App,
    devices::twin::TwinView,
    platform::{db::DbError, http::Failure},
    privacy::audit::{self, AuditEntry},
};

/// How often it is asked who lies where, besides at once when an assignment changed.
const LOOK_AROUND: Duration = Duration::from_secs(5);
/// After a start, devices have this long to come back before each one that is missing is an alarm.
const COMING_BACK: Duration = Duration::from_secs(20);

/// Everything that is watched.
#[derive(Default)]
pub(super) struct Beds {
    read_back: bool,
    looked_around: Option<Instant>,
    /// How often anything had moved then.
    moves: u64,
    started: Option<Instant>,
    devices: HashMap<DeviceId, Watched>,
    bedsides: HashMap<Place, Bedside>,
    /// Found, and not written down yet.
    unwritten: Vec<(Place, Event)>,
}

struct Watched {
    place: Place,
    watch: DeviceWatch,
    rules: Arc<RuleSet>,
    /// How it stood when the server started, until it is heard.
    unheard: Option<TechnicalUpdate>,
}

/// What is written in the same transaction.
#[derive(Default)]
pub(super) struct Also {
    pub entry: Option<AuditEntry>,
    pub limits: Option<(Place, NewLimits)>,
}

/// Changes of one place, in order, and the bedside as it is after them.
pub(super) struct Step {
    place: Place,
    after: Bedside,
    pub changes: Vec<Change>,
}

impl Beds {
    pub(super) fn place_of_bed(&self, bed: BedId) -> Result<Place, Refused> {
        self.place(|place| place.bed == bed)
    }

    pub(super) fn place_of_patient(&self, patient: PatientId) -> Result<Place, Refused> {
        self.place(|place| place.patient == patient)
    }

    fn place(&self, wanted: impl Fn(&Place) -> bool) -> Result<Place, Refused> {
        let found = self.bedsides.keys().find(|place| wanted(place));
        found.copied().ok_or(Refused::NoSuchAlarm)
    }

    /// The next look asks everything anew.
    pub(super) fn look_again(&mut self) {
        self.looked_around = None;
    }

    /// What devices said.
    pub(super) fn heard(&mut self, waiting: &[(DeviceId, Observation)], now: Instant) -> Vec<(Place, Event)> {
        let mut events = Vec::new();
        for (device, observation) in waiting {
            events.extend(self.observe(*device, observation, now));
        }
        events
    }

    /// What time alone makes.
    pub(super) fn passed(&mut self, now: Instant) -> Vec<(Place, Event)> {
        let mut events = Vec::new();
        let watched: Vec<DeviceId> = self.devices.keys().copied().collect();
        for device in watched {
            events.extend(self.observe(device, &Observation::Tick, now));
        }
        let silent = self
            .bedsides
            .iter()
            .filter(|(_, bedside)| bedside.pause.is_some() || bedside.off.is_some());
        events.extend(silent.map(|(place, _)| (*place, Event::Tick)));
        events.extend(self.asks(now));
        events
    }

    fn observe(&mut self, device: DeviceId, observation: &Observation, now: Instant) -> Vec<(Place, Event)> {
        let coming_back = self
            .started
            .is_some_and(|started| started <= now && now.since(started) < COMING_BACK);
        let Some(watched) = self.devices.get_mut(&device) else {
            return Vec::new();
        };
        let place = watched.place;
        let mut found = Vec::new();
        match observation {
            Observation::Tick if coming_back => {}
            Observation::Tick => {
                if let Some(technical) = watched.unheard.take() {
                    let observation = Observation::Technical(technical);
                    found = watched.watch.observe(&observation, &watched.rules, now);
                }
            }
            Observation::Measured { .. } | Observation::Technical(_) => watched.unheard = None,
        }
        found.extend(watched.watch.observe(observation, &watched.rules, now));
        found
            .into_iter()
            .map(|finding| (place, Event::Found { device, finding }))
            .collect()
    }

    /// Who is asked next where nobody came. No rota and no receipts of screens are kept yet: everyone is taken
    /// for reached, so the ladder goes by time alone.
    fn asks(&self, now: Instant) -> Vec<(Place, Event)> {
        const REACHED: Reached = Reached {
            on_duty: true,
            shown: true,
        };
        let mut asks = Vec::new();
        for watched in self.devices.values() {
            let Some(bedside) = self.bedsides.get(&watched.place) else {
                continue;
            };
            for episode in bedside
                .open
                .iter()
                .filter(|episode| episode.acknowledged.is_none())
            {
                let signal = bedside.signal(episode, now);
                let next = next_to_ask(episode, signal, &watched.rules.ladder, REACHED, now);
                let ask = next.map(|level| Event::Ask {
                    alarm: episode.id,
                    level,
                });
                asks.extend(ask.map(|ask| (watched.place, ask)));
            }
        }
        asks
    }

    /// Who lies where now, with which device, under which rules.
    pub(super) async fn look_around(&mut self, app: &App) -> Result<(), Failure> {
        let now = app.clock.now();
        let lately = self
            .looked_around
            .is_some_and(|looked| looked <= now && now.since(looked) < LOOK_AROUND);
        let moves = app.access.epochs.moves();
        if lately && moves == self.moves {
            return Ok(());
        }
        self.moves = moves;
        self.started.get_or_insert(now);
        let first = !self.read_back;
        let (occupants, rules, bedsides) = app
            .db
            .read(move |connection| {
                let occupants = occupants::occupants(connection, now)?;
                let rules = rules::in_force(connection)?;
                let places: HashSet<Place> = occupants.iter().map(|occupant| occupant.place).collect();
                let bedsides = if first {
                    open::bedsides(connection, places)?
                } else {
                    HashMap::new()
                };
                Ok::<_, Failure>((occupants, rules, bedsides))
            })
            .await?;
        if first {
            self.bedsides = bedsides;
            self.read_back = true;
        }
        let new: Vec<DeviceId> = occupants
            .iter()
            .filter(|occupant| {
                self.devices
                    .get(&occupant.device)
                    .is_none_or(|known| known.place != occupant.place)
            })
            .map(|occupant| occupant.device)
            .collect();
        let views = app.twins.views(&new).await?;
        let mut events = Vec::new();
        let mut devices = HashMap::with_capacity(occupants.len());
        for occupant in &occupants {
            let place = occupant.place;
            let rules = Arc::new(rules.of(place.unit, place.patient));
            let known = self.devices.remove(&occupant.device);
            let watched = match known {
                Some(mut known) if known.place == place => {
                    if known.rules != rules {
                        let over = known.watch.rules_changed(&rules, now);
                        events.extend(over.into_iter().map(|finding| {
                            let device = occupant.device;
                            (place, Event::Found { device, finding })
                        }));
                        known.rules = rules;
                    }
                    known
                }
                other => {
                    if let Some(before) = other {
                        events.push((
                            before.place,
                            Event::DeviceLeft {
                                device: occupant.device,
                            },
                        ));
                    }
                    let view = views.get(&occupant.device).map(AsRef::as_ref);
                    self.begin(occupant.device, place, rules, view)
                }
            };
            devices.insert(occupant.device, watched);
            self.bedsides.entry(place).or_default();
        }
        // Whatever is left was taken off its patient.
        for (device, watched) in std::mem::replace(&mut self.devices, devices) {
            events.push((watched.place, Event::DeviceLeft { device }));
        }
        let places: HashSet<Place> = occupants.iter().map(|occupant| occupant.place).collect();
        let left: Vec<Place> = self
            .bedsides
            .keys()
            .filter(|place| !places.contains(place))
            .copied()
            .collect();
        events.extend(left.iter().map(|place| (*place, Event::PatientLeft)));
        self.looked_around = Some(now);
        self.carry_out(app, events).await?;
        for place in left {
            self.bedsides.remove(&place);
        }
        Ok(())
    }

    /// A device is on this patient from now on, or again after a restart.
    fn begin(&self, device: DeviceId, place: Place, rules: Arc<RuleSet>, view: Option<&TwinView>) -> Watched {
        let standing: Vec<Condition> = self
            .bedsides
            .get(&place)
            .into_iter()
            .flat_map(|bedside| &bedside.open)
            .filter(|episode| episode.device == device && episode.presence == Presence::Active)
            .map(|episode| episode.condition.clone())
            .collect();
        Watched {
            place,
            watch: DeviceWatch::resumed(standing),
            rules,
            unheard: view.map(|view| TechnicalUpdate {
                connection: view.technical.connection,
                last_seen: view.technical.last_seen,
                battery_percent: view.technical.battery_percent,
                faults: view.technical.faults.clone(),
            }),
        }
    }

    /// After what could not be written down before.
    pub(super) async fn carry_out(&mut self, app: &App, found: Vec<(Place, Event)>) -> Result<(), Failure> {
        let mut events = std::mem::take(&mut self.unwritten);
        events.extend(found);
        let mut by_place: HashMap<Place, Vec<Event>> = HashMap::new();
        for (place, event) in &events {
            by_place.entry(*place).or_default().push(event.clone());
        }
        let mut steps = Vec::new();
        for (place, events) in by_place {
            // What the system itself finds is never refused.
            if let Ok(step) = self.apply(app, place, events)
                && !step.changes.is_empty()
            {
                steps.push(step);
            }
        }
        if steps.is_empty() {
            return Ok(());
        }
        let outcome = self.commit(app, steps, Also::default()).await;
        if outcome.is_err() {
            self.unwritten = events;
        }
        outcome.map(drop)
    }

    pub(super) fn apply(&self, app: &App, place: Place, events: Vec<Event>) -> Result<Step, Refused> {
        let now = app.clock.now();
        let mut after = self.bedsides.get(&place).cloned().unwrap_or_default();
        let mut changes = Vec::new();
        for event in events {
            let mut fresh_id = |at| AlarmId::new(at, app.clock.entropy());
            changes.extend(after.apply(event, now, &mut fresh_id)?);
        }
        Ok(Step {
            place,
            after,
            changes,
        })
    }

    /// Written down, then true, then told. Returns whether it was: limits may have been changed by somebody
    /// else since they were read.
    pub(super) async fn commit(&mut self, app: &App, steps: Vec<Step>, also: Also) -> Result<bool, Failure> {
        let (now, key) = (app.clock.now(), app.secrets.audit.clone());
        let rows: Vec<(Place, Vec<Change>)> = steps
            .iter()
            .map(|step| (step.place, step.changes.clone()))
            .collect();
        let written = app
            .db
            .write(move |connection| {
                if let Some((place, new)) = &also.limits
                    && !limits::set(connection, place, new, now)?
                {
                    return Ok(false);
                }
                for (place, changes) in &rows {
                    for change in changes {
                        open::write(connection, place, change, now)?;
                        lane::append(connection, place, change, now)?;
                    }
                }
                if let Some(entry) = &also.entry {
                    audit::append(connection, &key, entry)?;
                }
                Ok::<_, DbError>(true)
            })
            .await?;
        if !written {
            return Ok(false);
        }
        let mut units: HashSet<UnitId> = HashSet::new();
        for step in steps {
            units.insert(step.place.unit);
            self.bedsides.insert(step.place, step.after);
        }
        for unit in units {
            app.live.changed(Topic::Alarms(unit));
        }
        Ok(true)
    }
}
