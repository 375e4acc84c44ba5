use bytes::BytesMut;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stapel_text::{Problem, problem};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::frame::{header, take};
use crate::{Frame, Hello, Kind, printable};

/// How much a login shell may say before the hello, in bytes.
const BANNERS: usize = 64 << 10;

/// How much of that is shown if no hello comes.
const SHOWN: usize = 2 << 10;

/// Both directions of a line, after the hello. [`Connection::split`] lets them be used at the same time.
#[derive(Debug)]
pub struct Connection<R, W> {
    receiver: Receiver<R>,
    sender: Sender<W>,
}

/// The direction in which frames come.
#[derive(Debug)]
pub struct Receiver<R> {
    reader: R,
    arrived: BytesMut,
    count: u64,
}

/// The direction in which frames go.
#[derive(Debug)]
pub struct Sender<W> {
    writer: W,
    count: u64,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// Says `hello` and waits for the other side's, past what a login shell printed before it.
    ///
    /// # Errors
    /// `wire-no-hello` with what came instead, `wire-protocol`, `wire-cut`.
    pub async fn open(reader: R, writer: W, hello: &Hello) -> Result<(Self, Hello), Problem> {
        let mut sender = Sender { writer, count: 0 };
        // One who has gone already has perhaps said why: what it said matters more than that it does not listen.
        let said = sender.write(format!("{hello}\n").as_bytes(), &[]).await;
        let mut receiver = Receiver { reader, arrived: BytesMut::new(), count: 0 };
        let theirs = receiver.hello().await?;
        said?;
        Ok((Self { receiver, sender }, theirs))
    }

    /// Sends a control message.
    ///
    /// # Errors
    /// `wire-too-long`, `wire-cut`.
    pub async fn send<T: Serialize + ?Sized>(&mut self, message: &T) -> Result<(), Problem> {
        self.sender.send(message).await
    }

    /// Sends bytes, at most [`crate::MAX_PAYLOAD`].
    ///
    /// # Errors
    /// `wire-too-long`, `wire-cut`.
    pub async fn send_content(&mut self, content: &[u8]) -> Result<(), Problem> {
        self.sender.send_content(content).await
    }

    /// See [`Receiver::recv`].
    ///
    /// # Errors
    /// As there.
    pub async fn recv(&mut self) -> Result<Option<Frame>, Problem> {
        self.receiver.recv().await
    }

    /// See [`Receiver::recv_as`].
    ///
    /// # Errors
    /// As there.
    pub async fn recv_as<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Problem> {
        self.receiver.recv_as().await
    }

    /// The two directions apart.
    pub fn split(self) -> (Receiver<R>, Sender<W>) {
        (self.receiver, self.sender)
    }

    /// The two directions together again, perhaps of another line.
    pub fn join(receiver: Receiver<R>, sender: Sender<W>) -> Self {
        Self { receiver, sender }
    }

    /// Bytes that went out so far, headers and hello among them.
    pub fn sent(&self) -> u64 {
        self.sender.count
    }

    /// Bytes that came in so far.
    pub fn received(&self) -> u64 {
        self.receiver.count
    }
}

impl<R: AsyncRead + Unpin> Receiver<R> {
    /// The next frame; `None` when the other side has ended in good order, between two frames. It may be dropped while
    /// it waits (in a `select!`) without losing anything.
    ///
    /// # Errors
    /// `wire-cut` in the middle of a frame, `wire-too-long`, `wire-garbage`.
    pub async fn recv(&mut self) -> Result<Option<Frame>, Problem> {
        loop {
            if let Some(frame) = take(&mut self.arrived)? {
                return Ok(Some(frame));
            }
            if self.read().await? == 0 {
                return if self.arrived.is_empty() {
                    Ok(None)
                } else {
                    Err(cut(&std::io::ErrorKind::UnexpectedEof.into()))
                };
            }
        }
    }

