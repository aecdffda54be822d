//! `Content-Disposition` (RFC 6266): how a file is called where it is saved.

use crate::percent::encode_segment;

/// For a download: in the page's place or not, with the name in both forms that browsers read.
pub(super) fn download_header(inline: bool, name: &str) -> String {
    let how = if inline { "inline" } else { "attachment" };
    let plain =
        |c: char| if (c.is_ascii_graphic() || c == ' ') && !"\"\\%/".contains(c) { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''{}", encode_segment(name))
}

/// For an upload, as the real service asks its clients to send it; none where it would be longer than a header of the
/// model may be (256 characters).
pub(super) fn upload_header(name: &str) -> Option<String> {
    let header = format!("attachment; filename=\"{}\"", encode_segment(name));
    (header.len() <= 256).then_some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_header() {
        assert_eq!(
            download_header(false, "a\"b\r\nx: y\\한.png"),
            "attachment; filename=\"a_b__x: y__.png\"; filename*=UTF-8''a%22b%0D%0Ax%3A%20y%5C%ED%95%9C.png"
        );
        assert_eq!(
            download_header(true, "shot.png"),
            "inline; filename=\"shot.png\"; filename*=UTF-8''shot.png"
        );
    }

    #[test]
    fn a_long_name_is_left_out_of_the_upload() {
        assert_eq!(upload_header("a b.png").as_deref(), Some("attachment; filename=\"a%20b.png\""));
        assert_eq!(upload_header(&"한".repeat(40)), None);
    }
}
