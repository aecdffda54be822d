//! Opening database files: their modes, their schemas, and the versions of those.

use crate::store::{Fault, RealmNo};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The layout of `journal.db` that this build writes. A higher one needs steps here, for the journal is never thrown away.
const JOURNAL_VERSION: u32 = 1;

/// The layout of `views.db`, and of what is put into it: views of any other are thrown away and built again.
const VIEWS_VERSION: u32 = 7;

/// Deeds of one realm have 47 bits of the journal's key, the realm's number the 16 above.
const SEQ_BITS: u32 = 47;

/// A file that this build cannot use.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(
        "journal.db has layout {0}, and this build knows {JOURNAL_VERSION}: it was written by a later build"
    )]
    Newer(u32),
}

/// The journal's key of a deed.
pub(super) fn key(realm: RealmNo, seq: u64) -> i64 {
    (i64::from(realm.0) << SEQ_BITS) | (int(seq) & ((1 << SEQ_BITS) - 1))
}

/// A number as the database has them. Ours stay far below the border.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The deed of a journal's key.
pub(super) fn seq_of(key: i64) -> u64 {
    u64::try_from(key & ((1 << SEQ_BITS) - 1)).unwrap_or(0)
}

/// Opens the journal for its writer; makes it if it is not there.
pub(super) fn journal(folder: &Path) -> Result<Connection, Fault> {
    let mut db = open(&path(folder, "journal.db"))?;
    // Copying the log into the file is done beside the commits (`trail.rs`), never in the midst of one.
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -2000;",
    )?;
    match version(&db)? {
        0 => {
            let make = db.transaction()?;
            make.execute_batch(include_str!("../schema/journal.sql"))?;
            make.execute("INSERT INTO about (journal) VALUES (randomblob(16))", [])?;
            make.pragma_update(None, "user_version", JOURNAL_VERSION)?;
            make.commit()?;
        }
        JOURNAL_VERSION => {}
        newer => return Err(Fault::broken("open the journal", Unusable::Newer(newer))),
    }
    Ok(db)
}

/// Opens the journal for someone who reads it, or copies its log into the file.
pub(super) fn journal_beside(folder: &Path) -> Result<Connection, Fault> {
    let db = open(&path(folder, "journal.db"))?;
    db.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -512;")?;
    Ok(db)
}

/// Opens the views for their writer. Views of another layout, or of another journal, are thrown away first.
pub(super) fn views(folder: &Path) -> Result<Connection, Fault> {
    let journal: [u8; 16] =
        journal_beside(folder)?.query_row("SELECT journal FROM about", [], |row| row.get(0))?;
    let path = path(folder, "views.db");
    let usable = |db: &Connection| -> Result<bool, Fault> {
        Ok(version(db)? == VIEWS_VERSION
            && db.query_row("SELECT journal FROM about", [], |row| row.get::<_, [u8; 16]>(0))?
                == journal)
    };
    let kept = if path.exists() {
        open(&path).ok().filter(|db| usable(db).unwrap_or(false))
    } else {
        None
    };
    let db = match kept {
        Some(db) => db,
        None => make_views(&path, journal)?,
    };
    // After a power cut the views may be a few deeds behind, but whole: they catch up from the journal.
    db.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000;",
    )?;
    Ok(db)
}

fn make_views(path: &Path, journal: [u8; 16]) -> Result<Connection, Fault> {
    for end in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(end);
        match std::fs::remove_file(PathBuf::from(file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Fault::io("throw old views away", error));
            }
            _ => {}
        }
    }
    let mut db = open(path)?;
    let make = db.transaction()?;
    make.execute_batch(include_str!("../schema/views.sql"))?;
    make.execute("INSERT INTO about (journal) VALUES (?1)", [journal])?;
    make.pragma_update(None, "user_version", VIEWS_VERSION)?;
    make.commit()?;
    Ok(db)
}

/// Opens the views for reading pages.
pub(super) fn views_beside(folder: &Path) -> Result<Connection, Fault> {
    let db = Connection::open_with_flags(
        path(folder, "views.db"),
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.execute_batch("PRAGMA cache_size = -2000;")?;
    Ok(db)
}

fn open(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(64);
    // What is deleted is overwritten: it was deleted because nobody shall have it any more.
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = ON;")?;
    Ok(db)
}

fn version(db: &Connection) -> Result<u32, Fault> {
    Ok(db.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}
