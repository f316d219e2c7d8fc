//! The board: every bed of a ward, live, and the drawer of the bed that is open.

use fleetward_common::{
    access::{Action, Kind, Portal},
    error::ErrorCode,
    id::{BedId, UnitId},
    identity::UnitSummary,
};
use std::rc::Rc;
use web_sys::KeyboardEvent;
use yew::prelude::*;
use yew_router::prelude::*;

use super::{
    WardRoute,
    alarm_strip::AlarmStrip,
    board_store::{BoardStore, use_board},
    grid,
    keys::{KEYS, Keys, Pressed, focus_bed},
    screen::{Wanted, covered, screen_link, troubled},
    sound::Sound,
};
use crate::{
    api::clock,
    care::{
        emergency::{EmergencyOnRefusal, Start},
        parts::{bed_drawer::BedDrawer, bed_tile::BedTile},
        tile::{Tile, census},
    },
    hooks::{use_keys, use_media, use_permitted, use_session},
    identity::parts::{enrol_dialog::EnrolDialog, station_badge::StationBadge, who_is_acting::WhoIsActing},
    shell::{
        brand::Brand, clock::WardClock, error_page::NotFoundPage, frame::Frame, offline_bar::OfflineBar,
        person::PersonMenu,
    },
    ui::{
        async_view::Loading, connection_badge::ConnectionBadge, empty_state::EmptyState,
        error_panel::ErrorPanel, help_dialog::HelpDialog, icon::Icon, theme_switch::ThemeSwitch, zone::Zone,
    },
};

/// Beds that fit a screen read from three metres.
const FAR_BEDS: usize = 12;

/// What the address says besides the ward and the bed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BoardQuery {
    /// `far`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// Which twelve beds of the far view, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<usize>,
    /// Of the trends: `1h`, `6h`, `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
}

impl BoardQuery {
    fn is_far(&self) -> bool {
        self.view.as_deref() == Some("far")
    }
}

/// `/ward`: the person's own ward, or the choice of several.
#[component(FirstWard)]
pub fn first_ward() -> Html {
    let session = use_session();
    let Some(session) = session else {
        return html! {};
    };
    if session.portal != Portal::Ward {
        // No administrator would ever give this person a ward, so nothing is promised.
        return html! { <Frame><NotFoundPage home="/" home_name="your own page" /></Frame> };
    }
    match session.units.as_slice() {
        [] => html! {
            <Frame>
                <h1 class="hidden">{ "Your ward" }</h1>
                <EmptyState title="No ward is yours yet">
                    <p>{ "The beds of your wards would stand here, live. Your hospital's administrator adds you to a ward." }</p>
                </EmptyState>
            </Frame>
        },
        [first, ..] => html! { <Redirect<WardRoute> to={WardRoute::Board { unit: first.id }} /> },
    }
}

#[derive(Properties, PartialEq)]
pub struct BoardPageProps {
    pub unit: UnitId,
    pub bed: Option<BedId>,
}

