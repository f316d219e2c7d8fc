//! Where a request that changes something may come from.
//!
//! Browsers say it themselves: `Sec-Fetch-Site`, or `Origin` where that is missing. A request with
//! neither doesn't come from a browser, so no cookie was added to it behind the person's back.

use actix_web::{
    dev::RequestHead,
    http::{Method, header},
};

use super::Failure;

pub fn check(head: &RequestHead) -> Result<(), Failure> {
    if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| {
        head.headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("unreadable"))
    };
    came_from_here(text("sec-fetch-site"), text("origin"), host(head))
        .then_some(())
        .ok_or(Failure::CrossSite)
}

/// HTTP/1 has it in a header, HTTP/2 in the address itself.
fn host(head: &RequestHead) -> Option<&str> {
    match head.headers.get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => head.uri.authority().map(|authority| authority.as_str()),
    }
}

/// A socket is a GET, yet it carries the cookie and talks both ways: it is judged like a change.
pub fn check_socket(head: &RequestHead) -> Result<(), Failure> {
    let text = |name: header::HeaderName| {
        head.headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("unreadable"))
    };
    came_from_here(None, text(header::ORIGIN), host(head))
        .then_some(())
        .ok_or(Failure::CrossSite)
}

fn came_from_here(fetch_site: Option<&str>, origin: Option<&str>, host: Option<&str>) -> bool {
    match (fetch_site, origin) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let origin_host = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            origin_host.is_some() && origin_host == host
        }
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::came_from_here;

    const HOST: Option<&str> = Some("portal.example:8080");

    #[test]
    fn our_own_page_and_a_typed_address_may_change_things() {
        assert!(came_from_here(Some("same-origin"), None, HOST));
        assert!(came_from_here(Some("none"), None, HOST));
        assert!(came_from_here(None, Some("http://portal.example:8080"), HOST));
    }

    #[test]
    fn another_site_may_not_even_with_a_friendly_origin() {
        assert!(!came_from_here(
            Some("cross-site"),
            Some("http://portal.example:8080"),
            HOST
        ));
        assert!(!came_from_here(Some("same-site"), None, HOST));
        assert!(!came_from_here(None, Some("https://evil.example"), HOST));
        assert!(!came_from_here(None, Some("http://portal.example:8081"), HOST));
        assert!(!came_from_here(None, Some("null"), HOST));
        assert!(!came_from_here(None, Some("http://portal.example:8080"), None));
    }

    #[test]
    fn a_program_that_is_no_browser_says_neither_and_is_let_through() {
        assert!(came_from_here(None, None, HOST));
    }
}