    /// The next frame as a control message of this type.
    ///
    /// # Errors
    /// Those of [`Receiver::recv`], and `wire-not-understood`.
    pub async fn recv_as<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Problem> {
        let Some(frame) = self.recv().await? else { return Ok(None) };
        frame.control().map(Some)
    }

    /// Bytes that came in so far.
    pub fn received(&self) -> u64 {
        self.count
    }

    async fn hello(&mut self) -> Result<Hello, Problem> {
        let mut banners = Vec::new();
        loop {
            while let Some(end) = self.arrived.iter().position(|b| *b == b'\n') {
                let line = self.arrived.split_to(end + 1);
                if let Some(hello) = Hello::parse(&line) {
                    return hello;
                }
                banners.extend_from_slice(&line);
                if banners.len() > BANNERS {
                    break;
                }
            }
            if banners.len() + self.arrived.len() > BANNERS || self.read().await? == 0 {
                banners.extend_from_slice(&self.arrived);
                return Err(problem!(Refused, "wire-no-hello", said = printable(&banners, SHOWN)));
            }
        }
    }

    async fn read(&mut self) -> Result<usize, Problem> {
        self.arrived.reserve(1 << 16);
        let n = self.reader.read_buf(&mut self.arrived).await.map_err(|e| cut(&e))?;
        self.count += n as u64;
        Ok(n)
    }
}

impl<W: AsyncWrite + Unpin> Sender<W> {
    /// Sends a control message. Not to be dropped half-way: half a frame would have gone.
    ///
    /// # Errors
    /// `wire-too-long`, `wire-cut`.
    pub async fn send<T: Serialize + ?Sized>(&mut self, message: &T) -> Result<(), Problem> {
        let json = serde_json::to_vec(message).map_err(|e| not_understood(&e))?;
        self.write(&header(Kind::Control, json.len())?, &json).await
    }

    /// Sends bytes, at most [`crate::MAX_PAYLOAD`]. Not to be dropped half-way.
    ///
    /// # Errors
    /// `wire-too-long`, `wire-cut`.
    pub async fn send_content(&mut self, content: &[u8]) -> Result<(), Problem> {
        self.write(&header(Kind::Content, content.len())?, content).await
    }

    /// Bytes that went out so far.
    pub fn sent(&self) -> u64 {
        self.count
    }

    async fn write(&mut self, head: &[u8], body: &[u8]) -> Result<(), Problem> {
        let writing = async {
            self.writer.write_all(head).await?;
            self.writer.write_all(body).await?;
            self.writer.flush().await
        };
        writing.await.map_err(|e| cut(&e))?;
        self.count += (head.len() + body.len()) as u64;
        Ok(())
    }
}

impl Frame {
    /// Reads it as a control message.
    ///
    /// # Errors
    /// `wire-not-understood`, also for content.
    pub fn control<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        match self.kind {
            Kind::Control => serde_json::from_slice(&self.payload).map_err(|e| not_understood(&e)),
            Kind::Content => Err(not_understood(&serde::de::Error::custom("content"))),
        }
    }
}

fn not_understood(error: &serde_json::Error) -> Problem {
    problem!(Failed, "wire-not-understood", error = error.to_string())
}