#[component(BoardPage)]
pub fn board_page(props: &BoardPageProps) -> Html {
    let phone = use_media("(max-width: 640px)");
    let store = use_board(props.unit, !phone);
    let navigator = use_navigator();
    let query = use_location()
        .and_then(|location| location.query::<BoardQuery>().ok())
        .unwrap_or_default();
    let help = use_state_eq(|| false);
    let may_enrol = use_permitted(Kind::Unit, Action::EnrolStation);
    let may_open = use_permitted(Kind::Patient, Action::OpenEmergency);
    let enrolling = use_state_eq(|| false);
    let typed = use_state_eq(String::new);
    let session = use_session();
    let watching = session
        .as_ref()
        .is_some_and(|session| session.only_the_board(clock::now()));
    // What somebody pressed on a screen that only watches: done once they said who they are.
    let wanted = use_state_eq(|| None::<Wanted>);
    let size = use_window_size();

    let tiles = store.tiles();
    // A bed opens for a person; the screen itself has only its board.
    let open_bed = props.bed.filter(|_| !watching);
    let far = query.is_far() && open_bed.is_none() && !phone;
    let screens = tiles.len().div_ceil(FAR_BEDS).max(1);
    let screen = query.screen.unwrap_or(1).clamp(1, screens);
    let shown: Vec<Rc<Tile>> = if far {
        let first = (screen - 1) * FAR_BEDS;
        tiles.iter().skip(first).take(FAR_BEDS).cloned().collect()
    } else {
        tiles.clone()
    };
    let columns = if far || open_bed.is_some() && size.0 > 1_500 {
        if phone { 1 } else { 4.min(shown.len().max(1)) }
    } else {
        grid::columns(shown.len(), size.0, size.1.saturating_sub(152))
    };

    let go = {
        let (unit, query) = (props.unit, query.clone());
        let wanted = wanted.clone();
        Callback::from(move |bed: Option<BedId>| {
            if let (true, Some(bed)) = (watching, bed) {
                return wanted.set(Some(Wanted::Bed(bed)));
            }
            let route = match bed {
                Some(bed) => WardRoute::Bed { unit, bed },
                None => WardRoute::Board { unit },
            };
            let query = BoardQuery {
                range: query.range.clone(),
                ..BoardQuery::default()
            };
            push(navigator.as_ref(), route, &query);
        })
    };
    let close = {
        let (go, from) = (go.clone(), label_of(&tiles, props.bed));
        Callback::from(move |()| {
            go.emit(None);
            if let Some(label) = &from {
                focus_bed(label);
            }
        })
    };
    let walk = {
        let (go, tiles, bed) = (go.clone(), tiles.clone(), props.bed);
        Callback::from(move |forward: bool| {
            let here = tiles.iter().position(|tile| Some(tile.bed) == bed);
            let to = here.and_then(|here| {
                if forward {
                    tiles.get(here + 1)
                } else {
                    here.checked_sub(1).and_then(|before| tiles.get(before))
                }
            });
            if let Some(tile) = to {
                go.emit(Some(tile.bed));
            }
        })
    };
    let show_far = {
        let (unit, navigator) = (props.unit, use_navigator());
        Callback::from(move |screen: Option<usize>| {
            let query = BoardQuery {
                view: screen.map(|_| "far".to_owned()),
                screen,
                range: None,
            };
            push(navigator.as_ref(), WardRoute::Board { unit }, &query);
        })
    };

    let on_range = {
        let (unit, bed, query, navigator) = (props.unit, props.bed, query.clone(), use_navigator());
        Callback::from(move |range: String| {
            let query = BoardQuery {
                range: Some(range),
                ..query.clone()
            };
            if let (Some(navigator), Some(bed)) = (&navigator, bed) {
                // A query of plain words always encodes.
                let _ = navigator.replace_with_query(&WardRoute::Bed { unit, bed }, query);
            }
        })
    };

    use_keys({
        let keys = Keys {
            tiles: shown.clone(),
            all: tiles.clone(),
            columns,
            open: open_bed.is_some(),
            far: far.then_some((screen, screens)),
            typed: (*typed).clone(),
        };
        let (typed, help) = (typed.clone(), help.clone());
        let (go, close, walk, show_far) = (go.clone(), close.clone(), walk.clone(), show_far.clone());
        Callback::from(move |event: KeyboardEvent| match keys.pressed(&event) {
            Pressed::Nothing => {}
            Pressed::Typed(digits) => typed.set(digits),
            Pressed::Focus(label) => {
                event.prevent_default();
                focus_bed(&label);
            }
            Pressed::Open(bed) => {
                event.prevent_default();
                typed.set(String::new());
                go.emit(Some(bed));
            }
            Pressed::Close => close.emit(()),
            Pressed::Walk(forward) => walk.emit(forward),
            Pressed::Far(screen) => show_far.emit(screen),
            Pressed::Help => help.set(true),
        })
    });

    let was_acting = use_mut_ref(|| false);
    use_effect_with((watching, props.bed), {
        let (go, wanted) = (go.clone(), wanted.clone());
        move |(watching, bed)| {
            let acted = was_acting.replace(!*watching);
            match (watching, bed) {
                // Whoever acted has left, and their bed with them.
                (true, Some(_)) if acted => go.emit(None),
                (true, Some(bed)) => wanted.set(Some(Wanted::Bed(*bed))),
                (true, None) => {}
                // Someone acts: there is nothing left to ask.
                (false, _) => wanted.set(None),
            }
        }
    });

    let ward = store.ward();
    let zone = use_zone(ward.as_ref().map_or("UTC", |(_, _, zone)| zone.as_str()));
    let name = ward.as_ref().map_or_else(
        || {
            let units = session.as_ref().map(|session| session.units.as_slice());
            unit_name(units.unwrap_or_default(), props.unit)
        },
        |(name, _, _)| name.clone(),
    );
    // The same as `go`, for someone who is known to act now: the page itself hears of it a moment later.
    let proven = {
        let (unit, navigator) = (props.unit, use_navigator());
        Callback::from(move |what: Wanted| {
            let route = match what {
                Wanted::Bed(bed) => WardRoute::Bed { unit, bed },
                Wanted::Emergency => WardRoute::Emergency,
                Wanted::Act => return,
            };
            push(navigator.as_ref(), route, &BoardQuery::default());
        })
    };
    let emergency = if watching {
        let wanted = wanted.clone();
        html! { <button type="button" class="nav-link" onclick={move |_| wanted.set(Some(Wanted::Emergency))}>{ "Emergency" }</button> }
    } else if may_open {
        html! { <Link<WardRoute> to={WardRoute::Emergency}>{ "Emergency" }</Link<WardRoute>> }
    } else {
        html! {}
    };
    let grid = html! {
        <ul class={format!("bed-grid columns-{columns}")} aria-label="Beds" data-far={far.to_string()}>
            { for shown.iter().map(|tile| bed(tile, props, &store, &zone, &go, far, phone)) }
        </ul>
    };
    let line = store.line();
    html! {
        <div class={classes!("ward", far.then_some("far"), phone.then_some("phone"), (wanted.is_some() && watching).then_some("is-switching"))}>
            <header class="app-header">
                <Brand />
                <div class="ward-name">
                    <h1>{ name.clone() }</h1>
                    if far {
                        <span>{ far_span(&shown, screen, screens) }</span>
                    } else if !tiles.is_empty() {
                        <span>{ census(&tiles) }</span>
                    }
                </div>
                { nav(props.unit, far, &show_far, screen, screens, emergency) }
                <div class="end">
                    if !typed.is_empty() {
                        <output class="typed">{ "Bed " }<b>{ (*typed).clone() }</b>{ " " }<kbd>{ "Enter" }</kbd></output>
                    }
                    if !phone { <Sound store={store.clone()} /> }
                    <ConnectionBadge {line} />
                    <ThemeSwitch />
                    if let Some(session) = session.clone().filter(|session| session.station.is_some() || watching) {
                        <StationBadge {session}
                            on_act={{ let wanted = wanted.clone(); Callback::from(move |()| wanted.set(Some(Wanted::Act))) }}
                            on_done={{ let go = go.clone(); Callback::from(move |()| go.emit(None)) }} />
                    } else {
                        <PersonMenu />
                    }
                    <WardClock zone={zone.clone()} />
                </div>
            </header>
            <aside class="phone-notice" aria-label="Notice"><Icon name="info" /><span><b>{ "This phone does not ring. " }</b>{ "The bedside device is the primary alarm." }</span></aside>
            <OfflineBar {line} zone={zone.clone()} on_try={{ let store = store.clone(); Callback::from(move |()| store.try_now()) }} />
            if !tiles.is_empty() {
                <section class="ward-alarms" aria-label="Alarms">
                    <AlarmStrip alarms={store.alarms()} tiles={tiles.clone()} {far} {phone}
                        on_open={{ let go = go.clone(); Callback::from(move |bed| go.emit(Some(bed))) }} />
                </section>
            }
            <main id="main" class={classes!("board", open_bed.map(|_| "with-drawer"))}>
                if let Some(error) = store.error().filter(|_| tiles.is_empty()) {
                    <div class="page">
                        <ErrorPanel error={error.clone()} what="The board" retry={retry(&store)} />
                        if error.code() == Some(ErrorCode::NotFound) {
                            <EmergencyOnRefusal start={props.bed.map_or(Start::Nothing, Start::Bed)} />
                        }
                    </div>
                } else if tiles.is_empty() && ward.is_none() {
                    <div class="page"><Loading what="the ward" retry={retry(&store)} /></div>
                } else if tiles.is_empty() {
                    <div class="page"><EmptyState title="This ward has no beds"><p>{ "Beds would stand here in the order of the corridor." }</p></EmptyState></div>
                } else {
                    { grid }
                    if let Some(bed) = open_bed {
                        <BedDrawer key={bed.to_string()} {bed} store={store.clone()} zone={zone.clone()} waves={!phone}
                            range={query.range.clone().unwrap_or_default()} on_range={on_range.clone()}
                            on_close={close} on_walk={walk} />
                    }
                    if let (Some(what), Some(session), true) = (*wanted, session.clone(), watching) {
                        <WhoIsActing {session} action={what.words(&tiles)} corner={grid::calmest_corner(&troubled(&shown), columns)}
                            covered={covered(&shown, columns)}
                            on_proven={{ let (wanted, proven) = (wanted.clone(), proven); Callback::from(move |()| { wanted.set(None); proven.emit(what); }) }}
                            on_cancel={{
                                let (wanted, go, bed) = (wanted.clone(), go.clone(), props.bed);
                                Callback::from(move |()| {
                                    wanted.set(None);
                                    if bed.is_some() { go.emit(None); }
                                })
                            }} />
                    }
                }
            </main>
            <footer class="ward-footer">
                <span class="notice"><Icon name="info" />{ "The bedside device is the primary alarm. This board informs." }</span>
                <span class="speed">{ "Waves 12.5 mm/s nominal, ticks 1 s" }</span>
                <span class="end">
                    <span><kbd>{ "7" }</kbd>{ " " }<kbd>{ "Enter" }</kbd>{ " open bed" }</span>
                    <span><kbd>{ "v" }</kbd>{ if far { " desk view" } else { " far view" } }</span>
                    <button type="button" class="link" onclick={{ let help = help.clone(); move |_| help.set(true) }}><kbd>{ "?" }</kbd>{ " help" }</button>
                    { screen_link(session.as_deref(), may_enrol, watching, &enrolling, &name) }
                    <span>{ "Build " }{ env!("CARGO_PKG_VERSION") }</span>
                </span>
            </footer>
            if *enrolling {
                <EnrolDialog unit={props.unit} ward={name}
                    on_close={{ let enrolling = enrolling.clone(); Callback::from(move |()| enrolling.set(false)) }} />
            }
            <HelpDialog keys={KEYS} open={*help} on_close={{ let help = help.clone(); Callback::from(move |()| help.set(false)) }} />
        </div>
    }
}

