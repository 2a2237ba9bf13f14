//! Finds overlays and their settings: what to render, as plain data.
