//! As much of HTTP/1.1 as asking our own server a few questions takes. A client crate would be most of
//! xtask's build.

use serde_json::{Value, json};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(10);

/// One server on this machine, with the session cookie once there is one.
pub struct Client {
    port: u16,
    cookie: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn json(&self) -> io::Result<Value> {
        if !self.is_success() {
            let body = String::from_utf8_lossy(&self.body);
            return Err(io::Error::other(format!("{}: {body}", self.status)));
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(io::Error::other)
    }
}

impl Client {
    pub fn of_port(port: u16) -> Self {
        Self { port, cookie: None }
    }

    /// What the session's cookie holds.
    pub fn session(&self) -> Option<&str> {
        let cookie = self.cookie.as_deref()?;
        cookie.split_once('=').map(|(_, value)| value)
    }

    pub fn get(&self, path: &str) -> io::Result<Value> {
        self.ask("GET", path, "")?.json().map_err(about(path))
    }

    /// Signs in; later questions are this person's.
    pub fn sign_in(&mut self, login: &str, password: &str) -> io::Result<()> {
        let body = json!({ "login": login, "password": password });
        self.post("/api/v1/session", &body)?;
        match self.cookie {
            Some(_) => Ok(()),
            None => Err(io::Error::other(format!("sign-in of {login} set no cookie"))),
        }
    }

    /// As strongly as this person can: the demo tells its people's passwords and codes.
    pub fn prove(&mut self) -> io::Result<()> {
        let known = self.get("/api/v1/session/proof")?;
        let shown = known.get("demo").unwrap_or(&Value::Null).clone();
        self.post("/api/v1/session/proof/password", &shown)?;
        Ok(())
    }

    /// Keeps the cookie that the answer sets. An answer without a body is `null`.
    pub fn post(&mut self, path: &str, body: &Value) -> io::Result<Value> {
        let answer = self.ask("POST", path, &body.to_string())?;
        let cookie = answer
            .header("set-cookie")
            .and_then(|cookie| cookie.split(';').next())
            .map(str::to_owned);
        if answer.is_success() && cookie.is_some() {
            self.cookie = cookie;
        }
        answer.json().map_err(about(path))
    }

    pub fn delete(&self, path: &str) -> io::Result<()> {
        self.ask("DELETE", path, "")?
            .json()
            .map(drop)
            .map_err(about(path))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let cookie = self
            .cookie
            .as_ref()
            .map_or(String::new(), |cookie| format!("Cookie: {cookie}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{cookie}\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        parse(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP answer"))
    }
}

fn about(path: &str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::other(format!("{path}: {error}"))
}

/// The whole of a closed connection.
fn parse(bytes: &[u8]) -> Option<Answer> {
    const END: &[u8] = b"\r\n\r\n";
    let at = bytes.windows(END.len()).position(|window| window == END)?;
    let head = std::str::from_utf8(bytes.get(..at)?).ok()?;
    let rest = bytes.get(at + END.len()..)?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked")
    });
    let body = if chunked { unchunked(rest)? } else { rest.to_vec() };
    Some(Answer {
        status,
        headers,
        body,
    })
}

fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let at = bytes.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(bytes.get(..at)?).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let chunk = bytes.get(at + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk.get(..size)?);
        bytes = chunk.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_its_cookie() {
        let answer = parse(
            b"HTTP/1.1 201 Created\r\nSet-Cookie: __Host-session=abc; Secure; Path=/\r\ncontent-length: 2\r\n\r\n{}",
        )
        .unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (201, &b"{}"[..]));
        assert_eq!(
            answer.header("set-cookie"),
            Some("__Host-session=abc; Secure; Path=/")
        );
    }

    #[test]
    fn chunks_are_joined() {
        let answer = parse(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2;x=y\r\n2]\r\n0\r\n\r\n",
        )
        .unwrap();
        assert_eq!(answer.json().unwrap(), serde_json::json!([1, 2]));
    }

    #[test]
    fn what_breaks_off_is_no_answer() {
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\nConte"), None);
        assert_eq!(
            parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"),
            None
        );
    }
}
