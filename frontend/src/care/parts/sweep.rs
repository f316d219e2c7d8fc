//! Waves on canvas, outside the page's own drawing: one animation loop for all canvases, and one
//! clock, so that every pen and every erase bar stand at the same place.
//!
//! A frame wipes a narrow strip ahead of the pen and draws the few samples that are new. A lane
//! without samples is wiped and stays blank: no line is ever drawn for what was not measured.

use fleetward_common::time::Instant;
use gloo::render::{AnimationFrame, request_animation_frame};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ResizeObserver};
use yew::{AttrValue, Html, Properties, component, html, use_effect_with, use_node_ref};

use crate::{
    api::clock,
    care::trace::{LaneKey, SILENCE, Traces},
};

/// Blank space ahead of the pen, CSS pixels.
const BAR: f64 = 14.0;
/// Drawn again behind the pen, so that lines join and the dot of the last frame goes.
const OVERLAP: f64 = 5.0;
/// Frames that cost more than this on average are drawn at every second chance: 30 a second and
/// steady, rather than 60 with holes.
const COSTLY: f64 = 9.0;

/// How time becomes width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// CSS pixels a second.
    Pixels(f64),
    /// The whole canvas is so many seconds wide.
    Seconds(f64),
}

/// Draws all canvases registered with it.
#[derive(Clone)]
pub struct Sweeper(Rc<Inner>);

impl PartialEq for Sweeper {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct Inner {
    traces: Rc<RefCell<Traces>>,
    sheets: RefCell<Vec<Sheet>>,
    frame: RefCell<Option<AnimationFrame>>,
    resized: Rc<Cell<bool>>,
    observer: Option<ResizeObserver>,
    _on_resize: Closure<dyn FnMut()>,
    cost: Cell<f64>,
    skip: Cell<bool>,
    ink: Ink,
}

/// Colours come from `tokens.css`; a canvas can't use them by name.
struct Ink {
    ground: String,
    tick: String,
    waves: Vec<(&'static str, String)>,
}

struct Sheet {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    pace: Pace,
    lanes: Vec<Pen>,
    width: f64,
    height: f64,
}

struct Pen {
    key: LaneKey,
    ink: String,
    /// Drawn up to here. `None`: draw the whole window anew.
    drawn: Option<Instant>,
    blank: bool,
}

impl Sweeper {
    pub fn new(traces: Rc<RefCell<Traces>>) -> Self {
        let resized = Rc::new(Cell::new(true));
        let on_resize = {
            let resized = resized.clone();
            Closure::new(move || resized.set(true))
        };
        let sweeper = Self(Rc::new(Inner {
            traces,
            sheets: RefCell::default(),
            frame: RefCell::default(),
            resized,
            observer: ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok(),
            _on_resize: on_resize,
            cost: Cell::new(0.0),
            skip: Cell::new(false),
            ink: Ink::from_tokens(),
        }));
        sweeper.ask_for_frame();
        sweeper
    }

    fn ask_for_frame(&self) {
        let weak = Rc::downgrade(&self.0);
        let next = request_animation_frame(move |_| {
            if let Some(inner) = weak.upgrade() {
                let sweeper = Sweeper(inner);
                sweeper.0.draw();
                sweeper.ask_for_frame();
            }
        });
        self.0.frame.replace(Some(next));
    }

    fn register(&self, canvas: HtmlCanvasElement, lanes: &[LaneKey], pace: Pace) {
        let context = canvas
            .get_context("2d")
            .ok()
            .flatten()
            .and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok());
        let Some(context) = context else { return };
        if let Some(observer) = &self.0.observer {
            observer.observe(&canvas);
        }
        let lanes = lanes
            .iter()
            .map(|key| Pen {
                key: *key,
                ink: self.0.ink.of(*key),
                drawn: None,
                blank: false,
            })
            .collect();
        self.0.sheets.borrow_mut().push(Sheet {
            canvas,
            context,
            pace,
            lanes,
            width: 0.0,
            height: 0.0,
        });
        self.0.resized.set(true);
    }

