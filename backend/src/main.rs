//! The `fleetward` program: reads the command line, builds the app, serves until told to stop.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program tells its caller where it listens and its user why it can't"
)]

use std::{
    env, fs,
    io::{self, Read},
    net::SocketAddr,
    path::Path,
    process::ExitCode,
    thread,
};

use actix_web::{rt::System, web::Data};
use fleetward::{
    app::{self, App, Parts, StartError},
    care::key_rotation,
    demo,
    people::founding,
    platform::{
        clock::Clock,
        config::{Command, Founding, Serve, Store, USAGE},
        http::{assets::Portal, budget::Limits, caller::TrustedProxy},
        logging,
        outbox::Carrier,
        secrets::Secrets,
        tls,
    },
    privacy::verify::{self, Report},
    reviews::export,
    serve::{self, Door, Ports},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

fn main() -> ExitCode {
    let command = match Command::parse(env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("fleetward: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let outcome = match command {
        Command::Help => {
            println!("{USAGE}");
            Ok(())
        }
        Command::Version => {
            println!("fleetward {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::Serve(options) => System::new().block_on(run(options)),
        Command::Seed(store) => System::new().block_on(seed(store)),
        Command::Found {
            store,
            founding,
            public_url,
        } => found(store, founding, public_url.as_deref()),
        Command::VerifyAudit(store) => return verify_audit(&store),
        Command::VerifyExport { store, file } => return verify_export(&store, &file),
        Command::RotateKeys { store, organisation } => rotate_keys(store, &organisation),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleetward: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn seed(store: Store) -> Result<(), StartError> {
    logging::start();
    let data = store.data.clone();
    let app = App::open(Parts {
        store,
        clock: Clock::system(),
        portal: Portal::default(),
        demo: false,
        limits: Limits::default(),
    })
    .await?;
    demo::seed(&app, &data).await?;
    app.recorder.note_checkpoint(app.clock.now()).await?;
    Ok(())
}

fn found(store: Store, founding: Founding, public_url: Option<&str>) -> Result<(), StartError> {
    logging::start();
    let administrator = founding.administrator.clone();
    let founded = System::new().block_on(founding::found(store, founding))?;
    println!(
        "{} is there. Send this link to {administrator}, and tell them the code; together they work once, until {}:\n\n  \
         {}{}\n  code {}\n\nNeither is stored or shown again.",
        founded.name,
        founding::moment(founded.until),
        public_url.unwrap_or("http://localhost:8080"),
        founded.path,
        founded.code,
    );
    Ok(())
}

fn rotate_keys(store: Store, organisation: &str) -> Result<(), StartError> {
    let rotated = System::new().block_on(key_rotation::rotate(store, organisation))?;
    println!(
        "The key of {organisation} is version {} now{}. Version {} opens nothing any more; delete its file once no \
         backup of keys.sqlite is older than today (they are kept at most 7 days).",
        rotated.version,
        if rotated.by_the_server {
            ", and the running server uses it"
        } else {
            ""
        },
        rotated.version - 1,
    );
    Ok(())
}

/// Success only when every chain is as it was written.
fn verify_audit(store: &Store) -> ExitCode {
    let verified = || -> Result<Report, StartError> {
        let secrets = Secrets::open_existing(&store.data.join("secrets"))?;
        let mut connection = app::location(store)?.connect_reader()?;
        let journal = app::journal_folder(&store.data);
        Ok(verify::every_chain(&mut connection, &secrets.audit, &journal)?)
    };
    match verified() {
        Ok(report) => {
            for line in report.lines() {
                println!("{line}");
            }
            if report.is_whole() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("fleetward: {error}");
            ExitCode::from(2)
        }
    }
}

/// Success only when the copy is as it left, and the record it was made of fitted together.
fn verify_export(store: &Store, file: &Path) -> ExitCode {
    let secrets = match Secrets::open_existing(&store.data.join("secrets")) {
        Ok(secrets) => secrets,
        Err(error) => {
            eprintln!("fleetward: {}", StartError::from(error));
            return ExitCode::from(2);
        }
    };
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("fleetward: can't read {}: {error}", file.display());
            return ExitCode::from(2);
        }
    };
    match export::verify(&text, &secrets.audit) {
        Ok(checked) => {
            println!(
                "{}: {} entries of {}, as they left this server.",
                file.display(),
                checked.entries,
                checked.organisation_name
            );
            if checked.chain_verified {
                return ExitCode::SUCCESS;
            }
            println!("The record was broken, or not checked yet, when this copy was made.");
            ExitCode::FAILURE
        }
        Err(bad) => {
            println!("{}: {bad}.", file.display());
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Serve) -> Result<(), StartError> {
    logging::start();
    let door = Door {
        listen: options.listen,
        tls: match &options.tls {
            Some(files) => Some(tls::portal_config(&files.certificate, &files.key)?),
            None => None,
        },
        devices: Some(options.device_listen),
        proxy: TrustedProxy(options.proxy),
    };
    let secure = door.tls.is_some();
    let mut app = App::open(Parts {
        portal: built_portal(&options)?,
        store: options.store,
        clock: Clock::system(),
        demo: options.demo,
        limits: Limits::default().times(options.limit_factor),
    })
    .await?;
    if let Some(origin) = &options.public_url {
        app.origin.settle(origin);
    }
    if let Some(server) = &options.mail {
        app.carrier = Carrier::to(server)?;
    }
    let app = Data::new(app);
    let running = serve::start_behind(
        &app,
        Ports {
            portal: options.port,
            device: options.device_port,
            ops: options.ops_port,
        },
        door,
    )?;
    println!(
        r#"{{"event":"listening","portal":"{}","device":"{}","ops":"{}"}}"#,
        address_of_portal(running.portal, secure),
        running.device,
        running.ops
    );
    stop_signal(options.exit_with_parent).await?;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// What a browser on this machine is to open.
fn address_of_portal(portal: SocketAddr, secure: bool) -> String {
    let scheme = if secure { "https" } else { "http" };
    if portal.ip().is_loopback() || portal.ip().is_unspecified() {
        format!("{scheme}://localhost:{}", portal.port())
    } else {
        format!("{scheme}://{portal}")
    }
}

fn built_portal(options: &Serve) -> Result<Portal, StartError> {
    let unreadable = |source| StartError::Step {
        step: "read the built portal".to_owned(),
        source,
        advice: "Build it with `cargo xtask build-portal` and name its folder with --portal.",
    };
    match &options.portal {
        Some(folder) => Portal::from_folder(folder).map_err(unreadable),
        None => Ok(Portal::embedded().map_err(unreadable)?.unwrap_or_default()),
    }
}

/// Returns when the operating system, the terminal or (if wanted) the parent says stop.
async fn stop_signal(exit_with_parent: bool) -> Result<(), StartError> {
    let no_signals = |source| StartError::Step {
        step: "listen for signals".to_owned(),
        source,
        advice: "Start again.",
    };
    let mut interrupted = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(no_signals)?;
    let (parent, mut parent_gone) = mpsc::channel::<()>(1);
    if exit_with_parent {
        // A thread of its own: a read of standard input can't be cancelled.
        thread::spawn(move || {
            let mut byte = [0];
            while matches!(io::stdin().read(&mut byte), Ok(read) if read > 0) {}
            drop(parent);
        });
    } else {
        // Kept open for as long as the program runs.
        std::mem::forget(parent);
    }
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
        _ = parent_gone.recv() => {}
    }
    Ok(())
}
