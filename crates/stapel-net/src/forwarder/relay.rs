use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpStream;

/// Bytes held for each direction.
const BUFFER: usize = 32 * 1024;
/// How long the target may take to accept; it is on this host.
const DIAL: Duration = Duration::from_secs(10);

/// Carries bytes both ways until both sides have ended. An end of one side is passed on and the other goes on, as a
/// half-closed connection is meant; a break of one side breaks the other, so that nobody takes half an answer for a
/// whole one.
pub(super) async fn relay(mut client: TcpStream, target: SocketAddr) {
    let dialled = tokio::time::timeout(DIAL, TcpStream::connect(target)).await;
    let mut server = match dialled.map_err(io::Error::from).flatten() {
        Ok(server) => server,
        Err(error) => {
            tracing::warn!(%target, %error, "no connection");
            return reset(&client);
        }
    };
    for stream in [&client, &server] {
        // Neither changes what is carried; a kernel that refuses them carries it all the same.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(stream).set_keepalive(true);
    }
    if let Err(error) = copy_bidirectional_with_sizes(&mut client, &mut server, BUFFER, BUFFER).await {
        tracing::debug!(%error, "broken off");
        reset(&client);
        reset(&server);
    }
}

/// Lets the end of this connection be a reset.
pub(super) fn reset(stream: &TcpStream) {
    // It fails for a socket that is broken already.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair(target: SocketAddr) -> TcpStream {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(door.local_addr().unwrap()).await.unwrap();
        let (inner, _) = door.accept().await.unwrap();
        tokio::spawn(relay(inner, target));
        client
    }

    #[tokio::test]
    async fn an_answer_goes_on_after_the_request_has_ended() {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = pair(app.local_addr().unwrap()).await;
        let answering = tokio::spawn(async move {
            let (mut server, _) = app.accept().await.unwrap();
            let mut request = Vec::new();
            server.read_to_end(&mut request).await.unwrap();
            server.write_all(&vec![b'x'; 1_000_000]).await.unwrap();
            request
        });
        client.write_all(b"question").await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer.len(), 1_000_000);
        assert_eq!(answering.await.unwrap(), b"question");
    }

    #[tokio::test]
    async fn a_break_is_passed_on_as_a_break() {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = pair(app.local_addr().unwrap()).await;
        let (mut server, _) = app.accept().await.unwrap();
        server.write_all(b"half an ans").await.unwrap();
        let mut half = [0; 11];
        client.read_exact(&mut half).await.unwrap();
        reset(&server);
        drop(server);
        let error = client.read(&mut half).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn nobody_there_is_a_break() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut client = pair(gone).await;
        let error = client.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
}
