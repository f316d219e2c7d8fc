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
        let folder = TempDir::new().while_doing("making a data folder")?;
        copy(template, folder.path())?;
        Ok(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
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
    let worlds = built::evidence()?.join("worlds");
    fs::create_dir_all(&worlds).while_doing("making the folder for worlds")?;
    remove_worlds_of_ended_runs(&worlds)?;
    let folder = worlds.join(std::process::id().to_string());
    fs::create_dir_all(&folder).while_doing("making the template's folder")?;
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
fn remove_worlds_of_ended_runs(worlds: &Path) -> Outcome {
    for entry in fs::read_dir(worlds).while_doing("listing old worlds")?.flatten() {
        let runs = Path::new("/proc").join(entry.file_name()).exists();
        if !runs {
            fs::remove_dir_all(entry.path()).while_doing("removing an old world")?;
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
