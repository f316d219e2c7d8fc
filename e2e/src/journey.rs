//! One test from the first click to the last look, and the evidence of where it went wrong.

use crate::{
    browser::{Browser, Screen},
    built,
    portal::Portal,
    trouble::{Outcome, Trouble, While},
};
use futures_util::FutureExt;
use std::{
    fs,
    panic::{AssertUnwindSafe, resume_unwind},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// What a journey is made on: a server with a world of its own, and one browser.
pub struct Stage {
    pub portal: Portal,
    pub browser: Browser,
}

/// Runs `steps` on a fresh stage. Ends with an empty console, or with screenshot, page, console and the
/// server's log in `target/e2e/<name of the test>`.
pub fn journey<S>(screen: Screen, steps: S) -> Outcome
where
    S: AsyncFnOnce(&mut Stage) -> Outcome,
{
    let name = test_of::<S>();
    alone(async {
        let portal = Portal::start().await?;
        let browser = Browser::open(screen).await?;
        let mut stage = Stage { portal, browser };
        let walked = AssertUnwindSafe(steps(&mut stage)).catch_unwind().await;
        let ended = match walked {
            Ok(Ok(())) => Ok(stage.browser.no_console_errors().await),
            Ok(Err(trouble)) => Ok(Err(trouble)),
            Err(panic) => Err(panic),
        };
        let Stage { portal, browser } = stage;
        let kept = match &ended {
            Ok(Ok(())) => Ok(()),
            _ => keep_evidence(&name, &portal, &browser).await,
        };
        let closed = browser.close().await;
        match ended {
            Ok(Ok(())) => closed,
            Ok(Err(trouble)) => Err(match kept {
                Ok(()) => Trouble::Wrong(format!("{trouble}\n(evidence: target/e2e/{name})")),
                Err(worse) => Trouble::Wrong(format!("{trouble}\n(and no evidence: {worse})")),
            }),
            Err(panic) => resume_unwind(panic),
        }
    })
}

/// The same without a browser.
pub fn server_journey<S>(steps: S) -> Outcome
where
    S: AsyncFnOnce(&mut Portal) -> Outcome,
{
    let name = test_of::<S>();
    alone(async {
        let mut portal = Portal::start().await?;
        let walked = steps(&mut portal).await;
        if walked.is_err() {
            keep_log(&folder(&name)?, &portal)?;
        }
        walked
    })
}

/// One journey at a time, also where the test runner would run several: two cores are just enough
/// for a server, its devices and a browser.
pub fn alone(work: impl Future<Output = Outcome>) -> Outcome {
    static ON_STAGE: Mutex<()> = Mutex::new(());
    let _turn = ON_STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .while_doing("starting a runtime")?
        .block_on(work)
}

async fn keep_evidence(name: &str, portal: &Portal, browser: &Browser) -> Outcome {
    let folder = folder(name)?;
    let _ = fs::remove_dir_all(&folder);
    keep_log(&folder, portal)?;
    browser.keep_evidence(&folder).await
}

fn keep_log(folder: &PathBuf, portal: &Portal) -> Outcome {
    fs::create_dir_all(folder).while_doing("making the folder for evidence")?;
    fs::write(folder.join("server.log"), portal.log()).while_doing("keeping the server's log")
}

fn folder(name: &str) -> Outcome<PathBuf> {
    Ok(built::evidence()?.join(name))
}

/// `journeys::sign_in::a_nurse_signs_in::{{closure}}` is the test `a_nurse_signs_in`.
fn test_of<S>() -> String {
    let full = std::any::type_name::<S>();
    let test = full.rsplit("::").find(|part| !part.starts_with('{'));
    test.unwrap_or("journey").to_owned()
}
