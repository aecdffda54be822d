//! Pictures made small. A decoder is given limits first: a file of a few kilobytes may claim to be a picture of many
//! gigabytes.

use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// No side of a thumbnail is longer, in pixels.
pub(super) const SIDE: u32 = 320;

/// Longer files are not looked at, in bytes: the largest that a chat takes.
pub(super) const BYTES: u64 = 20 << 20;

/// No side of a picture may be longer, in pixels.
const LONGEST: u32 = 12_000;

/// A decoder may take so much memory, in bytes.
const MEMORY: u64 = 192 << 20;

/// The picture made small, as JPEG; as PNG where one can see through it. None when it is no picture we can read.
pub(super) fn small(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST);
    limits.max_image_height = Some(LONGEST);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let small = if picture.width() > SIDE || picture.height() > SIDE {
        picture.thumbnail(SIDE, SIDE)
    } else {
        picture
    };
    let (small, format) = if small.color().has_alpha() {
        (DynamicImage::ImageRgba8(small.into_rgba8()), ImageFormat::Png)
    } else {
        (DynamicImage::ImageRgb8(small.into_rgb8()), ImageFormat::Jpeg)
    };
    let mut out = Cursor::new(Vec::new());
    small.write_to(&mut out, format).ok()?;
    Some(out.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    #[test]
    fn a_picture_keeps_its_shape_and_gets_small() {
        let check = |picture: DynamicImage, format, expected: (u32, u32, ImageFormat)| {
            let small = small(&encode(&picture, format)).unwrap();
            let read = image::load_from_memory(&small).unwrap();
            assert_eq!(
                (read.width(), read.height(), image::guess_format(&small).unwrap()),
                expected
            );
        };
        check(
            RgbImage::from_pixel(1_280, 640, Rgb([9, 99, 199])).into(),
            ImageFormat::Jpeg,
            (320, 160, ImageFormat::Jpeg),
        );
        check(
            RgbaImage::from_pixel(100, 1_000, Rgba([9, 99, 199, 50])).into(),
            ImageFormat::Png,
            (32, 320, ImageFormat::Png),
        );
        check(
            RgbImage::from_pixel(20, 10, Rgb([0, 0, 0])).into(),
            ImageFormat::Png,
            (20, 10, ImageFormat::Jpeg),
        );
    }

    #[test]
    fn what_is_no_picture_or_claims_too_much_is_left_alone() {
        assert_eq!(small(b"%PDF-1.7"), None);
        assert_eq!(small(b""), None);
        // A PNG header that claims 60,000 by 60,000 pixels.
        let mut bomb = encode(&RgbImage::new(1, 1).into(), ImageFormat::Png);
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        assert_eq!(small(&bomb), None);
    }
}
