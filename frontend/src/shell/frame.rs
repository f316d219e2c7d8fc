//! Header and page of the consoles.

use yew::{Children, Html, Properties, component, html};

use super::{brand::Brand, person::PersonMenu};
use crate::ui::{icon::Icon, theme_switch::ThemeSwitch};

#[derive(Properties, PartialEq)]
pub struct FrameProps {
    /// Links of this console, the present one marked.
    #[prop_or_default]
    pub nav: Html,
    /// This console holds no patient's data, by design, and says so on every page.
    #[prop_or(false)]
    pub no_patient_data: bool,
    #[prop_or_default]
    pub children: Children,
}

#[component(Frame)]
pub fn frame(props: &FrameProps) -> Html {
    html! {
        <div class="app">
            <header class="app-header">
                <Brand />
                <nav aria-label="Areas">{ props.nav.clone() }</nav>
                <div class="end">
                    if props.no_patient_data {
                        <span class="no-patient-data"><Icon name="no-person" />{ "No patient data" }</span>
                    }
                    <ThemeSwitch />
                    <PersonMenu />
                </div>
            </header>
            <main id="main" class="page">{ for props.children.iter() }</main>
        </div>
    }
}
