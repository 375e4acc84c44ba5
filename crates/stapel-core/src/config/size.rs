use serde::{Deserialize, Serialize};

/// How much of something may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// It is none of our business.
    Off,
    /// So many bytes.
    Bytes(u64),
}

impl Limit {
    /// The bytes; `None` where there is no limit.
    #[must_use]
    pub fn bytes(self) -> Option<u64> {
        match self {
            Self::Off => None,
            Self::Bytes(bytes) => Some(bytes),
        }
    }

    /// As it is written in a file: `"10GB"`, `"512 MiB"`, `"off"`; `None` for anything else.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self::Off);
        }
        let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = text.split_at(unit);
        let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => return None,
        };
        let bytes = number.parse::<f64>().ok()? * factor as f64;
        // Beyond that no disk reaches, and no such number is exact.
        (bytes < (1_u64 << 53) as f64).then_some(Self::Bytes(bytes as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in [
            ("10GB", 10_000_000_000),
            ("10 gb", 10_000_000_000),
            ("1.5TB", 1_500_000_000_000),
            ("512MiB", 536_870_912),
            ("0KB", 0),
        ] {
            assert_eq!(Limit::read(text), Some(Limit::Bytes(bytes)), "{text}");
        }
        assert_eq!(Limit::read("off"), Some(Limit::Off));
        for wrong in ["", "10", "GB", "-1GB", "1.2.3GB", "10 apples", "Off", "9999999TB", ".GB"] {
            assert_eq!(Limit::read(wrong), None, "{wrong}");
        }
    }
}
