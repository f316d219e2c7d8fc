//! The board as it stands: what was fetched, what came over the socket since, and how it looks now.
//!
//! Lives outside the page's drawing. Four times a second it looks which tiles differ from what is
//! shown; a tile is drawn anew at most once a second.

use fleetward_common::{
    care::{BoardBed, WardBoard},
    emergency::PatientRecord,
    error::{ErrorBody, ErrorCode},
    id::{BedId, PatientId, UnitId},
    identity::UnitSummary,
    live::{LiveMessage, Topic},
    time::Instant,
};
use gloo::{events::EventListener, timers::callback::Interval};
use std::{cell::RefCell, rc::Rc, time::Duration};
use wasm_bindgen_futures::spawn_local;
use yew::{Callback, hook, use_effect_with, use_force_update, use_memo};

use super::alarm_lane::AlarmLane;
use crate::{
    api::{
        self, ApiError, clock,
        live::{Heard, Line, LiveLine},
    },
    care::{
        live::{self, Next},
        parts::sweep::Sweeper,
        tile::{self, Moment, Tile},
        trace::Traces,
    },
};

/// A little under a second, so that a tile that changes every second is shown every second.
const TILE_REST: Duration = Duration::from_millis(940);
const LOOK_EVERY: u32 = 250;
/// A gap in the computer's own time longer than this means that it slept.
const SLEPT: f64 = 10_000.0;

#[derive(Clone)]
pub struct BoardStore {
    pub(super) inner: Rc<RefCell<Inner>>,
    pub traces: Rc<RefCell<Traces>>,
    pub sweeper: Sweeper,
}

impl PartialEq for BoardStore {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }
}

/// What the board is made of: a ward, or the one bed of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Ward(UnitId),
    Patient(PatientId),
}

impl Source {
    /// With whether waves are wanted.
    fn topics(self, waves: bool) -> Vec<(Topic, bool)> {
        match self {
            Source::Ward(unit) => vec![(Topic::Ward(unit), waves), (Topic::Alarms(unit), false)],
            Source::Patient(patient) => vec![(Topic::Patient(patient), waves)],
        }
    }
}

pub(super) struct Inner {
    pub(super) source: Source,
    /// Who the one bed's patient is, as far as the reader may know.
    record: Option<Rc<PatientRecord>>,
    waves: bool,
    pub(super) board: Option<WardBoard>,
    /// Came while a fetch was on its way; applied to what it brings.
    meanwhile: Vec<LiveMessage>,
    fetching: bool,
    pub(super) lane: AlarmLane,
    fetch_again: bool,
    tiles: Vec<Rc<Tile>>,
    drawn_at: Vec<Instant>,
    listening_since: Instant,
    error: Option<ApiError>,
    line: Option<LiveLine>,
    redraw: Callback<()>,
    wall: f64,
    keep: Option<(Interval, EventListener)>,
}

#[hook]
pub fn use_board(unit: UnitId, waves: bool) -> BoardStore {
    use_source(Source::Ward(unit), waves)
}

/// The one bed of a patient, kept moving like a board.
#[hook]
pub fn use_record(patient: PatientId, waves: bool) -> BoardStore {
    use_source(Source::Patient(patient), waves)
}

#[hook]
fn use_source(source: Source, waves: bool) -> BoardStore {
    let update = use_force_update();
    let store = use_memo((source, waves), |(source, waves)| {
        BoardStore::new(*source, *waves)
    });
    {
        let store = (*store).clone();
        use_effect_with((source, waves), move |_| {
            store.start(Callback::from(move |()| update.force_update()));
            move || store.stop()
        });
    }
    (*store).clone()
}

impl BoardStore {
    fn new(source: Source, waves: bool) -> Self {
        let traces = Rc::new(RefCell::new(Traces::default()));
        Self {
            sweeper: Sweeper::new(traces.clone()),
            traces,
            inner: Rc::new(RefCell::new(Inner {
                source,
                record: None,
                waves,
                board: None,
                meanwhile: Vec::new(),
                fetching: false,
                lane: AlarmLane::default(),
                fetch_again: false,
                tiles: Vec::new(),
                drawn_at: Vec::new(),
                listening_since: clock::now(),
                error: None,
                line: None,
                redraw: Callback::noop(),
                wall: clock::wall_millis(),
                keep: None,
            })),
        }
    }