    fn unregister(&self, canvas: &HtmlCanvasElement) {
        if let Some(observer) = &self.0.observer {
            observer.unobserve(canvas);
        }
        self.0
            .sheets
            .borrow_mut()
            .retain(|sheet| !sheet.canvas.is_same_node(Some(canvas)));
    }
}

impl Inner {
    fn draw(&self) {
        if self.cost.get() > COSTLY && !self.skip.replace(!self.skip.get()) {
            return;
        }
        let began = clock::stopwatch();
        let mut traces = self.traces.borrow_mut();
        let mut sheets = self.sheets.borrow_mut();
        let now = clock::now();
        let pen_time = traces.jitter.pen_time(now);
        if self.resized.replace(false) {
            for sheet in sheets.iter_mut() {
                sheet.measure();
            }
        }
        for sheet in sheets.iter_mut() {
            sheet.draw(&mut traces, &self.ink, now, pen_time);
        }
        let millis = (clock::stopwatch() - began) as f64 / 1_000.0;
        self.cost.set(self.cost.get() * 0.97 + millis * 0.03);
    }
}

impl Sheet {
    fn measure(&mut self) {
        let width = f64::from(self.canvas.client_width());
        let height = f64::from(self.canvas.client_height());
        let ratio = gloo::utils::window().device_pixel_ratio();
        let (wide, high) = ((width * ratio) as u32, (height * ratio) as u32);
        if (self.canvas.width(), self.canvas.height()) != (wide, high) {
            self.canvas.set_width(wide);
            self.canvas.set_height(high);
        }
        // A matrix of six finite numbers is never refused.
        let _ = self.context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        (self.width, self.height) = (width, height);
        for pen in &mut self.lanes {
            pen.drawn = None;
        }
    }

    fn speed(&self) -> f64 {
        match self.pace {
            Pace::Pixels(speed) => speed,
            Pace::Seconds(seconds) => self.width / seconds,
        }
    }

    fn draw(&mut self, traces: &mut Traces, ink: &Ink, now: Instant, pen_time: Instant) {
        if self.width < 1.0 || self.lanes.is_empty() {
            return;
        }
        let lane_height = self.height / self.lanes.len() as f64;
        let sweep = Sweep {
            speed: self.speed(),
            width: self.width,
        };
        for (index, pen) in self.lanes.iter_mut().enumerate() {
            let lane = Lane {
                context: &self.context,
                sweep,
                top: index as f64 * lane_height,
                height: lane_height,
            };
            pen.draw(&lane, traces, ink, now, pen_time);
        }
    }
}

impl Pen {
    fn draw(&mut self, lane: &Lane<'_>, traces: &mut Traces, ink: &Ink, now: Instant, pen_time: Instant) {
        let Some(trace) = traces.get_mut(self.key) else {
            return self.go_blank(lane, ink);
        };
        if now.since(trace.newest_at()) > SILENCE {
            return self.go_blank(lane, ink);
        }
        self.blank = false;
        let sweep = lane.sweep;
        let turned = self.drawn.is_some_and(|drawn| sweep.x(pen_time) < sweep.x(drawn));
        let rescaled = if turned { trace.scale.new_sweep() } else { false } | trace.scale.grow();
        let window = sweep.time_of(sweep.width - BAR);
        let oldest = pen_time - window;
        let from = match self.drawn {
            Some(drawn) if !rescaled => (drawn - sweep.time_of(OVERLAP)).max(oldest),
            _ => oldest,
        };
        let head = trace.newest_at().min(pen_time);
        lane.context.save();
        lane.wipe(ink, from, pen_time);
        lane.context.set_stroke_style_str(&self.ink);
        lane.context.set_line_width(1.5);
        lane.context.set_line_join("round");
        lane.context.begin_path();
        let mut last_x = f64::INFINITY;
        let mut tip = None;
        // A little from before the wiped strip, so that the line runs into it; the clip keeps the
        // rest as it was.
        for number in trace.between(from - sweep.time_of(OVERLAP), head) {
            let Some(value) = trace.at(number) else {
                last_x = f64::INFINITY;
                continue;
            };
            let x = sweep.x(trace.instant_of(number));
            let y = lane.y(trace.scale.level(value));
            // To the left of the last sample: the pen has turned.
            if x < last_x && last_x.is_finite() || last_x.is_infinite() {
                lane.context.move_to(x, y);
            } else {
                lane.context.line_to(x, y);
            }
            last_x = x;
            tip = Some((x, y));
        }
        lane.context.stroke();
        if let Some((x, y)) = tip {
            lane.dot(&self.ink, x, y);
        }
        lane.context.restore();
        self.drawn = Some(head.max(oldest));
    }

    fn go_blank(&mut self, lane: &Lane<'_>, ink: &Ink) {
        if !self.blank || self.drawn.is_none() {
            lane.wipe_all(ink);
            self.blank = true;
            self.drawn = Some(Instant::EPOCH);
        }
    }
}

/// Time to x. All canvases of one width turn at the same moment.
#[derive(Clone, Copy)]
struct Sweep {
    speed: f64,
    width: f64,
}

impl Sweep {
    fn x(&self, at: Instant) -> f64 {
        (at.micros() as f64 / 1e6 * self.speed).rem_euclid(self.width)
    }

