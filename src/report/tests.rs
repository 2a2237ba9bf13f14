//! Reports over the cases of `testdata/report`, and inputs that mean harm.

use std::fs;
use std::path::PathBuf;

use super::*;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/report")
}

/// The report of a case; a stream holds overlays, each after a line `#### name`.
fn report(case: &str) -> Report {
    let side = |name: &str| -> Vec<(String, String)> {
        let path = directory().join(case).join(name);
        let text = fs::read_to_string(path).unwrap();
        let parts = text.split("#### ").skip(1);
        let named = parts.map(|part| part.split_once('\n').unwrap());
        named
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    };
    let (before, after) = (side("before.yaml"), side("after.yaml"));
    let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let find = |side: &'_ [(String, String)], name: &str| -> Option<String> {
        let found = side.iter().find(|(other, _)| other == name)?;
        Some(found.1.clone())
    };
    let mut builder = Builder::new("main", "work tree", Fingerprints::new("a key of tests"));
    for name in names {
        let (before, after) = (find(&before, name), find(&after, name));
        builder.add(name, before.as_deref(), after.as_deref());
    }
    builder.finish()
}

fn cases() -> Vec<String> {
    let entries = fs::read_dir(directory()).unwrap();
    let mut cases: Vec<String> = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    cases.sort();
    cases
}

fn snapshot(case: &str, form: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => directory().join(case),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(form, text);
    });
}

#[test]
fn cases_give_their_reports() {
    for case in cases() {
        let report = report(&case);
        snapshot(&case, "text", &text(&report, false));
        snapshot(
            &case,
            "markdown",
            &markdown(&report, DEFAULT_MARKDOWN_BYTES),
        );
        snapshot(&case, "json", &json(&report));
    }
}

#[test]
fn no_form_shows_a_secret() {
    let report = report("secrets");
    assert!(!report.entries.is_empty());
    let forms = [
        text(&report, true),
        markdown(&report, 1 << 20),
        html(&report),
        json(&report),
    ];
    for form in forms {
        for secret in ["hunter2", "aHVudGVyMg"] {
            assert!(!form.contains(secret), "{form}");
        }
    }
    assert!(!format!("{report:?}").contains("hunter2"));
}

#[test]
fn names_and_values_cannot_act() {
    let report = report("hostile");
    assert!(!report.entries.is_empty());
    let page = html(&report);
    let body = page.split_once("<body>").unwrap().1;
    for tag in ["<img", "<b>x", "<svg", "</script><", "<a href"] {
        assert!(!body.contains(tag), "{tag}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(!text(&report, false).contains(['\u{1b}', '\u{202e}']));
    // Outside of fences and code spans nothing from the input is left.
    let mut fence = String::new();
    for line in markdown(&report, 1 << 20).lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        if fence.is_empty() && ticks.len() >= 3 {
            fence = ticks;
        } else if !fence.is_empty() && line == fence {
            fence.clear();
        } else if fence.is_empty() {
            assert!(!line.starts_with("# "), "{line}");
        }
    }
    assert_eq!(fence, "");
}

#[test]
fn markdown_keeps_its_budget_and_its_fences() {
    let side = "long".repeat(1_000);
    let mut builder = Builder::new(&side, "work tree", Fingerprints::new(""));
    for i in 0..150 {
        let stream = |text: &str| {
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: \"a`{i}\"}}\ndata:\n  script: |\n    \
                 {}\n    end\n",
                text.repeat(i)
            )
        };
        let (before, after) = (stream("``` "), stream("é```` "));
        builder.add(&format!("overlay-{i}"), Some(&before), Some(&after));
    }
    builder.fail("bad", Side::After, &"`x` ".repeat(2_000));
    let report = builder.finish();
    let whole = markdown(&report, 1 << 20);
    assert!(whole.len() > DEFAULT_MARKDOWN_BYTES);
    let edges = [
        MIN_MARKDOWN_BYTES,
        DEFAULT_MARKDOWN_BYTES,
        whole.len() - 1,
        whole.len(),
    ];
    for budget in (MIN_MARKDOWN_BYTES..whole.len())
        .step_by(1_499)
        .chain(edges)
    {
        let text = markdown(&report, budget);
        assert!(text.len() <= budget, "{} > {budget}", text.len());
        let opened = text.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(opened % 2, 0, "at {budget}");
        let told = text.matches("**changed**").count();
        let left = text.lines().find_map(|line| line.strip_prefix("… and "));
        let left = left.map_or(0, |rest| rest.split(' ').next().unwrap().parse().unwrap());
        // The failure comes first; an overlay without difference is none.
        assert!(
            told + left == 149 || (told == 0 && left == 150),
            "{told} and {left}"
        );
    }
    assert!(markdown(&report, 1).len() <= MIN_MARKDOWN_BYTES);
}