    fn start(&self, redraw: Callback<()>) {
        let listener = {
            let store = self.clone();
            Callback::from(move |heard| store.heard(heard))
        };
        let topics = {
            let inner = self.inner.borrow();
            inner.source.topics(inner.waves)
        };
        let line = LiveLine::open(topics, listener);
        let look = {
            let store = self.clone();
            Interval::new(LOOK_EVERY, move || store.look())
        };
        let wake = {
            let store = self.clone();
            EventListener::new(&gloo::utils::document(), "visibilitychange", move |_| {
                if !gloo::utils::document().hidden() {
                    store.wake_up();
                }
            })
        };
        let mut inner = self.inner.borrow_mut();
        (inner.line, inner.redraw, inner.keep) = (Some(line), redraw, Some((look, wake)));
        drop(inner);
        // The socket may take its time; the board need not wait for it.
        self.fetch();
        self.fetch_alarms();
    }

    fn stop(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.redraw = Callback::noop();
        inner.keep = None;
        let line = inner.line.take();
        drop(inner);
        if let Some(line) = line {
            line.close();
        }
    }

    /// Clear, fetch, then draw: what was on the screen before a sleep is not now.
    fn wake_up(&self) {
        clock::forget();
        self.traces.borrow_mut().clear();
        let line = {
            let mut inner = self.inner.borrow_mut();
            inner.board = None;
            inner.tiles.clear();
            inner.line.clone()
        };
        self.redraw();
        if let Some(line) = line {
            line.start_over();
        }
        self.fetch();
        self.fetch_alarms();
    }

    fn heard(&self, heard: Heard) {
        match heard {
            Heard::Opened => {
                self.traces.borrow_mut().clear();
                self.inner.borrow_mut().listening_since = clock::now();
                self.fetch();
                self.fetch_alarms();
            }
            Heard::Wave(packet) => self.traces.borrow_mut().take(&packet, clock::now()),
            Heard::Message(message) => self.message(message),
            Heard::Lost => {
                check_session();
                self.redraw();
            }
        }
    }

    fn message(&self, message: LiveMessage) {
        if let LiveMessage::Alarms { news, .. } = &message {
            return self.hear_alarms(news);
        }
        let next = {
            let mut inner = self.inner.borrow_mut();
            if inner.fetching {
                inner.meanwhile.push(message.clone());
            }
            match &mut inner.board {
                Some(board) => live::apply(board, &message),
                None => match message {
                    LiveMessage::Refused { error, .. } => Next::Leave(error),
                    _ => Next::Nothing,
                },
            }
        };
        match next {
            // The next look draws it; a board of 24 beds changes many times a second.
            Next::Nothing | Next::Draw => {}
            Next::Fetch => {
                self.fetch();
                self.fetch_alarms();
            }
            Next::Leave(error) => self.leave(error),
        }
    }

    fn leave(&self, error: ErrorBody) {
        {
            let mut inner = self.inner.borrow_mut();
            inner.board = None;
            inner.tiles.clear();
            if matches!(error.code, ErrorCode::SignInRequired | ErrorCode::SessionExpired) {
                api::session::go_to_sign_in();
            }
            inner.error = Some(ApiError::Refused(error));
        }
        self.redraw();
    }

    pub fn fetch(&self) {
        let source = {
            let mut inner = self.inner.borrow_mut();
            if inner.fetching {
                inner.fetch_again = true;
                return;
            }
            inner.fetching = true;
            inner.meanwhile.clear();
            inner.source
        };
        let store = self.clone();
        spawn_local(async move {
            let answer = match source {
                Source::Ward(unit) => api::wards::board(unit).await,
                Source::Patient(patient) => match api::emergency::record(patient).await {
                    Ok(record) => {
                        let board = board_of(&record);
                        store.inner.borrow_mut().record = Some(Rc::new(record));
                        Ok(board)
                    }
                    Err(error) => Err(error),
                },
            };
            store.fetched(answer);
        });
    }

    fn fetched(&self, answer: Result<WardBoard, ApiError>) {
        let again = {
            let mut inner = self.inner.borrow_mut();
            inner.fetching = false;
            match answer {
                Ok(mut board) => {
                    clock::heard(board.server_time);
                    for message in std::mem::take(&mut inner.meanwhile) {
                        live::apply(&mut board, &message);
                    }
                    if let Some(before) = &inner.board {
                        let mut traces = self.traces.borrow_mut();
                        for device in live::passed_on(before, &board) {
                            traces.forget(device);
                        }
                    }
                    inner.board = Some(board);
                    inner.error = None;
                    inner.tiles.clear();
                }
                // A board that is on the screen goes on ageing there; the banner says why.
                Err(ApiError::NoAnswer) if inner.board.is_some() => {}
                // Not to be seen any more: nothing of it stays.
                Err(error) => {
                    if error.needs_sign_in() {
                        api::session::go_to_sign_in();
                    }
                    inner.board = None;
                    inner.tiles.clear();
                    self.traces.borrow_mut().clear();
                    inner.error = Some(error);
                }
            }
            std::mem::take(&mut inner.fetch_again)
        };
        self.look();
        self.redraw();
        if again {
            self.fetch();
        }
    }

