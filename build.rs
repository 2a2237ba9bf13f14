//! Links the program at a fixed address.
//!
//! The code itself stays position independent, but some 15,000 pointers in constant tables are
//! then right in the file, where each start would otherwise have to put them right: a tenth of
//! the processor time of a render. The libraries, the heap and the stacks are placed at random as
//! before.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    // Other systems want position independence, and programs for musl begin in another way then.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
