//! A zip archive of one stored file, as the packages of functions are.

/// An archive with an executable file of this name.
#[must_use]
pub fn of(name: &str, body: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    // Version 2.0, names in UTF-8, stored, no time, checksum, sizes, name, no extras.
    let mut shared = vec![20, 0, 0, 8, 0, 0, 0, 0, 0, 0];
    shared.extend(crc32(body).to_le_bytes());
    shared.extend([length(body), length(body)].concat());
    shared.extend([name_length, [0, 0]].concat());
    let mut archive = b"PK\x03\x04".to_vec();
    archive.extend([shared.as_slice(), name.as_bytes(), body].concat());
    let mut directory = b"PK\x01\x02".to_vec();
    directory.extend([0, 3]); // made on a Unix
    directory.extend(&shared);
    directory.extend([0; 6]);
    directory.extend((0o100_755_u32 << 16).to_le_bytes());
    directory.extend([0; 4]);
    directory.extend(name.as_bytes());
    let start = length(&archive);
    let size = length(&directory);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    archive.extend([size, start].concat());
    archive.extend([0, 0]);
    archive
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}
