//! Template errors in Helm's words.
//!
//! In: the errors of [`crate::template`]. Out: the text that `helm template` prints after
//! `Error: `. Helm takes Go's text apart again; so do we, in order to fail where it fails.

use crate::limits::MAX_ERROR_BYTES;
use crate::template::{Cause, ExecError, Frame, ParseError};

/// What Helm makes of a text that is no template: Go's location and the last words of its message.
pub(super) fn parse_text(error: &ParseError) -> String {
    let text = error.to_string();
    let location = text.split(": ").nth(1).unwrap_or_default();
    let message = text.rsplit(": ").next().unwrap_or_default();
    format!("parse error at ({location}): {message}")
}

/// What Helm 3 makes of a failed execution: Go's text, unless the chart's author wrote one.
pub(super) fn helm3_text(error: &ExecError) -> String {
    author_text(error).unwrap_or_else(|| error.go_text())
}

/// What Helm 4 makes of a failed execution: a block for each execution in the chain.
///
/// Where Helm cannot read one of the texts in the chain, it is Go's text, as in Helm 3.
pub(super) fn helm4_text(error: &ExecError) -> String {
    author_text(error)
        .or_else(|| blocks(error))
        .unwrap_or_else(|| error.go_text())
}

/// The message of `fail` or `required`, at the place in the outermost template.
fn author_text(error: &ExecError) -> Option<String> {
    let Some(Cause::Fail(message)) = error.cause() else {
        return None;
    };
    let location = error.frames().next()?.location();
    let location = location.split(": ").next().unwrap_or_default();
    Some(format!("execution error at ({location}): {message}"))
}

/// One text of the chain, taken apart.
#[derive(PartialEq, Eq)]
struct Block {
    location: String,
    executing: String,
    message: String,
}

fn blocks(error: &ExecError) -> Option<String> {
    let frames: Vec<&Frame> = error.frames().collect();
    let (innermost, outer) = frames.split_last()?;
    let mut out = String::new();
    let mut last = None;
    for frame in outer {
        if !frame.prefix().is_empty() {
            return None;
        }
        let text = format!("{}template: ", frame.own_text());
        push(&mut out, &mut last, Block::read(&text)?);
        if out.len() > MAX_ERROR_BYTES {
            return None;
        }
    }
    match error.cause() {
        None => push(&mut out, &mut last, Block::read(&innermost.own_text())?),
        Some(Cause::Message(message)) => {
            let text = format!("{}{message}", innermost.own_text());
            push(&mut out, &mut last, Block::read(&text)?);
            push(&mut out, &mut last, Block::read(message)?);
        }
        Some(_) => return None,
    }
    Some(out.trim().to_owned())
}

/// Writes a block unless it equals the last one.
fn push(out: &mut String, last: &mut Option<Block>, block: Block) {
    if last.as_ref() != Some(&block) {
        block.write(out);
        *last = Some(block);
    }
}

impl Block {
    fn read(text: &str) -> Option<Block> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Block {
                location: String::new(),
                executing: String::new(),
                message: text.to_owned(),
            });
        }
        Block::read_executing(rest).or_else(|| {
            let (location, message) = rest.rsplit_once(": ")?;
            Some(Block {
                location: location.to_owned(),
                executing: String::new(),
                message: before_next(message),
            })
        })
    }

    /// Reads `LOCATION: executing "NAME" at <NODE>: MESSAGE`. Like Helm it takes the first quote
    /// for the end of the name, escaped or not.
    fn read_executing(text: &str) -> Option<Block> {
        let (location, rest) = text.split_once(": executing \"")?;
        let (name, rest) = rest.split_once('"')?;
        let (node, message) = rest.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Block {
            location: location.to_owned(),
            executing: format!("executing \"{name}\" at <{node}>:"),
            message: before_next(message),
        })
    }

    fn write(&self, out: &mut String) {
        for (text, end) in [
            (&self.location, "\n  "),
            (&self.executing, "\n    "),
            (&self.message, "\n"),
        ] {
            if !text.is_empty() {
                out.push_str(text);
                out.push_str(end);
            }
        }
    }
}

/// The message without the next text of the chain.
fn before_next(message: &str) -> String {
    let end = message.find(" template:").unwrap_or(message.len());
    message[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::recorded::{self, Failure};

    #[test]
    fn texts_are_as_helm_words_them() {
        for case in recorded::cases() {
            match case.render() {
                Ok(_) => {}
                Err(Failure::Parse(error)) => {
                    let text = parse_text(&error);
                    assert_eq!(case.section("helm"), Some(&*text), "{}", case.place);
                }
                Err(Failure::Exec(error)) => {
                    let text = helm3_text(&error);
                    assert_eq!(case.section("helm3"), Some(&*text), "{}", case.place);
                    let text = helm4_text(&error);
                    assert_eq!(case.section("helm4"), Some(&*text), "{}", case.place);
                }
            }
        }
    }
}
