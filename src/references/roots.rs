//! Which paths may be read and written.
//!
//! Links are followed first, the roots' own included; what is left must lie inside a root
//! with no part below it that begins with a dot. Which folders are roots is the caller's
//! to say: nothing here looks at the environment.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::error::ReferenceError;

/// The folders a caller may reach, and how its paths are read.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Folders whose files may be read and written. One that is hidden itself, or that does
    /// not exist, may be among them.
    pub allowed: Vec<PathBuf>,
    /// The store's folder.
    pub store: PathBuf,
    /// Whether paths into the store are allowed, always, or refused, always: it holds the
    /// images of all callers.
    pub store_by_path: bool,
    /// The folder relative paths start from.
    pub base: PathBuf,
    /// What `~` stands for; without it, `~` is a name like any other.
    pub home: Option<PathBuf>,
}

impl Roots {
    /// The path, links followed, of something that exists and may be read.
    pub fn readable(&self, path: &Path) -> Result<PathBuf, ReferenceError> {
        let resolved = self.permitted(path)?;
        match fs::metadata(&resolved) {
            Ok(_) => Ok(resolved),
            Err(error) => Err(ReferenceError::reading(&resolved, error)),
        }
    }

    /// The path, links followed, of something that may be written, there already or not.
    pub fn writable(&self, path: &Path) -> Result<PathBuf, ReferenceError> {
        self.permitted(path)
    }

    fn permitted(&self, path: &Path) -> Result<PathBuf, ReferenceError> {
        let resolved = resolve(&self.absolute(path))?;
        let mut hidden = false;
        let store = resolve(&self.absolute(&self.store));
        let in_store = store.is_ok_and(|store| resolved.starts_with(store));
        if in_store && !self.store_by_path {
            return Err(ReferenceError::OutsideRoots { path: resolved, roots: self.allowed.clone() });
        }
        let roots = || self.allowed.iter().chain(self.store_by_path.then_some(&self.store));
        for root in roots() {
            let Ok(root) = resolve(&self.absolute(root)) else { continue };
            let Ok(below) = resolved.strip_prefix(&root) else { continue };
            if !below.components().any(begins_with_dot) {
                return Ok(without_verbatim_prefix(resolved));
            }
            hidden = true;
        }
        if hidden {
            return Err(ReferenceError::Hidden(resolved));
        }
        Err(ReferenceError::OutsideRoots { path: resolved, roots: roots().cloned().collect() })
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        let mut parts = path.components();
        match (parts.next(), &self.home) {
            (Some(Component::Normal(first)), Some(home)) if first == "~" => home.join(parts.as_path()),
            _ => self.base.join(path),
        }
    }
}

/// Follows the links of an absolute path whose end need not exist. Goes part by part, so
/// that `..` means the folder above where a link leads, as it does to the system.
fn resolve(path: &Path) -> Result<PathBuf, ReferenceError> {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Prefix(_) | Component::RootDir => resolved.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                resolved.pop();
            }
            Component::Normal(name) => {
                resolved.push(name);
                if fs::symlink_metadata(&resolved).is_ok() {
                    // A link that leads nowhere fails here, so nothing is written through it.
                    resolved = fs::canonicalize(&resolved)
                        .map_err(|error| ReferenceError::reading(&resolved, error))?;
                }
            }
        }
    }
    Ok(resolved)
}

fn begins_with_dot(part: Component<'_>) -> bool {
    part.as_os_str().as_encoded_bytes().starts_with(b".")
}