    pub(super) fn redraw(&self) {
        let redraw = self.inner.borrow().redraw.clone();
        redraw.emit(());
    }

    /// Judges every bed by the present time, and draws those that look different.
    pub(super) fn look(&self) {
        if self.slept() {
            return self.wake_up();
        }
        let changed = {
            let mut inner = self.inner.borrow_mut();
            let traces = self.traces.borrow();
            let now = clock::now();
            inner.look(now, &traces)
        };
        if changed {
            self.redraw();
        }
    }

    fn slept(&self) -> bool {
        let mut inner = self.inner.borrow_mut();
        let wall = clock::wall_millis();
        let gap = wall - std::mem::replace(&mut inner.wall, wall);
        gap > SLEPT && !gloo::utils::document().hidden()
    }

    pub fn tiles(&self) -> Vec<Rc<Tile>> {
        self.inner.borrow().tiles.clone()
    }

    /// Name, hospital and zone, once they are known.
    pub fn ward(&self) -> Option<(String, String, String)> {
        let inner = self.inner.borrow();
        let board = inner.board.as_ref()?;
        Some((
            board.ward.name.clone(),
            board.organisation_name.clone(),
            board.ward.time_zone.clone(),
        ))
    }

    pub fn bed(&self, bed: BedId) -> Option<BoardBed> {
        let inner = self.inner.borrow();
        inner
            .board
            .as_ref()?
            .beds
            .iter()
            .find(|candidate| candidate.id == bed)
            .cloned()
    }

    /// Of a patient's own board only.
    pub fn record(&self) -> Option<Rc<PatientRecord>> {
        let inner = self.inner.borrow();
        inner.board.as_ref().and(inner.record.clone())
    }

    pub fn error(&self) -> Option<ApiError> {
        self.inner.borrow().error.clone()
    }

    pub fn line(&self) -> Line {
        let line = self.inner.borrow().line.clone();
        line.map_or(Line::Opening, |line| line.line())
    }

    pub fn try_now(&self) {
        let line = self.inner.borrow().line.clone();
        if let Some(line) = line {
            line.try_now();
        }
    }

    pub fn lanes_of(&self, bed: &BoardBed) -> Vec<tile::Lane> {
        let inner = self.inner.borrow();
        let traces = self.traces.borrow();
        tile::lanes(
            bed,
            &Moment {
                now: clock::now(),
                listening_since: inner.listening_since,
                newest_sample: &|key| traces.newest(key),
                alarms: &inner.lane.alarms,
            },
        )
    }
}

impl Inner {
    fn look(&mut self, now: Instant, traces: &Traces) -> bool {
        let Some(board) = &self.board else {
            return false;
        };
        let moment = Moment {
            now,
            listening_since: self.listening_since,
            newest_sample: &|key| traces.newest(key),
            alarms: &self.lane.alarms,
        };
        let fresh = self.tiles.len() != board.beds.len();
        if fresh {
            self.tiles = board
                .beds
                .iter()
                .map(|bed| Rc::new(tile::tile(bed, &moment)))
                .collect();
            self.drawn_at = vec![now; board.beds.len()];
            return true;
        }
        let mut changed = false;
        let shown = self.tiles.iter_mut().zip(&mut self.drawn_at);
        for ((shown, drawn_at), bed) in shown.zip(&board.beds) {
            let same_alarms = shown.alarms == self.lane.alarms.on_tile(bed.id, now);
            if same_alarms && now.since(*drawn_at) < TILE_REST {
                continue;
            }
            let tile = tile::tile(bed, &moment);
            if **shown != tile {
                (*shown, *drawn_at, changed) = (Rc::new(tile), now, true);
            }
        }
        changed
    }
}

/// A patient in no bed has a board without beds.
fn board_of(record: &PatientRecord) -> WardBoard {
    let nowhere = || UnitSummary {
        id: UnitId::from_bytes([0; 16]),
        name: "No ward".to_owned(),
        time_zone: "UTC".to_owned(),
    };
    WardBoard {
        ward: record.ward.clone().unwrap_or_else(nowhere),
        organisation_name: record.organisation_name.clone(),
        server_time: record.server_time,
        beds: record.bed.clone().into_iter().collect(),
    }
}

/// A socket does not say why it was refused; the session does.
fn check_session() {
    spawn_local(async {
        if let Err(error) = api::session::current().await
            && error.needs_sign_in()
        {
            api::session::go_to_sign_in();
        }
    });
}
