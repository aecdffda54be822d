//! What a file is, by its first bytes and its name: files of chats are served by what they are, not by what their
//! sender says (`amazon-connect-chat.md` 2.6).
//!
//! The magic numbers are those of the WHATWG's MIME Sniffing Standard (<https://mimesniff.spec.whatwg.org/>) and, for
//! office documents, of the ZIP (APPNOTE 4.3.7) and compound file (MS-CFB 2.2) formats.

#[cfg(test)]
mod tests;

/// How many bytes from its beginning tell a file's type.
pub const START: usize = 512;

/// The media type of text that is UTF-8.
const UTF8_TEXT: &str = "text/plain; charset=utf-8";

/// A media type that bytes give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Magic {
    Png,
    Jpeg,
    Gif,
    Webp,
    Heic,
    QuickTime,
    Mp4,
    Wav,
    Pdf,
    Rtf,
    Zip,
    CompoundFile,
    /// A page, a drawing or another document that a browser would run.
    Markup,
}

/// The ending of a file's name with its dot, in lower case; none if it has none.
pub fn ending(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    let plain = !ending.is_empty() && ending.chars().all(char::is_alphanumeric);
    (plain && !stem.is_empty()).then(|| format!(".{}", ending.to_lowercase()))
}

/// The media type by which a file of this name is served that begins with these bytes (up to [`START`] of them);
/// none if they contradict its name. An image may bear another image's ending: it is served as what it is.
pub fn kind(name: &str, start: &[u8]) -> Option<&'static str> {
    let magic = magic(start);
    let ending = ending(name).unwrap_or_default();
    let kind = match (ending.as_str(), magic) {
        (_, Some(Magic::Markup)) => return None,
        (".png" | ".jpg" | ".jpeg" | ".jfif" | ".gif" | ".webp" | ".heic", Some(magic)) => {
            magic.image()?
        }
        (".mp4" | ".mov", Some(Magic::Mp4)) => "video/mp4",
        (".mp4" | ".mov", Some(Magic::QuickTime)) => "video/quicktime",
        (".wav", Some(Magic::Wav)) => "audio/wav",
        (".pdf", Some(Magic::Pdf)) => "application/pdf",
        // Some programs write this for `.doc`, too.
        (".rtf" | ".doc", Some(Magic::Rtf)) => "application/rtf",
        // A new document under a password is a compound file.
        (_, Some(Magic::Zip | Magic::CompoundFile)) if office(&ending).is_some() => {
            office(&ending)?
        }
        (".zip", Some(Magic::Zip)) => "application/zip",
        (".hwp", Some(Magic::CompoundFile)) => "application/x-hwp",
        (".hwpx", Some(Magic::Zip)) => "application/hwp+zip",
        (".txt", None) => text(start)?,
        (".csv", None) => text(start).map(|_| "text/csv")?,
        _ if known(&ending) => return None,
        _ => "application/octet-stream",
    };
    Some(kind)
}

/// May a browser show it in a page's place? Only what cannot run anything (2.6).
pub fn inline(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default();
    let picture = kind.starts_with("image/") && !kind.contains("svg");
    picture
        || kind.starts_with("audio/")
        || kind.starts_with("video/")
        || matches!(kind, "application/pdf" | "text/plain")
}

impl Magic {
    const fn image(self) -> Option<&'static str> {
        Some(match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
            _ => return None,
        })
    }
}

/// The media type of an office document with this ending.
fn office(ending: &str) -> Option<&'static str> {
    Some(match ending {
        ".doc" => "application/msword",
        ".xls" => "application/vnd.ms-excel",
        ".ppt" => "application/vnd.ms-powerpoint",
        ".docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => return None,
    })
}

/// Do we know what bytes files of this ending have?
fn known(ending: &str) -> bool {
    const ENDINGS: [&str; 16] = [
        ".png", ".jpg", ".jpeg", ".jfif", ".gif", ".webp", ".heic", ".mp4", ".mov", ".wav", ".pdf",
        ".rtf", ".zip", ".hwp", ".hwpx", ".txt",
    ];
    ENDINGS.contains(&ending) || ending == ".csv" || office(ending).is_some()
}

/// The brands of still images in the container of MP4 (ISO/IEC 23008-12).
const HEIC: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

fn magic(start: &[u8]) -> Option<Magic> {
    let has = |at: usize, bytes: &[u8]| start.get(at..).is_some_and(|rest| rest.starts_with(bytes));
    Some(match start {
        _ if has(0, b"\x89PNG\r\n\x1a\n") => Magic::Png,
        _ if has(0, b"\xff\xd8\xff") => Magic::Jpeg,
        _ if has(0, b"GIF87a") || has(0, b"GIF89a") => Magic::Gif,
        _ if has(0, b"RIFF") && has(8, b"WEBP") => Magic::Webp,
        _ if has(0, b"RIFF") && has(8, b"WAVE") => Magic::Wav,
        _ if has(4, b"ftyp") && HEIC.iter().any(|brand| has(8, brand)) => Magic::Heic,
        _ if has(4, b"ftypqt") => Magic::QuickTime,
        _ if has(4, b"ftyp") => Magic::Mp4,
        // Cameras write the oldest QuickTime files without naming the type.
        _ if [b"moov", b"mdat", b"wide"].iter().any(|part| has(4, *part)) => Magic::QuickTime,
        _ if has(0, b"%PDF-") => Magic::Pdf,
        _ if has(0, b"{\\rtf") => Magic::Rtf,
        _ if has(0, b"PK\x03\x04") || has(0, b"PK\x05\x06") => Magic::Zip,
        _ if has(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Magic::CompoundFile,
        _ if markup(start) => Magic::Markup,
        _ => return None,
    })
}

/// Would a browser that guesses take it for a page? Byte order marks and white space before it are skipped, and so are
/// the zero bytes of UTF-16.
fn markup(start: &[u8]) -> bool {
    const BEGINNINGS: [&str; 24] = [
        "<!doctype",
        "<!--",
        "<?xml",
        "<html",
        "<head",
        "<body",
        "<script",
        "<iframe",
        "<svg",
        "<style",
        "<title",
        "<table",
        "<div",
        "<font",
        "<img",
        "<meta",
        "<link",
        "<object",
        "<embed",
        "<form",
        "<h1",
        "<a ",
        "<br",
        "<p>",
    ];
    let marks = [0xef, 0xbb, 0xbf, 0xfe, 0xff];
    let letters = start.iter().filter(|byte| **byte != 0);
    let text: String = letters
        .skip_while(|byte| byte.is_ascii_whitespace() || marks.contains(*byte))
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) || text.contains("<script")
}

/// The media type of a plain text; none if it is no text. Korean programs still write EUC-KR and CP949, so bytes above
/// ASCII need not be UTF-8; no charset is claimed for them then.
fn text(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Some("text/plain; charset=utf-16");
    }
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    if start.iter().any(control) {
        return None;
    }
    match std::str::from_utf8(start) {
        Ok(_) => Some(UTF8_TEXT),
        // The last letter may have been cut by the end of what we were shown.
        Err(e) if e.error_len().is_none() => Some(UTF8_TEXT),
        Err(_) => Some("text/plain"),
    }
}
