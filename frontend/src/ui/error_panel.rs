//! What failed, what still works, what to do, and the id to quote.

use fleetward_common::error::{ErrorBody, ErrorCode};
use yew::{AttrValue, Callback, Html, Properties, component, html};

use super::icon::Icon;
use crate::api::ApiError;

#[derive(Properties, PartialEq)]
pub struct ErrorPanelProps {
    pub error: ApiError,
    pub what: AttrValue,
    pub retry: Callback<()>,
}

#[component(ErrorPanel)]
pub fn error_panel(props: &ErrorPanelProps) -> Html {
    let (title, text) = words(&props.error, &props.what);
    let retry = props.retry.clone();
    html! {
        <section class="error-panel" role="alert">
            <svg class="empty-state-art" viewBox="0 0 168 128" aria-hidden="true">
                <rect class="paper" x="8" y="10" width="132" height="92" rx="4" stroke-dasharray="6 6" />
                <circle class="paper strong" cx="112" cy="78" r="25" /><path class="strong" d="M130 96l24 22" />
            </svg>
            <div>
                <h2>{ title }</h2>
                <p>{ text }</p>
                if can_retry(&props.error) {
                    <p><button type="button" class="button" onclick={move |_| retry.emit(())}>{ "Try again" }</button></p>
                }
                if props.error.code() == Some(ErrorCode::NotFound) {
                    <p><a href="/">{ "Back to your start page" }</a></p>
                }
                { reference(&props.error) }
            </div>
        </section>
    }
}

fn words(error: &ApiError, what: &str) -> (String, String) {
    match error {
        ApiError::NoAnswer => (
            "The portal does not answer".to_owned(),
            format!("{what} could not be loaded. Bedside devices measure and alarm by themselves."),
        ),
        ApiError::Unreadable { status } => (
            "The answer could not be read".to_owned(),
            format!(
                "The portal may just have been updated: load this page anew. The answer was number {status}."
            ),
        ),
        ApiError::Refused(body) => (title(body.code).to_owned(), refusal_text(body)),
    }
}

fn title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::NotFound => "Nothing here that you can open",
        ErrorCode::NotPermitted | ErrorCode::CrossSite => "Not open to you",
        ErrorCode::StepUpRequired
        | ErrorCode::SecondFactorRequired
        | ErrorCode::PasskeyRefused
        | ErrorCode::PersonRequired => "First prove that it is you",
        ErrorCode::SignInRequired | ErrorCode::SignInFailed | ErrorCode::SessionExpired => {
            "You are signed out"
        }
        ErrorCode::BadRequest
        | ErrorCode::TooLarge
        | ErrorCode::MethodNotAllowed
        | ErrorCode::UnsupportedMediaType => "The portal did not understand this page",
        ErrorCode::TooManyRequests => "Too many requests",
        ErrorCode::Unavailable => "Not available just now",
        ErrorCode::Internal => "Something broke in the portal",
    }
}

fn refusal_text(body: &ErrorBody) -> String {
    match body.code {
        ErrorCode::NotFound => "Perhaps this address is old or mistyped, perhaps it is not yours to see. \
             We answer both the same way, so that an address never tells who is a patient here."
            .to_owned(),
        _ => body.message.clone(),
    }
}

fn can_retry(error: &ApiError) -> bool {
    !matches!(
        error.code(),
        Some(ErrorCode::NotFound | ErrorCode::NotPermitted | ErrorCode::CrossSite)
    )
}

fn reference(error: &ApiError) -> Html {
    let ApiError::Refused(ErrorBody {
        request: Some(request),
        ..
    }) = error
    else {
        return html! {};
    };
    let id = request.to_string();
    let copy = {
        let id = id.clone();
        move |_| {
            // The id stands beside the button; a refused clipboard costs nothing.
            let _ = gloo::utils::window().navigator().clipboard().write_text(&id);
        }
    };
    html! {
        <p class="error-panel-reference">
            <span>{ "Reference " }<span class="mono">{ id }</span></span>
            <button type="button" class="button quiet" onclick={copy}><Icon name="copy" />{ "Copy" }</button>
        </p>
    }
}
