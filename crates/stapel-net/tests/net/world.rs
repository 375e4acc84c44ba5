//! What the tests build their world from: processes in network namespaces, a server that says its name, a client.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns, unshare};
use stapel_net::Firewall;
use stapel_net::forwarder::{self, ForwarderArgs, Launch};

/// What is missing for a test that changes the packet filter, if anything.
pub(crate) fn missing(programs: &[&str]) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("not root".to_owned());
    }
    let lacks =
        |p: &&&str| Command::new(p).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err();
    programs.iter().find(lacks).map(|p| format!("no {p}"))
}

/// Runs a program, which must succeed, and gives its output.
pub(crate) fn run(program: &str, args: &[&str]) -> String {
    let done = Command::new(program).args(args).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {}: {said}", args.join(" "));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// Runs a test on a thread with a network namespace of its own, and a runtime on that same thread.
pub(crate) fn alone<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let thread = std::thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        run("ip", &["link", "set", "lo", "up"]);
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// A process in a network namespace of its own; both end with this value.
pub(crate) struct Box_ {
    child: Child,
    pub(crate) pid: i32,
}

impl Box_ {
    pub(crate) fn new() -> Self {
        let mut child = Command::new("unshare")
            .args(["-n", "sh", "-c", "echo; exec sleep infinity"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        // Its line says that it is in its namespace.
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        let this = Self { child, pid };
        this.ip(&["link", "set", "lo", "up"]);
        this
    }

    pub(crate) fn ip(&self, args: &[&str]) {
        run("nsenter", &[&["-t", &self.pid.to_string(), "-n", "ip"], args].concat());
    }
}

impl Drop for Box_ {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Does something in the network namespace of a process.
pub(crate) fn inside<T: Send + 'static>(pid: i32, work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(move || {
        setns(std::fs::File::open(format!("/proc/{pid}/ns/net")).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
        work()
    })
    .join()
    .unwrap()
}

/// A server that answers each line with its name; `slow` in the line makes it take 100 ms.
pub(crate) fn serve(listener: TcpListener, name: &'static str) {
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, name));
        }
    });
}

fn answer(stream: TcpStream, name: &str) {
    let mut lines = BufReader::new(&stream);
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|n| n > 0) {
        if line.contains("slow") {
            std::thread::park_timeout(Duration::from_millis(100));
        }
        if writeln!(&stream, "{name}").is_err() {
            return;
        }
        line.clear();
    }
}

/// One request on a connection of its own.
pub(crate) fn ask(address: SocketAddr, question: &str) -> std::io::Result<String> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    ask_on(&stream, question)
}

/// One request on a connection that is open.
pub(crate) fn ask_on(mut stream: &TcpStream, question: &str) -> std::io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    writeln!(stream, "{question}")?;
    let mut answer = String::new();
    let mut byte = [0];
    while byte != *b"\n" {
        match stream.read(&mut byte) {
            Ok(1) => answer.push(char::from(byte[0])),
            Ok(_) => return Err(ErrorKind::UnexpectedEof.into()),
            // A socket with a time limit is not taken up again by itself after a signal (strace, a debugger).
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(answer.trim_end().to_owned())
}

/// Waits for a condition that must come true.
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Takes everything out again when a test ends, however it ends.
pub(crate) struct Swept(pub(crate) Firewall);

impl Drop for Swept {
    fn drop(&mut self) {
        let firewall = self.0.clone();
        let sweep = async move { firewall.clear().await.unwrap() };
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || runtime().block_on(sweep)).join().unwrap();
    }
}

impl std::ops::Deref for Swept {
    type Target = Firewall;

    fn deref(&self) -> &Firewall {
        &self.0
    }
}

/// How this test program starts itself as a forwarder, through the test `forwarder_child` that each file has.
pub(crate) fn launch(dir: &std::path::Path) -> Launch {
    let args = ["--exact", "forwarder_child", "--ignored", "--nocapture"];
    Launch {
        program: std::env::current_exe().unwrap(),
        args: args.map(OsString::from).to_vec(),
        farewell: Vec::new(),
        dir: dir.to_owned(),
        drain: Duration::from_secs(5),
    }
}

/// The body of `forwarder_child`.
pub(crate) fn forward() {
    let Some(Ok(args)) = std::env::args().next_back().map(|a| ForwarderArgs::parse(&a)) else { return };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(forwarder::run(args)).unwrap();
}
