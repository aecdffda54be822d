//! Idle connected chats: what each costs in memory, and that ten thousand are held.

use crate::client::{Http, Socket};
use crate::figures::{print, round};
use crate::server::{Server, folder};
use anyhow::Result;
use std::time::Duration;

const CHATS: usize = 10_000;

pub(crate) async fn run() -> Result<()> {
    let server = Server::start(&folder("idle")?, false)?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = server.memory()?;
    let mut http = Http::open(&server.http).await?;
    let mut sockets = Vec::with_capacity(CHATS);
    for _ in 0..CHATS {
        let (_, _, url) = http.start_chat().await?;
        sockets.push(Socket::subscribe(&url).await?);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = server.memory()?;
    print(
        "idle.chats",
        &[
            ("connected", sockets.len().into()),
            ("kb_per_chat", round((after - before) / CHATS as f64)),
            ("idle_process_mb", round(before / 1_024.0)),
            ("with_chats_mb", round(after / 1_024.0)),
        ],
    );
    Ok(())
}
