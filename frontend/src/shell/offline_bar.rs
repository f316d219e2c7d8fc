//! The banner over a page whose line is lost: since when, what that means, when it tries again.

use yew::{Callback, Html, Properties, component, html};

use crate::{
    api::{clock, live::Line},
    hooks::use_pulse,
    ui::{icon::Icon, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct OfflineBarProps {
    pub line: Line,
    pub zone: Zone,
    pub on_try: Callback<()>,
}

#[component(OfflineBar)]
pub fn offline_bar(props: &OfflineBarProps) -> Html {
    use_pulse(1_000);
    let Line::Lost {
        since,
        tries,
        next_try,
    } = props.line
    else {
        return html! {};
    };
    let wait = next_try.since(clock::now()).as_secs();
    let on_try = props.on_try.clone();
    html! {
        <section class="offline-bar" aria-labelledby="offline-title">
            <Icon name="no-network" class="large" />
            <p role="alert">
                <b id="offline-title">{ "No connection since " }{ props.zone.clock(since) }</b>
                <span>{ "Everything below is from then. Nothing on this page is live. Look at the bedside monitors." }</span>
            </p>
            <div class="end">
                <span>{ format!("Trying again in {wait} s, {}", ordinal(tries + 1)) }</span>
                <button type="button" class="button" onclick={move |_| on_try.emit(())}>{ "Try now" }</button>
            </div>
        </section>
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending} time")
}

#[cfg(test)]
mod tests {
    use super::ordinal;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn tries_are_counted_in_english() {
        let words = [1, 2, 3, 4, 11, 22].map(ordinal);
        assert_eq!(
            words,
            [
                "1st time",
                "2nd time",
                "3rd time",
                "4th time",
                "11th time",
                "22nd time"
            ]
        );
    }
}