fn bed(
    tile: &Rc<Tile>,
    props: &BoardPageProps,
    store: &BoardStore,
    zone: &Zone,
    go: &Callback<Option<BedId>>,
    far: bool,
    phone: bool,
) -> Html {
    let (id, go) = (tile.bed, go.clone());
    let waves = match (phone, props.bed, far) {
        (true, ..) | (_, Some(_), _) => 0,
        (_, _, true) => 1,
        _ => 2,
    };
    let route = WardRoute::Bed {
        unit: props.unit,
        bed: id,
    };
    html! {
        <BedTile key={id.to_string()} tile={tile.clone()} zone={zone.clone()} sweeper={store.sweeper.clone()}
            href={route.to_path()} on_open={Callback::from(move |()| go.emit(Some(id)))}
            open={props.bed == Some(id)} {waves} />
    }
}

fn nav(
    unit: UnitId,
    far: bool,
    show_far: &Callback<Option<usize>>,
    screen: usize,
    screens: usize,
    emergency: Html,
) -> Html {
    let to = |screen| {
        let show_far = show_far.clone();
        move |_| show_far.emit(Some(screen))
    };
    html! {
        <nav aria-label="Ward">
            <Link<WardRoute> to={WardRoute::Board { unit }} classes="nav-link">{ "Board" }</Link<WardRoute>>
            { emergency }
            if far && screens > 1 {
                <span class="screens">
                    { for (1..=screens).map(|number| html! {
                        <button type="button" aria-pressed={(number == screen).to_string()} onclick={to(number)}>{ "Screen " }{ number }</button>
                    }) }
                </span>
            }
        </nav>
    }
}

