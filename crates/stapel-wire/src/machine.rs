/// What a program needs of the machine it runs on, read from the first bytes of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Machine {
    /// Linux with this number in the ELF header's `e_machine`.
    Elf(u16),
    /// macOS.
    MachO,
    /// It cannot be told: a script.
    Any,
}

impl Machine {
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0x7f, b'E', b'L', b'F', _, order, ..] => match head.get(18..20) {
                Some(&[a, b]) if *order == 2 => Self::Elf(u16::from_be_bytes([a, b])),
                Some(&[a, b]) => Self::Elf(u16::from_le_bytes([a, b])),
                _ => Self::Any,
            },
            [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => Self::MachO,
            _ => Self::Any,
        }
    }

    /// Whether it may run where `uname -sm` says this. What is not known may.
    pub(crate) fn runs_on(self, uname: &str) -> bool {
        let (system, machine) = uname.split_once(' ').unwrap_or((uname, ""));
        let numbers: &[u16] = match machine {
            "x86_64" | "amd64" => &[62, 3],
            "i386" | "i486" | "i586" | "i686" => &[3],
            "aarch64" | "arm64" => &[183, 40],
            m if m.starts_with("armv") => &[40],
            "riscv64" => &[243],
            "ppc64le" | "ppc64" => &[21],
            "s390x" => &[22],
            _ => &[],
        };
        match self {
            Self::Any => true,
            Self::MachO => system == "Darwin",
            Self::Elf(number) => system == "Linux" && (numbers.is_empty() || numbers.contains(&number)),
        }
    }

    /// Its name as `uname -sm` would put it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Elf(62) => "Linux x86_64".into(),
            Self::Elf(183) => "Linux aarch64".into(),
            Self::Elf(3) => "Linux i686".into(),
            Self::Elf(40) => "Linux armv7l".into(),
            Self::Elf(243) => "Linux riscv64".into(),
            Self::Elf(n) => format!("Linux ELF {n}"),
            Self::MachO => "Darwin".into(),
            Self::Any => "?".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_where_it_runs() {
        let mut elf = [0; 64];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        elf[18] = 62;
        assert_eq!(Machine::of(&elf), Machine::Elf(62));
        assert!(Machine::Elf(62).runs_on("Linux x86_64"));
        assert!(!Machine::Elf(62).runs_on("Linux aarch64"));
        assert!(!Machine::Elf(62).runs_on("Darwin x86_64"));
        assert!(!Machine::MachO.runs_on("Linux x86_64"));
        assert!(Machine::of(b"#!/bin/sh").runs_on("anything"));
        assert!(Machine::Elf(62).runs_on("Linux something-new"));
        assert_eq!(Machine::of(b"\x7fELF"), Machine::Any);
    }

    #[test]
    fn this_very_program_runs_here() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let uname = rustix::system::uname();
        let here = format!("{} {}", uname.sysname().to_string_lossy(), uname.machine().to_string_lossy());
        assert_ne!(Machine::of(&program), Machine::Any);
        assert!(Machine::of(&program).runs_on(&here), "{here}");
    }
}
