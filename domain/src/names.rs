//! Closed sets of names: states, actions, kinds. One spelling in the code, the database and the API.

/// A word that does not belong to the set it was read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not one of: {expected}")]
pub struct UnknownName {
    /// What was read.
    pub found: String,
    /// The names of the set, separated by commas.
    pub expected: String,
}

/// A closed set of names, for code that treats all sets alike.
pub trait Named: Copy + std::str::FromStr<Err = UnknownName> + 'static {
    /// What the set is called.
    const SET: &'static str;
    /// Every member of the set.
    const MEMBERS: &'static [Self];

    /// The stable name.
    fn name(self) -> &'static str;
}

/// Declares a fieldless enum whose variants have a stable lower_snake name.
///
/// Gives `ALL`, `as_str`, `Display`, `FromStr` and [`Named`].
#[macro_export]
macro_rules! names {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// Every member of the set, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, as stored and as sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl $crate::names::Named for $name {
            const SET: &'static str = stringify!($name);
            const MEMBERS: &'static [Self] = Self::ALL;

            fn name(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|name| name.as_str() == text).ok_or_else(|| $crate::names::UnknownName {
                    found: text.to_owned(),
                    expected: Self::ALL.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}
