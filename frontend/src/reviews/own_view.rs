//! The officer's own looking is on record too, and the page says as which entry and who reads it.

use fleetward_common::review::OwnView;
use yew::{Html, Properties, component, html};

use crate::ui::{icon::Icon, zone::Zone};

#[derive(Properties, PartialEq)]
pub struct OwnViewProps {
    pub view: OwnView,
    pub zone: Zone,
}

#[component(OwnViewNote)]
pub fn own_view_note(props: &OwnViewProps) -> Html {
    let view = &props.view;
    let reviewers = if view.reviewed_by.is_empty() {
        "nobody else is privacy officer here".to_owned()
    } else {
        format!("{} can review it", view.reviewed_by.join(", "))
    };
    html! {
        <span class="own-view"><Icon name="eye" />
            { format!("Your own view, {}, is entry {}; {reviewers}", props.zone.clock(view.at), grouped(view.entry)) }
        </span>
    }
}

/// `1,204,611`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!([7, 1_204, 1_204_611].map(grouped), ["7", "1,204", "1,204,611"]);
    }
}
