#![allow(
    clippy::all,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs
)]
use jenkins_cmp::files::{Glob, Pattern};
use std::io::BufRead;
fn main() {
    for l in std::io::stdin().lock().lines() {
        let q: (String, String) = serde_json::from_str(&l.unwrap()).unwrap();
        let a = Pattern::new(&q.0)
            .map(|p| p.matches(&q.1).to_string())
            .unwrap_or("bad".into());
        let b = Glob::new(&q.0)
            .map(|p| p.matches(&q.1).to_string())
            .unwrap_or("bad".into());
        println!("{a} {b}");
    }
}