fn push(navigator: Option<&Navigator>, route: WardRoute, query: &BoardQuery) {
    if let Some(navigator) = navigator {
        // A query of plain words always encodes.
        let _ = navigator.push_with_query(&route, query.clone());
    }
}

fn retry(store: &BoardStore) -> Callback<()> {
    let store = store.clone();
    Callback::from(move |()| store.fetch())
}

fn far_span(shown: &[Rc<Tile>], screen: usize, screens: usize) -> String {
    let ends = shown.first().zip(shown.last());
    ends.map_or_else(String::new, |(first, last)| {
        format!(
            "Beds {} to {}, screen {screen} of {screens}",
            first.label, last.label
        )
    })
}

fn label_of(tiles: &[Rc<Tile>], bed: Option<BedId>) -> Option<String> {
    let tile = tiles.iter().find(|tile| Some(tile.bed) == bed)?;
    Some(tile.label.clone())
}

fn unit_name(units: &[UnitSummary], unit: UnitId) -> String {
    units
        .iter()
        .find(|candidate| candidate.id == unit)
        .map_or_else(|| "Ward".to_owned(), |unit| unit.name.clone())
}

#[hook]
fn use_zone(name: &str) -> Zone {
    let zone = use_memo(name.to_owned(), |name| Zone::new(name));
    (*zone).clone()
}

#[hook]
fn use_window_size() -> (u32, u32) {
    let size = use_state_eq(window_size);
    {
        let size = size.clone();
        use_effect_with((), move |()| {
            let listener = gloo::events::EventListener::new(&gloo::utils::window(), "resize", move |_| {
                size.set(window_size());
            });
            move || drop(listener)
        });
    }
    *size
}

fn window_size() -> (u32, u32) {
    let window = gloo::utils::window();
    let pixels = |value: Result<wasm_bindgen::JsValue, _>| {
        value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0) as u32
    };
    (pixels(window.inner_width()), pixels(window.inner_height()))
}
