//! What a request tells about the browser it came from: its tokens, its network, its name for itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::{HttpRequest, http::header};

use super::session::Token;
use crate::platform::http::caller;

/// A browser that asks to sign someone in.
pub struct Browser {
    pub address: IpAddr,
    /// "Chrome on Linux"
    pub words: String,
    /// The session it has now: replaced by a sign-in, unless it is a ward screen's.
    pub session: Option<Token>,
    /// Who acts on this ward screen now.
    pub acting: Option<Token>,
}

impl Browser {
    pub fn of(request: &HttpRequest) -> Self {
        let agent = request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Self {
            address: caller::address(request),
            words: words(agent),
            session: Token::of_request(request),
            acting: Token::acting_of_request(request),
        }
    }

    pub fn network(&self) -> String {
        network(self.address)
    }
}

/// Enough to know one's own browsers apart, too little to be somebody's address.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::LOCALHOST) => "this computer".to_owned(),
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.x")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:x")
        }
    }
}

/// A user agent says many names; the first of these that it says is the one that is meant.
fn words(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let said = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (said(&BROWSERS), said(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => "A program".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_what_its_owner_calls_it() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                    Chrome/141.0 Safari/537.36 Edg/141.0";
        assert_eq!(words(edge), "Edge on Windows");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Safari/604.1";
        assert_eq!(words(phone), "Safari on iPhone");
        assert_eq!(words("curl/8.11"), "A program");
        assert_eq!(words(""), "A program");
    }

    #[test]
    fn a_network_is_named_and_no_machine_in_it() {
        assert_eq!(network("10.0.4.27".parse().unwrap()), "10.0.4.x");
        assert_eq!(network("2001:db8:7:1::5".parse().unwrap()), "2001:db8:7:x");
        assert_eq!(network("::ffff:192.0.2.9".parse().unwrap()), "192.0.2.x");
        assert_eq!(network("127.0.0.1".parse().unwrap()), "this computer");
    }
}
