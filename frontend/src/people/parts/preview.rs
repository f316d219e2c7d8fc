//! What a role opens, in four lists: computed by the server from the rules that every page asks.

use fleetward_common::people::RolePreview;
use std::rc::Rc;
use yew::{AttrValue, Html, Properties, component, html};

use crate::people::words::{Line, lists};

#[derive(Properties, PartialEq)]
pub struct PreviewProps {
    /// Whose access it would be.
    pub name: AttrValue,
    pub wanted: Rc<RolePreview>,
    /// What holds now, when something is being changed.
    #[prop_or_default]
    pub present: Option<Rc<RolePreview>>,
}

#[component(Preview)]
pub fn preview(props: &PreviewProps) -> Html {
    let first_name = props.name.split(' ').next().unwrap_or_default().to_owned();
    html! {
        <section class="preview" aria-label={format!("What {first_name} sees and may do")}>
            <h2>{ "With this, " }{ first_name }</h2>
            <div class="preview-two">
                { for lists(&props.wanted, props.present.as_deref()).into_iter().map(|(title, given, lines)| list(title, given, &lines)) }
            </div>
            <p class="caption">{ "Computed from the rules that every page asks. “Never” is denied by name: no other role or unit opens it." }</p>
        </section>
    }
}

fn list(title: &'static str, given: bool, lines: &[Line]) -> Html {
    html! {
        <div>
            <h3>{ title }</h3>
            <ul class={if given { "ticks" } else { "ticks no" }}>
                { for lines.iter().map(|line| html! {
                    <li class={if line.new { "added" } else { "" }}>
                        <span class="mark" aria-hidden="true">{ mark(given, line) }</span>
                        <span>
                            if line.new { <b>{ "New: " }</b> }
                            { &line.text }
                            if line.never { <b>{ ", never" }</b> }
                        </span>
                    </li>
                }) }
                if lines.is_empty() { <li><span class="mark" aria-hidden="true"></span><span class="muted">{ "Nothing" }</span></li> }
            </ul>
        </div>
    }
}

fn mark(given: bool, line: &Line) -> Html {
    let path = match (given, line.never) {
        (true, _) if line.new => "M12 5.5v13M5.5 12h13",
        (true, _) => "M5 12.5l4.5 4.5L19 7.5",
        (false, true) => "M5 10.5h14v10H5zM8 10.5V8a4 4 0 0 1 8 0v2.5",
        (false, false) => "M19.5 12a7.5 7.5 0 1 1-15 0a7.5 7.5 0 0 1 15 0M6.9 17.1L17.1 6.9",
    };
    html! { <svg class="icon" viewBox="0 0 24 24"><path d={path} /></svg> }
}
