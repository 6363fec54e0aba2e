//! What an ELF file says about the libraries that it needs: none, where it is static.

use std::fmt;

use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, StringTable};

/// The libraries that a binary needs at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// None: it starts on every Linux of its processor.
    Static,
    /// Some, from the image that it runs on.
    Dynamic {
        /// How many libraries it names.
        libraries: usize,
        /// The highest version of a symbol of glibc that it asks for: it does not start where glibc is older.
        glibc: Option<GlibcVersion>,
    },
}

/// A version of glibc, as its symbols name it (`GLIBC_2.34`, `GLIBC_2.2.5`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlibcVersion(Vec<u32>);

impl GlibcVersion {
    /// `None` for what is no version of glibc, as `GLIBC_PRIVATE` and `GCC_3.0`.
    fn parse(symbol: &[u8]) -> Option<Self> {
        let numbers = std::str::from_utf8(symbol).ok()?.strip_prefix("GLIBC_")?;
        numbers.split('.').map(|number| number.parse().ok()).collect::<Option<_>>().map(Self)
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "{}", numbers.join("."))
    }
}

/// Why a binary is no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkageError {
    /// It is no ELF file, or a broken one.
    #[error("it is no ELF file for x86_64 that can be read: {0}")]
    Unreadable(String),
    /// It needs libraries of the image.
    #[error("it is not static: it names {libraries} libraries{}", .glibc.as_ref().map_or_else(String::new, |version| format!(", and symbols of glibc {version}")))]
    Dynamic {
        /// How many libraries it names.
        libraries: usize,
        /// The highest version of a symbol of glibc.
        glibc: Option<GlibcVersion>,
    },
}

impl From<object::read::Error> for LinkageError {
    fn from(error: object::read::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl Linkage {
    /// Reads it from the file's headers: its interpreter, its libraries, and the versions of symbols that it needs.
    ///
    /// # Errors
    /// [`LinkageError::Unreadable`].
    pub(crate) fn of(file: &[u8]) -> Result<Self, LinkageError> {
        let header = FileHeader64::<Endianness>::parse(file)?;
        let endian = header.endian()?;
        if header.e_machine(endian) != elf::EM_X86_64 {
            return Err(LinkageError::Unreadable("it is for another processor".to_owned()));
        }
        let (mut libraries, mut interpreter) = (0, false);
        for segment in header.program_headers(endian, file)? {
            interpreter |= segment.interpreter(endian, file)?.is_some();
            let entries = segment.dynamic(endian, file)?.unwrap_or_default();
            libraries += entries.iter().filter(|entry| entry.d_tag(endian) == elf::DT_NEEDED).count();
        }
        let sections = header.sections(endian, file)?;
        let mut glibc: Option<GlibcVersion> = None;
        let mut versions = 0;
        if let Some((mut needs, strings)) = sections.gnu_verneed(endian, file)? {
            let strings: StringTable<'_, &[u8]> = sections.strings(endian, file, strings)?;
            while let Some((_, mut symbols)) = needs.next()? {
                while let Some(symbol) = symbols.next()? {
                    versions += 1;
                    glibc = glibc.max(GlibcVersion::parse(symbol.name(endian, strings)?));
                }
            }
        }
        let is_static = libraries == 0 && !interpreter && versions == 0;
        Ok(if is_static { Self::Static } else { Self::Dynamic { libraries, glibc } })
    }

    /// # Errors
    /// [`LinkageError::Dynamic`], if it needs anything.
    pub(crate) fn proven_static(self) -> Result<(), LinkageError> {
        match self {
            Self::Static => Ok(()),
            Self::Dynamic { libraries, glibc } => Err(LinkageError::Dynamic { libraries, glibc }),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The smallest static ELF file: a header, and one segment.
    pub(crate) fn tiny(machine: u16) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend(2_u16.to_le_bytes()); // an executable
        file.extend(machine.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(0x40_0000_u64.to_le_bytes()); // entry
        file.extend(64_u64.to_le_bytes()); // program headers
        file.extend(0_u64.to_le_bytes()); // no sections
        file.extend(0_u32.to_le_bytes());
        for size in [64_u16, 56, 1, 64, 0, 0] {
            file.extend(size.to_le_bytes());
        }
        file.extend(1_u32.to_le_bytes()); // PT_LOAD
        file.extend(5_u32.to_le_bytes());
        for number in [0, 0x40_0000, 0x40_0000, 120, 120, 0x1000_u64] {
            file.extend(number.to_le_bytes());
        }
        file
    }

    #[test]
    fn a_file_that_names_no_library_is_static() {
        assert_eq!(Linkage::of(&tiny(62)), Ok(Linkage::Static));
    }

    /// This test itself, as `cargo test` builds it.
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    #[test]
    fn a_dynamic_binary_names_its_libraries_and_the_highest_version_of_glibc() {
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let Ok(Linkage::Dynamic { libraries, glibc }) = Linkage::of(&file) else { panic!("not dynamic") };
        assert!(libraries >= 1, "{libraries}");
        // What the linker was given: symbols of this glibc, and none older than x86_64's first.
        assert!(glibc >= GlibcVersion::parse(b"GLIBC_2.2.5"), "{glibc:?}");
        let why = Linkage::of(&file).unwrap().proven_static().unwrap_err().to_string();
        assert!(why.starts_with("it is not static: it names ") && why.contains("glibc 2."), "{why}");
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let version = |text: &str| GlibcVersion::parse(text.as_bytes());
        assert!(version("GLIBC_2.34") > version("GLIBC_2.4"));
        assert!(version("GLIBC_2.4") > version("GLIBC_2.2.5"));
        assert_eq!(version("GLIBC_2.2.5").unwrap().to_string(), "2.2.5");
        assert_eq!((version("GLIBC_PRIVATE"), version("GCC_3.0"), version("GLIBC_")), (None, None, None));
    }

    #[test]
    fn what_is_no_file_for_this_processor_is_refused() {
        for file in [&b"#!/bin/sh\n"[..], &[], &tiny(62)[..70], &tiny(183)] {
            let refused = Linkage::of(file).unwrap_err();
            assert!(matches!(refused, LinkageError::Unreadable(_)), "{refused:?}");
        }
    }
}
