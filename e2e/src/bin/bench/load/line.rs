//! One device's line: a WebSocket over mutual TLS, and nothing that a device would do besides.

use fleetward_common::{
    devices::link::{
        ClockState, DeviceMessage, Hello, LINK_PATH, MAX_MESSAGE_BYTES, PROTOCOL_VERSION, ServerMessage,
        decode, encode,
    },
    text::{SerialNumber, SoftwareVersion},
};
use fleetward_device::agent::{Credentials, link::SERVER_NAME};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use std::{collections::VecDeque, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use super::frames::{Vitals, channels};
use crate::failure::{Failure, Step};

const PATIENCE: Duration = Duration::from_secs(30);

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Server,
    /// Sends every message back as it came: the ruler, over mutual TLS.
    Echo,
    /// The same without TLS.
    PlainEcho,
}

/// TLS or not, a line reads and writes.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

type Socket = WebSocketStream<Box<dyn Wire>>;

/// A frame on its way.
struct Sent {
    seq: u64,
    intended: Instant,
    left: Instant,
}

/// A frame that is final.
pub struct Answered {
    /// When it should have left, by the schedule; a late sender does not make this later.
    pub intended: Instant,
    pub left: Instant,
    pub answered: Instant,
}

pub struct Line {
    socket: Socket,
    peer: Peer,
    pub vitals: Vitals,
    on_their_way: VecDeque<Sent>,
    pub refused: u64,
    /// The server asked for a pause that lasts until then.
    pub paused_until: Option<Instant>,
}

impl Line {
    pub async fn connect(
        peer: Peer,
        address: SocketAddr,
        serial: &SerialNumber,
        credentials: &Credentials,
        vitals: Vitals,
    ) -> Result<Self, Failure> {
        let tls = (peer != Peer::PlainEcho).then_some(credentials);
        let connecting = open_socket(address, tls);
        let socket = timeout(PATIENCE, connecting)
            .await
            .step("connect a device in time")??;
        let mut line = Self {
            socket,
            peer,
            vitals,
            on_their_way: VecDeque::new(),
            refused: 0,
            paused_until: None,
        };
        if peer == Peer::Server {
            timeout(PATIENCE, line.greet(serial))
                .await
                .step("say hello in time")??;
        }
        Ok(line)
    }

    async fn greet(&mut self, serial: &SerialNumber) -> Result<(), Failure> {
        let hello = DeviceMessage::Hello(Hello {
            protocol: PROTOCOL_VERSION,
            serial: serial.clone(),
            software: SoftwareVersion::parse("4.2.1").step("name a software version")?,
            epoch: self.vitals.epoch(),
            next_seq: self.vitals.next_seq(),
            device_time: super::now(),
            clock: ClockState::Synchronised,
            channels: channels(),
        });
        self.socket
            .send(Message::Binary(encode(&hello).into()))
            .await
            .step("say hello")?;
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => {
                    return match decode(&bytes).step("understand the server's first message")? {
                        ServerMessage::Welcome(_) => Ok(()),
                        other => Err(Failure::new(format!("{serial} was not welcomed: {other:?}"))),
                    };
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => return Err(Failure::new(format!("no welcome for {serial}: {other:?}"))),
            }
        }
    }

    /// Says goodbye. Nobody waits for this line any more, so a failure to say it changes nothing.
    pub async fn leave(mut self) {
        if self.peer == Peer::Server {
            let _ = self
                .socket
                .send(Message::Binary(encode(&DeviceMessage::Bye).into()))
                .await;
        }
        let _ = self.socket.close(None).await;
    }

    pub fn in_flight(&self) -> usize {
        self.on_their_way.len()
    }

    /// Queues a frame; [`Line::flush`] sends what is queued.
    pub async fn feed(&mut self, intended: Instant, message: Vec<u8>) -> Result<(), Failure> {
        self.on_their_way.push_back(Sent {
            seq: self.vitals.next_seq().saturating_sub(1),
            intended,
            left: Instant::now(),
        });
        self.socket
            .feed(Message::Binary(message.into()))
            .await
            .step("send a frame")
    }

    pub async fn flush(&mut self) -> Result<(), Failure> {
        self.socket.flush().await.step("send frames")
    }

    /// The next answer, handed over frame by frame. Cancel-safe.
    pub async fn hear(&mut self, mut on_answer: impl FnMut(Answered)) -> Result<(), Failure> {
        let bytes = match self.socket.next().await {
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_))) => return self.flush().await,
            Some(Ok(Message::Pong(_))) => return Ok(()),
            other => return Err(Failure::new(format!("the line ended: {other:?}"))),
        };
        let answered = Instant::now();
        if self.peer != Peer::Server {
            self.on_their_way
                .pop_front()
                .into_iter()
                .for_each(|sent| on_answer(sent.answered(answered)));
            return Ok(());
        }
        match decode(&bytes).step("understand the server")? {
            ServerMessage::Ack { through, .. } => {
                while let Some(sent) = self.on_their_way.pop_front_if(|sent| sent.seq <= through) {
                    on_answer(sent.answered(answered));
                }
                Ok(())
            }
            ServerMessage::Refused(refusal) => {
                self.refused += 1;
                self.on_their_way.retain(|sent| Some(sent.seq) != refusal.seq);
                Ok(())
            }
            ServerMessage::SlowDown { pause_ms } => {
                self.paused_until = Some(answered + Duration::from_millis(u64::from(pause_ms)));
                Ok(())
            }
            other => Err(Failure::new(format!("the server said {other:?}"))),
        }
    }
}

impl Sent {
    fn answered(self, answered: Instant) -> Answered {
        Answered {
            intended: self.intended,
            left: self.left,
            answered,
        }
    }
}

async fn open_socket(address: SocketAddr, tls: Option<&Credentials>) -> Result<Socket, Failure> {
    let stream = TcpStream::connect(address).await.step("connect a device")?;
    stream.set_nodelay(true).step("connect a device")?;
    let stream: Box<dyn Wire> = match tls {
        None => Box::new(stream),
        Some(credentials) => {
            let name = ServerName::try_from(SERVER_NAME).step("name the server")?;
            let connector = TlsConnector::from(credentials.tls());
            Box::new(connector.connect(name, stream).await.step("agree on TLS")?)
        }
    };
    // Small buffers: thousands of lines live in this process.
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(8 * 1024)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let address = format!("ws://{SERVER_NAME}{LINK_PATH}");
    let opened = client_async_with_config(address, stream, Some(config)).await;
    Ok(opened.step("open a WebSocket")?.0)
}
