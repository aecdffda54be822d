//! Files, put, read and refused.

use super::*;
use domain::chance::Seeded;
use domain::time::Millis;
use futures_util::stream;

fn folder() -> (std::path::PathBuf, Blobs) {
    let folder = crate::store::scratch("blob");
    let blobs = Blobs::at(&Place::Folder(folder.clone())).unwrap();
    (folder, blobs)
}

/// Time enough.
const LONG: Duration = Duration::from_mins(1);

fn file(n: u64) -> FileId {
    FileId::new(Millis(1), &mut Seeded::new(n))
}

fn parts(bytes: &[u8]) -> impl Stream<Item = Result<Bytes, ()>> + Unpin {
    stream::iter(
        bytes.chunks(100_000).map(|part| Ok(Bytes::copy_from_slice(part))).collect::<Vec<_>>(),
    )
}

async fn read(blobs: &Blobs, file: FileId, span: Option<Span>) -> Result<Vec<u8>, Fault> {
    let mut given = blobs.get(file, false, span).await?;
    let mut bytes = Vec::new();
    while let Some(some) = given.bytes.next().await {
        bytes.extend_from_slice(&some?);
    }
    assert_eq!(bytes.len() as u64, given.range.end - given.range.start);
    Ok(bytes)
}

fn count(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn a_file_comes_back_whole_or_in_part() {
    let (folder, blobs) = folder();
    let bytes: Vec<u8> = (0..700_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let stored = blobs.put(file(1), Size::Exactly(700_000), LONG, parts(&bytes)).await.unwrap();
    assert_eq!((stored.size, &stored.start[..]), (700_000, &bytes[..START]));
    assert_eq!(read(&blobs, file(1), None).await.unwrap(), bytes);
    assert_eq!(read(&blobs, file(1), Some(Span::From(10, Some(20)))).await.unwrap(), bytes[10..20]);
    assert_eq!(
        read(&blobs, file(1), Some(Span::From(699_990, Some(900_000)))).await.unwrap(),
        bytes[699_990..]
    );
    assert_eq!(read(&blobs, file(1), Some(Span::Last(5))).await.unwrap(), bytes[699_995..]);
    assert!(matches!(
        read(&blobs, file(1), Some(Span::From(700_000, None))).await,
        Err(Fault::Range(700_000))
    ));
    blobs.delete(file(1)).await.unwrap();
    blobs.delete(file(1)).await.unwrap();
    assert!(matches!(read(&blobs, file(1), None).await, Err(Fault::None)));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_file_that_is_not_as_long_as_said_leaves_nothing_behind() {
    let (folder, blobs) = folder();
    for (size, bytes) in [(299_999, 300_000), (300_001, 300_000), (5, 0)] {
        assert!(matches!(
            blobs.put(file(1), Size::Exactly(size), LONG, parts(&vec![7; bytes])).await,
            Err(Fault::WrongSize)
        ));
    }
    let broken = stream::iter([Ok(Bytes::from_static(b"some")), Err(())]);
    assert!(matches!(blobs.put(file(1), Size::Exactly(8), LONG, broken).await, Err(Fault::Broken)));
    assert_eq!(count(&folder), 0);
    blobs.put(file(1), Size::Exactly(3), LONG, parts(b"old")).await.unwrap();
    assert!(blobs.put(file(1), Size::Exactly(9), LONG, parts(b"new")).await.is_err());
    assert_eq!(read(&blobs, file(1), None).await.unwrap(), b"old");
    blobs.put(file(1), Size::Exactly(3), LONG, parts(b"new")).await.unwrap();
    assert_eq!(read(&blobs, file(1), None).await.unwrap(), b"new");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_picture_has_a_thumbnail_beside_it() {
    let (folder, blobs) = folder();
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(640, 640).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    blobs.put(file(1), Size::Exactly(png.len() as u64), LONG, parts(&png)).await.unwrap();
    assert!(matches!(blobs.get(file(1), true, None).await, Err(Fault::None)));
    assert!(blobs.thumbnail(file(1)).await.unwrap());
    assert!(blobs.get(file(1), true, None).await.unwrap().size > 0);
    blobs.put(file(1), Size::Exactly(4), LONG, parts(b"text")).await.unwrap();
    assert!(
        matches!(blobs.get(file(1), true, None).await, Err(Fault::None)),
        "it was another picture's"
    );
    assert!(!blobs.thumbnail(file(1)).await.unwrap());
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn what_comes_too_slowly_leaves_nothing_behind() {
    let (folder, blobs) = folder();
    let some = Ok::<_, ()>(Bytes::from(vec![7; 600_000]));
    let stuck = Box::pin(stream::iter([some]).chain(stream::pending()));
    let put = blobs.put(file(1), Size::Exactly(700_000), Duration::from_millis(1), stuck).await;
    assert!(matches!(put, Err(Fault::Broken)));
    assert_eq!(count(&folder), 0, "no part of it lies about");
    std::fs::remove_dir_all(folder).unwrap();
}
