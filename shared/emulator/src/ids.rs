//! Identifiers: one seed gives one sequence.

/// Makes resource ids such as `tr-attach-` followed by random letters and digits.
#[derive(Debug, Clone)]
pub(crate) struct Ids(u64);

impl Ids {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// `prefix` and sixteen letters and digits, as the cloud's ids look.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut id = String::from(prefix);
        let mut bits = (u128::from(self.number()) << 64) | u128::from(self.number());
        for _ in 0..16 {
            let index = usize::try_from(bits % 36).unwrap_or_default();
            id.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
            bits /= 36;
        }
        id
    }

    /// An upper-case UUID, the form of request and job ids.
    pub(crate) fn uuid(&mut self) -> String {
        let hex = format!("{:016X}{:016X}", self.number(), self.number());
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// A number from 0 up to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.number() >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
    }

    /// The splitmix64 sequence: the whole state is one word, so a cloned world goes on alike.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Whether a text has the form of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| if is_dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}
