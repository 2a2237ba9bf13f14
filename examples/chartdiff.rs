#![allow(
    clippy::all,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs
)]
use jenkins_cmp::{chart, files::Links, helm::HelmCompat, value::*, values, values::*};
use serde_json::{Value as J, json};
use std::io::BufRead;
fn j(t: &Tree) -> J {
    match t {
        Tree::Null => J::Null,
        Tree::Bool(b) => json!(b),
        Tree::Int(n) => json!(n),
        Tree::Uint(n) => json!(n),
        Tree::Float(f) => {
            if f.fract() == 0.0 && f.abs() < 1e15 {
                json!(*f as i64)
            } else {
                json!(f)
            }
        }
        Tree::Str(s) => json!(s.to_str_lossy()),
        Tree::List(l) => J::Array(l.iter().map(j).collect()),
        Tree::Map(m) => J::Object(m.iter().map(|(k, v)| (k.to_string(), j(v))).collect()),
    }
}
fn walk(c: &chart::Chart, m: &Map, out: &mut serde_json::Map<String, J>) {
    out.insert(c.full_path.clone(), json!({"values": j(&freeze(m).unwrap()), "templates": c.templates.iter().map(|f| f.name.clone()).collect::<Vec<_>>(), "files": c.files.iter().map(|f| f.name.clone()).collect::<Vec<_>>(), "name": c.name()}));
    for s in &c.charts {
        if let Some(Value::Map(sm)) = m.get(s.name().as_bytes()) {
            walk(s, &sm, out)
        }
    }
}
fn run(q: &J) -> Result<J, String> {
    let helm = if q["helm"] == 3 {
        HelmCompat::V3
    } else {
        HelmCompat::V4
    };
    let list = |k: &str| {
        q[k].as_array()
            .map(|a| a.iter().map(|x| x.as_str().unwrap().to_owned()).collect())
            .unwrap_or_default()
    };
    let loaded = chart::load(
        q["chart"].as_str().unwrap().as_ref(),
        chart::LoadOptions {
            helm,
            links: Links::Anywhere,
        },
    )
    .map_err(|e| e.to_string())?;
    let mut log: Vec<String> = loaded
        .log
        .iter()
        .map(|l| format!("{} {:?}", l.text, l.fields))
        .collect();
    chart::check_installable(&loaded.chart)?;
    chart::check_dependencies(&loaded.chart, helm)?;
    let o = ValuesOptions {
        files: list("files"),
        set_json: list("set_json"),
        set: list("set"),
        set_string: list("set_string"),
        set_file: list("set_file"),
        set_literal: list("set_literal"),
    };
    let user = values::merge_options(&o, helm, &mut |p| {
        std::fs::read(p).map_err(|_| format!("open {p}: no such file or directory"))
    })
    .map_err(|e| e.message.clone())?;
    let p = chart::process_dependencies(&loaded.chart, &user, helm)?;
    log.extend(p.log.iter().map(|l| format!("{} {:?}", l.text, l.fields)));
    let c = chart::coalesce(&p.chart, &user, helm)?;
    log.extend(c.log.iter().map(|l| format!("{} {:?}", l.text, l.fields)));
    chart::validate(&p.chart, &freeze(&c.values)?, helm)?;
    let mut out = serde_json::Map::new();
    walk(&p.chart, &c.values, &mut out);
    Ok(json!({"charts": out, "log": log}))
}
fn main() {
    for l in std::io::stdin().lock().lines() {
        let q: J = serde_json::from_str(&l.unwrap()).unwrap();
        match run(&q) {
            Ok(v) => println!("{}", json!({"ok": v})),
            Err(e) => println!("{}", json!({"err": e})),
        }
    }
}
