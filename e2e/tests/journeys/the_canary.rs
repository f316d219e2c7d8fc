//! A patient's name put into everything that takes words, and then looked for in everything that comes
//! out: logs, metrics, refusals, addresses, titles, what a browser keeps.

mod in_the_browser;
mod in_work;

use fleetward_common::{
    care::{Occupancy, WardBoard as Board, WardSummary},
    devices::link::LINK_PATH,
};
use fleetward_device::agent::{Credentials, link::SERVER_NAME};
use fleetward_e2e::{
    api::Session,
    bedside::monitor_at,
    journey::server_journey,
    people::{ALAN, BEN, RASHIDA, ROSA},
    portal::Portal,
    raw::{
        RawLine,
        socket::{self, masked},
    },
    trouble::{Outcome, Trouble, While, same},
};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, header};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{client_async, tungstenite::Message};

/// Nobody's and nowhere else in the world: a surname, a record number, a birth date.
const WORDS: [&str; 3] = ["Quennelldottir", "CANARY-7741093", "1931-02-17"];

fn all_words() -> String {
    WORDS.join(" ")
}

/// Where a word of `words` stands in `text`, in any case.
fn found(words: &[String], text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    words
        .iter()
        .filter(|word| text.contains(&word.to_lowercase()))
        .cloned()
        .collect()
}

fn canary() -> Vec<String> {
    WORDS.iter().map(|word| (*word).to_owned()).collect()
}

/// Surname, record number and birth date of everybody on Rashida's ward.
async fn known(portal: &Portal) -> Outcome<Vec<String>> {
    let session = Session::sign_in(portal, RASHIDA).await?;
    let wards: Vec<WardSummary> = session.get("/api/v1/wards").await?;
    let first = wards
        .first()
        .ok_or_else(|| Trouble::wrong("a nurse has a ward"))?;
    let board: Board = session.get(&format!("/api/v1/wards/{}", first.ward.id)).await?;
    let mut words = Vec::new();
    for bed in board.beds {
        if let Occupancy::Occupied {
            identity: Some(identity),
            ..
        } = bed.occupancy
        {
            words.extend([identity.record_number, identity.born]);
            // Short surnames are part of other words.
            words.extend(Some(identity.family_name).filter(|name| name.len() > 5));
        }
    }
    Ok(words)
}

/// Sends the canary in every place of a request, and hands back what the refusals said.
async fn speak_to_the_api(portal: &Portal, session: &Session) -> Outcome<String> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let words = all_words();
    let in_path = words.replace(' ', "%20");
    let mut requests = Vec::new();
    for path in [
        format!("/api/v1/patients/{in_path}"),
        format!("/api/v1/beds/{in_path}"),
        format!("/api/v1/wards/{in_path}"),
        format!("/api/v1/devices/{in_path}/history?metric={in_path}&from=0&until=1"),
        format!("/api/v1/devices?q={in_path}"),
        format!("/api/v1/devices?{in_path}=1"),
        format!("/api/v1/devices?state={in_path}"),
        format!("/api/v1/me/access-log?after={in_path}"),
        format!("/nothing/{in_path}"),
        format!("/sign-in?as={in_path}"),
    ] {
        requests.push(client.request(Method::GET, portal.url(&path)));
    }
    let bodies = [
        json!({ "by": "record_number", "record_number": WORDS[1] }).to_string(),
        json!({ "by": "surname_and_birth", "family_name": WORDS[0], "born": WORDS[2] }).to_string(),
        json!({ "by": "surname_start", "family_name": WORDS[0] }).to_string(),
        json!({ "by": WORDS[0] }).to_string(),
        json!({ "by": "record_number", WORDS[0]: WORDS[1] }).to_string(),
        json!({ "by": "record_number", "record_number": [words] }).to_string(),
        json!(words).to_string(),
        format!("{{\"by\":\"{}", all_words()),
        all_words(),
    ];
    for body in bodies {
        for path in [
            "/api/v1/patients/search",
            "/api/v1/session",
            "/api/v1/me/consents",
        ] {
            let request = client
                .request(Method::POST, portal.url(path))
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.clone());
            requests.push(request);
        }
    }
    for name in [
        "user-agent",
        "referer",
        "x-forwarded-for",
        "x-patient",
        "accept-language",
        "origin",
        "content-type",
    ] {
        let request = client
            .request(Method::GET, portal.url("/api/v1/wards"))
            .header(name, all_words());
        requests.push(request);
    }
    let mut said = String::new();
    for request in requests {
        let answer = request
            .header(
                header::COOKIE,
                format!("{}; patient={}", session.cookie(), WORDS[0]),
            )
            .send()
            .await?;
        said.push_str(&format!("{:?}\n", answer.headers()));
        said.push_str(&answer.text().await?);
        said.push('\n');
    }
    Ok(said)
}

