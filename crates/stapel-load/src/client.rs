use std::net::SocketAddr;

use crate::answer::Answer;
use crate::connection::Wire;
use crate::fault::{Fault, Stage, Trace};
use crate::pool::Pool;
use crate::{Connection, Kind, Method, Shape};

/// Sends requests as a real client does.
pub(crate) struct Client {
    target: SocketAddr,
    strict: bool,
    pool: Pool,
}

impl Client {
    pub(crate) fn new(target: SocketAddr, strict: bool) -> Self {
        Self { target, strict, pool: Pool::default() }
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// One request, from connection to the last byte of the answer.
    pub(crate) async fn send(&self, shape: &Shape, request: &[u8], trace: &mut Trace) -> Result<Answer, Fault> {
        let kept = if shape.connection == Connection::Kept { self.pool.take() } else { None };
        if let Some(wire) = kept {
            match self.over(wire, shape, request, trace).await {
                Err(fault) if self.may_repeat(shape, &fault, trace) => trace.retried = true,
                ended => return ended,
            }
        }
        let wire = Wire::open(self.target, trace).await?;
        self.over(wire, shape, request, trace).await
    }

    /// The server may close an idle connection in the very moment in which we use it. Then nobody has answered and a
    /// request that changes nothing is sent again (RFC 9112, 9.3.1).
    fn may_repeat(&self, shape: &Shape, fault: &Fault, trace: &Trace) -> bool {
        !self.strict && shape.method == Method::Get && fault.kind == Kind::Cut && trace.stage < Stage::Answering
    }

    async fn over(&self, mut wire: Wire, shape: &Shape, request: &[u8], trace: &mut Trace) -> Result<Answer, Fault> {
        let answer = wire.exchange(request, trace).await?;
        if answer.keeps && shape.connection == Connection::Kept {
            self.pool.put(wire);
        } else {
            wire.part();
        }
        Ok(answer)
    }
}
