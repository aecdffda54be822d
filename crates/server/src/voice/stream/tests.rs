//! What a stream's task promises to its driver and its peer.

use super::*;
use crate::voice::flows::Outlet;
use tokio::sync::mpsc;

const OPTIONS: &str = "OPTIONS sip:h SIP/2.0\r\nContent-Length: 3\r\n\r\nabc";

const IDLE: Duration = Duration::from_millis(900);
const BEGUN: Duration = Duration::from_millis(300);

struct World {
    arrivals: mpsc::Receiver<Arrival>,
    address: SocketAddr,
    _stop: watch::Sender<bool>,
}

impl World {
    /// A port that lets an address hold so many connections.
    async fn new(most: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (exchange, arrivals) = Exchange::new(most);
        let (stop, stopped) = watch::channel(false);
        let port = Port { exchange, idle: IDLE, message: BEGUN, stop: stopped };
        tasks::spawn("test", listen(listener, None, port, Arc::new(Semaphore::new(10))));
        Self { arrivals, address, _stop: stop }
    }

    async fn open(&mut self) -> (TcpStream, Flow, Outlet) {
        let tcp = TcpStream::connect(self.address).await.unwrap();
        match self.arrivals.recv().await {
            Some(Arrival::Open(flow, outlet)) => (tcp, flow, outlet),
            other => panic!("{other:?}"),
        }
    }

    async fn bytes(&mut self) -> String {
        match self.arrivals.recv().await {
            Some(Arrival::Bytes(_, bytes)) => String::from_utf8(bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn closed(&mut self) -> Flow {
        match self.arrivals.recv().await {
            Some(Arrival::Closed(flow)) => flow,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn whole_messages_arrive_whole_and_answers_go_back() {
    let mut world = World::new(1).await;
    let (mut tcp, flow, outlet) = world.open().await;
    assert_eq!(flow.peer, tcp.local_addr().unwrap());
    let (first, second) = OPTIONS.split_at(20);
    tcp.write_all(first.as_bytes()).await.unwrap();
    tcp.write_all(format!("{second}{OPTIONS}{first}").as_bytes()).await.unwrap();
    let mut came = world.bytes().await;
    if came.len() == OPTIONS.len() {
        came += &world.bytes().await;
    }
    assert_eq!(came, OPTIONS.repeat(2));
    tcp.write_all(second.as_bytes()).await.unwrap();
    assert_eq!(world.bytes().await, OPTIONS);
    for _ in 0..3 {
        assert!(outlet.put(b"SIP/2.0 200 OK\r\n\r\n".as_slice().into()));
    }
    drop(outlet);
    let mut answers = String::new();
    tcp.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers, "SIP/2.0 200 OK\r\n\r\n".repeat(3), "sent before it is closed");
    assert_eq!(world.closed().await, flow);
}

#[tokio::test]
async fn whoever_begins_a_message_and_does_not_end_it_is_cut_off() {
    let mut world = World::new(1).await;
    let (mut tcp, flow, _outlet) = world.open().await;
    tcp.write_all(OPTIONS.as_bytes()).await.unwrap();
    world.bytes().await;
    let began = clock::instant();
    let mut drip = tokio::time::interval(BEGUN / 10);
    let mut letters = OPTIONS.bytes().cycle().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let closed = loop {
        tokio::select! {
            closed = world.closed() => break closed,
            _ = drip.tick() => drop(tcp.write_all(&[letters.next().unwrap()]).await),
        }
    };
    assert_eq!(closed, flow);
    assert!(clock::instant().duration_since(began) >= BEGUN, "the first byte began the time");
}

#[tokio::test]
async fn a_connection_may_be_silent_for_long_but_not_for_ever() {
    let mut world = World::new(1).await;
    let (mut tcp, flow, _outlet) = world.open().await;
    tcp.write_all(OPTIONS.as_bytes()).await.unwrap();
    world.bytes().await;
    let began = clock::instant();
    assert_eq!(world.closed().await, flow);
    assert!(clock::instant().duration_since(began) + BEGUN / 10 >= IDLE);
    let (_tcp, flow, _outlet) = world.open().await;
    let began = clock::instant();
    assert_eq!(world.closed().await, flow, "one that says nothing at all");
    assert!(clock::instant().duration_since(began) < IDLE);
}

#[tokio::test]
async fn a_connection_that_takes_nothing_holds_up_nobody() {
    let mut world = World::new(2).await;
    let (_stalled, _, outlet) = world.open().await;
    let (mut other, _, second) = world.open().await;
    let message: Arc<[u8]> = vec![b'x'; 60_000].into();
    let mut given = 0;
    while outlet.put(message.clone()) {
        given += 1;
        assert!(given < 1_000, "it is never given up");
    }
    assert!(second.put(b"hello".as_slice().into()));
    let mut heard = [0; 5];
    other.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
}

#[tokio::test]
async fn an_address_that_holds_its_share_is_turned_away() {
    let mut world = World::new(1).await;
    let (_first, ..) = world.open().await;
    let mut second = TcpStream::connect(world.address).await.unwrap();
    let mut nothing = Vec::new();
    assert_eq!(second.read_to_end(&mut nothing).await.unwrap_or(0), 0);
}
