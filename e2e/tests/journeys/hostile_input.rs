//! What strangers may throw at the ports: each gets a clear answer or a closed line, the server's
//! memory stays bounded, and everybody else is served meanwhile.

use fleetward_e2e::{
    api::Session,
    journey::server_journey,
    people::RASHIDA,
    portal::Portal,
    raw::{
        Answer, RawLine,
        socket::{self, Ending},
    },
    trouble::{Outcome, same},
};
use std::time::Duration;

/// What all the nonsense of one journey together may cost.
const BOUND: u64 = 96 << 20;
const MIB: usize = 1 << 20;

async fn ask(portal: &Portal, request: impl Into<Vec<u8>>) -> Outcome<Answer> {
    RawLine::open(portal.authority()).await?.ask(request.into()).await
}

async fn still_serves(portal: &Portal) -> Outcome {
    let answer = ask(portal, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    same("/healthz afterwards", answer.status, Some(200))
}

fn is_refused(what: &str, answer: &Answer) {
    let status = answer
        .status
        .unwrap_or_else(|| panic!("{what}: hung up without a word"));
    assert!((400..500).contains(&status), "{what}: {answer:?}");
}

#[test]
fn huge_heads_and_bodies_are_refused_and_cost_no_memory() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        still_serves(portal).await?;
        let before = portal.memory()?;

        let long_header = format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
            "a".repeat(MIB)
        );
        is_refused("a header of 1 MiB", &ask(portal, long_header).await?);

        let many: String = (0..5_000).map(|n| format!("X-{n}: a\r\n")).collect();
        let many_headers = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
        is_refused("5,000 headers", &ask(portal, many_headers).await?);

        let long_path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(20_000));
        is_refused("a path of 20 kB", &ask(portal, long_path).await?);

        let body = "x".repeat(64 * MIB);
        let huge_body = format!(
            "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        is_refused("a body of 64 MiB", &ask(portal, huge_body).await?);

        let grown = portal.memory()?.saturating_sub(before);
        println!("the server grew by {} KiB", grown / 1024);
        assert!(grown < BOUND, "the server grew by {grown} bytes");
        still_serves(portal).await
    })
}

#[test]
fn words_that_make_no_sense_get_an_answer_that_says_so() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        let no_http = ask(portal, "BEGIN VITALS\r\n\r\n").await?;
        is_refused("no HTTP at all", &no_http);

        let bad_bytes = ask(
            portal,
            b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        )
        .await?;
        is_refused("bytes that are no text in the path", &bad_bytes);

        let bad_escape = ask(
            portal,
            "GET /api/v1/wards/%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        )
        .await?;
        is_refused("an escape that is no UTF-8", &bad_escape);

        let body = b"{\"login\":\"\xff\xfe\",\"password\":\"x\"}";
        let mut bad_json = format!(
            "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bad_json.extend(body);
        let answer = ask(portal, bad_json).await?;
        same("JSON that is no UTF-8", answer.status, Some(400))?;
        assert!(answer.body.contains("bad_request"), "{answer:?}");

        let smuggled = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\
                        Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        is_refused("two lengths for one body", &ask(portal, smuggled).await?);
        still_serves(portal).await
    })
}

#[test]
fn a_wrong_method_is_named_as_such() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        for (method, path) in [
            ("PUT", "/api/v1/session"),
            ("POST", "/healthz"),
            ("DELETE", "/sign-in"),
        ] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
            let answer = ask(portal, request).await?;
            same(&format!("{method} {path}"), answer.status, Some(405))?;
        }
        still_serves(portal).await
    })
}

#[test]
fn a_body_that_drips_is_not_waited_for() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        let head = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                     Content-Length: 10000\r\n\r\n";
        let line = RawLine::open(portal.authority()).await?;
        let (answer, after) = line.drip(head, Duration::from_secs(1)).await?;
        println!(
            "a body of one byte a second was refused after {:.1} s",
            after.as_secs_f64()
        );
        is_refused("a body of one byte a second", &answer);
        still_serves(portal).await
    })
}

