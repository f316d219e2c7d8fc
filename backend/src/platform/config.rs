//! What the command line says.

use std::{
    env,
    ffi::OsString,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use lexopt::{Arg, Parser, ValueExt};

use super::outbox::MailServer;

pub const USAGE: &str = "\
fleetward: the cloud and portal for connected medical devices

  fleetward serve --data DIR [options]   serve the portal and the device port
  fleetward seed  --data DIR             make the demo world and its device credentials, once
  fleetward organisation add --data DIR --name NAME --kind KIND --administrator NAME --email ADDRESS
                                         an organisation and its first administrator's way in; KIND is
                                         hospital, provider, manufacturer or platform
  fleetward audit verify --data DIR      check every audit chain, also while the server runs
  fleetward audit verify-export FILE --data DIR
                                         check that a signed copy is as it left this server
  fleetward keys rotate --data DIR --organisation NAME
                                         a new key for the organisation, also while the server runs

Options of all:
  --data DIR             where the database, keys and device credentials are
  --database-url URL     a PostgreSQL database instead of the file in DIR

Options of organisation add:
  --region NAME          where its data stays                     (eu)
  --public-url URL       where people reach the portal: what the link begins with

Options of serve:
  --port N               the portal; 0 takes a free one           (8080)
  --device-port N        mutual TLS for devices                   (8443)
  --device-listen ADDRESS  where the device port listens; 0.0.0.0 is every network   (127.0.0.1)
  --ops-port N           metrics, on the loopback address only    (9090)
  --demo                 seed the demo world if absent, and let anyone sign in as its people
  --tls-cert FILE        the portal speaks HTTPS with this certificate (PEM, its chain after it)
  --tls-key FILE         and this private key
  --listen ADDRESS       where the portal listens, once it has a certificate   (this machine only)
  --proxy ADDRESS        a proxy before the portal, whose X-Forwarded-For is believed; without it all
                         who come through one count as one address
  --limit-factor N       how many times the usual a session and an address may ask for   (1)
  --portal DIR           the built portal, unless it is inside this binary
  --public-url URL       where people reach the portal: what links in messages begin with
  --smtp-url URL         the mail server, smtps://user:password@host; better in FLEETWARD_SMTP_URL,
                         where other users of this machine can't read it
  --mail-from ADDRESS    who messages are from; also FLEETWARD_MAIL_FROM
  --exit-with-parent     stop when standard input closes";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Serve(Serve),
    Seed(Store),
    Found {
        store: Store,
        founding: Founding,
        public_url: Option<String>,
    },
    VerifyAudit(Store),
    VerifyExport {
        store: Store,
        file: PathBuf,
    },
    RotateKeys {
        store: Store,
        /// Its name as it is written, or its id.
        organisation: String,
    },
    Help,
    Version,
}