fn cut(error: &std::io::Error) -> Problem {
    problem!(Failed, "wire-cut", error = error)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};

    use super::*;

    type Line = Connection<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Ask {
        what: String,
    }

    async fn pair() -> (Line, Line) {
        let (a, b) = duplex(1 << 10);
        let ((ar, aw), (br, bw)) = (split(a), split(b));
        let (ha, hb) = (Hello::new("aa"), Hello::new("bb"));
        let (a, b) = tokio::join!(Connection::open(ar, aw, &ha), Connection::open(br, bw, &hb));
        let ((a, theirs), (b, ours)) = (a.unwrap(), b.unwrap());
        assert_eq!((theirs, ours), (hb, ha));
        (a, b)
    }

    /// What happens to one who says this and goes.
    async fn said(bytes: &[u8]) -> (Result<(), String>, Option<Result<Option<Frame>, Problem>>) {
        let (mut us, them) = duplex(1 << 20);
        us.write_all(bytes).await.unwrap();
        us.shutdown().await.unwrap();
        let (r, w) = split(them);
        match Connection::open(r, w, &Hello::new("aa")).await {
            Ok((mut connection, _)) => (Ok(()), Some(connection.recv().await)),
            Err(problem) => (Err(problem.code().to_owned()), None),
        }
    }

    #[tokio::test]
    async fn messages_and_content_come_over_in_order() {
        let (mut a, mut b) = pair().await;
        let big: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
        let ask = Ask { what: "плана".into() };
        let sending = async {
            a.send(&ask).await.unwrap();
            a.send_content(&big).await.unwrap();
            a.send_content(&[]).await.unwrap();
            a
        };
        let receiving = async {
            assert_eq!(b.recv_as::<Ask>().await.unwrap().unwrap(), ask);
            assert_eq!(b.recv().await.unwrap().unwrap().payload, big);
            assert!(b.recv().await.unwrap().unwrap().payload.is_empty());
            b
        };
        let (a, mut b) = tokio::join!(sending, receiving);
        assert_eq!(a.sent(), b.received());
        assert!(a.sent() > 400_000);
        drop(a);
        assert_eq!(b.recv().await, Ok(None));
    }

    #[tokio::test]
    async fn waiting_may_be_given_up_in_the_middle_of_a_frame() {
        let (a, mut b) = pair().await;
        let (_receiver, mut sender) = a.split();
        let frame = [&header(Kind::Content, 4).unwrap()[..], b"abcd"].concat();
        for part in frame.chunks(3) {
            sender.write(part, &[]).await.unwrap();
            let given_up =
                tokio::select! { biased; frame = b.recv() => Some(frame), () = std::future::ready(()) => None };
            if let Some(frame) = given_up {
                assert_eq!(&frame.unwrap().unwrap().payload[..], b"abcd");
                return;
            }
        }
        assert_eq!(&b.recv().await.unwrap().unwrap().payload[..], b"abcd");
    }

    #[tokio::test]
    async fn banners_are_passed_over_up_to_a_bound() {
        let banner = |n: usize| [&b"Welcome!\n".repeat(n)[..], b"no break STAPEL 1 0.1.0 ab\n"].concat();
        assert_eq!(said(&banner(100)).await, (Ok(()), Some(Ok(None))));
        assert_eq!(said(&banner(10_000)).await.0, Err("wire-no-hello".into()));
        assert_eq!(said(&b"x".repeat(100_000)).await.0, Err("wire-no-hello".into()));
        assert_eq!(said(b"").await.0, Err("wire-no-hello".into()));
        assert_eq!(said(b"STAPEL 7 8.0 ab\n").await.0, Err("wire-protocol".into()));
    }

    #[tokio::test]
    async fn garbage_and_halves_are_refused() {
        let after = async |bytes: &[u8]| {
            let all = [b"STAPEL 1 0.1.0 ab\n", bytes].concat();
            said(&all).await.1.unwrap().unwrap_err().code().to_owned()
        };
        assert_eq!(after(b"panicked at").await, "wire-garbage");
        assert_eq!(after(&[1, 255, 255, 255, 255]).await, "wire-too-long");
        assert_eq!(after(&[1, 0, 0, 0, 9, b'{']).await, "wire-cut");
        assert_eq!(after(&[1, 0]).await, "wire-cut");
    }

    #[tokio::test]
    async fn what_is_not_the_message_awaited_is_said_so() {
        let (mut a, mut b) = pair().await;
        a.send(&serde_json::json!({ "other": 1 })).await.unwrap();
        a.send_content(b"{}").await.unwrap();
        for _ in 0..2 {
            assert_eq!(b.recv_as::<Ask>().await.unwrap_err().code(), "wire-not-understood");
        }
    }
}
