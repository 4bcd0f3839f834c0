//! `gallery`: a page with every stored image, of every owner.
//!
//! The page is one file with thumbnails that link to the images. It is written while it is built, so
//! that thousands of images need little memory, and appears under its name only when complete.

mod page;

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use url::Url;

use self::page::{Card, KIND, Numbers, Page};
use super::console::print;
use super::table::count;
use crate::app::Config;
use crate::app::exit::DONE;
use crate::domain::ImageId;
use crate::store::StoreError;
use crate::store::{Exhibit, Store};

/// The page's name in the store.
const NAME: &str = "gallery.html";
/// Images read from the database at a time.
const READ_AT_ONCE: usize = 200;

/// `gallery`
#[derive(Debug, clap::Args)]
pub struct GalleryArguments {
    /// Write the page here [default: gallery.html in the store]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    out: Option<PathBuf>,
}

/// Writes the page and prints its path.
pub async fn run(arguments: GalleryArguments, config: &Config) -> Result<u8, String> {
    let store = Store::new(config.store.clone());
    let code = write(arguments, &store).await;
    store.close().await;
    code
}

async fn write(arguments: GalleryArguments, store: &Store) -> Result<u8, String> {
    let in_words = |error: StoreError| error.in_store().to_string();
    let images = if store.has_record() { store.all_images().await.map_err(in_words)? } else { Vec::new() };
    if images.is_empty() {
        print("There is no stored image yet.\n")?;
        return Ok(DONE);
    }
    let out = arguments.out.unwrap_or_else(|| store.root().join(NAME));
    let folder = prepare(&out)?;
    let unwritable = |error: std::io::Error| {
        format!("{} cannot be written: {error}; name another file with --out", out.display())
    };
    let file = tempfile::NamedTempFile::new_in(&folder).map_err(unwritable)?;
    let ids: Vec<_> = images.iter().map(|(id, _)| id.clone()).collect();
    let months = months(&images);
    let mut page = Page::new(BufWriter::new(file), &folder, Numbers::new(&ids));
    page.open(store, &months, images.last().map(|(_, at)| *at)).map_err(unwritable)?;
    let progress = progress(ids.len());
    let mut missing = 0;
    for ids in ids.chunks(READ_AT_ONCE) {
        let exhibits = store.exhibits(ids).await.map_err(in_words)?;
        let mut cards = Box::pin(cards(store, exhibits));
        while let Some(card) = cards.next().await {
            missing += usize::from(card.missing);
            page.card(&card).map_err(unwritable)?;
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    let written = page.close().map_err(unwritable)?;
    let file = written.into_inner().map_err(|error| unwritable(error.into_error()))?;
    file.persist(&out).map_err(|failed| unwritable(failed.error))?;
    let of_them = if missing == 0 { String::new() } else { format!(", the files of {missing} are missing") };
    let path = folder.join(out.file_name().unwrap_or_default());
    let url = Url::from_file_path(&path).map(|url| format!("{url}\n")).unwrap_or_default();
    print(&format!("{}\n{url}{}{of_them}\n", path.display(), count(ids.len(), "image")))?;
    Ok(DONE)
}

/// The folder of the page, with links resolved. Refuses to replace a file that is not a gallery.
fn prepare(out: &Path) -> Result<PathBuf, String> {
    let refused = |why: &str| format!("{} {why}; name another file with --out", out.display());
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().map_err(|error| refused(&format!("has no folder ({error})")))?;
    KIND.may_replace(out).map_err(|why| refused(&why))?;
    Ok(folder)
}

/// The months with their images, newest first.
fn months(images: &[(ImageId, jiff::Timestamp)]) -> Vec<(jiff::civil::Date, usize)> {
    let mut months = Vec::<(jiff::civil::Date, usize)>::new();
    for (_, at) in images {
        let month = page::month(*at);
        match months.last_mut() {
            Some((last, count)) if *last == month => *count += 1,
            _ => months.push((month, 1)),
        }
    }
    months
}

/// The cards in order, their thumbnails made side by side.
fn cards(store: &Store, exhibits: Vec<Exhibit>) -> impl futures_util::Stream<Item = Card> {
    let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cards = exhibits.into_iter().map(|exhibit| {
        let store = store.clone();
        async move {
            let image = exhibit.image.clone();
            let drawn = tokio::task::spawn_blocking(move || (store.thumbnail(&image), !image.path.is_file()));
            let (thumbnail, missing) = match drawn.await {
                Ok((thumbnail, missing)) => (thumbnail.ok(), missing),
                Err(_) => (None, false),
            };
            Card { exhibit, thumbnail, missing }
        }
    });
    stream::iter(cards).buffered(at_once)
}

fn progress(images: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:16} {pos} of {len} images");
    let bar = ProgressBar::new(u64::try_from(images).unwrap_or(u64::MAX));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