/// Windows names resolved paths `\\?\C:\…`, which few programs and no people read.
fn without_verbatim_prefix(path: PathBuf) -> PathBuf {
    const LONGEST_PLAIN: usize = 240; // MAX_PATH, less what a file name adds
    let plain = path.to_str().and_then(|text| text.strip_prefix(r"\\?\"));
    match plain {
        Some(plain) if plain.get(1..3) == Some(r":\") && plain.len() <= LONGEST_PLAIN => PathBuf::from(plain),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home with images, a secret and a hidden store; a second folder that is no root.
    fn folders() -> (tempfile::TempDir, Roots) {
        let top_folder = tempfile::tempdir().unwrap();
        let top = top_folder.path().canonicalize().unwrap();
        for folder in ["home/pictures", "home/.ssh", "home/.local/share/store", "outside", "work"] {
            fs::create_dir_all(top.join(folder)).unwrap();
        }
        for file in ["home/cat.png", "home/.ssh/id.png", "home/pictures/.hidden.png", "outside/dog.png"] {
            fs::write(top.join(file), "x").unwrap();
        }
        let roots = Roots {
            allowed: vec![top.join("home"), top.join("work"), top.join("does-not-exist")],
            store: top.join("home/.local/share/store"),
            store_by_path: true,
            base: top.join("work"),
            home: Some(top.join("home")),
        };
        (top_folder, roots)
    }

    fn verdict<T>(result: &Result<T, ReferenceError>) -> &'static str {
        match result {
            Ok(_) => "allowed",
            Err(ReferenceError::Hidden(_)) => "hidden",
            Err(ReferenceError::OutsideRoots { .. }) => "outside",
            Err(ReferenceError::Missing(_)) => "missing",
            Err(_) => "unreadable",
        }
    }

    #[test]
    fn paths_are_judged_by_where_they_lead() {
        let (_top_folder, roots) = folders();
        let cases = [
            ("~/cat.png", "allowed", "allowed"),
            ("../home/cat.png", "allowed", "allowed"),
            ("~/pictures/../cat.png", "allowed", "allowed"),
            ("~/pictures/new/../../cat.png", "allowed", "allowed"),
            ("~", "allowed", "allowed"),
            ("new.png", "missing", "allowed"),
            ("new/deeper/new.png", "missing", "allowed"),
            ("~/.ssh/id.png", "hidden", "hidden"),
            ("~/pictures/.hidden.png", "hidden", "hidden"),
            ("~/pictures/.new/cat.png", "hidden", "hidden"),
            ("~/.local/share/store/images/a.png", "missing", "allowed"),
            ("~/.local/share/other.png", "hidden", "hidden"),
            ("~/.local/share/store/.arriving-x", "hidden", "hidden"),
            ("../outside/dog.png", "outside", "outside"),
            ("~/pictures/../../outside/dog.png", "outside", "outside"),
            ("new/../../outside/new.png", "outside", "outside"),
            ("~other/cat.png", "missing", "allowed"),
            ("/etc/passwd", "outside", "outside"),
            ("../home-not/cat.png", "outside", "outside"),
        ];
        for (path, read, write) in cases {
            assert_eq!(verdict(&roots.readable(Path::new(path))), read, "reading {path}");
            assert_eq!(verdict(&roots.writable(Path::new(path))), write, "writing {path}");
        }
    }

    #[test]
    fn a_store_of_several_callers_is_reached_by_no_path() {
        let (_top_folder, mut roots) = folders();
        roots.allowed.push(roots.store.clone());
        roots.store_by_path = false;
        for path in
            ["~/.local/share/store/images/a.png", "~/.local/share/store", "../home/.local/share/store/x"]
        {
            assert_eq!(verdict(&roots.readable(Path::new(path))), "outside", "{path}");
            assert_eq!(verdict(&roots.writable(Path::new(path))), "outside", "{path}");
        }
        assert_eq!(verdict(&roots.readable(Path::new("~/cat.png"))), "allowed");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_allows_no_more_than_the_place_it_leads_to() {
        use std::os::unix::fs::symlink;
        let (top_folder, roots) = folders();
        let top = top_folder.path().canonicalize().unwrap();
        symlink(top.join("outside"), top.join("work/door")).unwrap();
        symlink(top.join("home/.ssh/id.png"), top.join("work/key.png")).unwrap();
        symlink(top.join("home/cat.png"), top.join("outside/cat.png")).unwrap();
        symlink(top.join("outside/not-yet.png"), top.join("work/dangling.png")).unwrap();
        symlink(top.join("work/round"), top.join("work/round")).unwrap();
        let cases = [
            ("door/dog.png", "outside"),
            ("door/new/new.png", "outside"),
            ("new/../door/new.png", "outside"),
            ("key.png", "hidden"),
            ("../outside/cat.png", "allowed"),
            ("door/../home/cat.png", "allowed"),
            ("dangling.png", "missing"),
            ("round", "unreadable"),
        ];
        for (path, expected) in cases {
            assert_eq!(verdict(&roots.writable(Path::new(path))), expected, "{path}");
        }
        assert_eq!(roots.readable(Path::new("../outside/cat.png")).unwrap(), top.join("home/cat.png"));
    }

    #[cfg(unix)]
    #[test]
    fn a_root_may_be_hidden_a_link_or_renamed_while_running() {
        let (top_folder, mut roots) = folders();
        let top = top_folder.path().canonicalize().unwrap();
        roots.allowed = vec![top.join("home/.ssh"), top.join("link")];
        assert_eq!(verdict(&roots.readable(Path::new("../home/.ssh/id.png"))), "allowed");
        assert_eq!(verdict(&roots.readable(Path::new("../outside/dog.png"))), "outside");
        std::os::unix::fs::symlink(top.join("outside"), top.join("link")).unwrap();
        assert_eq!(verdict(&roots.readable(Path::new("../outside/dog.png"))), "allowed");
        fs::rename(top.join("outside"), top.join("elsewhere")).unwrap();
        assert_eq!(verdict(&roots.readable(Path::new("../elsewhere/dog.png"))), "outside");
    }

    #[test]
    fn verbatim_paths_of_windows_are_shown_plain() {
        let cases = [
            (r"\\?\C:\Users\a\cat.png", r"C:\Users\a\cat.png"),
            (r"\\?\UNC\server\share\cat.png", r"\\?\UNC\server\share\cat.png"),
            ("/home/a/cat.png", "/home/a/cat.png"),
        ];
        for (given, plain) in cases {
            assert_eq!(without_verbatim_prefix(PathBuf::from(given)), PathBuf::from(plain));
        }
    }
}
