//! Light or night. Remembered in this browser; it says nothing about anybody.

use gloo::storage::{LocalStorage, Storage};
use yew::{Callback, hook, use_callback, use_state_eq};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Night,
}

const KEY: &str = "theme";

impl Theme {
    fn word(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Night => "night",
        }
    }

    pub fn other(self) -> Theme {
        match self {
            Theme::Light => Theme::Night,
            Theme::Night => Theme::Light,
        }
    }

    /// What the page shows now: `boot.js` has set it before anything was drawn.
    pub fn current() -> Theme {
        let shown = gloo::utils::document_element().get_attribute("data-theme");
        if shown.as_deref() == Some("night") {
            Theme::Night
        } else {
            Theme::Light
        }
    }

    fn show(self) {
        // Private windows may refuse to remember; the theme still changes.
        let _ = LocalStorage::raw().set_item(KEY, self.word());
        let _ = gloo::utils::document_element().set_attribute("data-theme", self.word());
    }
}

#[hook]
pub fn use_theme() -> (Theme, Callback<Theme>) {
    let theme = use_state_eq(Theme::current);
    let current = *theme;
    let set = use_callback(theme, |wanted: Theme, theme| {
        wanted.show();
        theme.set(wanted);
    });
    (current, set)
}
