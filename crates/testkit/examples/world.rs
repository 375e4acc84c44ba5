//! Brings the test world to this machine beforehand: `cargo run -p testkit --example world`.

use testkit::{images, machine};

fn main() -> anyhow::Result<()> {
    let say = |line: &str| eprintln!("{line}");
    let missing = machine::prepare(&say)?;
    for lack in &missing {
        eprintln!("missing: {} ({})", lack.what, lack.remedy);
    }
    if missing.is_empty() {
        for image in images::ensure(&say)? {
            println!("{:<24} {:?} {:.1} s", image.name, image.origin, image.took.as_secs_f64());
        }
    }
    Ok(())
}
