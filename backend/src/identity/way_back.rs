//! Where somebody was going when the sign-in page came in between. Kept in a cookie for a quarter of an
//! hour: the page that signs in need not know about it, and the address of a link stays out of addresses.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};

const COOKIE: &str = "__Host-way-back";
const KEPT: Duration = Duration::minutes(15);

/// `path` is one of ours; a browser is never sent elsewhere.
pub fn remember(path: &str) -> Cookie<'static> {
    built(path.to_owned(), KEPT)
}

pub fn forget() -> Cookie<'static> {
    built(String::new(), Duration::ZERO)
}

/// Only joining is come back to.
pub fn of_request(request: &HttpRequest) -> Option<String> {
    let cookie = request.cookie(COOKIE)?;
    let path = cookie.value();
    let token = path.strip_prefix("/join/")?;
    token
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| path.to_owned())
}

fn built(value: String, age: Duration) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(age)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn back(path: &str) -> Option<String> {
        let request = TestRequest::default().cookie(Cookie::new(COOKIE, path.to_owned()));
        of_request(&request.to_http_request())
    }

    #[test]
    fn the_way_leads_back_to_a_link_and_nowhere_else() {
        assert_eq!(back("/join/abc123").as_deref(), Some("/join/abc123"));
        for elsewhere in [
            "",
            "/ward",
            "//evil.example",
            "/join/../staff",
            "https://evil.example/join/1",
        ] {
            assert_eq!(back(elsewhere), None, "{elsewhere}");
        }
    }
}
