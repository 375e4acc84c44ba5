use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request as the server read it.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
    /// How many came before it over the same connection.
    pub(crate) nth: u64,
}

/// What the server does after a request.
pub(crate) enum Reply {
    /// Writes these pieces, flushed one by one, and keeps the connection.
    Keep(Vec<&'static str>),
    /// Writes this and closes.
    Close(&'static str),
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

pub(crate) fn ok() -> Reply {
    Reply::Keep(vec![OK])
}

/// A server on a free port. It lives as long as the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepts: Arc<AtomicU64>,
    requests: watch::Receiver<u64>,
}

impl Server {
    pub(crate) async fn start<F>(behave: impl Fn(Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), behave)
    }

    pub(crate) fn on<F>(listener: TcpListener, behave: impl Fn(Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let accepts = Arc::new(AtomicU64::new(0));
        let (count, requests) = watch::channel(0);
        let (behave, count, accepted) = (Arc::new(behave), Arc::new(count), Arc::clone(&accepts));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let (behave, count) = (Arc::clone(&behave), Arc::clone(&count));
                tokio::spawn(async move { serve(stream, &*behave, &count).await });
            }
        });
        Self { address, accepts, requests }
    }

    pub(crate) fn accepts(&self) -> u64 {
        self.accepts.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> u64 {
        *self.requests.borrow()
    }

    /// Waits until so many requests have been read.
    pub(crate) async fn has_read(&self, requests: u64) {
        self.requests.clone().wait_for(|n| *n >= requests).await.unwrap();
    }
}

async fn serve<F>(mut stream: TcpStream, behave: &(impl Fn(Request) -> F + Sync), count: &watch::Sender<u64>)
where
    F: Future<Output = Reply>,
{
    let mut buffer = Vec::new();
    let mut nth = 0;
    while let Some(request) = read(&mut stream, &mut buffer, nth).await {
        nth += 1;
        let close = buffer.is_empty() && request.1;
        count.send_modify(|n| *n += 1);
        match behave(request.0).await {
            Reply::Keep(pieces) => {
                for piece in pieces {
                    stream.write_all(piece.as_bytes()).await.unwrap();
                    tokio::task::yield_now().await;
                }
                if close {
                    return;
                }
            }
            // In one go with the closing on a runtime of one thread: no client can come in between.
            Reply::Close(piece) => return stream.write_all(piece.as_bytes()).await.unwrap(),
        }
    }
}

/// The next request, and whether the client wants the connection closed after it.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>, nth: u64) -> Option<(Request, bool)> {
    loop {
        let text = String::from_utf8(buffer.clone()).unwrap();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
            if rest.len() >= length {
                let mut words = head.split(' ');
                let request = Request {
                    method: words.next().unwrap().to_owned(),
                    path: words.next().unwrap().to_owned(),
                    body: rest[..length].to_owned(),
                    nth,
                };
                buffer.drain(..head.len() + 4 + length);
                return Some((request, head.contains("connection: close")));
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}
