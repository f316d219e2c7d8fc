//! A browser's tab, as far as its socket goes.

use std::time::Duration;

use fleetward_common::live::{ClientMessage, LiveMessage, Topic, WavePacket};
use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use super::{Person, Portal};

/// Long enough for a busy machine with two cores.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Tab {
    pub line: WebSocketStream<TcpStream>,
}

pub enum Heard {
    Message(LiveMessage),
    Wave(WavePacket),
    Closed(String),
}

impl Tab {
    pub async fn try_open(
        portal: &Portal,
        person: &Person<'_>,
        origin: Option<&str>,
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{}/api/v1/live", portal.address).into_client_request()?;
        if let Some(cookie) = &person.cookie {
            request
                .headers_mut()
                .insert("cookie", HeaderValue::from_str(cookie).unwrap());
        }
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", HeaderValue::from_str(origin).unwrap());
        }
        let stream = TcpStream::connect(portal.address).await.unwrap();
        let (line, _) = client_async(request, stream).await?;
        Ok(Self { line })
    }

    pub async fn open(portal: &Portal, person: &Person<'_>) -> Self {
        Self::try_open(portal, person, None).await.expect("a socket")
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        let text = serde_json::to_string(message).unwrap();
        self.line.send(Message::text(text)).await.unwrap();
    }

    pub async fn subscribe(&mut self, topic: Topic) -> LiveMessage {
        self.say(&ClientMessage::Subscribe {
            topic,
            waves: true,
            after: None,
        })
        .await;
        self.until(|message| !matches!(message, LiveMessage::Tick { .. }))
            .await
    }

    pub async fn next(&mut self) -> Heard {
        loop {
            let message = timeout(PATIENCE, self.line.next())
                .await
                .expect("something to hear");
            match message {
                Some(Ok(Message::Text(text))) => return Heard::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Binary(bytes))) => return Heard::Wave(WavePacket::decode(&bytes).unwrap()),
                Some(Ok(Message::Close(reason))) => {
                    return Heard::Closed(reason.map(|reason| reason.reason.to_string()).unwrap_or_default());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(String::new()),
            }
        }
    }

    pub async fn until(&mut self, wanted: impl Fn(&LiveMessage) -> bool) -> LiveMessage {
        let heard = async {
            loop {
                match self.next().await {
                    Heard::Message(message) if wanted(&message) => return message,
                    Heard::Closed(reason) => panic!("closed: {reason}"),
                    _ => {}
                }
            }
        };
        timeout(PATIENCE, heard).await.expect("what was waited for")
    }

    pub async fn until_closed(&mut self) -> String {
        let closed = async {
            loop {
                if let Heard::Closed(reason) = self.next().await {
                    return reason;
                }
            }
        };
        timeout(PATIENCE, closed).await.expect("the end of the socket")
    }
}
