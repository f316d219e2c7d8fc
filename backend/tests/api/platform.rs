//! Headers, assets, and input that nobody sends by mistake.

use std::{fs, io::ErrorKind, time::Duration};

use fleetward::platform::http::{assets::Portal as Assets, headers::CONTENT_SECURITY_POLICY};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    on_both_engines,
    support::{
        Portal,
        engine::{Engine, World},
        portal::Options,
    },
};

/// Sends these bytes and reads until the server closes or has been silent for a while.
async fn raw(portal: &Portal, bytes: &[u8]) -> String {
    let mut line = TcpStream::connect(portal.address).await.unwrap();
    // A server that has heard enough closes while we still write.
    let _ = line.write_all(bytes).await;
    read_to_end(&mut line, Duration::from_secs(8)).await
}

async fn read_to_end(line: &mut TcpStream, patience: Duration) -> String {
    let (mut answer, mut chunk) = (Vec::new(), [0; 4_096]);
    while let Ok(Ok(read)) = timeout(patience, line.read(&mut chunk)).await {
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&chunk[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

on_both_engines! {
    async fn every_answer_carries_the_strict_headers(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        for path in ["/sign-in", "/api/v1/session", "/api/v1/wards", "/nowhere", "/api/v1/wards/x", "/healthz"] {
            let answer = louise.get(path).await;
            assert_eq!(answer.header("content-security-policy"), CONTENT_SECURITY_POLICY, "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert!(!answer.header("x-request-id").is_empty(), "{path}");
        }
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe-inline"));
    }

    async fn a_wrong_method_and_a_wrong_address_are_told_apart(portal: Portal) {
        let stranger = portal.stranger();
        let method = stranger.delete("/api/v1/wards").await;
        assert_eq!((method.status, method.code().as_str()), (405, "method_not_allowed"));
        assert_eq!(method.header("allow"), "GET, HEAD");
        assert_eq!(stranger.delete("/sign-in").await.header("allow"), "GET, HEAD, POST");
        let nowhere = stranger.get("/api/v1/warts").await;
        assert_eq!((nowhere.status, nowhere.code().as_str()), (404, "not_found"));
        assert!(nowhere.json().get("request").is_none());
    }

    async fn a_body_that_is_no_sign_in_gets_a_sentence_and_no_stack(portal: Portal) {
        let stranger = portal.stranger();
        let post = || stranger.request(reqwest::Method::POST, "/api/v1/session");
        let json = |body: Vec<u8>| post().header("content-type", "application/json").body(body);
        for (request, status, code) in [
            (json(b"{".to_vec()), 400, "bad_request"),
            (json(vec![0xff, 0xfe, 0x00]), 400, "bad_request"),
            (json(br#"{"login":"\ud800","password":"x"}"#.to_vec()), 400, "bad_request"),
            (json(br#"{"login":"a","password":"b","admin":true}"#.to_vec()), 400, "bad_request"),
            (json(b"[".repeat(10_000)), 400, "bad_request"),
            (json(vec![b' '; 20_000]), 413, "too_large"),
            (post().header("content-type", "text/plain").body("{}"), 415, "unsupported_media_type"),
            (post(), 415, "unsupported_media_type"),
        ] {
            let answer = stranger.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text);
        }
    }

    async fn a_list_of_values_is_no_object_that_has_them(portal: Portal) {
        let sign_in = serde_json::json!(["louise.brandt", portal.password_of("louise.brandt"), null]);
        let answer = portal.stranger().post("/api/v1/session", &sign_in).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{}", answer.text);
        assert_eq!(answer.session_cookie(), None);
        let helen = portal.sign_in("helen.frost").await;
        for body in [serde_json::json!([]), serde_json::json!([null, null]), serde_json::json!("x")] {
            let answer = helen.post("/api/v1/reviews/search", &body).await;
            assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        }
        assert_eq!(helen.post("/api/v1/reviews/search", &serde_json::json!({})).await.status, 200);
    }

    async fn a_huge_header_is_refused_in_words(portal: Portal) {
        let long = "x".repeat(20_000);
        let head = format!("GET /healthz HTTP/1.1\r\nhost: a\r\nx-long: {long}\r\n\r\n");
        let answer = raw(&portal, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("too_large"), "{answer}");
        let endless = format!("GET /healthz HTTP/1.1\r\nhost: a\r\nx-endless: {}", "x".repeat(400_000));
        let answer = raw(&portal, endless.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431") || answer.is_empty(), "{answer}");
        assert_eq!(portal.stranger().get("/healthz").await.status, 200);
    }

    async fn a_head_that_never_ends_is_let_go(portal: Portal) {
        let mut line = TcpStream::connect(portal.address).await.unwrap();
        line.write_all(b"GET /healthz HTTP/1.1\r\nhost:").await.unwrap();
        let answer = read_to_end(&mut line, Duration::from_secs(12)).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
        let more = line.write_all(b" a\r\n\r\n").await.and(Ok(line.read(&mut [0; 1]).await));
        match more {
            Ok(Ok(read)) => assert_eq!(read, 0),
            Ok(Err(error)) | Err(error) => assert!(
                matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
                "{error}"
            ),
        }
    }

    async fn a_body_that_trickles_is_answered_in_the_end(portal: Portal) {
        let mut line = TcpStream::connect(portal.address).await.unwrap();
        let head = "POST /api/v1/session HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{";
        line.write_all(head.as_bytes()).await.unwrap();
        let mut start = [0; 12];
        timeout(Duration::from_secs(15), line.read_exact(&mut start)).await.expect("an answer").unwrap();
        assert_eq!(&start, b"HTTP/1.1 400");
    }

    async fn bytes_that_are_no_http_do_no_harm(portal: Portal) {
        for bytes in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\n\r\n",
            b"POST /api/v1/session HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST /api/v1/session HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
            b"\0\0\0\0\r\n\r\n",
        ] {
            let mut line = TcpStream::connect(portal.address).await.unwrap();
            line.write_all(bytes).await.unwrap();
            line.shutdown().await.unwrap();
            let answer = read_to_end(&mut line, Duration::from_secs(8)).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
        }
        assert_eq!(portal.stranger().get("/healthz").await.status, 200);
    }

    async fn odd_paths_find_nothing_outside(portal: Portal) {
        for path in ["/a/../secrets/master.key", "/a/%2e%2e%2fsecrets%2fmaster.key", "/a/..%5csecrets", "/a/%00"] {
            let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let answer = raw(&portal, head.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
        }
    }
}

/// A portal folder as the build leaves it, with one entry.
fn built_portal() -> Assets {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "manifest.json",
        r#"{"entries":{"ward":{"js":"/a/ward.1.js","js_integrity":"sha384-j","wasm":"/a/ward.1.wasm",
            "wasm_integrity":"sha384-w","css":["/a/base.1.css"]}},
            "assets":{"boot.js":"/a/boot.1.js","watchdog.js":"/a/watchdog.1.js","sign-in.css":"/a/sign-in.1.css"},
            "integrity":{"/a/boot.1.js":"sha384-b"}}"#,
    );
    write("a/ward.1.wasm", "plain");
    write("a/ward.1.wasm.br", "brotli");
    write("a/ward.1.wasm.gz", "gzip");
    Assets::from_folder(folder.path()).unwrap()
}

#[test]
fn a_browser_gets_hashed_files_compressed_and_for_ever() {
    let options = Options {
        assets: built_portal(),
        ..Options::default()
    };
    let portal = Portal::start_in(World::seeded(Engine::Sqlite), options);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stranger = portal.stranger();
        let ask = |encoding: &str| {
            stranger
                .request(reqwest::Method::GET, "/a/ward.1.wasm")
                .header("accept-encoding", encoding)
        };
        for (encoding, body) in [("gzip, br", "brotli"), ("gzip", "gzip"), ("identity", "plain")] {
            let answer = stranger.send(ask(encoding)).await;
            assert_eq!(answer.text, body);
            assert_eq!(answer.header("content-type"), "application/wasm");
            assert_eq!(
                answer.header("cache-control"),
                "public, max-age=31536000, immutable"
            );
            assert_eq!(answer.header("vary"), "accept-encoding");
        }
        assert_eq!(stranger.get("/a/ward.2.wasm").await.status, 404);

        let shell = stranger.get("/ward/some/where").await;
        assert_eq!(shell.header("cache-control"), "no-store");
        for part in [
            r#"<script type="module" src="/a/boot.1.js" integrity="sha384-b">"#,
            r#"data-wasm="/a/ward.1.wasm""#,
            r#"data-wasm-integrity="sha384-w""#,
            r#"src="/a/watchdog.1.js""#,
            r#"href="/a/base.1.css""#,
        ] {
            assert!(shell.text.contains(part), "{part} in {}", shell.text);
        }
        assert!(!shell.text.contains("style=") && !shell.text.contains("<style"));
        let not_html = stranger
            .request(reqwest::Method::GET, "/ward/some.json")
            .header("accept", "application/json");
        assert_eq!(stranger.send(not_html).await.status, 404);
        assert!(stranger.get("/sign-in").await.text.contains("/a/sign-in.1.css"));
    });
}
