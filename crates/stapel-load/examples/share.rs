//! What the generator itself costs: `cargo run --release -p stapel-load --example share -- [RATE] [SECONDS]`.
//!
//! Prints the share of one core that the generator's thread takes (with the kernel's part of it) against a small
//! server on another thread, for new and for kept connections, and the most memory that the process had.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use stapel_load::{Load, Plan, Shape};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let rate = args.next().map_or(Ok(500.0), |a| a.parse())?;
    let seconds = args.next().map_or(Ok(20), |a| a.parse())?;
    let target = serve()?;
    let mut out = std::io::stdout();
    for shape in [Shape::get("new", "/"), Shape::get("kept", "/").kept(), Shape::post("post", "/", "{id}").kept()] {
        let name = shape.name.clone();
        let (began, cpu) = (Instant::now(), thread_cpu());
        let report = runtime()?.block_on(async {
            let load = Load::start(Plan::new(target, "app.example", rate, vec![shape]))?;
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok::<_, stapel_load::StartError>(load.stop().await)
        })?;
        let (took, used) = (began.elapsed(), thread_cpu() - cpu);
        let share = 100.0 * used.as_secs_f64() / took.as_secs_f64();
        let per_second = report.samples().len() as f64 / took.as_secs_f64();
        writeln!(out, "{name}: {per_second:.1} requests/s, {share:.1} % of a core")?;
        writeln!(out, "  {:?}", report.summary())?;
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    writeln!(out, "{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default())?;
    Ok(())
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// CPU time of this thread.
fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Answers whatever comes in one piece; closes if it is told to.
fn serve() -> Result<SocketAddr, Box<dyn Error>> {
    let runtime = runtime()?;
    let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        runtime.block_on(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                        let close = buffer[..n].windows(5).any(|w| w == b"close");
                        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.is_err() || close {
                            break;
                        }
                    }
                });
            }
        });
    });
    Ok(address)
}
