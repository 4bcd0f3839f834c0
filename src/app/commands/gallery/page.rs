//! The page: one card per image, newest first, grouped by month, with lineage as links between cards.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use base64_simd::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::app::commands::page::{PageFolder, PageKind, escaped};
use crate::app::commands::table::{count, minute, size};
use crate::codec::Preview;
use crate::domain::ImageId;
use crate::store::{Exhibit, ParentRole, Store, StoredImage};

/// The gallery's page.
pub(super) const KIND: PageKind =
    PageKind { generator: "gpt-image-mcp gallery", title: "gallery", style: include_str!("gallery.css") };

/// `jobs ID` shows longer prompts in full.
const PROMPT_CHARACTERS: usize = 500;

/// What a card shows.
pub(super) struct Card {
    pub exhibit: Exhibit,
    /// `None` if the image cannot be read and no thumbnail exists.
    pub thumbnail: Option<Preview>,
    /// The file is gone.
    pub missing: bool,
}

/// The number of each image, from 1 for the oldest, so that later pages keep the numbers.
pub(super) struct Numbers(HashMap<ImageId, usize>);

impl Numbers {
    /// For images newest first.
    pub fn new(ids: &[ImageId]) -> Self {
        Self(ids.iter().rev().cloned().zip(1..).collect())
    }

    fn of(&self, id: &ImageId) -> Option<usize> {
        self.0.get(id).copied()
    }
}

/// A page that is being written.
pub(super) struct Page<W> {
    out: W,
    place: PageFolder,
    numbers: Numbers,
    month: Option<Date>,
}

impl<W: Write> Page<W> {
    pub fn new(out: W, folder: &Path, numbers: Numbers) -> Self {
        Self { out, place: PageFolder::new(folder), numbers, month: None }
    }

    /// Everything before the first card.
    pub fn open(
        &mut self,
        store: &Store,
        months: &[(Date, usize)],
        first: Option<Timestamp>,
    ) -> io::Result<()> {
        let images = count(months.iter().map(|(_, images)| images).sum(), "image");
        let since = first.map_or_else(String::new, |at| format!(" since {}", day(at)));
        let store = escaped(&store.root().display().to_string());
        write!(
            self.out,
            "{}<header>\n<h1>gpt-image-mcp <span class=\"badge\">GALLERY</span></h1>\n\
             <p>{images}{since}, in <code>{store}</code></p>\n</header>\n",
            KIND.head()
        )?;
        if months.len() > 1 {
            self.out.write_all(b"<nav>\n")?;
            for (month, images) in months {
                let (anchor, name) = (month.strftime("%Y-%m"), month.strftime("%B %Y"));
                writeln!(self.out, "<a href=\"#{anchor}\">{name} <span>{images}</span></a>")?;
            }
            self.out.write_all(b"</nav>\n")?;
        }
        self.out.write_all(b"<main>\n")
    }

    /// The next card. Cards come newest first.
    pub fn card(&mut self, card: &Card) -> io::Result<()> {
        let image = &card.exhibit.image;
        let month = month(image.created_at);
        if self.month != Some(month) {
            if self.month.is_some() {
                self.out.write_all(b"</section>\n")?;
            }
            let (anchor, name) = (month.strftime("%Y-%m"), month.strftime("%B %Y"));
            write!(self.out, "<h2 id=\"{anchor}\">{name}</h2>\n<section>\n")?;
            self.month = Some(month);
        }
        let missing = if card.missing { " class=\"missing\"" } else { "" };
        writeln!(self.out, "<article id=\"{}\"{missing}>", image.id)?;
        self.figure(card)?;
        let prompt: String = image.prompt.chars().take(PROMPT_CHARACTERS).collect();
        let more = if prompt.len() < image.prompt.len() { "…" } else { "" };
        let number = self.numbers.of(&image.id).unwrap_or_default();
        writeln!(
            self.out,
            "<div class=\"told\">\n<p class=\"prompt\" dir=\"auto\">{}{more}</p>\n\
{}",
            escaped(&prompt),
            facts(number, &card.exhibit)
        )?;
        self.lineage(&card.exhibit)?;
        let path = image.path.display().to_string();
        write!(
            self.out,
            "<p class=\"id\"><code>{}</code></p>\n<p class=\"path\">{}</p>\n</div>\n</article>\n",
            image.id,
            escaped(&path)
        )
    }