    fn time_of(&self, pixels: f64) -> Duration {
        Duration::from_secs_f64((pixels / self.speed).max(0.0))
    }
}

struct Lane<'a> {
    context: &'a CanvasRenderingContext2d,
    sweep: Sweep,
    top: f64,
    height: f64,
}

impl Lane<'_> {
    fn y(&self, level: f32) -> f64 {
        self.top + self.height - 4.0 - (self.height - 9.0) * f64::from(level.clamp(0.0, 1.0))
    }

    /// The strip from where drawing begins to the far side of the bar, with its second ticks. What
    /// is drawn afterwards stays inside it.
    fn wipe(&self, ink: &Ink, from: Instant, until: Instant) {
        let length = until.since(from).as_secs_f64() * self.sweep.speed + BAR;
        let whole = length >= self.sweep.width;
        let left = if whole { 0.0 } else { self.sweep.x(from).floor() };
        let right = if whole {
            self.sweep.width
        } else {
            left + length.ceil() + 1.0
        };
        let strips = [
            (left, right.min(self.sweep.width)),
            (0.0, (right - self.sweep.width).max(0.0)),
        ];
        self.context.begin_path();
        for (left, right) in strips {
            if right > left {
                self.wipe_strip(ink, left, right);
                self.context.rect(left, self.top, right - left, self.height);
            }
        }
        self.context.clip();
    }

    /// The tip of the pen: where now is.
    fn dot(&self, ink: &str, x: f64, y: f64) {
        self.context.set_fill_style_str(ink);
        self.context.begin_path();
        // A circle of a positive radius is never refused.
        let _ = self.context.arc(x, y, 2.0, 0.0, std::f64::consts::TAU);
        self.context.fill();
    }

    fn wipe_all(&self, ink: &Ink) {
        self.wipe_strip(ink, 0.0, self.sweep.width);
    }

    fn wipe_strip(&self, ink: &Ink, left: f64, right: f64) {
        self.context.set_fill_style_str(&ink.ground);
        self.context.fill_rect(left, self.top, right - left, self.height);
        self.context.set_fill_style_str(&ink.tick);
        let mut second = (left / self.sweep.speed).ceil().max(1.0);
        while second * self.sweep.speed < right {
            let x = (second * self.sweep.speed).round();
            self.context.fill_rect(x, self.top + self.height - 4.0, 1.0, 4.0);
            second += 1.0;
        }
    }
}

impl Ink {
    fn from_tokens() -> Self {
        let style = gloo::utils::window()
            .get_computed_style(&gloo::utils::document_element())
            .ok()
            .flatten();
        let token = |name: &str| {
            style
                .as_ref()
                .and_then(|style| style.get_property_value(name).ok())
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        Self {
            ground: token("--wave-ground"),
            tick: token("--wave-tick"),
            waves: ["ecg", "pleth", "abp", "resp"]
                .map(|kind| (kind, token(&format!("--wave-{kind}"))))
                .to_vec(),
        }
    }

    fn of(&self, key: LaneKey) -> String {
        let kind = wave_kind(key);
        self.waves
            .iter()
            .find_map(|(name, colour)| (*name == kind).then(|| colour.clone()))
            .unwrap_or_default()
    }
}

/// Which of the wave colours; also the class of the label.
pub fn wave_kind(key: LaneKey) -> &'static str {
    match key.1.metric().map_or("", |metric| metric.key) {
        key if key.starts_with("ecg") => "ecg",
        "pleth" => "pleth",
        "arterial-pressure" => "abp",
        _ => "resp",
    }
}

#[derive(Properties, PartialEq)]
pub struct SweepCanvasProps {
    pub sweeper: Sweeper,
    pub lanes: Vec<LaneKey>,
    pub pace: Pace,
    #[prop_or_default]
    pub label: AttrValue,
}

/// The canvas itself. What it shows stands in words beside it, so readers pass it by.
#[component(SweepCanvas)]
pub fn sweep_canvas(props: &SweepCanvasProps) -> Html {
    let canvas = use_node_ref();
    {
        let (canvas, sweeper, pace) = (canvas.clone(), props.sweeper.clone(), props.pace);
        use_effect_with(props.lanes.clone(), move |lanes| {
            let element = canvas.cast::<HtmlCanvasElement>();
            if let Some(element) = &element {
                sweeper.register(element.clone(), lanes, pace);
            }
            move || {
                if let Some(element) = &element {
                    sweeper.unregister(element);
                }
            }
        });
    }
    html! { <canvas class="sweep" ref={canvas} aria-hidden="true"></canvas> }
}
