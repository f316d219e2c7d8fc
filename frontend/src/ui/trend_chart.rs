//! uPlot behind a small wrapper: one strip over time, its gaps open, its cursor shared with the
//! strips beside it. Loaded only by pages that draw a trend.

use fleetward_common::time::Instant;
use gloo::events::EventListener;
use std::rc::Rc;
use wasm_bindgen::{JsCast, prelude::*};
use web_sys::{CanvasRenderingContext2d, HtmlElement, HtmlScriptElement};
use yew::{Callback, Html, Properties, component, hook, html, use_effect_with, use_node_ref, use_state_eq};

use super::zone::Zone;
use crate::hooks::use_theme;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = uPlot)]
    type Plot;
    #[wasm_bindgen(constructor, js_class = "uPlot", catch)]
    fn new(options: &JsValue, data: &JsValue, target: &HtmlElement) -> Result<Plot, JsValue>;
    #[wasm_bindgen(method)]
    fn destroy(this: &Plot);
    #[wasm_bindgen(method, js_name = setSize)]
    fn set_size(this: &Plot, size: &JsValue);
    #[wasm_bindgen(method, js_name = valToPos)]
    fn position(this: &Plot, value: f64, scale: &str, in_canvas_pixels: bool) -> f64;
    #[wasm_bindgen(method, getter, js_name = ctx)]
    fn context(this: &Plot) -> CanvasRenderingContext2d;
    #[wasm_bindgen(method, getter, js_name = cursor)]
    fn cursor(this: &Plot) -> JsValue;
    #[wasm_bindgen(static_method_of = Plot, js_class = "uPlot", js_name = tzDate)]
    fn tz_date(date: &js_sys::Date, zone: &str) -> js_sys::Date;
}

/// Which of the four colours for series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesColour(pub u8);

#[derive(Debug, Clone, PartialEq)]
pub struct TrendData {
    /// Seconds since 1970.
    pub x: Vec<f64>,
    pub low: Vec<Option<f64>>,
    pub high: Vec<Option<f64>>,
}

