//! Where a request comes from: the other end of the connection, or whom a proxy that was named at the
//! start says it speaks for.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::{HttpRequest, http::header::HeaderMap, web::Data};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The one proxy whose word is believed; without one, nobody's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrustedProxy(pub Option<IpAddr>);

pub fn address(request: &HttpRequest) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let proxy = request.app_data::<Data<TrustedProxy>>();
    spoken_for(
        peer,
        request.headers(),
        proxy.map(|proxy| ***proxy).unwrap_or_default(),
    )
}

/// A proxy adds the address it sees at the end. What stands before it came with the request, and anyone
/// can write anything there.
fn spoken_for(peer: IpAddr, headers: &HeaderMap, TrustedProxy(proxy): TrustedProxy) -> IpAddr {
    if proxy.map(|proxy| proxy.to_canonical()) != Some(peer.to_canonical()) {
        return peer;
    }
    headers
        .get_all(FORWARDED_FOR)
        .last()
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.rsplit(',').next())
        .and_then(|last| last.trim().parse().ok())
        .unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn seen(peer: &str, proxy: Option<&str>, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let name = HeaderName::from_static(FORWARDED_FOR);
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let proxy = TrustedProxy(proxy.map(|proxy| proxy.parse().unwrap()));
        spoken_for(peer.parse().unwrap(), &headers, proxy).to_string()
    }

    #[test]
    fn the_named_proxy_is_believed_about_the_last_address_only() {
        let proxy = Some("127.0.0.1");
        assert_eq!(seen("127.0.0.1", proxy, &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            seen("127.0.0.1", proxy, &["10.0.0.1, 203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            seen("127.0.0.1", proxy, &["10.0.0.1", "2001:db8::7"]),
            "2001:db8::7"
        );
        assert_eq!(seen("::ffff:127.0.0.1", proxy, &["203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn nobody_else_is_believed_and_nonsense_changes_nothing() {
        assert_eq!(seen("127.0.0.1", None, &["203.0.113.9"]), "127.0.0.1");
        assert_eq!(
            seen("198.51.100.4", Some("127.0.0.1"), &["203.0.113.9"]),
            "198.51.100.4"
        );
        for text in ["", "unknown", "203.0.113.9,"] {
            assert_eq!(
                seen("127.0.0.1", Some("127.0.0.1"), &[text]),
                "127.0.0.1",
                "{text}"
            );
        }
        assert_eq!(seen("127.0.0.1", Some("127.0.0.1"), &[]), "127.0.0.1");
    }
}