#[test]
fn five_hundred_half_open_lines_keep_nobody_out_and_are_closed() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        still_serves(portal).await?;
        let before = portal.memory()?;
        let mut silent = Vec::new();
        for number in 0..500 {
            let mut line = RawLine::open(portal.authority()).await?;
            if number % 2 == 0 {
                line.say(b"GET / HTTP/1.1\r\nHost: loc").await;
            }
            silent.push(line);
        }
        // Those of the device port have to show a certificate first, and never do.
        let device_port = portal.device_port().to_string();
        for number in 0..100 {
            let mut line = RawLine::open(&device_port).await?;
            if number % 2 == 0 {
                line.say(&[0x16, 0x03, 0x01, 0x02, 0x00]).await;
            }
            silent.push(line);
        }
        still_serves(portal).await?;
        let grown = portal.memory()?.saturating_sub(before);
        println!("600 half-open lines cost {} KiB", grown / 1024);
        assert!(grown < BOUND, "600 half-open lines cost {grown} bytes");
        for (number, line) in silent.iter_mut().enumerate() {
            assert!(line.is_closed_by_server().await, "line {number} is still open");
        }
        still_serves(portal).await
    })
}

#[test]
fn whoever_speaks_no_tls_on_the_device_port_is_hung_up_on() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        let device_port = portal.device_port().to_string();
        for words in [
            b"GET /link/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            vec![0xff; 100_000],
        ] {
            let mut line = RawLine::open(&device_port).await?;
            line.say(&words).await;
            assert!(
                line.is_closed_by_server().await,
                "the device port listens to {} bytes",
                words.len()
            );
        }
        still_serves(portal).await
    })
}

async fn socket_of_rashida(portal: &Portal, session: &Session) -> Outcome<RawLine> {
    let mut line = RawLine::open(portal.authority()).await?;
    let request = format!(
        "GET /api/v1/live HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        host = portal.authority(),
        cookie = session.cookie(),
    );
    line.say(request.as_bytes()).await;
    let head = line.head().await?;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    Ok(line)
}

#[test]
fn garbage_on_a_browser_socket_ends_that_socket_and_no_other() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        let session = Session::sign_in(portal, RASHIDA).await?;
        let mut well_behaved = socket_of_rashida(portal, &session).await?;
        let before = portal.memory()?;
        let garbage = [
            (
                "text that is no JSON",
                socket::masked(socket::TEXT, b"beds, please"),
            ),
            ("text that is no UTF-8", socket::masked(socket::TEXT, b"\xff\xfe")),
            ("a message of samples", socket::masked(socket::BINARY, &[0; 38])),
            (
                "10 MiB of text",
                socket::masked(socket::TEXT, &vec![b'a'; 10 * MIB]),
            ),
            (
                "the promise of 8 EiB",
                socket::promise(socket::BINARY, u64::MAX / 2),
            ),
            ("a frame without mask", socket::unmasked(socket::TEXT, b"{}")),
            (
                "a kind of frame that does not exist",
                socket::masked(socket::RESERVED, b""),
            ),
            ("a text that begins twice", {
                let mut twice = socket::masked(socket::TEXT_BEGINS, b"{");
                twice.extend(socket::masked(socket::TEXT_BEGINS, b"{"));
                twice
            }),
            ("a text of a million parts", {
                let mut parts = socket::masked(socket::TEXT_BEGINS, b"{");
                for _ in 0..1_000_000 {
                    parts.extend(socket::masked(socket::GOES_ON, b" "));
                }
                parts
            }),
        ];
        for (what, bytes) in garbage {
            let mut line = socket_of_rashida(portal, &session).await?;
            line.say(&bytes).await;
            match socket::ending(&mut line).await? {
                Ending::Closed(code) => {
                    println!("{what}: closed with {code}");
                    assert!(matches!(code, 1002 | 1003 | 1007 | 1008 | 1009), "{what}: {code}");
                }
                // While we still talk, its goodbye may be lost with the line.
                Ending::HungUp => println!("{what}: hung up"),
            }
        }
        let grown = portal.memory()?.saturating_sub(before);
        println!("the server grew by {} KiB", grown / 1024);
        assert!(grown < BOUND, "the server grew by {grown} bytes");

        let tick = socket::next(&mut well_behaved).await?;
        let (_, text) = tick.expect("the well-behaved socket still hears the server");
        assert!(String::from_utf8_lossy(&text).contains("tick"), "{text:?}");
        still_serves(portal).await
    })
}

#[test]
fn a_socket_without_a_session_or_from_another_site_is_never_opened() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        let session = Session::sign_in(portal, RASHIDA).await?;
        let request = |origin: &str, cookie: &str| {
            format!(
                "GET /api/v1/live HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\n\
                 Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                portal.authority()
            )
        };
        let own = portal.url("");
        let stranger = ask(portal, request(&own, "theme=night")).await?;
        same("a socket without a session", stranger.status, Some(401))?;
        let lured = ask(portal, request("https://evil.example", session.cookie())).await?;
        same("a socket from another site", lured.status, Some(403))?;
        still_serves(portal).await
    })
}
