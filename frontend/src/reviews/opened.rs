//! What was opened, in order, each with its entry of the record.

use fleetward_common::review::OpenedItem;
use yew::{Html, Properties, component, html};

use super::own_view::grouped;
use crate::ui::{icon::Icon, panel::Panel, zone::Zone};

#[derive(Properties, PartialEq)]
pub struct OpenedProps {
    pub items: Vec<OpenedItem>,
    pub zone: Zone,
}

#[component(Opened)]
pub fn opened(props: &OpenedProps) -> Html {
    let ends = props.items.first().zip(props.items.last());
    let aside = html! {
        <span class="end">{ match ends {
            Some((first, last)) => format!("{} entries of the record, {} to {}", props.items.len(), grouped(first.entry), grouped(last.entry)),
            None => "No entry of the record".to_owned(),
        } }</span>
    };
    html! {
        <Panel title="What was opened, in order" class="slim" {aside}>
            <div class="scroll-x" tabindex="0" role="region" aria-label="What was opened">
            <table class="data opened-list"><thead><tr><th scope="col">{ "Time" }</th><th scope="col">{ "What" }</th><th scope="col">{ "Kind of data" }</th><th scope="col" class="num">{ "Entry" }</th></tr></thead>
            <tbody>{ for props.items.iter().map(|item| html! {
                <tr class={if item.refused { "refused" } else { "" }}>
                    <td><time>{ props.zone.clock(item.at) }</time></td>
                    <td>if item.refused { <Icon name="closed" /> }{ &item.what }</td>
                    <td class="muted">{ item.classes.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(", ") }</td>
                    <td class="num">{ grouped(item.entry) }</td>
                </tr>
            }) }</tbody></table>
            </div>
        </Panel>
    }
}
