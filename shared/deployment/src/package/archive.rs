//! A zip archive with one program in it, the same bytes each time: no time, no owner, one order.
//!
//! An own writer, since one entry needs 40 lines and no archive crate (docs/decisions/0036-packages.md). The layout is that
//! of PKWARE's APPNOTE.TXT 6.3: 4.3.7 local header, 4.3.12 central directory, 4.3.16 end record.

use std::io;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use zopfli::{Format, Options};

/// Version 2.0: deflate.
const VERSION: u16 = 20;
/// Made on Unix, so that the mode counts.
const MADE_BY: u16 = 3 << 8 | VERSION;
const DEFLATED: u16 = 8;
/// 1980-01-01, the first date of the format: 7 bits of year since 1980, 4 of month, 5 of day.
const DATE: u16 = 1 << 5 | 1;
/// How often the compressor looks for something smaller. Ten rounds more save less than a thousandth.
const ROUNDS: NonZeroU64 = NonZeroU64::MIN.saturating_add(4);
/// The most parts with a code of their own in each megabyte. Twice the default saves a fifth of a percent, and no limit costs one.
const PARTS: u16 = 30;
/// A regular file that everybody may read and start.
const MODE: u32 = 0o100_755;

/// Packs each file into an archive of its own, side by side, since one takes seconds. `packed` gets them in their order, each as soon as it
/// and those before it are ready.
///
/// # Errors
/// Those of the compressor, which has none in memory.
pub(crate) fn each(files: &[(&str, &[u8])], mut packed: impl FnMut(usize, Vec<u8>)) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZeroUsize::get).min(files.len()) {
            let (next, sender) = (&next, sender.clone());
            scope.spawn(move || {
                while let Some((at, (name, content))) = take(next, files) {
                    if sender.send((at, zip(name, content))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut ready: Vec<Option<Vec<u8>>> = vec![None; files.len()];
        let mut given = 0;
        for (at, archive) in &receiver {
            if let Some(slot) = ready.get_mut(at) {
                *slot = Some(archive?);
            }
            while let Some(archive) = ready.get_mut(given).and_then(Option::take) {
                packed(given, archive);
                given += 1;
            }
        }
        Ok(())
    })
}

/// The next file that nobody has taken.
fn take<'f>(next: &AtomicUsize, files: &'f [(&'f str, &'f [u8])]) -> Option<(usize, (&'f str, &'f [u8]))> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    files.get(at).map(|file| (at, *file))
}

/// An archive with `content` as a file of this name in its root, mode 0755.
fn zip(name: &str, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let options = Options { iteration_count: ROUNDS, maximum_block_splits: PARTS, ..Options::default() };
    zopfli::compress(options, Format::Deflate, content, &mut packed)?;
    // What both headers have in common: APPNOTE's fields from "version needed to extract" to "extra field length".
    let mut common = Vec::new();
    for field in [VERSION, 0, DEFLATED, 0, DATE] {
        common.extend(field.to_le_bytes());
    }
    for field in [crc32fast::hash(content), length(&packed), length(content)] {
        common.extend(field.to_le_bytes());
    }
    common.extend(u16::try_from(name.len()).unwrap_or_default().to_le_bytes());
    common.extend(0_u16.to_le_bytes());

    let mut archive = b"PK\x03\x04".to_vec();
    archive.extend(&common);
    archive.extend(name.as_bytes());
    archive.extend(&packed);

    let directory = length(&archive);
    archive.extend(b"PK\x01\x02");
    archive.extend(MADE_BY.to_le_bytes());
    archive.extend(&common);
    // No comment, the first disk, a binary file.
    archive.extend([0; 6]);
    archive.extend((MODE << 16).to_le_bytes());
    archive.extend(0_u32.to_le_bytes());
    archive.extend(name.as_bytes());

    let size = length(&archive) - directory;
    archive.extend(b"PK\x05\x06");
    for field in [0_u16, 0, 1, 1] {
        archive.extend(field.to_le_bytes());
    }
    archive.extend(size.to_le_bytes());
    archive.extend(directory.to_le_bytes());
    archive.extend(0_u16.to_le_bytes());
    Ok(archive)
}

#[expect(clippy::cast_possible_truncation, reason = "a program is far below 4 GB, where the format ends")]
fn length(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8]) -> u32 {
        bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    #[test]
    fn an_archive_holds_the_program_with_its_mode_and_no_time() {
        let content = b"a program, a program, a program".repeat(50);
        let archive = zip("bootstrap", &content).unwrap();
        assert_eq!(archive, zip("bootstrap", &content).unwrap());
        // The end record leads to the directory, the directory to the file.
        let end = &archive[archive.len() - 22..];
        assert_eq!((&end[..4], number(&end[10..12])), (&b"PK\x05\x06"[..], 1));
        let directory = &archive[number(&end[16..20]) as usize..];
        assert_eq!(&directory[..4], b"PK\x01\x02");
        assert_eq!((directory[5], number(&directory[38..42]) >> 16), (3, 0o100_755));
        assert_eq!(number(&directory[12..16]), u32::from(DATE) << 16, "midnight of 1980-01-01");
        let (packed, unpacked) = (number(&directory[20..24]) as usize, number(&directory[24..28]) as usize);
        assert_eq!((&directory[46..55], unpacked), (&b"bootstrap"[..], content.len()));
        let local = &archive[number(&directory[42..46]) as usize..];
        assert_eq!(
            (&local[..4], &local[6..30], &local[30..39]),
            (&b"PK\x03\x04"[..], &directory[8..32], &b"bootstrap"[..])
        );
        let restored = miniz_oxide::inflate::decompress_to_vec(&local[39..39 + packed]).unwrap();
        assert_eq!((number(&directory[16..20]), restored), (crc32fast::hash(&content), content));
        assert_eq!(archive.len(), 30 + 9 + packed + 46 + 9 + 22);
    }

    #[test]
    fn archives_are_given_in_the_order_of_their_files() {
        // The first takes longest, so that others are ready before it.
        let contents: Vec<Vec<u8>> = (0..7_u8).rev().map(|size| vec![size; 1 + usize::from(size) * 20_000]).collect();
        let files: Vec<(&str, &[u8])> = contents.iter().map(|content| ("bootstrap", content.as_slice())).collect();
        let mut given = Vec::new();
        each(&files, |at, archive| given.push((at, archive))).unwrap();
        let wanted: Vec<(usize, Vec<u8>)> =
            contents.iter().map(|content| zip("bootstrap", content).unwrap()).enumerate().collect();
        assert_eq!(given, wanted);
        each(&[], |at, _| panic!("{at} is given, and there is none")).unwrap();
    }
}
