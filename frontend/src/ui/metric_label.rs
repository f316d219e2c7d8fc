//! A metric's short name as on a monitor. `SpO2` gets its low 2, which no latin font subset has.

use yew::{Html, html};

pub fn metric_label(label: &str) -> Html {
    match label.split_once("O2") {
        Some((before, after)) => html! { <>{ before }{ "O" }<sub>{ "2" }</sub>{ after }</> },
        None => html! { label },
    }
}

/// `cmH2O` likewise.
pub fn unit_label(unit: &str) -> Html {
    match unit.split_once("H2O") {
        Some((before, after)) => html! { <>{ before }{ "H" }<sub>{ "2" }</sub>{ "O" }{ after }</> },
        None => html! { unit },
    }
}
