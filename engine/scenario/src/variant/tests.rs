//! Keys of variants.
