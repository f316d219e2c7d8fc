//! A line to the portal spoken by hand: for saying what no well-behaved client can say.

use crate::trouble::{Outcome, Trouble, While};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long a server may think about nonsense before we call it no answer.
const PATIENCE: Duration = Duration::from_secs(30);
const MOST_ANSWER: usize = 256 * 1024;

/// What came back before the line ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// `None` when the server closed without a word.
    pub status: Option<u16>,
    pub head: String,
    pub body: String,
}

#[derive(Debug)]
pub struct RawLine {
    stream: TcpStream,
}

impl RawLine {
    pub async fn open(authority: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(authority)
            .await
            .while_doing("opening a line to the portal")?;
        Ok(Self { stream })
    }

    /// False when the server has closed meanwhile, which it may at any time.
    pub async fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Sends everything while listening, and gives what came until the server closed the line or had
    /// sent one whole answer.
    pub async fn ask(self, bytes: Vec<u8>) -> Outcome<Answer> {
        let (mut hear, mut say) = self.stream.into_split();
        let saying = tokio::spawn(async move {
            // A server may hang up on a request that it will not read to its end.
            let _ = say.write_all(&bytes).await;
            say
        });
        let mut heard = Vec::new();
        let listening = async {
            let mut block = [0; 4096];
            while let Ok(count) = hear.read(&mut block).await {
                heard.extend_from_slice(block.get(..count).unwrap_or_default());
                if count == 0 || heard.len() > MOST_ANSWER || is_whole(&heard) {
                    return;
                }
            }
        };
        let ended = timeout(PATIENCE, listening).await;
        saying.abort();
        if ended.is_err() && heard.is_empty() {
            return Err(Trouble::wrong("neither an answer nor an end within 30 s"));
        }
        Ok(answer(&heard))
    }

    /// Sends `head` at once and then one byte each `pause`, while listening as [`RawLine::ask`] does.
    /// Also tells how long the server put up with it.
    pub async fn drip(self, head: &[u8], pause: Duration) -> Outcome<(Answer, Duration)> {
        let began = Instant::now();
        let (mut hear, mut say) = self.stream.into_split();
        say.write_all(head).await.while_doing("sending a head")?;
        let dripping = tokio::spawn(async move {
            while say.write_all(b" ").await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        });
        let mut heard = Vec::new();
        let ended = timeout(2 * PATIENCE, hear.read_to_end(&mut heard)).await;
        dripping.abort();
        if ended.is_err() {
            return Err(Trouble::wrong("the server still waits for a body that drips"));
        }
        Ok((answer(&heard), began.elapsed()))
    }

    /// Waits until the server hangs up.
    pub async fn is_closed_by_server(&mut self) -> bool {
        let mut block = [0; 4096];
        let ended = async { while self.stream.read(&mut block).await.is_ok_and(|count| count > 0) {} };
        timeout(PATIENCE, ended).await.is_ok()
    }

    /// Exactly this many bytes, or `None` when the line ends before. Silence is a failure.
    pub async fn exactly(&mut self, count: usize) -> Outcome<Option<Vec<u8>>> {
        let mut bytes = vec![0; count];
        match timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await {
            Ok(Ok(_)) => Ok(Some(bytes)),
            Ok(Err(_)) => Ok(None),
            Err(_elapsed) => Err(Trouble::wrong("the server was silent for 30 s")),
        }
    }

    /// Everything up to and including the blank line after a head, or what came of it.
    pub async fn head(&mut self) -> Outcome<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < MOST_ANSWER {
            match self.exactly(1).await? {
                Some(byte) => head.extend(byte),
                None => break,
            }
        }
        Ok(String::from_utf8_lossy(&head).into_owned())
    }
}

fn answer(heard: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(heard);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|digits| digits.parse().ok());
    Answer {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// Whether all that `content-length` promised has come.
fn is_whole(heard: &[u8]) -> bool {
    let Answer { head, body, .. } = answer(heard);
    let promised = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok());
    promised.is_some_and(|promised| body.len() >= promised)
}

/// Frames of RFC 6455 made by hand.
pub mod socket {
    use super::RawLine;
    use crate::trouble::Outcome;

    pub const TEXT: u8 = 0x81;
    pub const BINARY: u8 = 0x82;
    /// A text that goes on in further frames.
    pub const TEXT_BEGINS: u8 = 0x01;
    pub const GOES_ON: u8 = 0x00;
    pub const CLOSE: u8 = 0x88;
    /// A kind of frame that nobody has defined.
    pub const RESERVED: u8 = 0x83;

    /// As a client must send it. The mask of zeros leaves the bytes readable.
    pub fn masked(kind: u8, payload: &[u8]) -> Vec<u8> {
        frame(kind, payload, 0x80, &[0; 4])
    }

    /// As a client must not send it.
    pub fn unmasked(kind: u8, payload: &[u8]) -> Vec<u8> {
        frame(kind, payload, 0, &[])
    }

    /// A header that promises `length` bytes, and none of them.
    pub fn promise(kind: u8, length: u64) -> Vec<u8> {
        let mut bytes = vec![kind, 0x80 | 127];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0; 4]);
        bytes
    }

    fn frame(kind: u8, payload: &[u8], mask_bit: u8, mask: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(length @ ..126), _) => bytes.push(mask_bit | length),
            (_, Ok(length)) => {
                bytes.push(mask_bit | 126);
                bytes.extend(length.to_be_bytes());
            }
            _ => {
                bytes.push(mask_bit | 127);
                bytes.extend((payload.len() as u64).to_be_bytes());
            }
        }
        bytes.extend(mask);
        bytes.extend(payload);
        bytes
    }

    /// How the server ended a socket.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Ending {
        /// With the reason as a number: 1002 protocol, 1003 unsupported, 1007 not UTF-8, 1008 policy, 1009 too big.
        Closed(u16),
        /// The line just ended.
        HungUp,
    }

    /// Reads on, past values and pings, to the end of the socket.
    pub async fn ending(line: &mut RawLine) -> Outcome<Ending> {
        while let Some((kind, payload)) = next(line).await? {
            if kind == CLOSE {
                return Ok(match payload.first_chunk::<2>() {
                    Some(code) => Ending::Closed(u16::from_be_bytes(*code)),
                    None => Ending::HungUp,
                });
            }
        }
        Ok(Ending::HungUp)
    }

    /// The next frame from the server: its first byte and its payload.
    pub async fn next(line: &mut RawLine) -> Outcome<Option<(u8, Vec<u8>)>> {
        let Some(&[kind, short]) = line.exactly(2).await?.as_deref() else {
            return Ok(None);
        };
        let further = match short & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(digits) = line.exactly(further).await? else {
            return Ok(None);
        };
        let length = match further {
            0 => usize::from(short & 0x7f),
            _ => digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit)),
        };
        Ok(line.exactly(length).await?.map(|payload| (kind, payload)))
    }
}
