//! The demo world, seeded once per run and copied for each journey, so that none sees what another did.

use crate::{
    built,
    trouble::{Outcome, Trouble, While},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};
use tempfile::TempDir;

/// A data folder that a server can be started on. It goes when this value goes.
#[derive(Debug)]
pub struct World {
    folder: TempDir,
}

impl World {
    pub fn demo() -> Outcome<Self> {
        let template = template()?;
        let folder = scratch_folder()?;
        copy(template, folder.path())?;
        Ok(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// An empty folder of this run. It goes when this value goes, or with the next run if this one is killed.
pub fn scratch_folder() -> Outcome<TempDir> {
    TempDir::new_in(folder_of_run()?).while_doing("making a folder for one journey")
}

fn folder_of_run() -> Outcome<PathBuf> {
    let run = built::evidence()?
        .join("runs")
        .join(std::process::id().to_string());
    fs::create_dir_all(&run).while_doing("making this run's folder")?;
    Ok(run)
}

fn template() -> Outcome<&'static Path> {
    static TEMPLATE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let seeded = TEMPLATE.get_or_init(|| seed().map_err(|trouble| trouble.to_string()));
    match seeded {
        Ok(folder) => Ok(folder),
        Err(why) => Err(Trouble::Missing(why.clone())),
    }
}

fn seed() -> Outcome<PathBuf> {
    let run = folder_of_run()?;
    remove_ended_runs(&run)?;
    let folder = run.join("demo");
    let output = Command::new(built::server()?)
        .arg("seed")
        .arg("--data")
        .arg(&folder)
        .stdin(Stdio::null())
        .output()
        .while_doing("starting `fleetward seed`")?;
    if output.status.success() {
        return Ok(folder);
    }
    Err(Trouble::Wrong(format!(
        "`fleetward seed` ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// A run has no moment at which it could tidy up after its last test, so the next one does.
fn remove_ended_runs(run: &Path) -> Outcome {
    let runs = run.parent().unwrap_or(run);
    for entry in fs::read_dir(runs).while_doing("listing old runs")?.flatten() {
        let goes_on = Path::new("/proc").join(entry.file_name()).exists();
        if !goes_on {
            fs::remove_dir_all(entry.path()).while_doing("removing an old run")?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to).while_doing(format!("making {}", to.display()))?;
    for entry in fs::read_dir(from)
        .while_doing(format!("listing {}", from.display()))?
        .flatten()
    {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            // Keeps the mode, which the server checks on its secrets.
            fs::copy(entry.path(), &target).while_doing(format!("copying {}", entry.path().display()))?;
        }
    }
    Ok(())
}
