//! The sound of this screen. A browser starts without any until somebody presses something on the page,
//! so the page says "SOUND OFF" until it is on, and never pretends.

use fleetward_common::alarms::Priority;
use gloo::timers::callback::Interval;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AudioContext, AudioContextState, PeriodicWave};
use yew::{Html, Properties, component, html, use_effect_with, use_force_update, use_mut_ref};

use super::board_store::BoardStore;
use crate::{
    api::clock,
    care::alarm_tone::{Rhythm, pulse_seconds, pulses},
    ui::icon::Icon,
};

const FUNDAMENTAL: f32 = 523.0;
/// The fundamental and what is over it, up to 4 kHz: at least four are within 15 dB, so that no ear and no
/// loudspeaker misses all of them.
const OVERTONES: [f32; 8] = [0.0, 1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3];
const LOOK_EVERY: u32 = 250;

struct Speaker {
    context: AudioContext,
    tone: PeriodicWave,
}

impl Speaker {
    /// `None` where a browser has no sound at all.
    fn new() -> Option<Self> {
        let context = AudioContext::new().ok()?;
        let mut imaginary = OVERTONES;
        let mut real = [0.0; OVERTONES.len()];
        let tone = context.create_periodic_wave(&mut real, &mut imaginary).ok()?;
        Some(Self { context, tone })
    }

    fn is_on(&self) -> bool {
        self.context.state() == AudioContextState::Running
    }

    /// On the audio clock: a busy page doesn't make it limp.
    fn burst(&self, priority: Priority) {
        let begins = self.context.current_time() + 0.02;
        for pulse in pulses(priority) {
            // A pulse that a browser refuses is missed by the ear only; the board shows the alarm.
            let _ = self.pulse(begins + pulse, pulse_seconds(priority));
        }
    }

    /// Rises and falls within a tenth of its length, so it doesn't crack.
    fn pulse(&self, at: f64, seconds: f64) -> Result<(), wasm_bindgen::JsValue> {
        let (source, gain) = (self.context.create_oscillator()?, self.context.create_gain()?);
        source.set_periodic_wave(&self.tone);
        source.frequency().set_value(FUNDAMENTAL);
        let (volume, edge) = (gain.gain(), seconds / 10.0);
        volume.set_value_at_time(0.0, at)?;
        volume.linear_ramp_to_value_at_time(0.5, at + edge)?;
        volume.set_value_at_time(0.5, at + seconds - edge)?;
        volume.linear_ramp_to_value_at_time(0.0, at + seconds)?;
        source.connect_with_audio_node(&gain)?;
        gain.connect_with_audio_node(&self.context.destination())?;
        source.start_with_when(at)?;
        source.stop_with_when(at + seconds)
    }
}

#[derive(Properties, PartialEq)]
pub struct SoundProps {
    pub store: BoardStore,
}

#[component(Sound)]
pub fn sound(props: &SoundProps) -> Html {
    let speaker: Rc<RefCell<Option<Speaker>>> = use_mut_ref(Speaker::new);
    let update = use_force_update();
    {
        let (speaker, store, update) = (speaker.clone(), props.store.clone(), update.clone());
        use_effect_with(props.store.clone(), move |_| {
            let (mut rhythm, mut was_on) = (Rhythm::default(), false);
            let look = Interval::new(LOOK_EVERY, move || {
                let speaker = speaker.borrow();
                let on = speaker.as_ref().is_some_and(Speaker::is_on);
                if on != was_on {
                    was_on = on;
                    update.force_update();
                }
                if let Some(speaker) = speaker.as_ref().filter(|_| on)
                    && let Some(priority) = rhythm.next(&store.alarms(), clock::now())
                {
                    speaker.burst(priority);
                }
            });
            move || drop(look)
        });
    }
    let on = speaker.borrow().as_ref().is_some_and(Speaker::is_on);
    let press = {
        let speaker = speaker.clone();
        move |_| {
            let speaker = speaker.clone();
            let resumed = speaker
                .borrow()
                .as_ref()
                .and_then(|speaker| speaker.context.resume().ok());
            spawn_local(async move {
                // Heard or not: whoever pressed it knows whether this screen can be heard.
                if let Some(resumed) = resumed
                    && JsFuture::from(resumed).await.is_ok()
                    && let Some(speaker) = speaker.borrow().as_ref()
                {
                    speaker.burst(Priority::Medium);
                }
            });
        }
    };
    if on {
        html! { <button type="button" class="button quiet sound-on" onclick={press} title="Press to hear it"><Icon name="bell" />{ "Sound on" }</button> }
    } else {
        html! {
            <button type="button" class="alarm-block is-medium is-technical sound-off" onclick={press}>
                <Icon name="bell-off" /><span class="what"><b>{ "SOUND OFF" }</b>{ " on this screen: press to switch on" }</span>
            </button>
        }
    }
}
