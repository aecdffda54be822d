//! Types told by bytes.

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0";
const ZIP: &[u8] = b"PK\x03\x04\x14\0\x06\0";

fn check(name: &str, start: &[u8], expected: Option<&str>) {
    assert_eq!(kind(name, start), expected, "{name}");
}

#[test]
fn every_type_of_the_real_service_is_known_by_its_bytes() {
    check("a.png", PNG, Some("image/png"));
    for name in ["a.jpg", "a.jpeg", "a.jfif", "사진.JPG"] {
        check(name, JPEG, Some("image/jpeg"));
    }
    check("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1", Some("image/heic"));
    check("a.mp4", b"\0\0\0\x18ftypisom", Some("video/mp4"));
    check("a.mov", b"\0\0\0\x14ftypqt  ", Some("video/quicktime"));
    check("a.mov", b"\0\0\0\x08wide\0\0\0\0mdat", Some("video/quicktime"));
    check("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", Some("audio/wav"));
    check("a.pdf", b"%PDF-1.7\n", Some("application/pdf"));
    check("a.rtf", b"{\\rtf1\\ansi", Some("application/rtf"));
    check("a.txt", "안녕하세요".as_bytes(), Some("text/plain; charset=utf-8"));
    check("a.csv", b"a,b\r\n1,2\r\n", Some("text/csv"));
    for (new, old) in [("a.docx", "a.doc"), ("a.xlsx", "a.xls"), ("a.pptx", "a.ppt")] {
        assert!(kind(new, ZIP).is_some_and(|kind| kind.contains("openxmlformats")), "{new}");
        assert!(kind(old, OLE).is_some_and(|kind| !kind.contains("openxmlformats")), "{old}");
        assert!(kind(new, OLE).is_some(), "{new} under a password");
    }
}

#[test]
fn row_87_a_page_is_no_file_whatever_its_name() {
    for page in [
        &b"<!DOCTYPE html><p>hi"[..],
        b"  \n<html>",
        b"\xef\xbb\xbf<HTML>",
        b"\xff\xfe<\0h\0t\0m\0l\0>\0",
        b"<svg xmlns='x' onload='y'/>",
        b"<?xml version='1.0'?><svg/>",
        b"hello <SCRIPT>alert(1)</SCRIPT>",
    ] {
        for name in ["a.png", "a.jpg", "a.txt", "a.csv", "a.pdf", "a.html", "a.odd", "a"] {
            check(name, page, None);
        }
    }
}

#[test]
fn bytes_that_contradict_the_name_are_rejected() {
    for name in ["a.png", "a.pdf", "a.docx", "a.mp4", "a.wav", "a.heic"] {
        check(name, b"plain words", None);
        check(name, b"MZ\x90\0\x03\0\0\0", None);
        check(name, b"", None);
    }
    check("a.pdf", PNG, None);
    check("a.png", ZIP, None);
    check("a.txt", PNG, None);
    check("a.txt", b"\x7fELF\x02\x01\x01\0", None);
    check("a.xlsx", b"%PDF-1.7", None);
}

#[test]
fn an_image_is_served_as_what_it_is() {
    check("a.png", JPEG, Some("image/jpeg"));
    check("a.jpg", PNG, Some("image/png"));
}

#[test]
fn text_may_be_in_an_older_encoding_or_cut() {
    check("a.txt", b"\xbe\xc8\xb3\xe7\xc7\xcf\xbc\xbc\xbf\xe4", Some("text/plain"));
    check("a.txt", &"한".as_bytes()[..2], Some("text/plain; charset=utf-8"));
    check("a.txt", b"\xff\xfeH\0i\0", Some("text/plain; charset=utf-16"));
    check("a.txt", b"", Some("text/plain; charset=utf-8"));
}

#[test]
fn an_ending_we_do_not_know_is_bytes() {
    check("a.odd", b"\0\x01\x02", Some("application/octet-stream"));
    check("a", PNG, Some("application/octet-stream"));
}

#[test]
fn an_ending_is_what_follows_the_last_dot() {
    for (name, expected) in [
        ("a.PNG", Some(".png")),
        ("a.tar.gz", Some(".gz")),
        ("보고서.한글", Some(".한글")),
        ("a", None),
        (".png", None),
        ("a.", None),
        ("a.p/ng", None),
    ] {
        assert_eq!(ending(name).as_deref(), expected, "{name}");
    }
}

#[test]
fn only_what_cannot_run_is_shown_in_place() {
    for kind in
        ["image/png", "video/mp4", "audio/wav", "application/pdf", "text/plain; charset=utf-8"]
    {
        assert!(inline(kind), "{kind}");
    }
    for kind in
        ["text/html", "image/svg+xml", "text/csv", "application/zip", "application/octet-stream"]
    {
        assert!(!inline(kind), "{kind}");
    }
}