/// An organisation that is to be, and whoever will administer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    pub name: String,
    pub kind: String,
    pub region: String,
    pub administrator: String,
    pub email: String,
}

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    pub data: PathBuf,
    /// Holds a password; never logged.
    pub database_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    pub store: Store,
    pub port: u16,
    pub device_port: u16,
    pub device_listen: IpAddr,
    pub ops_port: u16,
    pub demo: bool,
    pub portal: Option<PathBuf>,
    pub tls: Option<TlsFiles>,
    pub listen: Option<IpAddr>,
    pub proxy: Option<IpAddr>,
    pub limit_factor: u32,
    /// `None`: the port on this machine.
    pub public_url: Option<String>,
    /// `None`: messages wait, or go into a folder in the demo.
    pub mail: Option<MailServer>,
    pub exit_with_parent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Command {
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        let mut parser = Parser::from_args(arguments);
        let mut command: Option<String> = None;
        let (mut subject, mut organisation, mut file) = (None::<String>, None, None::<PathBuf>);
        let mut data: Option<PathBuf> = None;
        let mut database_url = None;
        let (mut port, mut device_port, mut ops_port) = (8_080, 8_443, 9_090);
        let (mut demo, mut exit_with_parent, mut portal) = (false, false, None);
        let (mut tls_cert, mut tls_key) = (None::<PathBuf>, None::<PathBuf>);
        let (mut listen, mut proxy, mut limit_factor) = (None, None, 1);
        let mut device_listen = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (mut name, mut kind, mut region) = (None, None, "eu".to_owned());
        let (mut administrator, mut email) = (None, None);
        let mut public_url = variable("FLEETWARD_PUBLIC_URL");
        let (mut smtp_url, mut mail_from) = (variable("FLEETWARD_SMTP_URL"), variable("FLEETWARD_MAIL_FROM"));
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
                Arg::Short('V') | Arg::Long("version") => return Ok(Command::Version),
                Arg::Long("data") => data = Some(parser.value()?.into()),
                Arg::Long("database-url") => database_url = Some(parser.value()?.string()?),
                Arg::Long("port") => port = parser.value()?.parse()?,
                Arg::Long("device-port") => device_port = parser.value()?.parse()?,
                Arg::Long("device-listen") => device_listen = parser.value()?.parse()?,
                Arg::Long("ops-port") => ops_port = parser.value()?.parse()?,
                Arg::Long("demo") => demo = true,
                Arg::Long("tls-cert") => tls_cert = Some(parser.value()?.into()),
                Arg::Long("tls-key") => tls_key = Some(parser.value()?.into()),
                Arg::Long("listen") => listen = Some(parser.value()?.parse()?),
                Arg::Long("proxy") => proxy = Some(parser.value()?.parse()?),
                Arg::Long("limit-factor") => limit_factor = parser.value()?.parse::<u32>()?.max(1),
                Arg::Long("portal") => portal = Some(parser.value()?.into()),
                Arg::Long("public-url") => public_url = Some(parser.value()?.string()?),
                Arg::Long("smtp-url") => smtp_url = Some(parser.value()?.string()?),
                Arg::Long("mail-from") => mail_from = Some(parser.value()?.string()?),
                Arg::Long("exit-with-parent") => exit_with_parent = true,
                Arg::Long("name") => name = Some(parser.value()?.string()?),
                Arg::Long("kind") => kind = Some(parser.value()?.string()?),
                Arg::Long("region") => region = parser.value()?.string()?,
                Arg::Long("administrator") => administrator = Some(parser.value()?.string()?),
                Arg::Long("email") => email = Some(parser.value()?.string()?),
                Arg::Long("organisation") => organisation = Some(parser.value()?.string()?),
                Arg::Value(word) if command.is_none() => command = Some(word.string()?),
                Arg::Value(word)
                    if subject.is_none()
                        && matches!(command.as_deref(), Some("audit" | "keys" | "organisation")) =>
                {
                    subject = Some(word.string()?);
                }
                Arg::Value(word) if file.is_none() && subject.as_deref() == Some("verify-export") => {
                    file = Some(word.into());
                }
                other => return Err(other.unexpected()),
            }
        }
        let store = |data: Option<PathBuf>| {
            Ok::<_, lexopt::Error>(Store {
                data: data.ok_or("--data DIR is missing: where the database and the keys are kept")?,
                database_url,
            })
        };
        let words = (command.as_deref(), subject.as_deref());
        match words {
            (Some("audit"), Some("verify")) => return Ok(Command::VerifyAudit(store(data)?)),
            (Some("audit"), Some("verify-export")) => {
                return Ok(Command::VerifyExport {
                    file: file.ok_or("a FILE is missing: the signed copy to check")?,
                    store: store(data)?,
                });
            }
            (Some("audit"), _) => return Err("`audit` is followed by `verify` or `verify-export`".into()),
            (Some("keys"), Some("rotate")) => {
                return Ok(Command::RotateKeys {
                    store: store(data)?,
                    organisation: organisation
                        .ok_or("--organisation NAME is missing: whose key shall be replaced")?,
                });
            }
            (Some("organisation"), Some("add")) => {
                return Ok(Command::Found {
                    store: store(data)?,
                    founding: Founding {
                        name: name.ok_or("--name NAME is missing: what the organisation is called")?,
                        kind: kind
                            .ok_or("--kind KIND is missing: hospital, provider, manufacturer or platform")?,
                        region,
                        administrator: administrator
                            .ok_or("--administrator NAME is missing: who will invite the others")?,
                        email: email
                            .ok_or("--email ADDRESS is missing: what the administrator signs in with")?,
                    },
                    public_url,
                });
            }
            (Some("organisation"), _) => return Err("`organisation` is followed by `add`".into()),
            (Some("keys"), _) => return Err("`keys` is followed by `rotate`".into()),
            _ => {}
        }
        let tls = match (tls_cert, tls_key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err("--tls-key FILE is missing: the key of the certificate".into()),
            (None, Some(_)) => return Err("--tls-cert FILE is missing: the certificate of the key".into()),
        };
        match command.as_deref() {
            Some("serve") => Ok(Command::Serve(Serve {
                store: store(data)?,
                port,
                device_port,
                device_listen,
                ops_port,
                demo,
                portal,
                tls,
                listen,
                proxy,
                limit_factor,
                public_url,
                mail: mail_server(smtp_url, mail_from)?,
                exit_with_parent,
            })),
            Some("seed") => Ok(Command::Seed(store(data)?)),
            Some(other) => {
                Err(format!("there is no command `{other}`: serve, seed, organisation, audit or keys").into())
            }
            None => Ok(Command::Help),
        }
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Both or neither: a mail without a sender is refused by every server.
fn mail_server(url: Option<String>, from: Option<String>) -> Result<Option<MailServer>, lexopt::Error> {
    match (url, from) {
        (Some(url), Some(from)) => Ok(Some(MailServer { url, from })),
        (Some(_), None) => Err("--mail-from ADDRESS is missing: who messages are from".into()),
        (None, _) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn serving_needs_a_folder_and_says_so() {
        let refusal = parse("serve --port 0").unwrap_err();
        assert!(refusal.starts_with("--data DIR is missing"), "{refusal}");
    }

    #[test]
    fn ports_and_demo_are_read() {
        let Ok(Command::Serve(serve)) = parse("serve --data d --port 0 --device-port 1 --ops-port 2 --demo")
        else {
            panic!("not a serve");
        };
        assert_eq!(
            (serve.port, serve.device_port, serve.ops_port, serve.demo),
            (0, 1, 2, true)
        );
    }

    #[test]
    fn devices_reach_this_machine_only_unless_told_otherwise() {
        for (line, address) in [
            ("serve --data d", [127, 0, 0, 1]),
            ("serve --data d --device-listen 0.0.0.0", [0, 0, 0, 0]),
        ] {
            let Ok(Command::Serve(serve)) = parse(line) else {
                panic!("not a serve");
            };
            assert_eq!(serve.device_listen, IpAddr::from(address));
        }
    }

    #[test]
    fn a_certificate_needs_its_key_and_a_key_its_certificate() {
        let alone = parse("serve --data d --tls-cert c.pem").unwrap_err();
        assert!(alone.starts_with("--tls-key FILE is missing"), "{alone}");
        let alone = parse("serve --data d --tls-key k.pem").unwrap_err();
        assert!(alone.starts_with("--tls-cert FILE is missing"), "{alone}");
        let Ok(Command::Serve(serve)) =
            parse("serve --data d --tls-cert c.pem --tls-key k.pem --listen 0.0.0.0")
        else {
            panic!("not a serve");
        };
        assert!(serve.tls.is_some());
        assert_eq!(serve.listen, Some(IpAddr::from([0, 0, 0, 0])));
    }

    #[test]
    fn an_organisation_is_added_with_whoever_administers_it() {
        let line = "organisation add --data d --name Riverside --kind hospital --administrator Petra";
        let refusal = parse(line).unwrap_err();
        assert!(refusal.starts_with("--email ADDRESS is missing"), "{refusal}");
        let Ok(Command::Found { founding, .. }) = parse(&format!("{line} --email p@riverside.example"))
        else {
            panic!("not an organisation");
        };
        assert_eq!(
            (founding.kind.as_str(), founding.region.as_str()),
            ("hospital", "eu")
        );
        assert_eq!(
            parse("organisation").unwrap_err(),
            "`organisation` is followed by `add`"
        );
    }

    #[test]
    fn the_record_is_verified_and_a_key_replaced_by_two_words_each() {
        assert!(matches!(
            parse("audit verify --data d"),
            Ok(Command::VerifyAudit(_))
        ));
        assert_eq!(
            parse("audit --data d").unwrap_err(),
            "`audit` is followed by `verify` or `verify-export`"
        );
        assert!(matches!(
            parse("audit verify-export copy.jsonl --data d"),
            Ok(Command::VerifyExport { file, .. }) if file.as_os_str() == "copy.jsonl"
        ));
        assert!(
            parse("audit verify-export --data d")
                .unwrap_err()
                .starts_with("a FILE is missing")
        );
        assert!(matches!(
            parse("keys rotate --data d --organisation Northgate"),
            Ok(Command::RotateKeys { organisation, .. }) if organisation == "Northgate"
        ));
        assert!(
            parse("keys rotate --data d")
                .unwrap_err()
                .starts_with("--organisation NAME is missing")
        );
    }

    #[test]
    fn an_unknown_word_is_named() {
        assert_eq!(
            parse("sarve --data d").unwrap_err(),
            "there is no command `sarve`: serve, seed, organisation, audit or keys"
        );
        assert!(parse("serve --data d --prot 1").unwrap_err().contains("--prot"));
    }
}
