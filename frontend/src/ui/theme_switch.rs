//! Light or night, by hand: never by surprise in mid-task.

use yew::{Html, component, html};

use super::icon::Icon;
use crate::hooks::{Theme, use_theme};

#[component(ThemeSwitch)]
pub fn theme_switch() -> Html {
    let (theme, set) = use_theme();
    let (label, icon) = match theme {
        Theme::Light => ("Night colours", "moon"),
        Theme::Night => ("Light colours", "sun"),
    };
    html! {
        <button type="button" class="button quiet theme-switch" title={label} aria-label={label}
            onclick={move |_| set.emit(theme.other())}>
            <Icon name={icon} />
        </button>
    }
}