#[test]
fn a_broken_stream_does_not_hide_the_others() {
    let object = |name: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: {value}}}\n"
        )
    };
    let mut builder = Builder::new("a", "b", Fingerprints::new(""));
    builder.add("bad", Some(&object("x", "1")), Some("a: ["));
    builder.add("good", Some(&object("x", "b")), Some(&object("x", "c")));
    let report = builder.finish();
    assert_eq!((report.failed.len(), report.entries.len()), (1, 1));
    assert_eq!(report.failed[0].side, Side::After);
}

fn nested(depth: usize, leaf: &str) -> String {
    let (open, close) = ("{a: ".repeat(depth), "}".repeat(depth));
    format!("apiVersion: v1\nkind: X\nmetadata: {{name: x}}\nspec: {open}{leaf}{close}\n")
}

fn compared(before: &str, after: &str) -> Entry {
    let mut builder = Builder::new("a", "b", Fingerprints::new(""));
    builder.add("o", Some(before), Some(after));
    let mut report = builder.finish();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    report.entries.remove(0)
}

#[test]
fn bounds_hold_on_both_sides_of_their_edges() {
    use crate::limits::{MAX_DIFF_DEPTH, MAX_DIFF_FIELDS, MAX_DIFF_LINES, MAX_DIFF_VALUE};
    let deep = |depth| {
        let entry = compared(&nested(depth, "x"), &nested(depth, "z"));
        format!("{:?}", entry.fields[0].change)
    };
    assert_eq!(deep(MAX_DIFF_DEPTH - 1), r#"Changed("x", "z")"#);
    assert!(deep(MAX_DIFF_DEPTH).contains("nested too deep"));

    let wide = |n: usize| {
        let list: String = (0..n).map(|i| format!("k{i}: v, ")).collect();
        let entry = compared(&nested(0, "{}"), &nested(0, &format!("{{{list}}}")));
        (entry.fields.len(), entry.n_more)
    };
    assert_eq!(wide(MAX_DIFF_FIELDS), (MAX_DIFF_FIELDS, 0));
    assert_eq!(wide(MAX_DIFF_FIELDS + 1), (MAX_DIFF_FIELDS, 1));

    let value =
        |n: usize| match &compared(&nested(0, "x"), &nested(0, &"z".repeat(n))).fields[0].change {
            Change::Changed(_, to) => to.clone(),
            other => panic!("{other:?}"),
        };
    assert_eq!(value(MAX_DIFF_VALUE).len(), MAX_DIFF_VALUE);
    assert!(value(MAX_DIFF_VALUE + 1).contains("2001 bytes"));

    let tall = |n: usize| {
        let text = "\\n".to_owned() + &"z\\n".repeat(n);
        let after = nested(0, &format!("\"{text}\""));
        match &compared(&nested(0, "\"\\n\""), &after).fields[0].change {
            Change::Lines(lines) => lines.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(tall(MAX_DIFF_LINES - 1), MAX_DIFF_LINES);
    assert_eq!(tall(MAX_DIFF_LINES), MAX_DIFF_LINES + 1);
}

#[test]
fn the_order_of_items_counts() {
    let list = |names: [&str; 2]| {
        let items = names
            .map(|name| format!("{{name: {name}, value: v}}"))
            .join(", ");
        nested(0, &format!("[{items}]"))
    };
    let entry = compared(&list(["a", "b"]), &list(["b", "a"]));
    assert_eq!(entry.fields[0].path, "spec (order)");
    assert_eq!(
        entry.fields[0].change,
        Change::Changed("a, b".into(), "b, a".into())
    );
}
