//! What is played where nobody speaks: tones, and files of the sounds' folder.

use facade::voice::plane::Sound;
use media::sound::FRAME;
use media::tone::Tone;
use media::wav::Wav;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The largest file that is played: half an hour of 16-bit sound at 8,000 samples a second.
const FILE_LIMIT: u64 = 32 << 20;

/// A file's sound, 8,000 samples a second.
type Clip = Arc<[i16]>;

/// Something to be played.
#[derive(Debug, Clone)]
pub(super) enum Play {
    /// A tone without an end.
    Tone(Tone),
    /// One file over and over.
    Loop(Clip),
    /// Files one after the other, then the tune.
    List(Arc<[Clip]>),
}

/// Something that is being played.
#[derive(Debug, Clone)]
pub(super) struct Player {
    play: Play,
    /// The sample that is next; of a list, in the clip that is next.
    at: u64,
    clip: usize,
}

impl Player {
    /// From its beginning.
    pub(super) const fn new(play: Play) -> Self {
        Self { play, at: 0, clip: 0 }
    }

    /// The next 20 ms.
    pub(super) fn fill(&mut self, frame: &mut [i16; FRAME]) {
        match &self.play {
            Play::Tone(tone) => self.at = tone.fill(self.at, frame),
            Play::Loop(clip) => {
                for sample in frame {
                    let at = usize::try_from(self.at).unwrap_or(0);
                    *sample = clip.get(at).copied().unwrap_or(0);
                    self.at = (self.at + 1) % (clip.len() as u64).max(1);
                }
            }
            Play::List(clips) => {
                let mut samples = frame.iter_mut();
                while let Some(clip) = clips.get(self.clip) {
                    let from = usize::try_from(self.at).unwrap_or(0);
                    let rest = clip.get(from..).unwrap_or_default();
                    let mut count = 0;
                    for (sample, own) in samples.by_ref().take(rest.len()).zip(rest) {
                        *sample = *own;
                        count += 1;
                    }
                    self.at += count as u64;
                    if count < rest.len() || samples.len() == 0 {
                        return;
                    }
                    (self.clip, self.at) = (self.clip + 1, 0);
                }
                for sample in samples {
                    *sample = Tone::Music.at(self.at);
                    self.at += 1;
                }
            }
        }
    }
}

/// The sounds' folder; each file is read when it is first named, and again when it has changed.
#[derive(Debug)]
pub(super) struct Sounds {
    folder: PathBuf,
    clips: HashMap<Arc<str>, (Option<SystemTime>, Clip)>,
}

impl Sounds {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, clips: HashMap::new() }
    }

    /// What is to be played for a sound.
    pub(super) fn play(&mut self, sound: &Sound) -> Play {
        match sound {
            Sound::Ringback => Play::Tone(Tone::Ringback),
            Sound::Busy => Play::Tone(Tone::Busy),
            Sound::Test => Play::Tone(Tone::Test),
            Sound::Quiet => Play::Tone(Tone::Quiet),
            Sound::Music(name) => self.clip(name).map_or(Play::Tone(Tone::Music), Play::Loop),
            Sound::Announce(names) => {
                Play::List(names.iter().filter_map(|name| self.clip(name)).collect())
            }
        }
    }

    fn clip(&mut self, name: &Arc<str>) -> Option<Clip> {
        let path = self.path(name)?;
        let about = std::fs::metadata(&path).ok()?;
        let changed = about.modified().ok();
        if let Some((at, clip)) = self.clips.get(name).filter(|(at, _)| *at == changed) {
            debug_assert_eq!(*at, changed);
            return Some(clip.clone());
        }
        let read = if about.len() > FILE_LIMIT { None } else { read(&path) };
        let Some(clip) = read else {
            tracing::warn!(
                name = &**name,
                "a sound is no WAV file that can be played, or too large"
            );
            self.clips.remove(name);
            return None;
        };
        self.clips.insert(name.clone(), (changed, clip.clone()));
        Some(clip)
    }

    /// A file of the folder itself, with or without its ending; none when the name would lead elsewhere.
    fn path(&self, name: &str) -> Option<PathBuf> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return None;
        }
        let exact = self.folder.join(name);
        if exact.is_file() {
            return Some(exact);
        }
        Some(self.folder.join(format!("{name}.wav"))).filter(|path| path.is_file())
    }
}

fn read(path: &Path) -> Option<Clip> {
    let file = std::fs::read(path).ok()?;
    let sound = Wav::read(&file).ok()?.to_mono();
    (!sound.is_empty()).then(|| sound.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::wav::{Format, Writer};

    fn store(folder: &Path, name: &str, samples: &[i16]) {
        let mut writer = Writer::new(Format::Pcm);
        let mut file = writer.header().to_vec();
        writer.write(samples, samples, &mut file).unwrap();
        std::fs::write(folder.join(name), file).unwrap();
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sangdam-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn heard(player: &mut Player, frames: usize) -> Vec<i16> {
        let mut frame = [0; FRAME];
        (0..frames)
            .flat_map(|_| {
                player.fill(&mut frame);
                frame
            })
            .collect()
    }

    #[test]
    fn announcements_are_played_once_each_and_then_the_tune() {
        let folder = folder("announce");
        store(&folder, "one.wav", &[100; 200]);
        store(&folder, "two.wav", &[200; 100]);
        let names: Arc<[Arc<str>]> = Arc::new(["one".into(), "none".into(), "two.wav".into()]);
        let play = Sounds::new(folder.clone()).play(&Sound::Announce(names));
        let sound = heard(&mut Player::new(play), 4);
        assert!(sound[..200].iter().all(|s| *s == 100));
        assert!(sound[200..300].iter().all(|s| *s == 200));
        let tune: Vec<_> = (0..340).map(|at| Tone::Music.at(at)).collect();
        assert_eq!(sound[300..], tune);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn music_comes_round_and_a_changed_file_is_read_again() {
        let folder = folder("music");
        let mut sounds = Sounds::new(folder.clone());
        assert!(matches!(sounds.play(&Sound::Music("hold".into())), Play::Tone(Tone::Music)));
        let ramp: Vec<i16> = (0..250).collect();
        store(&folder, "hold.wav", &ramp);
        let sound = heard(&mut Player::new(sounds.play(&Sound::Music("hold".into()))), 5);
        assert_eq!((sound[0], sound[249], sound[250], sound[799]), (0, 249, 0, 49));
        store(&folder, "hold.wav", &[7; 10]);
        let later = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(5);
        std::fs::File::options()
            .write(true)
            .open(folder.join("hold.wav"))
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert_eq!(heard(&mut Player::new(sounds.play(&Sound::Music("hold".into()))), 1), [7; 160]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn names_do_not_lead_out_of_the_folder() {
        let folder = folder("names");
        store(&folder, "a.wav", &[1; 10]);
        let inner = folder.join("inner");
        std::fs::create_dir_all(&inner).unwrap();
        let mut sounds = Sounds::new(inner);
        for name in ["../a.wav", "../a", "/etc/passwd", "", "..", ".hidden", "a\0"] {
            assert!(sounds.clip(&name.into()).is_none(), "{name}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
