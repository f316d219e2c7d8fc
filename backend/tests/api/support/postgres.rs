//! A throw-away PostgreSQL cluster, started once per run on a unix socket in a temporary folder.
//!
//! PostgreSQL refuses to run as root, so then it runs as the user `postgres`. A shell holds it: when
//! this process ends, however it ends, the shell's standard input closes, and it stops the cluster and
//! removes its folder.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};

struct Cluster {
    folder: PathBuf,
    /// Keeps the shell's standard input open.
    _shell: Child,
}

const SCRIPT: &str = r#"
"$BIN/initdb" -D "$FOLDER/data" -U postgres -A trust -E UTF8 --no-sync >"$FOLDER/log" 2>&1 || exit 1
"$BIN/postgres" -D "$FOLDER/data" -k "$FOLDER" -c listen_addresses= -c fsync=off \
  -c full_page_writes=off -c max_connections=400 >>"$FOLDER/log" 2>&1 &
server=$!
read -r _
kill -INT $server
wait $server
rm -rf "$FOLDER"
"#;

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(start)
}

fn start() -> Cluster {
    let bin = newest_binaries().expect("PostgreSQL is installed (Debian: apt-get install postgresql)");
    let folder = tempfile::Builder::new()
        .prefix("fleetward-pg-")
        .tempdir()
        .unwrap()
        .keep();
    let root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut shell = if root {
        // The user must be able to reach and own its folder.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let owned = Command::new("chown")
            .arg("postgres")
            .arg(&folder)
            .status()
            .unwrap();
        assert!(owned.success(), "the user postgres exists");
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "sh",
            "-c",
            SCRIPT,
        ]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]);
        command
    };
    let shell = shell
        .env("BIN", bin)
        .env("FOLDER", &folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let cluster = Cluster {
        folder,
        _shell: shell,
    };
    wait_until_it_answers(&cluster);
    cluster
}

fn wait_until_it_answers(cluster: &Cluster) {
    let started = Instant::now();
    while PgConnection::establish(&url(cluster, "postgres")).is_err() {
        let log = fs::read_to_string(cluster.folder.join("log")).unwrap_or_default();
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "PostgreSQL did not start: {log}"
        );
        pause();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a cluster that starts can only be asked again"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn newest_binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin)
}

fn url(cluster: &Cluster, database: &str) -> String {
    let socket = percent(&cluster.folder);
    format!("postgres://postgres@{socket}/{database}")
}

fn percent(path: &Path) -> String {
    path.to_str().unwrap().replace('/', "%2F")
}

/// Makes a database, empty or as a copy of another one of this cluster, and says how to reach it.
pub fn new_database(copied_from: Option<&str>) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let cluster = cluster();
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let template = copied_from
        .and_then(|url| url.rsplit('/').next())
        .unwrap_or("template0");
    let mut connection = PgConnection::establish(&url(cluster, "postgres")).unwrap();
    // A template that someone is still connected to can't be copied; they are on their way out.
    let started = Instant::now();
    while let Err(error) = connection.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")) {
        assert!(started.elapsed() < Duration::from_secs(30), "{error}");
        pause();
    }
    url(cluster, &name)
}

/// Tables, their logs and what the server said.
pub fn cluster_folder() -> PathBuf {
    cluster().folder.clone()
}

pub fn checkpoint() {
    let mut connection = PgConnection::establish(&url(cluster(), "postgres")).unwrap();
    connection.batch_execute("CHECKPOINT").unwrap();
}
