//! The shop as its simulated visitors know it: what is on its pages (`site.json`, by hand), and where that stands and how it looks
//! (`layout.json`, measured in Chromium by `tests/browser/demo-site.ts`).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::journey::{Element, Layout, Site, SitePage};

pub(crate) static SITE: LazyLock<Site> = LazyLock::new(|| Site {
    origin: "http://127.0.0.1:8080",
    pages: pages(),
});

/// How each page looks to a recorder, in the site's order.
pub(crate) static PHOTOS: LazyLock<Vec<Photo>> = LazyLock::new(|| {
    let photo = |seen: Seen| Photo {
        node: seen.node,
        ids: seen.ids,
    };
    seen().into_iter().map(photo).collect()
});

/// A page as rrweb's snapshot.
pub(crate) struct Photo {
    pub(crate) node: Box<RawValue>,
    /// Of the nodes that are the page's elements.
    pub(crate) ids: Vec<u32>,
}

/// A page of `site.json`.
#[derive(Deserialize)]
struct Told {
    path: String,
    title: String,
    lcp_ms: i64,
    elements: Vec<Element>,
}

/// The same page in `layout.json`.
#[derive(Deserialize)]
struct Seen {
    widths: HashMap<i32, Layout>,
    node: Box<RawValue>,
    ids: Vec<u32>,
}

#[expect(
    clippy::expect_used,
    reason = "the files are part of the program, and a test reads them"
)]
fn told() -> Vec<Told> {
    serde_json::from_str(include_str!("site.json")).expect("site.json is what the code expects")
}

#[expect(
    clippy::expect_used,
    reason = "the files are part of the program, and a test reads them"
)]
fn seen() -> Vec<Seen> {
    serde_json::from_str(include_str!("layout.json")).expect("layout.json is what the code expects")
}

fn pages() -> Vec<SitePage> {
    let page = |(told, seen): (Told, Seen)| SitePage {
        path: told.path,
        title: told.title,
        lcp_ms: told.lcp_ms,
        elements: told.elements,
        layouts: seen.widths,
    };
    told().into_iter().zip(seen()).map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey;

    #[test]
    fn every_element_has_its_place_at_every_width_and_its_node() {
        assert_eq!(SITE.pages.len(), told().len(), "layout.json is of another site.json");
        for (page, photo) in SITE.pages.iter().zip(PHOTOS.iter()) {
            assert_eq!(photo.ids.len(), page.elements.len(), "{}", page.path);
            for width in journey::viewport_widths() {
                let layout = &page.layouts[&width];
                assert_eq!(layout.rects.len(), page.elements.len(), "{} at {width} px", page.path);
                for [left, top, width_px, height_px] in &layout.rects {
                    let is_on_page =
                        *left >= 0 && *top >= 0 && left + width_px <= width && top + height_px <= layout.height_px;
                    assert!(is_on_page && *width_px > 0, "{} at {width} px", page.path);
                }
            }
        }
    }
}
