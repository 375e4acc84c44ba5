use crate::{Text, text};

/// An amount of bytes as people read it: `117 MB` (powers of 1000, as disks and networks are sold).
#[must_use]
pub fn bytes(n: u64) -> Text {
    match n {
        0..1_000 => text!("unit-b", n = n.to_string()),
        1_000..1_000_000 => text!("unit-kb", n = format!("{:.0}", n as f64 / 1e3)),
        1_000_000..1_000_000_000 => text!("unit-mb", n = format!("{:.1}", n as f64 / 1e6)),
        _ => text!("unit-gb", n = format!("{:.1}", n as f64 / 1e9)),
    }
}

/// A duration in seconds as people read it: `0.3 s`, `42 s`, `3 min 20 s`.
#[must_use]
pub fn seconds(s: f64) -> Text {
    if s < 10.0 {
        text!("unit-s", n = format!("{s:.1}"))
    } else if s < 120.0 {
        text!("unit-s", n = format!("{s:.0}"))
    } else {
        text!("unit-min", m = (s as u64 / 60).to_string(), n = (s as u64 % 60).to_string())
    }
}
