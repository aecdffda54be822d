//! From a configuration to a running server, and to a stopped one.

pub mod folder;
mod phones;
pub mod ready;

use crate::blob::Blobs;
use crate::config::Config;
use crate::listen::door::Door;
use crate::listen::nx::{self, Porch};
use crate::listen::rio::{self, Gateway};
use crate::listen::serve::Port;
use crate::listen::{http, probe, tls};
use crate::run::Realm;
use crate::seal::{self, Sealer};
use crate::site::Site;
use crate::store::{self, AnyStore, Kind, Store as _};
use crate::stream;
use crate::{bot, demo, metrics, post, prune, push, tasks};
use domain::query::{Answer, Query};
use domain::time::Millis;
use facade::door::{RealmNo, Settings};
use facade::nx::Lobby;
use folder::{Folder, Taken};
use phones::Phones;
use ready::Ready;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// How long open requests and sockets are waited for when the server stops.
const DRAIN: Duration = Duration::from_millis(2_500);

/// How long realms may take to finish what they write, and to keep a snapshot.
const FINISH: Duration = Duration::from_millis(1_500);

/// How often histograms take in what they gathered.
const SETTLE: Duration = Duration::from_secs(5);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The data folder is not ours.
    #[error(transparent)]
    Folder(#[from] Taken),
    /// A port cannot be had.
    #[error("{name}: {address} cannot be opened: {source}")]
    Port {
        /// Which listener.
        name: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::Fault),
    /// The seal's key cannot be used.
    #[error(transparent)]
    Seal(#[from] seal::Fault),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Fault),
    /// Files of chats cannot be kept.
    #[error("files of chats: {0}")]
    Blobs(String),
    /// A realm does not answer.
    #[error("the realm {0} cannot be opened; the log says why")]
    Realm(Arc<str>),
    /// The authorities that vouch for trunks cannot be read.
    #[error("{0}: {1}")]
    Trust(PathBuf, #[source] io::Error),
    /// The system gives no thread for calls, or their tapes have no place.
    #[error("calls cannot be served: {0}")]
    Thread(#[source] io::Error),
    /// There is nobody to serve.
    #[error("there is no realm in {0} yet: `sangdam setup` makes one")]
    NoRealm(PathBuf),
    /// The addresses cannot be told.
    #[error("{0}: {1}")]
    Ready(PathBuf, #[source] io::Error),
}

/// What is to be started.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The configuration.
    pub config: Config,
    /// The demo centre.
    pub demo: bool,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub ready: Ready,
    folder: Folder,
    store: Arc<AnyStore>,
    realms: Vec<Arc<Realm>>,
    places: Arc<Semaphore>,
    connections: u32,
    stop: watch::Sender<bool>,
}

/// Opens the store of a data folder, and whatever is needed to decide in it.
///
/// # Errors
///
/// A [`store::Fault`].
pub async fn open_store(data: PathBuf) -> Result<Arc<AnyStore>, store::Fault> {
    let opened = tasks::blocking("open", move || AnyStore::open(&Kind::Sqlite(data))).await;
    opened
        .map_err(|ended| store::Fault::Broken { what: "open the store", source: Arc::new(ended) })?
        .map(Arc::new)
}

/// Starts a realm, and waits until it answers.
///
/// # Errors
///
/// [`Fault::Realm`] if it does not.
pub async fn open_realm(
    store: &Arc<AnyStore>,
    site: &Arc<Site>,
    no: RealmNo,
    name: Arc<str>,
) -> Result<Arc<Realm>, Fault> {
    let learner = site.clone();
    let realm = Realm::start(
        no,
        name.clone(),
        store.clone(),
        Arc::new(move |no, fact| learner.learn(no, fact)),
    );
    match realm.read(Query::Directory).await {
        Ok((Ok(Answer::Directory(directory)), _)) => site.load(no, &directory),
        _ => return Err(Fault::Realm(name)),
    }
    Ok(realm)
}

impl Server {
    /// Starts one; when this returns, every listener is open.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub async fn start(plan: Plan) -> Result<Self, Fault> {
        let Plan { config, demo } = plan;
        let folder = Folder::take(&config.server.data)?;
        let sealer = Sealer::open(folder.path())?;
        let store = open_store(folder.path().to_owned()).await?;
        if demo && store.realms().await?.is_empty() {
            store.realm(demo::REALM).await?;
        }
        let named = store.realms().await?;
        if named.is_empty() {
            return Err(Fault::NoRealm(folder.path().to_owned()));
        }

        let listen = &config.listen;
        let acceptor = match (demo, config.tls.certificate.as_os_str().is_empty()) {
            (true, true) => Some(tls::own(folder.path())?),
            (false, true) => None,
            (_, false) => Some(tls::from_files(&config.tls.certificate, &config.tls.key)?),
        };
        let http = bind("http", listen.http).await?;
        let https = bind("https", listen.https.filter(|_| acceptor.is_some())).await?;
        let rio_port = bind("rio", listen.rio).await?;
        // The demo's own certificate is for browsers: its gateway speaks plainly, as the guide's samples do.
        let rio_tls = acceptor.clone().filter(|_| !config.tls.certificate.as_os_str().is_empty());
        let sip_ws = bind("sip_ws", listen.sip_ws).await?;
        let sip_wss = bind("sip_wss", listen.sip_wss.filter(|_| acceptor.is_some())).await?;
        let (stop, stopped) = watch::channel(false);
        let phones = Phones::open(&config, acceptor.is_some(), stopped.clone()).await?;
        let probed = bind("metrics", listen.metrics).await?;
        let ready = Ready::new(
            http.as_ref(),
            https.as_ref(),
            (rio_port.as_ref(), rio_tls.is_some()),
            (sip_ws.as_ref(), sip_wss.as_ref()),
            phones.addresses(),
            probed.as_ref(),
        );

        let site = Arc::new(Site::new(settings(&config, demo, &ready), sealer));
        let mut realms = Vec::with_capacity(named.len());
        for (no, name) in named {
            let realm = open_realm(&store, &site, no, name).await?;
            if demo {
                demo::set_up(&realm, &site).await.map_err(|_| Fault::Realm(realm.name.clone()))?;
            }
            realms.push(realm);
        }

        let post = Arc::new(post::Post::new(config.post.private_hosts.clone()));
        for (nth, realm) in realms.iter().enumerate() {
            stream::start(realm.clone(), site.clone(), post.clone(), stopped.clone());
            push::start(realm.clone(), site.clone(), post.clone(), stopped.clone());
            bot::start(realm.clone(), site.clone(), post.clone(), stopped.clone());
            // The first realm's lie in the folder itself: hardly any server has two.
            let bots = folder.path().join("bots");
            let bots = if nth == 0 { bots } else { bots.join(&*realm.name) };
            bot::file::start(realm.clone(), bots, stopped.clone());
        }
        let blobs = Blobs::open(&config.files, folder.path())
            .map_err(|fault| Fault::Blobs(fault.to_string()))?;
        let blobs = Arc::new(blobs);
        for realm in &realms {
            prune::start(realm.clone(), blobs.clone(), stopped.clone());
        }
        let connections = u32::try_from(config.listen.connections.min(Semaphore::MAX_PERMITS))
            .unwrap_or(u32::MAX);
        let places = Arc::new(Semaphore::new(connections as usize));
        let door = Arc::new(Door {
            site,
            realms: realms.clone(),
            standing: Arc::default(),
            blobs,
            post,
            proxies: config.server.proxies.clone(),
            request_time: Duration::from_secs(config.limits.request_seconds),
            upload_time: Duration::from_secs(config.limits.upload_seconds),
            stop: stopped.clone(),
        });
        let entrance = |name, listener, tls| Port { name, listener, tls, places: places.clone() };
        if let Some(listener) = http {
            tasks::spawn("http", http::listen(entrance("http", listener, None), door.clone()));
        }
        if let Some(listener) = https {
            let https = entrance("https", listener, acceptor.clone());
            tasks::spawn("https", http::listen(https, door.clone()));
        }
        let nx = &config.nx;
        let lobby = Arc::new(Lobby::new(nx.sessions_per_address, nx.starts_per_minute));
        let porch = Porch::new(door.clone(), nx, lobby.clone(), phones.port.clone());
        phones
            .serve(&config, folder.path(), door.clone(), acceptor.clone(), &places, lobby)
            .map_err(Fault::Thread)?;
        if let Some(listener) = sip_ws {
            tasks::spawn("sip_ws", nx::listen(entrance("sip_ws", listener, None), porch.clone()));
        }
        if let Some(listener) = sip_wss {
            tasks::spawn("sip_wss", nx::listen(entrance("sip_wss", listener, acceptor), porch));
        }
        if let Some(listener) = rio_port {
            let gateway = Gateway {
                door: door.clone(),
                sockets: Arc::new(Semaphore::new(facade::rio::CONNECTIONS)),
                origins: config.rio.origins.clone().into(),
                times: facade::rio::Times {
                    login: Millis::from_secs(config.rio.login_seconds),
                    answer: Millis::from_secs(config.rio.answer_seconds),
                },
            };
            tasks::spawn("rio", rio::listen(entrance("rio", listener, rio_tls), gateway));
        }
        if let Some(listener) = probed {
            tasks::spawn("metrics", probe::listen(listener, realms.clone(), stopped.clone()));
        }
        tasks::spawn("settle", settle(stopped));
        ready
            .write(folder.path())
            .map_err(|fault| Fault::Ready(folder.path().join(ready::FILE), fault))?;
        Ok(Self { ready, folder, store, realms, places, connections, stop })
    }

    /// No new work; running writes are finished, sockets closed. Takes less than 5 s.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(DRAIN, self.places.acquire_many(self.connections)).await;
        let finish = async {
            for realm in &self.realms {
                realm.stop().await;
            }
            self.store.close().await;
        };
        if tokio::time::timeout(FINISH, finish).await.is_err() {
            tracing::warn!("not everything was at rest in time; the journal is whole all the same");
        }
        ready::remove(self.folder.path());
    }
}

async fn bind(
    name: &'static str,
    address: Option<SocketAddr>,
) -> Result<Option<TcpListener>, Fault> {
    let Some(address) = address else { return Ok(None) };
    TcpListener::bind(address).await.map(Some).map_err(|source| Fault::Port {
        name,
        address,
        source,
    })
}

fn settings(config: &Config, demo: bool, ready: &Ready) -> Settings {
    let addresses = [
        ("http", &ready.http),
        ("https", &ready.https),
        ("rio", &ready.rio),
        ("sip_ws", &ready.sip_ws),
        ("sip_wss", &ready.sip_wss),
        ("sip_udp", &ready.sip_udp),
        ("sip_tcp", &ready.sip_tcp),
        ("sip_tls", &ready.sip_tls),
    ];
    let listeners: BTreeMap<_, _> = addresses
        .into_iter()
        .filter_map(|(name, url)| Some((name.to_owned(), url.clone()?)))
        .collect();
    Settings {
        utc_offset_minutes: crate::clock::utc_offset_minutes(),
        public_url: Some(config.server.public_url.clone()).filter(|url| !url.is_empty()),
        base_path: config.server.base_path.clone(),
        version: env!("CARGO_PKG_VERSION"),
        demo,
        rates: config.rates(),
        bots_beside_agents: config.connect.bots_beside_agents,
        account: config.connect.account.clone(),
        region: config.connect.region.clone(),
        file_types: config.files.types.clone(),
        listeners,
        chat_sites: config.web.chat_sites.clone(),
        desk_sites: config.web.desk_sites.clone(),
        chat_sockets: config.web.chat_sockets.clone(),
    }
}

async fn settle(mut stop: watch::Receiver<bool>) {
    while tokio::time::timeout(SETTLE, stop.wait_for(|stop| *stop)).await.is_err() {
        metrics::settle();
    }
}
