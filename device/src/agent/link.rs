//! One WebSocket over mutual TLS.

use fleetward_common::devices::link::{
    DeviceMessage, LINK_PATH, MAX_MESSAGE_BYTES, ServerMessage, decode, encode,
};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use std::{io, time::Duration};
use thiserror::Error;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Bytes, Message, protocol::WebSocketConfig},
};

use super::credentials::Credentials;

/// In the server's certificate, whatever address it is reached at.
pub const SERVER_NAME: &str = "device-port.fleetward.internal";

#[derive(Debug, Error)]
pub enum LinkError {
    #[error("the server can't be reached at {server}")]
    Unreachable {
        server: String,
        #[source]
        source: io::Error,
    },
    #[error("TLS failed: one side does not accept the other's certificate, or the line broke")]
    Tls(#[source] io::Error),
    #[error("{0:?} is no name for a TLS server")]
    ServerName(&'static str),
    #[error("the server did not take the WebSocket, or the line broke")]
    WebSocket(#[from] Box<tungstenite::Error>),
    #[error("the server did not answer within {} ms", .0.as_millis())]
    NoAnswer(Duration),
    #[error("the server sent something that is no message of this protocol")]
    NotOurProtocol(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the server closed the line")]
    Closed,
}

/// What came over the line.
#[derive(Debug)]
pub(super) enum Heard {
    Message(ServerMessage),
    /// A sign of life without content.
    Pulse,
}

pub(super) struct Link {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    patience: Duration,
}

impl Link {
    /// `server` is `host:port`. Nothing here takes longer than about three times `patience`.
    pub async fn connect(
        server: &str,
        credentials: &Credentials,
        patience: Duration,
    ) -> Result<Self, LinkError> {
        let unreachable = |source| LinkError::Unreachable {
            server: server.to_owned(),
            source,
        };
        let stream = within(patience, TcpStream::connect(server))
            .await?
            .map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let Ok(name) = ServerName::try_from(SERVER_NAME) else {
            return Err(LinkError::ServerName(SERVER_NAME));
        };
        let handshake = TlsConnector::from(credentials.tls()).connect(name, stream);
        let stream = within(patience, handshake).await?.map_err(LinkError::Tls)?;
        // A device hears short messages only: a small buffer lets one process hold ten thousand lines.
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .write_buffer_size(32 * 1024)
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let address = format!("ws://{SERVER_NAME}{LINK_PATH}");
        let upgrade = client_async_with_config(address, stream, Some(config));
        let (socket, _) = within(patience, upgrade).await?.map_err(Box::new)?;
        Ok(Self { socket, patience })
    }

    /// Cancel-safe.
    pub async fn hear(&mut self) -> Result<Heard, LinkError> {
        match self.socket.next().await {
            Some(Ok(Message::Binary(bytes))) => match decode(&bytes) {
                Ok(message) => Ok(Heard::Message(message)),
                Err(error) => Err(LinkError::NotOurProtocol(Box::new(error))),
            },
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Heard::Pulse),
            Some(Ok(Message::Close(_))) | None => Err(LinkError::Closed),
            Some(Ok(Message::Text(_) | Message::Frame(_))) => {
                Err(LinkError::NotOurProtocol("text instead of CBOR".into()))
            }
            Some(Err(error)) => Err(Box::new(error).into()),
        }
    }

    pub async fn say(&mut self, message: &DeviceMessage) -> Result<(), LinkError> {
        self.feed(encode(message)).await?;
        self.flush().await
    }

    /// Queues one encoded message; [`Link::flush`] sends what is queued.
    pub async fn feed(&mut self, message: Vec<u8>) -> Result<(), LinkError> {
        let feed = self.socket.feed(Message::Binary(message.into()));
        Ok(within(self.patience, feed).await?.map_err(Box::new)?)
    }

    pub async fn flush(&mut self) -> Result<(), LinkError> {
        Ok(within(self.patience, self.socket.flush())
            .await?
            .map_err(Box::new)?)
    }

    pub async fn ping(&mut self) -> Result<(), LinkError> {
        let ping = self.socket.send(Message::Ping(Bytes::new()));
        Ok(within(self.patience, ping).await?.map_err(Box::new)?)
    }

    /// Waits for the server to close too, so that the last words are not cut off.
    pub async fn close(mut self) -> Result<(), LinkError> {
        within(self.patience, async {
            self.socket.close(None).await.map_err(Box::new)?;
            while self.hear().await.is_ok() {}
            Ok(())
        })
        .await?
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = T>) -> Result<T, LinkError> {
    match timeout(patience, work).await {
        Ok(done) => Ok(done),
        Err(_) => Err(LinkError::NoAnswer(patience)),
    }
}