    fn figure(&mut self, card: &Card) -> io::Result<()> {
        let StoredImage { path, prompt, .. } = &card.exhibit.image;
        let show = match &card.thumbnail {
            None => "<span class=\"none\">no preview</span>".to_owned(),
            Some(Preview { bytes, format, pixels }) => {
                let alt: String = prompt.chars().take(100).collect();
                format!(
                    "<img loading=\"lazy\" decoding=\"async\" width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:{};base64,{}\">",
                    pixels.width,
                    pixels.height,
                    escaped(&alt),
                    format.mime(),
                    STANDARD.encode_to_string(bytes)
                )
            }
        };
        if card.missing {
            writeln!(
                self.out,
                "<div class=\"image\">{show}<span class=\"gone\">the file is missing</span></div>"
            )
        } else {
            let link = escaped(&self.place.link(path));
            writeln!(self.out, "<a class=\"image\" href=\"{link}\">{show}</a>")
        }
    }

    /// What it was made from and what was made from it.
    fn lineage(&mut self, exhibit: &Exhibit) -> io::Result<()> {
        let parents = exhibit.image.parents.iter().map(|parent| match parent.role {
            ParentRole::Reference => self.other(&parent.id),
            ParentRole::Masked => format!("{} by a mask", self.other(&parent.id)),
            ParentRole::Raw => format!("<code>{}</code>, as the model sent it", parent.id),
        });
        let parents: Vec<_> = parents.collect();
        let children: Vec<_> = exhibit.children.iter().map(|child| self.other(child)).collect();
        for (name, others) in [("made from", parents), ("made into", children)] {
            if !others.is_empty() {
                writeln!(self.out, "<p class=\"lineage\">{name} {}</p>", others.join(", "))?;
            }
        }
        Ok(())
    }

    /// Another image, as a link to its card where it has one.
    fn other(&self, id: &ImageId) -> String {
        match self.numbers.of(id) {
            Some(number) => format!("<a href=\"#{id}\">{number}</a>"),
            None => format!("<code>{id}</code>, no longer stored"),
        }
    }

    /// Everything after the last card.
    pub fn close(mut self) -> io::Result<W> {
        if self.month.is_some() {
            self.out.write_all(b"</section>\n")?;
        }
        let (version, made) = (env!("CARGO_PKG_VERSION"), minute(Timestamp::now()));
        write!(
            self.out,
            "</main>\n<footer><p class=\"quiet\">gpt-image-mcp {version}, {made}</p></footer>\n</body>\n</html>\n"
        )?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// The first day of the month of this moment, in the local time zone.
pub(super) fn month(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::system()).date().first_of_month()
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::system()).date()
}

/// The model and price, the date, and the pixels, format and size.
fn facts(number: usize, exhibit: &Exhibit) -> String {
    let Exhibit { image, price, sandbox, .. } = exhibit;
    let price = match (sandbox, price) {
        (true, _) => "sandbox".to_owned(),
        (false, Some(price)) => price.to_string(),
        (false, None) => String::new(),
    };
    let model = if image.model.provider.is_empty() { "uploaded".to_owned() } else { image.model.to_string() };
    let (pixels, bytes) = (image.pixels, size(image.bytes));
    format!(
        "<p class=\"facts\"><b>{number}</b><span>{}</span><em>{price}</em></p>\n\
         <p class=\"quiet\">{}<br>{} × {} {}, {bytes}</p>",
        escaped(&model),
        minute(image.created_at),
        pixels.width,
        pixels.height,
        image.format,
    )
}
