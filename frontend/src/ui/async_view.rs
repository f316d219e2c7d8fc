//! Draws loading, refused, failed and ready once for everyone.
//!
//! Loading: nothing for 150 ms, then a skeleton, words after 2 s, and after 10 s the offer to try
//! again. There is no endless spinner.

use gloo::timers::callback::Timeout;
use std::rc::Rc;
use yew::{AttrValue, Callback, Html, Properties, component, html, use_effect_with, use_state_eq};

use super::{error_panel::ErrorPanel, icon::Icon};
use crate::hooks::{Answer, Query};

#[derive(Properties, PartialEq)]
pub struct AsyncViewProps<T: PartialEq + 'static> {
    pub of: Query<T>,
    /// In the middle of a sentence: `the ward`.
    pub what: AttrValue,
    pub ready: Callback<Rc<T>, Html>,
}

#[component(AsyncView)]
pub fn async_view<T: PartialEq + 'static>(props: &AsyncViewProps<T>) -> Html {
    match &props.of.answer {
        Answer::Ready(value) => html! {
            <>
                if props.of.not_refreshed.is_some() { { not_refreshed(&props.what, &props.of.reload) } }
                { props.ready.emit(value.clone()) }
            </>
        },
        Answer::Failed(error) => {
            html! { <ErrorPanel error={error.clone()} what={props.what.clone()} retry={props.of.reload.clone()} /> }
        }
        Answer::Loading => html! { <Loading what={props.what.clone()} retry={props.of.reload.clone()} /> },
    }
}

fn not_refreshed(what: &str, reload: &Callback<()>) -> Html {
    let reload = reload.clone();
    html! {
        <p class="not-refreshed" role="status">
            <Icon name="no-network" />
            <span>{ format!("Not refreshed: the portal does not answer. What you see of {what} is from before.") }</span>
            <button type="button" class="button" onclick={move |_| reload.emit(())}>{ "Try again" }</button>
        </p>
    }
}

#[derive(Properties, PartialEq)]
pub struct LoadingProps {
    pub what: AttrValue,
    pub retry: Callback<()>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Patience {
    Fresh,
    Skeleton,
    Words,
    Long,
}

#[component(Loading)]
pub fn loading(props: &LoadingProps) -> Html {
    let patience = use_state_eq(|| Patience::Fresh);
    {
        let patience = patience.clone();
        use_effect_with((), move |()| {
            let timers = [
                (150, Patience::Skeleton),
                (2_000, Patience::Words),
                (10_000, Patience::Long),
            ]
            .map(|(millis, next)| {
                let patience = patience.clone();
                Timeout::new(millis, move || patience.set(next))
            });
            move || drop(timers)
        });
    }
    if *patience == Patience::Fresh {
        return html! {};
    }
    let retry = props.retry.clone();
    html! {
        <div class="loading" aria-busy="true">
            <div class="loading-bars" aria-hidden="true"><i></i><i></i><i></i></div>
            <p role="status">
                if *patience >= Patience::Words { { format!("Loading {} …", props.what) } }
            </p>
            if *patience == Patience::Long {
                <p>{ "This takes longer than it should. " }
                    <button type="button" class="button" onclick={move |_| retry.emit(())}>{ "Try again" }</button>
                </p>
            }
        </div>
    }
}
