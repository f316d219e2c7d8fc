//! How a message leaves: to a mail server, or, in the demo, into a folder that a page shows.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use fleetward_common::{id::MessageId, time::Instant};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use thiserror::Error;

use crate::platform::{
    http::failure::chain,
    secrets::{private_folder, write_private},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A message on its way out.
pub struct Letter {
    pub id: MessageId,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub at: Instant,
}

/// Why it did not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCarried {
    /// Worth another try.
    Later(String),
    /// Trying again would bring the same answer.
    Never(String),
}

/// From the command line or the environment.
#[derive(Clone, PartialEq, Eq)]
pub struct MailServer {
    /// `smtps://user:password@host` or `smtp://host:587?tls=required`.
    pub url: String,
    /// Who the messages are from: `Fleetward <portal@hospital.example>`.
    pub from: String,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL holds a password.
        f.debug_struct("MailServer")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Error)]
pub enum MailServerError {
    #[error("the sender `{0}` is not a mail address. Give one with --mail-from")]
    Sender(String),
    #[error("the mail server’s address can't be used: {0}. Give one like smtps://user:password@host")]
    Address(String),
    #[error(
        "mail would leave unencrypted: use smtps:// or ?tls=required for any server but one on this machine"
    )]
    Unencrypted,
}

#[derive(Clone)]
pub enum Carrier {
    /// No mail server is configured: messages wait.
    Nobody,
    Folder(PathBuf),
    Smtp {
        transport: Box<AsyncSmtpTransport<Tokio1Executor>>,
        from: Mailbox,
    },
}

impl Carrier {
    pub fn to(server: &MailServer) -> Result<Self, MailServerError> {
        let from: Mailbox = server
            .from
            .parse()
            .or(Err(MailServerError::Sender(server.from.clone())))?;
        if !is_encrypted(&server.url) && !is_on_this_machine(&server.url) {
            return Err(MailServerError::Unencrypted);
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&server.url)
            .map_err(|error| MailServerError::Address(error.to_string()))?
            .timeout(Some(PATIENCE))
            .build();
        Ok(Self::Smtp {
            transport: Box::new(transport),
            from,
        })
    }

    pub async fn carry(&self, letter: &Letter) -> Result<(), NotCarried> {
        match self {
            Carrier::Nobody => Err(NotCarried::Later("no mail server is configured".to_owned())),
            Carrier::Folder(folder) => put_into(folder, letter)
                .map_err(|error| NotCarried::Later(format!("the outbox folder: {error}"))),
            Carrier::Smtp { transport, from } => {
                let mail = as_mail(letter, from.clone())?;
                match tokio::time::timeout(PATIENCE * 2, transport.send(mail)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) if error.is_permanent() => Err(NotCarried::Never(chain(&error))),
                    Ok(Err(error)) => Err(NotCarried::Later(chain(&error))),
                    Err(_elapsed) => Err(NotCarried::Later("the mail server took too long".to_owned())),
                }
            }
        }
    }
}

fn is_encrypted(url: &str) -> bool {
    url.starts_with("smtps://") || url.contains("tls=required")
}

fn is_on_this_machine(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|here| {
        host.strip_prefix(here)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
    })
}

fn as_mail(letter: &Letter, from: Mailbox) -> Result<Mail, NotCarried> {
    let to: Mailbox = letter.to.parse().or(Err(NotCarried::Never(
        "the recipient’s address is not one".to_owned(),
    )))?;
    let micros = u64::try_from(letter.at.micros()).unwrap_or(0);
    Mail::builder()
        .from(from)
        .to(to)
        .subject(letter.subject.clone())
        .message_id(Some(format!("<{}@fleetward>", letter.id)))
        .date(UNIX_EPOCH + Duration::from_micros(micros))
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.clone())
        .map_err(|error| NotCarried::Never(error.to_string()))
}

/// A file per message, named by its id: carried twice, it is still one file.
fn put_into(folder: &Path, letter: &Letter) -> io::Result<()> {
    private_folder(folder)?;
    let text = format!(
        "To: {}\nSubject: {}\n\n{}\n",
        letter.to, letter.subject, letter.text
    );
    write_private(&folder.join(format!("{}.txt", letter.id)), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn server(url: &str) -> Result<Carrier, MailServerError> {
        Carrier::to(&MailServer {
            url: url.to_owned(),
            from: "Fleetward <portal@northgate.example>".to_owned(),
        })
    }

    #[test]
    fn mail_leaves_the_machine_encrypted_or_not_at_all() {
        for good in [
            "smtps://portal:secret@mail.northgate.example",
            "smtp://mail.northgate.example:587?tls=required",
            "smtp://127.0.0.1:2525",
            "smtp://localhost",
        ] {
            assert!(server(good).is_ok(), "{good}");
        }
        for open in [
            "smtp://mail.northgate.example",
            "smtp://localhost.evil.example",
            "smtp://a?tls=opportunistic",
        ] {
            assert!(
                matches!(server(open), Err(MailServerError::Unencrypted)),
                "{open}"
            );
        }
        assert!(matches!(server("smtps://"), Err(MailServerError::Address(_))));
    }

    #[test]
    fn the_servers_password_is_not_printed() {
        let server = MailServer {
            url: "smtps://portal:secret@mail.northgate.example".to_owned(),
            from: "a@b.example".to_owned(),
        };
        assert!(!format!("{server:?}").contains("secret"));
    }

    #[tokio::test]
    async fn in_the_demo_a_message_is_a_file_and_carried_twice_it_is_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let carrier = Carrier::Folder(folder.path().join("outbox"));
        let letter = Letter {
            id: MessageId::new(Instant::EPOCH, [1; 10]),
            to: "mira.solberg@northgate.example".to_owned(),
            subject: "Join Northgate General".to_owned(),
            text: "Open the link.".to_owned(),
            at: Instant::EPOCH,
        };
        carrier.carry(&letter).await.unwrap();
        carrier.carry(&letter).await.unwrap();
        let files: Vec<_> = fs::read_dir(folder.path().join("outbox")).unwrap().collect();
        assert_eq!(files.len(), 1);
        let text = fs::read_to_string(files[0].as_ref().unwrap().path()).unwrap();
        assert!(
            text.starts_with("To: mira.solberg@northgate.example\nSubject: Join Northgate General\n\nOpen")
        );
    }
}