/// Over the live socket.
async fn speak_to_the_socket(portal: &Portal, session: &Session) -> Outcome<String> {
    let mut line = RawLine::open(portal.authority()).await?;
    let request = format!(
        "GET /api/v1/live HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        portal.authority(),
        session.cookie()
    );
    line.say(request.as_bytes()).await;
    line.head().await?;
    let message = json!({ "type": "subscribe", "topic": format!("ward/{}", all_words()), "waves": false });
    line.say(&masked(socket::TEXT, message.to_string().as_bytes()))
        .await;
    let mut said = String::new();
    while let Some((_, bytes)) = socket::next(&mut line).await? {
        said.push_str(&String::from_utf8_lossy(&bytes));
    }
    Ok(said)
}

/// As a device with a certificate that talks nonsense.
async fn speak_to_the_device_port(portal: &Portal) -> Outcome {
    let entry = monitor_at(portal, "4B/6")?;
    let credentials =
        Credentials::from_folder(&portal.device_folder(entry.serial.as_str())).map_err(Trouble::wrong)?;
    for message in [
        Message::text(all_words()),
        Message::binary(all_words().into_bytes()),
        Message::text(json!({ "patient": all_words() }).to_string()),
    ] {
        let name = SERVER_NAME.try_into().map_err(Trouble::wrong)?;
        let stream = TcpStream::connect(portal.device_port())
            .await
            .while_doing("reaching the device port")?;
        let stream = TlsConnector::from(credentials.tls())
            .connect(name, stream)
            .await
            .while_doing("greeting the device port")?;
        let url = format!("ws://{SERVER_NAME}{LINK_PATH}");
        let (mut line, _) = client_async(url, stream).await.map_err(Trouble::wrong)?;
        line.send(message).await.map_err(Trouble::wrong)?;
        // It says what is wrong, or hangs up; both end the wait.
        let heard = tokio::time::timeout(Duration::from_secs(5), line.next()).await;
        if let Ok(Some(Ok(Message::Binary(bytes)))) = heard {
            let said = String::from_utf8_lossy(&bytes).into_owned();
            same(
                "the canary in the device port's answer",
                found(&canary(), &said),
                Vec::new(),
            )?;
        }
    }
    Ok(())
}

#[test]
fn no_log_no_metric_and_no_refusal_repeats_a_patients_name() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        portal.log_everything().await?;
        let known = known(portal).await?;
        assert!(known.len() > 40, "{} words of real patients", known.len());
        for person in [RASHIDA, ROSA, BEN, ALAN] {
            let session = Session::sign_in(portal, person).await?;
            let said = speak_to_the_api(portal, &session).await?;
            same(
                &format!("the canary in what {} was told", person.name),
                found(&canary(), &said),
                Vec::new(),
            )?;
            let said = speak_to_the_socket(portal, &session).await?;
            same("the canary on the socket", found(&canary(), &said), Vec::new())?;
        }
        speak_to_the_device_port(portal).await?;
        in_work::done_by_everybody(portal).await?;
        let metrics = reqwest::get(format!("http://{}/metrics", portal.ops_port()))
            .await?
            .text()
            .await?;
        assert!(metrics.contains("fleetward_"), "{metrics}");
        portal.stop().await?;
        let log = portal.log();
        assert!(log.contains("\"level\":\"DEBUG\""), "the log holds everything");
        for (what, text) in [("metrics", &metrics), ("log", &log)] {
            same(
                &format!("the canary in the {what}"),
                found(&canary(), text),
                Vec::new(),
            )?;
            same(
                &format!("patients in the {what}"),
                found(&known, text),
                Vec::new(),
            )?;
        }
        Ok(())
    })
}
