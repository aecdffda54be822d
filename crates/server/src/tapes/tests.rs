//! Tapes that were cut short, found again and measured.

use super::*;
use crate::chance;
use crate::store::scratch;
use facade::door::RealmNo;

fn tape(folder: &Path, bytes: usize, kept: Option<Kept>) -> FileId {
    let id = FileId::new(Millis(5), &mut chance::Os);
    let about = About { realm: RealmNo(0), contact: ContactId::default(), began: Millis(5) };
    Label { kept, ..Label::new(&about) }.write(folder, id).unwrap();
    let mut file = File::create(sound(folder, id)).unwrap();
    file.write_all(&Writer::new(Format::Pcm).header()).unwrap();
    file.write_all(&vec![1; bytes]).unwrap();
    id
}

#[test]
fn tapes_that_were_cut_short_are_found_again_and_can_be_played() {
    let folder = scratch("tapes");
    let (one, two) = (tape(&folder, 32_003, None), tape(&folder, 0, None));
    std::fs::write(folder.join("x.half"), b"{").unwrap();
    std::fs::write(folder.join(format!("{one}.txt")), b"").unwrap();
    let ids: Vec<FileId> = found(&folder).unwrap().into_iter().map(|ended| ended.id).collect();
    let mut expected = vec![one, two];
    expected.sort();
    assert_eq!(ids, expected);
    assert!(!folder.join("x.half").exists());
    let path = sound(&folder, one);
    assert_eq!(measure(&path, false).unwrap(), Some((Millis(1_000), 32_058)));
    let bytes = std::fs::read(&path).unwrap();
    let wav = media::wav::Wav::read(&bytes).unwrap();
    assert_eq!((wav.len(), bytes.len()), (8_000, 32_058));
    // Once more, as after a second crash.
    assert_eq!(measure(&path, false).unwrap(), Some((Millis(1_000), 32_058)));
    assert_eq!(measure(&sound(&folder, two), false).unwrap(), Some((Millis(0), 58)));
    assert_eq!(measure(&folder.join("none.wav"), false).unwrap(), None);
}

#[test]
fn a_tape_that_has_ended_keeps_its_marks() {
    let folder = scratch("tapes");
    let id = tape(&folder, 0, Some(Kept::Whole));
    let mut writer = Writer::new(Format::Pcm);
    let (mut bytes, sound_of) = (Vec::new(), [7; 800]);
    writer.mute(Some(media::wav::Mute::Masked));
    writer.write(&sound_of, &sound_of, &mut bytes).unwrap();
    let finish = writer.finish();
    let whole = [&finish.header[..], &bytes, &finish.tail].concat();
    std::fs::write(sound(&folder, id), &whole).unwrap();
    let size = whole.len() as u64;
    assert_eq!(measure(&sound(&folder, id), true).unwrap(), Some((Millis(100), size)));
    assert_eq!(std::fs::read(sound(&folder, id)).unwrap(), whole);
    assert!(size > 58 + 800 * 4, "the marks stand behind the sound");
}
