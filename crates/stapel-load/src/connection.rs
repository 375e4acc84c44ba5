use std::net::SocketAddr;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::answer::Answer;
use crate::body::Body;
use crate::fault::{Fault, Reason, Stage, Trace};
use crate::head::Head;

/// How much of a bad answer's body is kept.
const EXCERPT: usize = 200;

/// How long the server may take to close first.
const FAREWELL: Duration = Duration::from_secs(1);

/// One connection and what it has carried.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    uses: u32,
}

impl Wire {
    pub(crate) async fn open(target: SocketAddr, trace: &mut Trace) -> Result<Self, Fault> {
        trace.stage = Stage::Connecting;
        (trace.uses, trace.port) = (0, 0);
        let stream = TcpStream::connect(target).await?;
        // Head and body go in one write already; this is for the rest of a body that does not fit.
        stream.set_nodelay(true)?;
        trace.port = stream.local_addr()?.port();
        Ok(Self { stream, buffer: Vec::new(), uses: 0 })
    }

    /// Whether an idle connection is still open and silent. Asks the kernel, because what the runtime knows of the
    /// socket may be older.
    pub(crate) fn is_idle(&self) -> bool {
        let answer = recv(&self.stream, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        self.buffer.is_empty() && matches!(answer, Err(Errno::AGAIN))
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8], trace: &mut Trace) -> Result<Answer, Fault> {
        (trace.uses, trace.stage) = (self.uses, Stage::Writing);
        trace.port = self.stream.local_addr()?.port();
        let written = self.stream.write_all(request).await;
        if written.is_ok() {
            trace.stage = Stage::Waiting;
        }
        self.uses += 1;
        // A server may answer and close before it has read everything; its answer counts more than our failed write.
        let answer = self.answer(trace).await;
        match (answer, written) {
            (Err(_), Err(error)) => Err(error.into()),
            (answer, _) => answer,
        }
    }

    async fn answer(&mut self, trace: &mut Trace) -> Result<Answer, Fault> {
        let head = loop {
            if let Some(head) = Head::parse(&self.buffer)? {
                self.buffer.drain(..head.length);
                match head.status {
                    200.. => break head,
                    100 | 102..200 => continue,
                    _ => return Err(Fault::protocol("status")),
                }
            }
            if self.fill(trace).await? == 0 {
                return Err(Fault::eof());
            }
        };
        let mut body = Body::new(head.framing);
        let mut excerpt = Vec::new();
        while !body.is_done() {
            let (used, is_content) = body.step(&self.buffer)?;
            if is_content && head.status >= 400 {
                let room = EXCERPT - excerpt.len();
                excerpt.extend_from_slice(&self.buffer[..used.min(room)]);
            }
            self.buffer.drain(..used);
            if used == 0 && self.fill(trace).await? == 0 {
                if body.ends_at_close() {
                    break;
                }
                return Err(Fault::eof());
            }
        }
        let keeps = head.keeps && self.buffer.is_empty();
        Ok(Answer { status: head.status, keeps, excerpt: String::from_utf8_lossy(&excerpt).into() })
    }

    async fn fill(&mut self, trace: &mut Trace) -> Result<usize, Fault> {
        self.buffer.reserve(8 * 1024);
        let read = self.stream.read_buf(&mut self.buffer).await?;
        if read > 0 {
            trace.stage = Stage::Answering;
        }
        Ok(read)
    }

    /// Lets the server close first, as it said it would: who closes first keeps the port pair blocked for a minute,
    /// and at hundreds of connections a second our ports would run out.
    pub(crate) fn part(mut self) {
        tokio::spawn(async move {
            let mut rest = [0_u8; 512];
            let closing = async { while matches!(self.stream.read(&mut rest).await, Ok(1..)) {} };
            tokio::time::timeout(FAREWELL, closing).await
        });
    }
}

impl Reason {
    pub(crate) fn of(answer: Answer) -> Self {
        Self::Answer(answer.status, answer.excerpt)
    }
}
