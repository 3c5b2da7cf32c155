//! Under which fees contracts are signed.

use domain::fee::FeeSchedule;
use serde::Deserialize;

use crate::words::{FeeBasis, TaxMode, Word};

/// The group `fee` of the settings.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeeSettings {
    /// Whether the fee contains its consumption tax.
    pub tax: TaxMode,
    /// Over what the brackets of the fee accumulate.
    pub basis: FeeBasis,
}

impl Default for FeeSettings {
    fn default() -> Self {
        let usual = FeeSchedule::standard();
        Self { tax: Word(usual.tax), basis: Word(usual.basis) }
    }
}
