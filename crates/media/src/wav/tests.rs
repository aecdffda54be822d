//! Recordings ended, cut short, and spoiled.

use super::*;
use crate::seeded::Seeded;

const FORMATS: [Format; 3] = [Format::Pcm, Format::G711(Law::A), Format::G711(Law::Mu)];

/// What is on the disk before and after the end: 400 samples, of which 100 are paused and 50 masked.
fn files(format: Format) -> (Vec<u8>, Vec<u8>) {
    let mut writer = Writer::new(format);
    let mut file = writer.header().to_vec();
    for (count, mute) in
        [(200, None), (100, Some(Mute::Paused)), (50, Some(Mute::Masked)), (50, None)]
    {
        writer.mute(mute);
        writer.write(&vec![1_000; count], &vec![-2_000; count], &mut file).unwrap();
    }
    let cut = file.clone();
    let finish = writer.finish();
    file.extend(&finish.tail);
    file[..HEADER].copy_from_slice(&finish.header);
    (cut, file)
}

#[test]
fn both_sides_stand_apart_and_muted_stretches_are_silent_and_marked() {
    for format in FORMATS {
        let (_, file) = files(format);
        let wav = Wav::read(&file).unwrap();
        assert_eq!((wav.format, wav.sides, wav.len()), (format, 2, 400));
        for n in 0..400 {
            let muted = (200..350).contains(&n);
            let (left, right) = (wav.at(0, n).unwrap(), wav.at(1, n).unwrap());
            if muted {
                assert!(left.abs() <= 8 && right.abs() <= 8, "{format:?} {n}");
            } else {
                assert!((970..1_030).contains(&left) && (-2_060..-1_940).contains(&right));
            }
        }
        assert_eq!(wav.at(0, 400), None);
        let paused = Mark { mute: Mute::Paused, begin: 200, length: 100 };
        let masked = Mark { mute: Mute::Masked, begin: 300, length: 50 };
        assert_eq!(wav.marks, [paused, masked]);
    }
}

#[test]
fn sizes_are_true_when_it_has_ended() {
    let (_, file) = files(Format::Pcm);
    assert_eq!(word(&file, 4), Some(u32::try_from(file.len() - 8).unwrap()));
    assert_eq!(word(&file, 46), Some(400));
    assert_eq!(word(&file, 54), Some(1_600));
    assert_eq!(file.len() % 2, 0);
}

#[test]
fn what_a_crash_left_is_read_up_to_its_last_whole_sample() {
    for format in FORMATS {
        let (cut, _) = files(format);
        for length in HEADER..cut.len() {
            let wav = Wav::read(&cut[..length]).unwrap();
            let whole = (length - HEADER) / usize::from(format.width() * 2);
            assert_eq!((wav.len(), wav.marks.len()), (whole, 0));
        }
    }
}

#[test]
fn a_shorter_side_is_filled_and_a_full_file_says_so() {
    let mut writer = Writer::new(Format::Pcm);
    let mut out = Vec::new();
    writer.write(&[1, 2], &[3], &mut out).unwrap();
    assert_eq!(out, [1, 0, 3, 0, 2, 0, 0, 0]);
    writer.samples = DATA_LIMIT / 4;
    assert_eq!(writer.write(&[1], &[], &mut out), Err(Full));
    assert_eq!(out.len(), 8);
    let finish = writer.finish();
    assert_eq!(word(&finish.header, 54), Some(DATA_LIMIT));
}

#[test]
fn announcements_of_one_side_are_heard_on_both() {
    let (_, mut file) = files(Format::Pcm);
    file[22] = 1;
    let wav = Wav::read(&file).unwrap();
    assert_eq!((wav.sides, wav.len()), (1, 800));
    assert_eq!((wav.at(0, 1), wav.at(1, 1)), (Some(-2_000), Some(-2_000)));
}

#[test]
fn what_other_programs_put_in_between_is_passed_over() {
    let (_, mut file) = files(Format::Pcm);
    file.splice(12..12, *b"junk\x03\0\0\0abc\0");
    assert_eq!(Wav::read(&file).unwrap().len(), 400);
}

#[test]
fn what_cannot_be_played_says_why() {
    let (_, file) = files(Format::Pcm);
    let with = |at: usize, value: u8| {
        let mut file = file.clone();
        file[at] = value;
        Wav::read(&file).map(|_| ())
    };
    assert_eq!(with(0, b'X'), Err(Bad::NotWav));
    assert_eq!(with(20, 85), Err(Bad::Format));
    assert_eq!(with(22, 3), Err(Bad::Format));
    assert_eq!(with(25, 0x3F), Err(Bad::Format));
    assert_eq!(with(12, b'x'), Err(Bad::NoFormat));
    assert_eq!(with(50, b'x'), Err(Bad::NoData));
    assert_eq!(Wav::read(&file[..20]).map(|_| ()), Err(Bad::NoFormat));
}

#[test]
fn broken_files_are_refused_or_read_but_never_worse() {
    let (_, file) = files(Format::G711(Law::A));
    let mut chance = Seeded::new(8);
    for _ in 0..50_000 {
        let bytes = chance.spoiled(&file);
        let Ok(wav) = Wav::read(&bytes) else { continue };
        let last = wav.len().checked_sub(1);
        assert!(last.is_none_or(|n| wav.at(1, n).is_some()));
        assert_eq!(wav.at(1, wav.len()), None);
        assert!(wav.marks.len() <= MARKS_LIMIT);
    }
}

/// One side of PCM at 16,000 samples a second.
fn wide(hertz: f64) -> Vec<u8> {
    let sound: Vec<u8> = (0..16_000)
        .flat_map(|n| {
            let turn = f64::from(n) * hertz * std::f64::consts::TAU / 16_000.0;
            #[expect(clippy::cast_possible_truncation, reason = "at most 10,000")]
            let sample = (turn.sin() * 10_000.0) as i16;
            sample.to_le_bytes()
        })
        .collect();
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend(16_000_u32.to_le_bytes());
    file.extend(32_000_u32.to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(u32::try_from(sound.len()).unwrap().to_le_bytes());
    file.extend(sound);
    file
}

#[test]
fn twice_the_rate_is_halved_and_what_is_too_high_for_it_is_gone() {
    let loudest = |hertz| {
        let file = wide(hertz);
        let sound = Wav::read(&file).unwrap().to_mono();
        assert_eq!(sound.len(), 8_000);
        sound[100..7_900].iter().map(|sample| sample.unsigned_abs()).max().unwrap()
    };
    assert!((9_800..10_200).contains(&loudest(440.0)), "{}", loudest(440.0));
    assert!(loudest(5_500.0) < 100, "{}", loudest(5_500.0));
}

#[test]
fn the_header_so_far_says_how_much_there_is() {
    let mut writer = Writer::new(Format::Pcm);
    let mut file = writer.header().to_vec();
    writer.write(&[1; 300], &[2; 300], &mut file).unwrap();
    file[..HEADER].copy_from_slice(&writer.header_so_far());
    writer.write(&[1; 50], &[2; 50], &mut file).unwrap();
    assert_eq!(Wav::read(&file).unwrap().len(), 300, "what came since is not told yet");
}
