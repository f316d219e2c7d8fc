//! The browser's own interface to passkeys, `navigator.credentials`, with JSON on both sides.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::ApiError;

/// Why no passkey came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum PasskeyError {
    /// Closed by the person, or nothing was found in time.
    Closed,
    /// This authenticator holds one of theirs already.
    AlreadyThere,
    /// An old browser, or an address at which passkeys can't be.
    NotHere,
    Api(ApiError),
}

impl From<ApiError> for PasskeyError {
    fn from(error: ApiError) -> Self {
        PasskeyError::Api(error)
    }
}

impl PasskeyError {
    pub fn words(&self) -> String {
        match self {
            PasskeyError::Closed => "No passkey was used. Nothing was changed.".to_owned(),
            PasskeyError::AlreadyThere => "This device holds a passkey of yours already.".to_owned(),
            PasskeyError::NotHere => "Passkeys do not work in this browser or at this address.".to_owned(),
            PasskeyError::Api(error) => error.words(),
        }
    }
}

/// Makes a passkey. `options` is what the server asks for.
pub async fn create(options: &Value) -> Result<Value, PasskeyError> {
    ask("create", "parseCreationOptionsFromJSON", options).await
}

/// Uses a passkey.
pub async fn get(options: &Value) -> Result<Value, PasskeyError> {
    ask("get", "parseRequestOptionsFromJSON", options).await
}

async fn ask(what: &str, reader: &str, options: &Value) -> Result<Value, PasskeyError> {
    let not_here = |_| PasskeyError::NotHere;
    let window = gloo::utils::window();
    let interface = Reflect::get(&window, &"PublicKeyCredential".into()).map_err(not_here)?;
    let public_key = options.get("publicKey").ok_or(PasskeyError::NotHere)?.to_string();
    let public_key = JSON::parse(&public_key).map_err(not_here)?;
    let read = call(&interface, reader, &public_key).map_err(not_here)?;
    let wanted = Object::new();
    Reflect::set(&wanted, &"publicKey".into(), &read).map_err(not_here)?;
    let credentials = Reflect::get(&window.navigator(), &"credentials".into()).map_err(not_here)?;
    let promise: Promise = call(&credentials, what, &wanted)
        .map_err(not_here)?
        .dyn_into()
        .map_err(not_here)?;
    let credential = JsFuture::from(promise).await.map_err(|error| by_name(&error))?;
    let json = call(&credential, "toJSON", &JsValue::UNDEFINED).map_err(not_here)?;
    let text = JSON::stringify(&json).map_err(not_here)?;
    serde_json::from_str(&String::from(text)).or(Err(PasskeyError::NotHere))
}

fn call(object: &JsValue, method: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    let method: Function = Reflect::get(object, &method.into())?.dyn_into()?;
    method.call1(object, argument)
}

fn by_name(error: &JsValue) -> PasskeyError {
    let name = Reflect::get(error, &"name".into())
        .ok()
        .and_then(|name| name.as_string());
    match name.as_deref() {
        Some("NotAllowedError" | "AbortError") => PasskeyError::Closed,
        Some("InvalidStateError") => PasskeyError::AlreadyThere,
        _ => PasskeyError::NotHere,
    }
}
