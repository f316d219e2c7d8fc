//! One browser tab's live socket, without the browser.

use fleetward_common::{
    devices::Value,
    id::UnitId,
    live::{ClientMessage, LiveMessage, Topic},
    metric::codes,
};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header},
        protocol::WebSocketConfig,
    },
};

use crate::{
    failure::{Failure, Step},
    load::{frames::mark_of, schedule::Schedule},
    quantiles::Delays,
};

const PATIENCE: Duration = Duration::from_secs(30);
/// What was sent at the very end may still be on its way.
const LAST_CALL: Duration = Duration::from_secs(2);

pub struct Tab {
    socket: WebSocketStream<TcpStream>,
}

impl Tab {
    /// Opens a socket with somebody's session and waits until it hears of `ward`.
    pub async fn open(portal: &str, cookie: &HeaderValue, ward: UnitId) -> Result<Self, Failure> {
        timeout(PATIENCE, Self::connect(portal, cookie, ward))
            .await
            .step("open a tab in time")?
    }

    async fn connect(portal: &str, cookie: &HeaderValue, ward: UnitId) -> Result<Self, Failure> {
        let authority = portal.trim_start_matches("http://");
        let address = format!("ws://{authority}/api/v1/live");
        let mut request = address.into_client_request().step("ask for a live socket")?;
        let origin = HeaderValue::from_str(portal).step("ask for a live socket")?;
        request.headers_mut().insert(header::ORIGIN, origin);
        request.headers_mut().insert(header::COOKIE, cookie.clone());
        let stream = TcpStream::connect(authority).await.step("reach the portal")?;
        stream.set_nodelay(true).step("reach the portal")?;
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .write_buffer_size(4 * 1024);
        let opened = client_async_with_config(request, stream, Some(config)).await;
        let mut tab = Self {
            socket: opened.step("open a live socket")?.0,
        };
        let topic = Topic::Ward(ward);
        let subscribe = serde_json::to_string(&ClientMessage::Subscribe {
            topic,
            waves: false,
            after: None,
        });
        let subscribe = Message::text(subscribe.step("subscribe")?);
        tab.socket.send(subscribe).await.step("subscribe")?;
        loop {
            match tab.hear().await? {
                Some(LiveMessage::Subscribed { .. }) => return Ok(tab),
                Some(LiveMessage::Refused { topic, error }) => {
                    return Err(Failure::new(format!("{topic} was refused: {error:?}")));
                }
                _ => {}
            }
        }
    }

    /// Delays of the marked heart rates that should have left in the window, line `index`'s schedule.
    pub async fn watch(
        mut self,
        index: u32,
        schedule: Schedule,
        from: Instant,
        until: Instant,
    ) -> Result<Delays, Failure> {
        let mut delays = Delays::default();
        while let Ok(heard) = timeout_at(until + LAST_CALL, self.hear()).await {
            let Some(LiveMessage::Updates { updates }) = heard? else {
                continue;
            };
            let seen = Instant::now();
            let marks = updates
                .iter()
                .flat_map(|update| &update.channels)
                .filter(|channel| channel.metric == codes::HEART_RATE)
                .filter_map(|channel| match channel.reading.value {
                    Value::Known(value) => u32::try_from(mark_of(value)?).ok(),
                    Value::Implausible(_) | Value::Absent(_) => None,
                });
            for frame in marks {
                let intended = schedule.moment(index, frame);
                if from <= intended && intended < until {
                    delays.push(seen - intended);
                }
            }
        }
        Ok(delays)
    }

    /// Reads until a message is as wanted, and says when it came.
    pub async fn until(&mut self, is_wanted: fn(&LiveMessage) -> bool) -> Result<Instant, Failure> {
        let heard = timeout(PATIENCE, async {
            loop {
                if self.hear().await?.is_some_and(|message| is_wanted(&message)) {
                    return Ok(Instant::now());
                }
            }
        });
        heard.await.step("hear of a change in time")?
    }

    async fn hear(&mut self) -> Result<Option<LiveMessage>, Failure> {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text)
                .step("understand the portal")
                .map(Some),
            Some(Ok(Message::Ping(_))) => self.socket.flush().await.step("answer the portal").map(|()| None),
            Some(Ok(Message::Binary(_) | Message::Pong(_))) => Ok(None),
            other => Err(Failure::new(format!("a tab's socket ended: {other:?}"))),
        }
    }
}
