//! The pages of the top-level `web/`, as bytes.
//!
//! `build.rs` makes them; nothing here knows HTTP. Who serves them chooses among the forms by `Accept-Encoding`, sends
//! `immutable` files with a year's lifetime and the others with `no-cache` and an `ETag`.

/// One file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// As in a URL, beginning with `/`: `/desk.html`, `/assets/desk-D4f6b1aA.js`.
    pub path: &'static str,
    /// The file itself.
    pub bytes: &'static [u8],
    /// Compressed with brotli, where that is shorter.
    pub brotli: Option<&'static [u8]>,
    /// Compressed with gzip, where that is shorter.
    pub gzip: Option<&'static [u8]>,
    /// The value of `Content-Type`.
    pub mime: &'static str,
    /// The name changes with the content, so it may be kept for ever.
    pub immutable: bool,
    /// 16 hexadecimal digits of the SHA-256 of `bytes`, without quotes. A strong `ETag` differs by encoding too.
    pub etag: &'static str,
}

mod made {
    use super::Asset;
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

/// What the pages were made from; stands in each html as `<meta name="sangdam-web" content=…>`. `pack.mjs` says how to
/// compute it.
pub const HASH: &str = made::HASH;

/// Every file, sorted by path.
#[must_use]
pub fn all() -> &'static [Asset] {
    made::ASSETS
}

/// The file of exactly this path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    let at = made::ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    made::ASSETS.get(at)
}

#[cfg(test)]
mod tests;
