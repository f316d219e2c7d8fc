//! A few choices side by side, one pressed.

use yew::{AttrValue, Callback, Html, Properties, component, html};

#[derive(Properties, PartialEq)]
pub struct ChoiceProps {
    pub label: AttrValue,
    pub options: Vec<AttrValue>,
    pub chosen: usize,
    pub on_choose: Callback<usize>,
}

#[component(Choice)]
pub fn choice(props: &ChoiceProps) -> Html {
    html! {
        <div class="choice" role="group" aria-label={props.label.clone()}>
            { for props.options.iter().enumerate().map(|(index, option)| {
                let on_choose = props.on_choose.clone();
                let pressed = if index == props.chosen { "true" } else { "false" };
                html! {
                    <button type="button" aria-pressed={pressed} onclick={move |_| on_choose.emit(index)}>
                        { option.clone() }
                    </button>
                }
            }) }
        </div>
    }
}
