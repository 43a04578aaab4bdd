//! Edits on the demo town.
