//! A good copy of the portal: whoever opens it gets the portal's own pages by way of somebody in between,
//! who tells the server that nothing of the kind happens.

use crate::{
    portal::Portal,
    trouble::{Outcome, While},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

const LONGEST_HEAD: usize = 64 * 1024;

pub struct Relay {
    port: u16,
    listening: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Relay {
    pub async fn of(portal: &Portal) -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .while_doing("listening for the copy")?;
        let port = listener
            .local_addr()
            .while_doing("asking for the copy's port")?
            .port();
        let authority = portal.authority().to_owned();
        let listening = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                let authority = authority.clone();
                tokio::spawn(async move {
                    // Either side hangs up as it likes.
                    let _ = pass_on(browser, &authority, port).await;
                });
            }
        });
        Ok(Self { port, listening })
    }

    /// The copy under one of the names of this machine.
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }
}

/// One request: its head tells of the portal's address instead of the copy's.
async fn pass_on(mut browser: TcpStream, authority: &str, port: u16) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > LONGEST_HEAD || browser.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let (head, body) = bytes.split_at(end);
    let mut server = TcpStream::connect(authority).await?;
    let head = head_for_the_server(&String::from_utf8_lossy(head), authority, port);
    server.write_all(head.as_bytes()).await?;
    server.write_all(body).await?;
    copy_bidirectional(&mut browser, &mut server).await?;
    Ok(())
}

fn head_for_the_server(head: &str, authority: &str, port: u16) -> String {
    let lines = head
        .split("\r\n")
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let mut lines: Vec<String> = lines
        .map(|line| {
            ["localhost", "127.0.0.1"]
                .iter()
                .fold(line.to_owned(), |line, host| {
                    line.replace(&format!("{host}:{port}"), authority)
                })
        })
        .collect();
    // So that each request comes on a line of its own.
    lines.push("Connection: close".to_owned());
    lines.join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_hears_nothing_of_the_copy() {
        let head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost:4001\r\nConnection: keep-alive\r\n\
             Origin: http://127.0.0.1:4001\r\nAccept: */*";
        assert_eq!(
            head_for_the_server(head, "localhost:8080", 4001),
            "POST /api/v1/session HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: http://localhost:8080\r\n\
             Accept: */*\r\nConnection: close"
        );
    }
}
