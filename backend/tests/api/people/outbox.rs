//! What goes out: kept until it left, tried again, laid aside.

use std::{sync::Arc, time::Duration};

use fleetward::platform::{
    clock::Clock,
    db::Db,
    http::Failure,
    outbox::{self, Carrier, MailServer, Message, Recipient, State, Stored},
    secrets::Key,
};
use fleetward_common::{
    id::MessageId,
    people::{MessageState, OrganisationKind, OutboxMessage},
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::Mutex,
};

use super::{administrator, organisation_of};
use crate::{on_both_engines, support::Portal};

/// A mail server that answers as it is told, and keeps what it was given.
struct Postman {
    url: String,
    kept: Arc<Mutex<Vec<String>>>,
}

impl Postman {
    /// `refusals` is what it answers to a recipient, one after the other, before it takes mail.
    async fn hired(refusals: Vec<&'static str>) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", door.local_addr().unwrap());
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (keep, refusals) = (kept.clone(), Arc::new(Mutex::new(refusals)));
        tokio::spawn(async move {
            loop {
                let (line, _) = door.accept().await.unwrap();
                let (keep, refusals) = (keep.clone(), refusals.clone());
                tokio::spawn(async move {
                    let (read, mut write) = line.into_split();
                    let mut lines = BufReader::new(read).lines();
                    write.write_all(b"220 postman\r\n").await.unwrap();
                    let (mut mail, mut in_mail) = (String::new(), false);
                    while let Ok(Some(said)) = lines.next_line().await {
                        let answer = match said.as_str() {
                            "." if in_mail => {
                                in_mail = false;
                                keep.lock().await.push(std::mem::take(&mut mail));
                                "250 kept"
                            }
                            text if in_mail => {
                                mail.push_str(text);
                                mail.push('\n');
                                continue;
                            }
                            "DATA" => {
                                in_mail = true;
                                "354 go on"
                            }
                            text if text.starts_with("RCPT") => {
                                refusals.lock().await.pop().unwrap_or("250 fine")
                            }
                            text if text.starts_with("QUIT") => "221 bye",
                            _ => "250 fine",
                        };
                        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, kept }
    }

    fn carrier(&self) -> Carrier {
        let server = MailServer {
            url: self.url.clone(),
            from: "Fleetward <portal@northgate.example>".to_owned(),
        };
        Carrier::to(&server).unwrap()
    }
}

async fn put(portal: &Portal, db: &Db, id: MessageId, address: &str) {
    put_sealed_by(portal.app.secrets.outbox.clone(), portal, db, id, address).await;
}

async fn put_sealed_by(key: Key, portal: &Portal, db: &Db, id: MessageId, address: &str) {
    let message = Message {
        id,
        kind: "test",
        recipient: Recipient::Address(address.to_owned()),
        subject: "Grüße aus dem Portal".to_owned(),
        text: "Open https://portal.example/join/abc to join.".to_owned(),
        due_at: portal.app.clock.now(),
    };
    let now = portal.app.clock.now();
    db.write(move |connection| Ok::<_, Failure>(outbox::put(connection, &key, &message, now)?))
        .await
        .unwrap();
}

async fn stored(portal: &Portal, id: MessageId) -> Stored {
    let all = portal
        .app
        .db
        .read(|connection| Ok::<_, Failure>(outbox::recent(connection, None, 100)?))
        .await
        .unwrap();
    all.into_iter()
        .find(|message| message.id == id)
        .expect("the message")
}

async fn until(portal: &Portal, id: MessageId, wanted: impl Fn(&Stored) -> bool) -> Stored {
    for _ in 0..200 {
        let message = stored(portal, id).await;
        if wanted(&message) {
            return message;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within 10 s: {:?}", stored(portal, id).await);
}

fn a_message(portal: &Portal) -> MessageId {
    MessageId::new(portal.app.clock.now(), portal.app.clock.entropy())
}

/// Outside the demo nobody carries mail until a server is named: the test is the only carrier.
async fn without_carrier(portal: Portal) -> Portal {
    portal.restarted(crate::support::portal::Options {
        demo: false,
        ..crate::support::portal::Options::default()
    })
}

on_both_engines! {
    async fn mail_reaches_the_server_once_and_its_text_is_gone_afterwards(portal: Portal) {
        let portal = without_carrier(portal).await;
        let (postman, id) = (Postman::hired(Vec::new()).await, a_message(&portal));
        let db = &portal.app.db;
        put(&portal, db, id, "mira.solberg@northgate.example").await;
        put(&portal, db, id, "somebody.else@northgate.example").await;
        assert_eq!(stored(&portal, id).await.state, State::Waiting);
        let worker = tokio::spawn(outbox::deliver(
            db.clone(),
            portal.app.clock.clone(),
            postman.carrier(),
            portal.app.secrets.outbox.clone(),
        ));
        let sent = until(&portal, id, |message| message.state == State::Sent).await;
        worker.abort();
        assert_eq!(sent.attempts, 1);
        let kept = postman.kept.lock().await;
        assert_eq!(kept.len(), 1);
        for part in ["To: mira.solberg@northgate.example", &format!("Message-ID: <{id}@fleetward>"), "portal.example/join/abc"] {
            assert!(kept[0].contains(part), "{part} in {}", kept[0]);
        }
    }

    async fn a_server_that_is_busy_is_asked_again_and_one_that_knows_nobody_is_not(portal: Portal) {
        let portal = without_carrier(portal).await;
        let postman = Postman::hired(vec!["550 no such mailbox"]).await;
        let (db, id) = (&portal.app.db, a_message(&portal));
        put(&portal, db, id, "nobody@northgate.example").await;
        let clock = Clock::manual(portal.app.clock.now());
        let worker = tokio::spawn(outbox::deliver(db.clone(), clock.clone(), postman.carrier(), portal.app.secrets.outbox.clone()));
        let dead = until(&portal, id, |message| message.state == State::Dead).await;
        assert!(dead.last_error.unwrap().contains("550"));

        // The operator sees it, and sends it once the mailbox is there.
        let now = clock.now();
        let revived = db.write(move |connection| Ok::<_, Failure>(outbox::try_again(connection, id, now)?)).await.unwrap();
        assert!(revived);
        until(&portal, id, |message| message.state == State::Sent).await;
        worker.abort();

        let busy = Postman::hired(vec!["450 later"]).await;
        let id = a_message(&portal);
        put(&portal, db, id, "mira.solberg@northgate.example").await;
        clock.advance(Duration::from_secs(60));
        let worker = tokio::spawn(outbox::deliver(db.clone(), clock.clone(), busy.carrier(), portal.app.secrets.outbox.clone()));
        let waiting = until(&portal, id, |message| message.attempts == 1).await;
        assert_eq!(waiting.state, State::Waiting);
        clock.advance(Duration::from_secs(6));
        let sent = until(&portal, id, |message| message.state == State::Sent).await;
        assert_eq!(sent.attempts, 2);
        worker.abort();
    }

    async fn a_message_that_does_not_open_is_laid_aside_and_the_one_to_mira_leaves(portal: Portal) {
        let portal = without_carrier(portal).await;
        let postman = Postman::hired(Vec::new()).await;
        let (db, unreadable, to_mira) = (&portal.app.db, a_message(&portal), a_message(&portal));
        let lost = Key::from_bytes([3; 32]);
        put_sealed_by(lost, &portal, db, unreadable, "paul.stern@northgate.example").await;
        put(&portal, db, to_mira, "mira.solberg@northgate.example").await;
        let worker = tokio::spawn(outbox::deliver(db.clone(), portal.app.clock.clone(), postman.carrier(), portal.app.secrets.outbox.clone()));
        until(&portal, to_mira, |message| message.state == State::Sent).await;
        let dead = until(&portal, unreadable, |message| message.state == State::Dead).await;
        worker.abort();
        let why = dead.last_error.unwrap();
        assert!(why.contains("does not open") && !why.contains("paul.stern"), "{why}");
        assert_eq!(postman.kept.lock().await.len(), 1);
    }

    async fn a_change_that_fails_sends_nothing(portal: Portal) {
        let id = a_message(&portal);
        let message = Message {
            id,
            kind: "test",
            recipient: Recipient::Address("mira.solberg@northgate.example".to_owned()),
            subject: "Never".to_owned(),
            text: "Never".to_owned(),
            due_at: portal.app.clock.now(),
        };
        let (key, now) = (portal.app.secrets.outbox.clone(), portal.app.clock.now());
        let outcome: Result<(), Failure> = portal
            .app
            .db
            .write(move |connection| {
                outbox::put(connection, &key, &message, now)?;
                Err(Failure::NotFound)
            })
            .await;
        assert!(outcome.is_err());
        let all = portal.app.db.read(|connection| Ok::<_, Failure>(outbox::recent(connection, None, 100)?)).await.unwrap();
        assert!(all.iter().all(|message| message.id != id));
    }

    async fn the_operator_sees_what_was_sent_but_not_what_it_said_and_others_see_nothing(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let northgate = organisation_of(&ruth).await;
        let body = json!({ "name": "Mira Solberg", "email": "mira@northgate.example", "role": "nurse", "units": [] });
        let invited = ruth.post(&format!("/api/v1/organisations/{}/invitations", northgate.id), &body).await;
        assert_eq!(invited.status, 201, "{}", invited.text);
        let nils = administrator(&portal, "nils.berg").await;
        let operations = organisation_of(&nils).await;
        assert_eq!(operations.kind, OrganisationKind::Platform);
        let path = format!("/api/v1/organisations/{}/outbox", operations.id);
        let answer = nils.get(&path).await;
        assert!(!answer.text.contains("/join/"), "{}", answer.text);
        let messages: Vec<OutboxMessage> = serde_json::from_str(&answer.text).unwrap();
        let message = messages.iter().find(|message| message.recipient == "mira@northgate.example").unwrap();
        assert!(matches!(message.state, MessageState::Waiting | MessageState::Sent));
        assert_eq!(nils.post(&format!("{path}/{}/retry", message.id), &json!({})).await.status, 400);
        assert_eq!(ruth.get(&path).await.status, 404);
        assert_eq!(ruth.get(&format!("/api/v1/organisations/{}/outbox", northgate.id)).await.status, 404);
    }

    async fn the_demo_shows_its_mail_and_a_real_portal_does_not(portal: Portal) {
        let page = portal.stranger().get("/demo/outbox").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Mail of this demo"));
        let portal = without_carrier(portal).await;
        assert_eq!(portal.stranger().get("/demo/outbox").await.status, 404);
    }
}
