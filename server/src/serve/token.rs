//! The token: an administrator's key that the first start makes, for whoever runs the server. It lies in the data folder,
//! where its owner alone can read it, and while the server runs also where programs of the same user look for it.

use super::keys::{hash, random};
use super::store::{Key, Store};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// Name of the token among the keys, which no other key can have.
pub const NAME: &str = "(token)";
/// Its file in the data folder.
const FILE: &str = "token";
/// File in the data folder that says where its server listens.
const SERVING: &str = "serving";

/// The token of a data folder; a new one where there is none, or where it was revoked.
pub async fn of_start(store: &Store, data: &Path) -> miette::Result<String> {
    let path = data.join(FILE);
    let bad = |error: std::io::Error| {
        let help = "free some space, or see whose the folder is; --open serves this machine without a key";
        miette::miette!(help = help, "the token cannot be kept in {}: {error}", path.display())
    };
    let failed = |error: sqlx::Error| miette::miette!("the job store in {} fails: {error}", data.display());
    if let Some(token) = of_data(data)
        && store.key(&hash(&token)).await.map_err(failed)?.is_some_and(|key| key.role == "admin")
    {
        // It may have come from a copy of the folder.
        for_owner(&path).map_err(bad)?;
        return Ok(token);
    }
    store.revoke(NAME).await.map_err(failed)?;
    let token = format!("hanze_{}", random());
    write(&path, &token).map_err(bad)?;
    let key = Key {
        name: NAME.into(),
        role: "admin".into(),
        is_revoked: false,
        requests_per_second: None,
        jobs_per_day: None,
    };
    store.add_key(&hash(&token), &key).await.map_err(failed)?;
    Ok(token)
}

/// The token in a data folder, if there is one that can be read.
pub fn of_data(data: &Path) -> Option<String> {
    let text = std::fs::read_to_string(data.join(FILE)).ok()?;
    let token = text.lines().next()?.trim();
    token.starts_with("hanze_").then(|| token.to_string())
}

/// Writes a file that its owner alone can read, whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let part = path.with_extension("part");
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(&part, path)
}

/// Leaves a file to its owner alone.
#[cfg(unix)]
fn for_owner(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn for_owner(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Folders in which servers of this user may leave their tokens, the best first.
fn folders() -> Vec<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").or_else(|| Some(named("HOME")?.join(".local").join("state")));
    let folders = [named("XDG_RUNTIME_DIR"), state].into_iter().flatten();
    folders.map(|folder| folder.join("hanze").join("servers")).collect()
}

/// A file that is there as long as the server runs.
pub struct Announced(PathBuf);

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Leaves the token for programs of this user, by the server's port: the token, then where it listens.
pub fn announce(address: SocketAddr, token: &str) -> Option<Announced> {
    let text = format!("{token}\n{}", Serving::of_this_process(address));
    folders().into_iter().find_map(|folder| {
        let file = folder.join(address.port().to_string());
        let written = std::fs::create_dir_all(&folder).and_then(|()| write(&file, &text));
        match written {
            Ok(()) => Some(Announced(file)),
            Err(error) => {
                tracing::debug!(%error, folder = %folder.display(), "the token cannot be left here");
                None
            }
        }
    })
}

/// Says in the data folder where its server listens.
pub fn announce_serving(data: &Path, address: SocketAddr) -> Option<Announced> {
    let file = data.join(SERVING);
    match write(&file, &Serving::of_this_process(address)) {
        Ok(()) => Some(Announced(file)),
        Err(error) => {
            tracing::warn!(%error, "where the server listens cannot be noted; commands need --data to find its token");
            None
        }
    }
}

/// Where a server listens, and its process: three lines, an address, a port and a number.
struct Serving {
    address: IpAddr,
    port: u16,
    process: String,
}

impl Serving {
    fn of_this_process(address: SocketAddr) -> String {
        format!("{}\n{}\n{}", address.ip(), address.port(), std::process::id())
    }

    fn parse(text: &str) -> Option<Serving> {
        let mut lines = text.lines().map(str::trim);
        let (address, port) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
        let process = lines.next()?;
        let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Serving { address, port, process: process.to_string() })
    }

    /// Whether what listens to a host and a port of this machine is this server, which still runs.
    fn is_at(&self, host: &str, port: u16) -> bool {
        let is_host = match host.parse::<IpAddr>() {
            Ok(host) => {
                self.address == host || self.address.is_unspecified() && self.address.is_ipv4() == host.is_ipv4()
            }
            // The name of this machine for itself.
            Err(_) => host == "localhost" && (self.address.is_loopback() || self.address.is_unspecified()),
        };
        // One that fell left its file, and another's server may have its port now.
        let is_gone = cfg!(target_os = "linux") && !Path::new("/proc").join(&self.process).exists();
        is_host && self.port == port && !is_gone
    }
}

