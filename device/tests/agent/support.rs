//! A ward: an authority, a server that keeps frames in memory, and devices with certificates.

use fleetward_common::{
    devices::link::{
        ByeReason, Channel, ChannelSignal, DeviceMessage, Frame, Hello, RawValue, Refusal, RefusalCode,
        ServerMessage, Welcome, decode, encode,
    },
    metric::codes,
    time::{Instant, SampleRate},
    unit::Decimal,
};
use fleetward_device::agent::{
    Agent, AgentBuilder, Credentials, FrameDraft, Timing, backoff::Backoff, link::SERVER_NAME,
};
use futures_util::{SinkExt, StreamExt};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{Message, handshake::server},
};

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    pub fn issue(
        &self,
        name: &str,
        usage: ExtendedKeyUsagePurpose,
    ) -> (PrivateKeyDer<'static>, CertificateDer<'static>) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (key, certificate.der().clone())
    }

    /// Key, certificate and authority, as the server's seed leaves them.
    pub fn write_device_folder(&self, folder: &Path) {
        let (key, certificate) = self.issue("nw-m40-000317", ExtendedKeyUsagePurpose::ClientAuth);
        let write = |name, text| fs::write(folder.join(name), text).unwrap();
        write("device.key.pem", pem("PRIVATE KEY", key.secret_der()));
        write("device.cert.pem", pem("CERTIFICATE", &certificate));
        write("server-ca.pem", pem("CERTIFICATE", &self.der()));
    }

    pub fn device(&self, trusting: &Authority) -> Credentials {
        let (key, certificate) = self.issue("nw-m40-000317", ExtendedKeyUsagePurpose::ClientAuth);
        Credentials::new(key, vec![certificate], vec![trusting.der()]).unwrap()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        for group in line.chunks(3) {
            let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - group.len()));
            for place in 0..4 {
                let letter = alphabet[(bits >> (18 - 6 * place)) as usize & 63];
                text.push(if place > group.len() {
                    '='
                } else {
                    char::from(letter)
                });
            }
        }
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    StoreAndAck,
    StoreAndAckTwice,
    StoreAndBreakTheLine,
    BreakTheLine,
    /// Stored; the next acknowledgement covers it.
    StoreQuietly,
    Refuse,
    RefuseWithoutSaying,
    SlowDownThenAck,
    Bye(ByeReason),
}

#[derive(Default)]
pub struct Stored {
    pub frames: BTreeMap<(u64, u64), Frame>,
    pub repeats: u64,
    pub hellos: Vec<Hello>,
    pub byes: u64,
    final_below: BTreeMap<u64, u64>,
}

impl Stored {
    /// Sequence numbers of the only epoch.
    pub fn seqs(&self) -> Vec<u64> {
        self.frames.keys().map(|(_, seq)| *seq).collect()
    }

    /// Heart rates in the order of their sequence numbers.
    pub fn heart_rates(&self) -> Vec<i64> {
        let readings = |frame: &Frame| -> Vec<i64> {
            let blocks = frame.numerics.iter().flat_map(|block| block.readings.clone());
            blocks
                .map(|reading| match reading.value {
                    RawValue::Known(value) => value.mantissa,
                    RawValue::Absent(why) => panic!("{why:?}"),
                })
                .collect()
        };
        self.frames.values().flat_map(readings).collect()
    }

    /// What the server already knew before the test began.
    pub fn pretend_final_below(&mut self, epoch: u64, seq: u64) {
        self.final_below.insert(epoch, seq);
    }
}

type Script = Box<dyn FnMut(&Frame) -> Reaction + Send>;

#[derive(Clone)]
pub struct Ward {
    pub address: String,
    pub stored: Arc<Mutex<Stored>>,
    script: Arc<Mutex<Script>>,
}

