//! A signed copy of the record, into a file.

use fleetward_common::{
    error::ErrorCode,
    time::{Instant, Span},
};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, HtmlAnchorElement, Url};
use yew::{Callback, Html, Properties, component, html, use_state_eq};

use super::prove_again::ProveDialog;
use crate::api::{self, ApiError, clock};

#[derive(Properties, PartialEq)]
pub struct SignedCopyProps {
    /// The record is broken, and the copy says so.
    pub unverified: bool,
    /// The last thirty days where none is given.
    #[prop_or_default]
    pub span: Option<(Option<Instant>, Option<Instant>)>,
}

#[component(SignedCopy)]
pub fn signed_copy(props: &SignedCopyProps) -> Html {
    const USUAL: Duration = Duration::from_secs(30 * 24 * 3_600);
    let proving = use_state_eq(|| false);
    let said = use_state_eq(|| None::<String>);
    let take = {
        let (proving, said, span) = (proving.clone(), said.clone(), props.span);
        Callback::from(move |()| {
            let (proving, said) = (proving.clone(), said.clone());
            let now = clock::now();
            let (from, until) = span.unwrap_or_default();
            let until = until.unwrap_or(now);
            let span = Span {
                from: from.unwrap_or(until - USUAL),
                until,
            };
            spawn_local(async move {
                match api::reviews::signed_copy(span).await {
                    Ok(text) => said.set(Some(match save(&text) {
                        Ok(()) => format!("Copied: {} lines, the last one signs them.", text.lines().count()),
                        Err(_) => "The browser could not write the file.".to_owned(),
                    })),
                    Err(ApiError::Refused(body)) if body.code == ErrorCode::StepUpRequired => {
                        proving.set(true)
                    }
                    Err(ApiError::Refused(body)) => said.set(Some(body.message)),
                    Err(_) => said.set(Some(
                        "The portal does not answer, so nothing was copied.".to_owned(),
                    )),
                }
            });
        })
    };
    let proven = {
        let (take, proving) = (take.clone(), proving.clone());
        Callback::from(move |()| {
            proving.set(false);
            take.emit(());
        })
    };
    html! {
        <>
            <button type="button" class="button" onclick={move |_| take.emit(())}>
                { if props.unverified { "Export, marked unverified" } else { "Export, signed" } }
            </button>
            <span class="copied" role="status">{ (*said).clone().unwrap_or_default() }</span>
            <ProveDialog open={*proving} on_proven={proven} on_close={{ let proving = proving.clone(); Callback::from(move |()| proving.set(false)) }} />
        </>
    }
}

fn save(text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&text.into());
    let blob = Blob::new_with_str_sequence(&parts)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link = gloo::utils::document()
        .create_element("a")?
        .unchecked_into::<HtmlAnchorElement>();
    link.set_href(&url);
    link.set_download("fleetward-record.jsonl");
    link.click();
    Url::revoke_object_url(&url)
}