/// The token of the server of this user at a host and a port of this machine: as it left it for programs of this user, or in
/// the folder of data that a server has where none is named.
pub fn of_server(host: &str, port: u16) -> Option<String> {
    let left = folders().into_iter().find_map(|folder| {
        let text = std::fs::read_to_string(folder.join(port.to_string())).ok()?;
        let (token, serving) = text.split_once('\n')?;
        let is_there = token.starts_with("hanze_") && Serving::parse(serving)?.is_at(host, port);
        is_there.then(|| token.trim().to_string())
    });
    left.or_else(|| of_folder(Path::new(super::keys::FOLDER), host, port))
}

/// The token in a folder of data whose server is at a host and a port.
fn of_folder(data: &Path, host: &str, port: u16) -> Option<String> {
    let serving = std::fs::read_to_string(data.join(SERVING)).ok()?;
    Serving::parse(&serving)?.is_at(host, port).then(|| of_data(data))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stays_until_it_is_revoked() {
        let data = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::open(data.path()).await.unwrap();
            let token = of_start(&store, data.path()).await.unwrap();
            assert_eq!(of_start(&store, data.path()).await.unwrap(), token);
            assert!(!store.has_keys().await.unwrap(), "the token closes no server that is meant to be open");
            store.revoke(NAME).await.unwrap();
            let other = of_start(&store, data.path()).await.unwrap();
            assert_ne!(other, token);
            assert!(store.key(&hash(&token)).await.unwrap().is_none());
            std::fs::write(data.path().join(FILE), "hanze_made-up\n").unwrap();
            let third = of_start(&store, data.path()).await.unwrap();
            assert!(third != other && third.len() == other.len(), "a file that no key belongs to is no token");
            assert!(store.key(&hash(&other)).await.unwrap().is_none());
        });
    }

    #[test]
    fn the_token_goes_to_the_server_that_made_it_and_to_no_other() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(FILE), "hanze_1\n").unwrap();
        let asked = |host: &str, port: u16| of_folder(data.path(), host, port);
        assert_eq!(asked("127.0.0.1", 8080), None, "no server runs on it");
        for (listens, host, is_it) in [
            ("127.0.0.1:8080", "127.0.0.1", true),
            ("127.0.0.1:8080", "localhost", true),
            ("127.0.0.1:8080", "127.0.0.2", false),
            ("127.0.0.1:8080", "::1", false),
            ("127.0.0.1:8081", "127.0.0.1", false),
            ("0.0.0.0:8080", "127.0.0.1", true),
            ("0.0.0.0:8080", "::1", false),
            ("[::1]:8080", "::1", true),
            ("192.0.2.1:8080", "127.0.0.1", false),
            ("192.0.2.1:8080", "localhost", false),
        ] {
            let announced = announce_serving(data.path(), listens.parse().unwrap());
            assert_eq!(asked(host, 8080), is_it.then(|| "hanze_1".to_string()), "{listens} {host}");
            drop(announced);
            assert_eq!(asked(host, 8080), None, "it has stopped");
        }
        // It fell, and its process is no more.
        std::fs::write(data.path().join(SERVING), "127.0.0.1\n8080\n4294967295\n").unwrap();
        assert_eq!(asked("127.0.0.1", 8080).is_none(), cfg!(target_os = "linux"));
        for broken in ["", "127.0.0.1\n8080\n", "127.0.0.1\n8080\n../1\n", "x\n8080\n1\n"] {
            std::fs::write(data.path().join(SERVING), broken).unwrap();
            assert_eq!(asked("127.0.0.1", 8080), None, "{broken:?}");
        }
    }
}
