//! The HTML that starts a portal. It holds no data of anybody and no script of its own: a strict
//! policy lets it load the boot script, which loads the wasm.

use actix_web::{HttpResponse, http::header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::assets::Portal;
use fleetward_common::access::Portal as Audience;

const fn title(audience: Audience) -> &'static str {
    match audience {
        Audience::Ward => "Ward · Fleetward",
        Audience::Staff => "Fleetward",
        Audience::Patient => "My device · Fleetward",
    }
}

/// The page that boots `audience`'s wasm. `None` when no portal was built into this server.
pub fn shell(portal: &Portal, audience: Audience) -> Option<Markup> {
    let entry = portal.manifest.entries.get(audience.as_str())?;
    Some(html! {
        (DOCTYPE)
        html lang="en" data-theme="light" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title(audience)) }
                (icon())
                @for style in &entry.css {
                    link rel="stylesheet" href=(style) integrity=[portal.integrity(style)];
                }
                @if let Some(font) = portal.address("ui.woff2") {
                    link rel="preload" href=(font) as="font" type="font/woff2" crossorigin="anonymous";
                }
                @if let Some(watchdog) = portal.address("watchdog.js") {
                    script src=(watchdog) integrity=[portal.integrity(watchdog)] defer {}
                }
                @if let Some(boot) = portal.address("boot.js") {
                    script type="module" src=(boot) integrity=[portal.integrity(boot)] {}
                }
            }
            body data-js=(entry.js) data-js-integrity=(entry.js_integrity)
                data-wasm=(entry.wasm) data-wasm-integrity=(entry.wasm_integrity) {
                noscript {
                    p { "This page moves with live data, so it needs JavaScript and WebAssembly. Signing in and out works without." }
                }
            }
        }
    })
}

/// What every page of ours has in its head: an icon inside the page, so none is fetched.
pub fn icon() -> Markup {
    html! {
        link rel="icon" type="image/svg+xml" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath d='M4 3h16v11.5c0 3.6-3.4 5.6-8 7-4.6-1.4-8-3.4-8-7z' fill='none' stroke='%232b6cb0' stroke-width='2'/%3E%3C/svg%3E";
    }
}

/// A line icon of the 24 by 24 grid, drawn by `paths`.
pub fn glyph(class: &str, paths: &'static str) -> Markup {
    html! { svg class=(class) viewBox="0 0 24 24" aria-hidden="true" { (PreEscaped(paths)) } }
}

pub fn page(markup: Markup) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(markup.into_string())
}
