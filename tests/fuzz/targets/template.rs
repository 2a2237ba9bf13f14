//! Runs the property `template`.
#![allow(dead_code, reason = "other targets use the rest of the properties")]
#![no_main]

#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::template(data));
