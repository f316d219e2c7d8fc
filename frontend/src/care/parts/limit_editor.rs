//! The limits of the patient at this bed. What is set here changes this board, never the bedside device.

use fleetward_common::{
    alarms::{
        Bound, LimitRule,
        lane::{PatientLimits, SetLimits},
    },
    id::PatientId,
    metric::MetricCode,
    unit::Decimal,
};
use std::{collections::HashMap, rc::Rc};
use web_sys::{HtmlInputElement, SubmitEvent};
use yew::{Callback, Html, Properties, TargetCast, component, html, use_state_eq};

use crate::{
    api::{alarms, clock},
    hooks::use_query,
    identity::{parts::step_up_dialog::Needs, use_deed},
    ui::{async_view::AsyncView, icon::Icon, metric_label::metric_label, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct LimitEditorProps {
    pub patient: PatientId,
    pub zone: Zone,
    pub on_done: Callback<()>,
}

#[component(LimitEditor)]
pub fn limit_editor(props: &LimitEditorProps) -> Html {
    let limits = use_query(props.patient, alarms::limits);
    let (patient, zone, on_done) = (props.patient, props.zone.clone(), props.on_done.clone());
    let ready = Callback::from(move |limits: Rc<PatientLimits>| {
        let key = limits.version.to_string();
        html! { <Editor {key} {patient} {limits} zone={zone.clone()} on_done={on_done.clone()} /> }
    });
    html! { <AsyncView<PatientLimits> of={limits} what="the limits" {ready} /> }
}

#[derive(Properties, PartialEq)]
struct EditorProps {
    patient: PatientId,
    limits: Rc<PatientLimits>,
    zone: Zone,
    on_done: Callback<()>,
}

/// What was typed, by value and side (`true`: the high one).
type Typed = HashMap<(MetricCode, bool), String>;

#[component(Editor)]
fn editor(props: &EditorProps) -> Html {
    let typed = use_state_eq(Typed::new);
    let deed = use_deed(Needs::Strong);
    let limits = props.limits.clone();
    let save = {
        let (typed, deed, patient, on_done) =
            (typed.clone(), deed.clone(), props.patient, props.on_done.clone());
        let limits = limits.clone();
        Callback::from(move |usual: bool| {
            let own = if usual {
                Vec::new()
            } else {
                own_limits(&limits, &typed)
            };
            let wanted = SetLimits {
                own,
                version: limits.version,
            };
            let on_done = on_done.clone();
            deed.run(move || {
                let (wanted, on_done) = (wanted.clone(), on_done.clone());
                async move {
                    alarms::set_limits(patient, &wanted).await?;
                    on_done.emit(());
                    Ok(())
                }
            });
        })
    };
    let submit = {
        let save = save.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            save.emit(false);
        }
    };
    let field = |rule: &LimitRule, high: bool| {
        let now = in_force(&limits, rule.metric);
        let bound = if high { now.high } else { now.low };
        let Some(bound) = bound else {
            return html! { <td class="num muted">{ "none" }</td> };
        };
        let (typed, key) = (typed.clone(), (rule.metric, high));
        let text = typed
            .get(&key)
            .cloned()
            .unwrap_or_else(|| bound.limit.to_string());
        let write = {
            let typed = typed.clone();
            move |event: yew::InputEvent| {
                let Some(input) = event.target_dyn_into::<HtmlInputElement>() else {
                    return;
                };
                let mut next = (*typed).clone();
                next.insert(key, input.value());
                typed.set(next);
            }
        };
        let label = rule.metric.metric().map_or("Value", |metric| metric.label);
        let side = if high { "high" } else { "low" };
        html! { <td class="num"><input inputmode="decimal" size="5" aria-label={format!("{label}, {side} limit")} value={text} oninput={write} /></td> }
    };
    let leave = props.on_done.clone();
    html! {
        <form class="limit-editor" onsubmit={submit}>
            <table class="data">
                <thead><tr><th scope="col">{ "Limit" }</th><th scope="col" class="num">{ "Low" }</th><th scope="col" class="num">{ "High" }</th><th scope="col">{ "Usual on this ward" }</th></tr></thead>
                <tbody>{ for limits.unit.iter().map(|rule| html! {
                    <tr>
                        <th scope="row">{ rule.metric.metric().map_or_else(|| html! { "Value" }, |metric| html! { <>{ metric_label(metric.label) }{ " " }<span class="unit">{ metric.unit.printed() }</span></> }) }</th>
                        { field(rule, false) }
                        { field(rule, true) }
                        <td class="muted">{ usual_words(rule) }</td>
                    </tr>
                }) }</tbody>
            </table>
            if let Some(changed) = &limits.changed {
                <p class="caption">{ format!("Last changed by {}, {}", changed.name, props.zone.moment(changed.at, clock::now())) }</p>
            }
            <p class="caption"><Icon name="info" />{ "For this patient, on every board of the ward. The bedside device keeps its own limits." }</p>
            <div class="actions">
                <button type="submit" class="button primary" disabled={deed.is_sending() || typed.is_empty()}>{ "Set these limits" }</button>
                if !limits.own.is_empty() {
                    <button type="button" class="button" disabled={deed.is_sending()} onclick={{ let save = save.clone(); move |_| save.emit(true) }}>{ "Back to the ward’s" }</button>
                }
                <button type="button" class="button" onclick={move |_| leave.emit(())}>{ "Leave it" }</button>
            </div>
            { deed.outcome() }
        </form>
    }
}

fn in_force(limits: &PatientLimits, metric: MetricCode) -> LimitRule {
    let of = |rules: &[LimitRule]| rules.iter().find(|rule| rule.metric == metric).cloned();
    of(&limits.own).or_else(|| of(&limits.unit)).unwrap_or(LimitRule {
        metric,
        low: None,
        high: None,
        delay_s: 0,
        hysteresis: Decimal::whole(0),
    })
}

fn usual_words(rule: &LimitRule) -> String {
    let text =
        |bound: Option<Bound>| bound.map_or_else(|| "none".to_owned(), |bound| bound.limit.to_string());
    format!("{} to {}", text(rule.low), text(rule.high))
}

/// Every rule that differs from the ward's. What is no number stays as it is; the server says what makes no
/// sense.
fn own_limits(limits: &PatientLimits, typed: &Typed) -> Vec<LimitRule> {
    let set = |bound: Option<Bound>, text: Option<&String>| {
        let number = text.and_then(|text| text.trim().replace(',', ".").parse().ok());
        bound.map(|bound| Bound {
            limit: number.unwrap_or(bound.limit),
            ..bound
        })
    };
    limits
        .unit
        .iter()
        .map(|usual| {
            let now = in_force(limits, usual.metric);
            LimitRule {
                low: set(now.low, typed.get(&(usual.metric, false))),
                high: set(now.high, typed.get(&(usual.metric, true))),
                ..now
            }
        })
        .filter(|rule| limits.unit.iter().all(|usual| usual != rule))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{alarms::RuleSet, metric::codes};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn limits(own: Vec<LimitRule>) -> PatientLimits {
        PatientLimits {
            unit: RuleSet::adult().limits,
            own,
            version: 0,
            changed: None,
        }
    }

    #[test]
    fn only_what_differs_from_the_wards_is_the_patients_own() {
        let typed = Typed::from([((codes::HEART_RATE, true), "135".to_owned())]);
        let own = own_limits(&limits(Vec::new()), &typed);
        assert_eq!(own.len(), 1);
        assert_eq!(own[0].high.map(|high| high.limit), Some(Decimal::whole(135)));
        let back = Typed::from([((codes::HEART_RATE, true), "120".to_owned())]);
        assert_eq!(own_limits(&limits(own), &back), []);
    }

    #[test]
    fn what_is_no_number_changes_nothing_and_a_comma_is_a_point() {
        let typed = Typed::from([
            ((codes::TEMPERATURE, true), "39,1".to_owned()),
            ((codes::SPO2, false), "low".to_owned()),
        ]);
        let own = own_limits(&limits(Vec::new()), &typed);
        assert_eq!(own.len(), 1);
        assert_eq!(
            own[0].high.map(|high| high.limit.to_string()).as_deref(),
            Some("39.1")
        );
    }
}