#[derive(Properties, PartialEq)]
pub struct TrendChartProps {
    pub data: Rc<TrendData>,
    /// Seconds since 1970: the whole range, also where nothing was measured.
    pub from: f64,
    pub until: f64,
    /// Least part of the value axis, so that a steady value looks steady.
    pub floor: (f64, f64),
    pub colour: SeriesColour,
    pub zone: String,
    pub height: u32,
    /// Single measurements as bars from low to high instead of a line.
    #[prop_or(false)]
    pub bars: bool,
    /// Where the pointer is: seconds since 1970.
    #[prop_or_default]
    pub on_cursor: Callback<Option<f64>>,
    /// The lowest strip writes the hours.
    #[prop_or(false)]
    pub hours: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Library {
    Loading,
    Ready,
    Failed,
}

/// Brings in uPlot, once per page.
#[hook]
pub fn use_chart_library() -> Library {
    let library = use_state_eq(|| {
        if is_loaded() {
            Library::Ready
        } else {
            Library::Loading
        }
    });
    {
        let library = library.clone();
        use_effect_with((), move |()| {
            if *library == Library::Loading {
                load(Callback::from(move |ready: bool| {
                    library.set(if ready { Library::Ready } else { Library::Failed });
                }));
            }
        });
    }
    *library
}

fn is_loaded() -> bool {
    js_sys::Reflect::has(&gloo::utils::window(), &"uPlot".into()).unwrap_or(false)
}

fn load(done: Callback<bool>) {
    let document = gloo::utils::document();
    // `boot.js` knows the hashed name.
    let address = gloo::utils::document_element().get_attribute("data-uplot");
    let script = document
        .create_element("script")
        .ok()
        .and_then(|element| element.dyn_into::<HtmlScriptElement>().ok());
    let (Some(address), Some(script)) = (address, script) else {
        return done.emit(false);
    };
    let failed = done.clone();
    let on_load = Closure::once_into_js(move || done.emit(true));
    let on_error = Closure::once_into_js(move || failed.emit(false));
    script.set_onload(Some(on_load.unchecked_ref()));
    script.set_onerror(Some(on_error.unchecked_ref()));
    script.set_src(&address);
    if document
        .body()
        .is_some_and(|body| body.append_child(&script).is_err())
    {
        script.set_onload(None);
    }
}

#[component(TrendChart)]
pub fn trend_chart(props: &TrendChartProps) -> Html {
    let target = use_node_ref();
    let (theme, _) = use_theme();
    {
        let target = target.clone();
        let made = (
            props.data.clone(),
            (props.from.to_bits(), props.until.to_bits(), props.height),
            (props.zone.clone(), props.colour, props.hours, theme),
        );
        let settings = Settings::of(props);
        use_effect_with(made, move |(data, ..)| {
            let plot = target
                .cast::<HtmlElement>()
                .and_then(|element| Drawn::new(&element, &settings, data));
            move || drop(plot)
        });
    }
    html! { <div class="trend-chart" ref={target} aria-hidden="true"></div> }
}

struct Settings {
    from: f64,
    until: f64,
    floor: (f64, f64),
    colour: String,
    zone: String,
    height: u32,
    bars: bool,
    hours: bool,
    on_cursor: Callback<Option<f64>>,
}

impl Settings {
    fn of(props: &TrendChartProps) -> Self {
        Self {
            from: props.from,
            until: props.until,
            floor: props.floor,
            colour: format!("--series-{}", props.colour.0),
            zone: props.zone.clone(),
            height: props.height,
            bars: props.bars,
            hours: props.hours,
            on_cursor: props.on_cursor.clone(),
        }
    }
}

/// What uPlot calls back.
struct Calls {
    zone: Closure<dyn Fn(f64) -> js_sys::Date>,
    range: Closure<dyn Fn(JsValue, JsValue, JsValue) -> js_sys::Array>,
    hours: Closure<dyn Fn(JsValue, js_sys::Array) -> js_sys::Array>,
    draw: Closure<dyn Fn(Plot)>,
    cursor: Closure<dyn Fn(Plot)>,
}

impl Calls {
    fn new(settings: &Settings, data: &Rc<TrendData>, colour: String) -> Self {
        let (bars, data) = (settings.bars, data.clone());
        let (moments, on_cursor) = (data.clone(), settings.on_cursor.clone());
        let zone = Zone::new(&settings.zone);
        let zone_name = settings.zone.clone();
        let (floor_low, floor_high) = settings.floor;
        let named = settings.hours;
        Self {
            zone: Closure::new(move |seconds: f64| {
                let date = js_sys::Date::new(&JsValue::from_f64(seconds * 1_000.0));
                Plot::tz_date(&date, &zone_name)
            }),
            range: Closure::new(move |_: JsValue, low: JsValue, high: JsValue| {
                let low = low.as_f64().unwrap_or(floor_low).min(floor_low);
                let high = high.as_f64().unwrap_or(floor_high).max(floor_high);
                js_sys::Array::of2(&low.into(), &high.into())
            }),
            hours: Closure::new(move |_: JsValue, splits: js_sys::Array| {
                let name = |seconds: JsValue| -> JsValue {
                    let at = Instant::from_millis((seconds.as_f64().unwrap_or(0.0) * 1_000.0) as i64);
                    if named { zone.minute(at).into() } else { "".into() }
                };
                splits.iter().map(name).collect()
            }),
            draw: Closure::new(move |plot: Plot| {
                if bars {
                    draw_bars(&plot, &data, &colour);
                }
            }),
            cursor: Closure::new(move |plot: Plot| {
                let index = js_sys::Reflect::get(&plot.cursor(), &"idx".into())
                    .ok()
                    .and_then(|index| index.as_f64());
                on_cursor.emit(index.and_then(|index| moments.x.get(index as usize).copied()));
            }),
        }
    }
}

/// A chart on the page, and what keeps its callbacks alive.
struct Drawn {
    plot: Rc<Plot>,
    _resize: EventListener,
    _calls: Calls,
}

impl Drop for Drawn {
    fn drop(&mut self) {
        self.plot.destroy();
    }
}

impl Drawn {
    fn new(element: &HtmlElement, settings: &Settings, data: &Rc<TrendData>) -> Option<Self> {
        let colour = Tokens::of(element).get(&settings.colour);
        let calls = Calls::new(settings, data, colour);
        let options = options(element, settings, &calls);
        let plot = Rc::new(Plot::new(&options, &columns(data), element).ok()?);
        let resized = {
            let (plot, element, height) = (plot.clone(), element.clone(), settings.height);
            move |_: &web_sys::Event| plot.set_size(&size(&element, height))
        };
        Some(Self {
            plot,
            _resize: EventListener::new(&gloo::utils::window(), "resize", resized),
            _calls: calls,
        })
    }
}

/// One upright per measurement, from low to high. Nothing joins two of them.
fn draw_bars(plot: &Plot, data: &TrendData, colour: &str) {
    let context = plot.context();
    let ratio = gloo::utils::window().device_pixel_ratio();
    let cap = 3.0 * ratio;
    context.save();
    context.set_stroke_style_str(colour);
    context.set_line_width(1.5 * ratio);
    context.begin_path();
    for ((x, low), high) in data.x.iter().zip(&data.low).zip(&data.high) {
        let (Some(low), Some(high)) = (low, high) else {
            continue;
        };
        let x = plot.position(*x, "x", true);
        let (low, high) = (plot.position(*low, "y", true), plot.position(*high, "y", true));
        context.move_to(x, low);
        context.line_to(x, high);
        for end in [low, high] {
            context.move_to(x - cap, end);
            context.line_to(x + cap, end);
        }
    }
    context.stroke();
    context.restore();
}

fn columns(data: &TrendData) -> JsValue {
    let values = |column: &[Option<f64>]| -> js_sys::Array {
        column
            .iter()
            .map(|value| value.map_or(JsValue::NULL, JsValue::from_f64))
            .collect()
    };
    let x: js_sys::Array = data.x.iter().copied().map(JsValue::from_f64).collect();
    js_sys::Array::of3(&x, &values(&data.low), &values(&data.high)).into()
}

fn size(element: &HtmlElement, height: u32) -> JsValue {
    object(&[
        ("width", element.client_width().max(120).into()),
        ("height", height.into()),
    ])
}

fn options(element: &HtmlElement, settings: &Settings, calls: &Calls) -> JsValue {
    let ink = Tokens::of(element);
    let colour: JsValue = ink.get(&settings.colour).into();
    let (text, grid): (JsValue, JsValue) = (ink.get("--muted").into(), ink.get("--line").into());
    let font: JsValue = "13px \"Atkinson Hyperlegible Next\", system-ui, sans-serif".into();
    let line = |side: &str| {
        let points = object(&[("show", false.into())]);
        object(&[
            ("label", side.into()),
            ("stroke", colour.clone()),
            ("width", JsValue::from_f64(if settings.bars { 0.0 } else { 1.5 })),
            ("points", points),
        ])
    };
    let band = object(&[
        ("series", js_sys::Array::of2(&2.into(), &1.into()).into()),
        ("fill", format!("{}55", ink.get(&settings.colour)).into()),
    ]);
    // Between two cuffs nothing was measured, so nothing is filled.
    let bands = js_sys::Array::new();
    if !settings.bars {
        bands.push(&band);
    }
    let axis = |extra: &[(&str, JsValue)]| {
        let mut fields = vec![
            ("stroke", text.clone()),
            ("font", font.clone()),
            ("grid", object(&[("stroke", grid.clone()), ("width", 1.into())])),
            ("ticks", object(&[("show", false.into())])),
        ];
        fields.extend_from_slice(extra);
        object(&fields)
    };
    let hours = axis(&[
        ("show", true.into()),
        ("size", if settings.hours { 24.into() } else { 4.into() }),
        ("space", 60.into()),
        ("values", calls.hours.as_ref().clone()),
    ]);
    let values = axis(&[("size", 40.into()), ("space", 22.into())]);
    let bounds = js_sys::Array::of2(&settings.from.into(), &settings.until.into());
    let scales = object(&[
        ("x", object(&[("time", true.into()), ("range", bounds.into())])),
        ("y", object(&[("range", calls.range.as_ref().clone())])),
    ]);
    let cursor = object(&[
        ("sync", object(&[("key", "trend".into())])),
        // A range is a button, not a drag: it works by key and by touch.
        ("drag", object(&[("x", false.into()), ("y", false.into())])),
        ("points", object(&[("show", false.into())])),
    ]);
    let hooks = object(&[
        ("draw", js_sys::Array::of1(calls.draw.as_ref()).into()),
        ("setCursor", js_sys::Array::of1(calls.cursor.as_ref()).into()),
    ]);
    object(&[
        ("width", element.client_width().max(120).into()),
        ("height", settings.height.into()),
        ("hooks", hooks),
        ("tzDate", calls.zone.as_ref().clone()),
        ("legend", object(&[("show", false.into())])),
        ("cursor", cursor),
        ("scales", scales),
        ("axes", js_sys::Array::of2(&hours, &values).into()),
        ("bands", bands.into()),
        (
            "series",
            js_sys::Array::of3(&object(&[]), &line("low"), &line("high")).into(),
        ),
        ("padding", {
            let padding = js_sys::Array::of4(&6.into(), &8.into(), &2.into(), &0.into());
            padding.into()
        }),
    ])
}

struct Tokens(Option<web_sys::CssStyleDeclaration>);

impl Tokens {
    fn of(element: &HtmlElement) -> Self {
        Self(gloo::utils::window().get_computed_style(element).ok().flatten())
    }

    fn get(&self, name: &str) -> String {
        self.0
            .as_ref()
            .and_then(|style| style.get_property_value(name).ok())
            .unwrap_or_default()
            .trim()
            .to_owned()
    }
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in fields {
        // Setting a field of a fresh object can't fail.
        let _ = js_sys::Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}