impl Ward {
    pub async fn open(
        authority: &Authority,
        script: impl FnMut(&Frame) -> Reaction + Send + 'static,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority.der()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
        let (key, certificate) = authority.issue(SERVER_NAME, ExtendedKeyUsagePurpose::ServerAuth);
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ward = Ward {
            address: listener.local_addr().unwrap().to_string(),
            stored: Arc::default(),
            script: Arc::new(Mutex::new(Box::new(script))),
        };
        tokio::spawn({
            let ward = ward.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(ward.clone().serve(acceptor.clone(), stream));
                }
            }
        });
        ward
    }

    async fn serve(self, acceptor: TlsAcceptor, stream: TcpStream) {
        let Ok(stream) = acceptor.accept(stream).await else {
            return;
        };
        #[expect(clippy::result_large_err, reason = "the signature is the library's")]
        let check = |request: &server::Request, response| {
            assert_eq!(request.uri().path(), "/link/v1");
            Ok(response)
        };
        let Ok(mut socket) = accept_hdr_async(stream, check).await else {
            return;
        };
        while let Some(Ok(message)) = socket.next().await {
            let Message::Binary(bytes) = message else {
                continue;
            };
            let Ok(message) = decode(&bytes) else {
                return;
            };
            let Some(answers) = self.answer(message) else {
                return;
            };
            for answer in answers {
                let last_words = matches!(answer, ServerMessage::Bye { .. });
                if socket
                    .send(Message::Binary(encode(&answer).into()))
                    .await
                    .is_err()
                    || last_words
                {
                    return;
                }
            }
        }
    }

    /// `None` breaks the line.
    fn answer(&self, message: DeviceMessage) -> Option<Vec<ServerMessage>> {
        let mut stored = self.stored.lock().unwrap();
        let frame = match message {
            DeviceMessage::Hello(hello) => {
                let next_seq = stored.final_below.get(&hello.epoch).copied().unwrap_or(0);
                stored.hellos.push(hello);
                let server_time = Instant::EPOCH;
                return Some(vec![ServerMessage::Welcome(Welcome {
                    server_time,
                    next_seq,
                })]);
            }
            DeviceMessage::Bye => {
                stored.byes += 1;
                return None;
            }
            DeviceMessage::Frame(frame) => frame,
        };
        let reaction = (self.script.lock().unwrap())(&frame);
        let (epoch, seq) = (frame.epoch, frame.seq);
        let ack = ServerMessage::Ack { epoch, through: seq };
        let refusal = |seq| {
            ServerMessage::Refused(Refusal {
                seq,
                code: RefusalCode::Malformed,
                field: "numerics[0]".to_owned(),
            })
        };
        let stores = matches!(
            reaction,
            Reaction::StoreAndAck
                | Reaction::StoreAndAckTwice
                | Reaction::StoreAndBreakTheLine
                | Reaction::StoreQuietly
                | Reaction::SlowDownThenAck
        );
        if stores && stored.frames.insert((epoch, seq), frame).is_some() {
            stored.repeats += 1;
        }
        if stores || reaction == Reaction::Refuse {
            let below = stored.final_below.entry(epoch).or_default();
            *below = (*below).max(seq + 1);
        }
        match reaction {
            Reaction::StoreAndAck => Some(vec![ack]),
            Reaction::StoreAndAckTwice => Some(vec![ack.clone(), ack]),
            Reaction::StoreQuietly => Some(Vec::new()),
            Reaction::StoreAndBreakTheLine | Reaction::BreakTheLine => None,
            Reaction::Refuse => Some(vec![refusal(Some(seq))]),
            Reaction::RefuseWithoutSaying => Some(vec![refusal(None)]),
            Reaction::SlowDownThenAck => Some(vec![ServerMessage::SlowDown { pause_ms: 30 }, ack]),
            Reaction::Bye(reason) => Some(vec![ServerMessage::Bye { reason }]),
        }
    }

    pub fn script(&self, script: impl FnMut(&Frame) -> Reaction + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }
}

pub fn noon() -> Instant {
    Instant::from_millis(1_764_072_000_000)
}

pub const HEART_RATE: u16 = 1;
pub const ECG: u16 = 2;

pub fn monitor() -> AgentBuilder {
    let channels = vec![
        Channel {
            id: HEART_RATE,
            metric: codes::HEART_RATE,
            unit: 264_864,
            signal: ChannelSignal::Numeric { interval_ms: 1_000 },
        },
        Channel {
            id: ECG,
            metric: codes::ECG_LEAD_II,
            unit: 266_418,
            signal: ChannelSignal::Wave {
                rate: SampleRate::hertz(250),
                exponent: -3,
            },
        },
    ];
    Agent::builder(
        "NW-M40-000317".to_owned().try_into().unwrap(),
        "4.2.1".to_owned().try_into().unwrap(),
    )
    .channels(channels)
    .timing(Timing {
        backoff: Backoff {
            least: Duration::from_millis(2),
            most: Duration::from_millis(40),
        },
        patience: Duration::from_secs(15),
        pulse: Duration::from_secs(10),
    })
}

pub fn open_in(folder: &Path, credentials: Credentials) -> Agent {
    monitor().folder(folder).with_ack_log().open(credentials).unwrap()
}

pub fn heart_rate(value: i64) -> FrameDraft {
    let at = noon().shifted(value * 1_000_000);
    FrameDraft::at(at).with_reading(HEART_RATE, at, RawValue::Known(Decimal::whole(value)))
}

pub fn ecg(second: i64) -> FrameDraft {
    let at = noon().shifted(second * 1_000_000);
    FrameDraft::at(at).with_samples(ECG, at, &[12; 250])
}

/// Runs the agent until `work` is done, at most for half a minute, and stops it.
pub async fn while_running(agent: &Agent, ward: &Ward, work: impl Future<Output = ()>) {
    let line = tokio::spawn({
        let (agent, address) = (agent.clone(), ward.address.clone());
        async move { agent.run(&address).await }
    });
    let done = tokio::time::timeout(Duration::from_secs(30), work).await;
    assert!(done.is_ok(), "not done in time: {:?}", agent.status().borrow());
    agent.stop();
    line.await.unwrap();
}
