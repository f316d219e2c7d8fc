//! With the feature `embedded-portal`, writes a list of the built portal's files for the binary to
//! carry. `FLEETWARD_PORTAL` names the folder that `cargo xtask build-portal` made.

use std::{env, error::Error, fmt::Write, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println_to_cargo("rerun-if-changed=../migrations");
    println_to_cargo("rerun-if-env-changed=FLEETWARD_PORTAL");
    if env::var_os("CARGO_FEATURE_EMBEDDED_PORTAL").is_none() {
        return Ok(());
    }
    let folder = PathBuf::from(
        env::var_os("FLEETWARD_PORTAL").ok_or("set FLEETWARD_PORTAL to the folder of the built portal")?,
    )
    .canonicalize()?;
    println_to_cargo(&format!("rerun-if-changed={}", folder.display()));
    let mut list = String::new();
    writeln!(
        list,
        "pub const MANIFEST: &[u8] = include_bytes!({:?});",
        folder.join("manifest.json")
    )?;
    writeln!(list, "pub const FILES: &[(&str, &[u8])] = &[")?;
    let mut names: Vec<_> = fs::read_dir(folder.join("a"))?.collect::<Result<_, _>>()?;
    names.sort_by_key(fs::DirEntry::file_name);
    for file in names {
        writeln!(
            list,
            "    ({:?}, include_bytes!({:?})),",
            file.file_name(),
            file.path()
        )?;
    }
    writeln!(list, "];")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("embedded_portal.rs"), list)?;
    Ok(())
}

fn println_to_cargo(line: &str) {
    println!("cargo:{line}");
}
