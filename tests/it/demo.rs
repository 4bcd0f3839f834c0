//! `demo`: the real binary, which speaks MCP to a second one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "only test functions are exempt by setting"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use url::Url;

fn demo(folder: &Path) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_gpt-image-mcp"))
        .args(["demo", "--folder"])
        .arg(folder)
        .envs([("HOME", home.path()), ("XDG_CONFIG_HOME", home.path()), ("APPDATA", home.path())])
        // None of what the user has set for the real server is to reach the demo's.
        .env("GPT_IMAGE_MCP_MAX_COST_USD", "0.001")
        .env("GPT_IMAGE_MCP_PROVIDER", "openai")
        .env_remove("GPT_IMAGE_MCP_CONFIG")
        .output()
        .unwrap()
}

/// The PNG files of a folder by name, with what is in them.
fn images(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let images = files.filter(|path| path.extension().is_some_and(|ending| ending == "png"));
    images
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect()
}

/// Width and height, which follow the signature and the chunk's head.
fn pixels(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// The names of the files that the page in this folder shows.
fn shown(folder: &Path) -> Vec<String> {
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    let base = Url::from_directory_path(folder).unwrap();
    let links = page.split("src=\"").skip(1).map(|part| part.split_once('"').unwrap().0);
    let files = links.map(|link| base.join(link).unwrap().to_file_path().unwrap());
    files
        .map(|file| {
            assert_eq!(file.parent(), Some(folder));
            file.file_name().unwrap().to_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn the_demo_draws_through_every_tool_and_a_second_run_leaves_the_first_alone() {
    let top = tempfile::tempdir().unwrap();
    // A colon stands between the folders of a list.
    let folder = top.path().join(if cfg!(windows) { "a demo" } else { "a demo: once" });
    let ended = demo(&folder);
    let (stdout, stderr) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(0), "{stdout}{stderr}");

    let first = images(&folder);
    let mut sizes: Vec<_> = first.values().map(|png| pixels(png)).collect();
    sizes.sort_unstable();
    // Two made with exact pixels, one of them also as the model sent it, and the mask; a tier with a ratio; two of the flat-price model.
    let expected =
        [(1024, 1536), (1254, 1254), (1536, 1024), (1536, 1024), (1536, 1024), (1536, 1024), (1672, 941)];
    assert_eq!(sizes, expected, "{:?}", first.keys());
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    let linked = shown(&folder);
    for name in first.keys() {
        assert!(linked.contains(name), "{name} is not on the page: {linked:?}");
        let told = name != "mask.png" && !name.contains("-raw-");
        assert_eq!(stdout.contains(name.as_str()), told, "{name}: {stdout}");
    }
    for tool in ["generate_image", "edit_image", "inpaint_image"] {
        assert!(page.contains(tool) && stderr.contains(&format!("{tool}: ")), "{tool}: {stderr}");
    }
    assert!(stderr.contains("rendering"), "progress came from the server: {stderr}");
    for said in ["no key", "index.html", "file://", "claude mcp add", "mcpServers", "APIYI_API_KEY"] {
        assert!(stdout.contains(said), "{said}: {stdout}");
    }

    let ended = demo(&folder);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let second = images(&folder);
    assert_eq!(second.len(), 2 * first.len());
    for (name, bytes) in &first {
        assert!(second[name] == *bytes, "{name} was changed");
    }
    let linked = shown(&folder);
    let new: Vec<_> = second.keys().filter(|name| !first.contains_key(*name)).collect();
    assert!(new.iter().all(|name| linked.contains(name)), "{new:?} {linked:?}");
    assert!(linked.iter().all(|name| !first.contains_key(name)), "{linked:?}");
}

#[test]
fn calls_that_fail_end_the_demo_with_one_and_are_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    // The server keeps its record in a folder of this name.
    fs::write(folder.path().join("library"), "taken").unwrap();
    let ended = demo(folder.path());
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("generate_image failed: "), "{stderr}");
    assert!(stderr.contains("edit_image failed: not called"), "{stderr}");
    let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
    assert!(page.contains("5 failed.") && page.contains("library"), "{page}");
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("file"), "").unwrap();
    fs::create_dir(top.path().join("website")).unwrap();
    fs::write(top.path().join("website/index.html"), "<title>mine</title>").unwrap();
    for (folder, why) in [
        ("file", "cannot be created"),
        ("file/below", "cannot be created"),
        ("website", "not made by this command"),
    ] {
        let folder = top.path().join(folder);
        let ended = demo(&folder);
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(folder.to_str().unwrap()) && stderr.contains(why), "{stderr}");
        assert!(ended.stdout.is_empty());
    }
    assert_eq!(fs::read_to_string(top.path().join("website/index.html")).unwrap(), "<title>mine</title>");
}
