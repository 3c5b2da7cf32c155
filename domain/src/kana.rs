//! Names as Japanese banks write them: half-width katakana and little else (domain rules, section 8).

use std::fmt;

/// What the name of a payee may take in a bank's file: every character is one byte there.
const LONGEST: usize = 30;

/// Each character that banks write otherwise, and how: small kana become large, a voicing mark stands by itself.
const SPELLINGS: &str = "ァｱ アｱ ィｲ イｲ ゥｳ ウｳ ェｴ エｴ ォｵ オｵ カｶ ガｶﾞ キｷ ギｷﾞ クｸ グｸﾞ ケｹ ゲｹﾞ コｺ ゴｺﾞ \
    サｻ ザｻﾞ シｼ ジｼﾞ スｽ ズｽﾞ セｾ ゼｾﾞ ソｿ ゾｿﾞ タﾀ ダﾀﾞ チﾁ ヂﾁﾞ ッﾂ ツﾂ ヅﾂﾞ テﾃ デﾃﾞ トﾄ ドﾄﾞ \
    ナﾅ ニﾆ ヌﾇ ネﾈ ノﾉ ハﾊ バﾊﾞ パﾊﾟ ヒﾋ ビﾋﾞ ピﾋﾟ フﾌ ブﾌﾞ プﾌﾟ ヘﾍ ベﾍﾞ ペﾍﾟ ホﾎ ボﾎﾞ ポﾎﾟ \
    マﾏ ミﾐ ムﾑ メﾒ モﾓ ャﾔ ヤﾔ ュﾕ ユﾕ ョﾖ ヨﾖ ラﾗ リﾘ ルﾙ レﾚ ロﾛ ヮﾜ ワﾜ ヲｦ ンﾝ ヴｳﾞ ヵｶ ヶｹ \
    ｧｱ ｨｲ ｩｳ ｪｴ ｫｵ ｬﾔ ｭﾕ ｮﾖ ｯﾂ ー- ｰ- ‐- −- 「｢ 」｣ ゛ﾞ \u{3099}ﾞ ゜ﾟ \u{309A}ﾟ ￥\\ ¥\\";

/// What stands for itself besides capital letters, digits and half-width katakana.
const SIGNS: &str = " -().,/\\｢｣";

/// The name of an account's holder, in the half-width form that goes into a bank's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KanaName(String);

/// Why a name cannot go into a bank's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KanaError {
    /// There is nothing in it.
    #[error("the name is empty")]
    Empty,
    /// Banks have no such character.
    #[error("banks do not take {0:?} in a name; write it in katakana")]
    Character(char),
    /// It does not fit.
    #[error(
        "the name takes {0} characters in the bank's spelling, where a voicing mark counts by itself; at most 30 fit"
    )]
    TooLong(usize),
}

impl KanaName {
    /// Reads a name in katakana of either width, hiragana, letters and digits, and spells it as banks do.
    ///
    /// # Errors
    /// A character that banks do not take, or too many of them.
    pub fn parse(text: &str) -> Result<Self, KanaError> {
        let spelled = text.trim().chars().map(|c| spell(c).ok_or(KanaError::Character(c)));
        let name: String = spelled.collect::<Result<_, _>>()?;
        match name.chars().count() {
            0 => Err(KanaError::Empty),
            length if length > LONGEST => Err(KanaError::TooLong(length)),
            _ => Ok(Self(name)),
        }
    }

    /// The name as banks write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KanaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One character as banks spell it, if they do.
fn spell(c: char) -> Option<String> {
    let narrow = match c {
        'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60)?,
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0)?,
        '\u{3000}' => ' ',
        other => other,
    };
    if let Some(spelling) = SPELLINGS.split(' ').find_map(|each| each.strip_prefix(narrow)) {
        return Some(spelling.to_owned());
    }
    let upper = narrow.to_ascii_uppercase();
    let stands_for_itself = upper.is_ascii_uppercase()
        || upper.is_ascii_digit()
        || matches!(upper, 'ｦ' | 'ｱ'..='ﾟ')
        || SIGNS.contains(upper);
    stands_for_itself.then(|| upper.to_string())
}
