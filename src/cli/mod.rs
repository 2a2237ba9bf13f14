//! The command line: arguments in, exit status out.
//!
//! Here arguments and the environment become plain data once; below, nobody reads either. Only
//! `output` writes to the two streams.

mod applications;
mod chart;
mod completions;
mod diff;
mod discover;
mod doctor;
mod exit;
mod gate;
mod generate;
mod git;
mod golden;
mod host;
mod init;
mod output;
mod overlays;
mod parameters;
mod remote;
mod render;
mod settings;
mod sides;
mod template;
mod timed;
mod values;
#[cfg(test)]
mod wired;

use std::ffi::OsString;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::slice;

use clap::{ArgMatches, Args, Command, FromArgMatches as _};

use exit::{Error, Failure};
use template::Conventional;

use crate::jobs;

/// A command of the program.
struct Entry {
    name: &'static str,
    /// Adds its arguments and its description.
    define: fn(Command) -> Command,
    /// Takes the arguments from what clap has found.
    read: fn(&ArgMatches) -> Result<Work, clap::Error>,
}

/// What is left to do when the command line has been read.
type Work = Box<dyn FnOnce() -> Result<(), Error>>;

macro_rules! commands {
    ($($name:literal: $args:ty => $run:expr,)*) => {
        [$(Entry {
            name: $name,
            define: <$args as Args>::augment_args,
            read: |matches| {
                let args = <$args>::from_arg_matches(matches)?;
                Ok(Box::new(move || $run(&args)))
            },
        },)*]
    };
}

/// What a newcomer needs to begin.
const AFTER_HELP: &str = "\
An overlay is a directory with a `values.yaml`: one Jenkins controller, one Argo CD Application. Overlays
share a base, and a fleet is the tree of them below a `jenkins-cmp.yaml`.

Begin with:
  jenkins-cmp render overlays/prod        the manifests of one controller
  jenkins-cmp render --all -o out         those of the whole fleet, a file each
  jenkins-cmp diff --base origin/main     what a change does to every controller
  jenkins-cmp golden update               keep what everything renders to, for `golden check`
  jenkins-cmp values overlays/prod --explain controller.numExecutors
                                          the file and line that set a value
  jenkins-cmp doctor                      what is wrong with the wiring in Argo CD

Exit codes: 0 done, 1 the answer is no (a difference, a finding), 2 wrong usage, 3 wrong input,
4 the outside world failed, 70 a bug in jenkins-cmp";

/// The commands for people first, then those for Argo CD.
static COMMANDS: &[Entry] = &commands! {
    "render": render::RenderArgs => render::run,
    "diff": diff::DiffArgs => diff::run,
    "golden": golden::GoldenArgs => golden::run,
    "values": values::ValuesArgs => values::run,
    "settings": settings::SettingsCommand => settings::run,
    "chart": chart::ChartArgs => chart::run,
    "template": Conventional<template::TemplateArgs> => |args: &Conventional<_>| template::run(&args.0),
    "applications": applications::ApplicationsArgs => applications::run,
    "doctor": doctor::DoctorArgs => doctor::run,
    "generate": generate::GenerateArgs => generate::run,
    "discover": discover::DiscoverArgs => discover::run,
    "parameters": parameters::ParametersArgs => parameters::run,
    "init": init::InitArgs => init::run,
    "completions": completions::CompletionsArgs =>
        |args| completions::completions(args, define(COMMANDS)),
    "man": completions::ManArgs => |args| completions::man(args, define(COMMANDS)),
};

/// Describes the program with `commands` to clap.
fn define(commands: &[Entry]) -> Command {
    let program = Command::new("jenkins-cmp")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Renders Jenkins controllers for Argo CD in-process, byte for byte as Helm does")
        .disable_help_subcommand(true)
        .max_term_width(100)
        .after_help(AFTER_HELP)
        .subcommand_required(true)
        .arg_required_else_help(true);
    program.subcommands(
        commands
            .iter()
            .map(|entry| (entry.define)(Command::new(entry.name))),
    )
}

/// Reads a command line, whose first part is the program's name.
///
/// Only the command that is called is described to clap: describing all of them takes a good part
/// of what a small render does.
fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Work, clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    let is_called = |entry: &&Entry| args.get(1).is_some_and(|name| *name == *entry.name);
    let called = COMMANDS.iter().find(is_called);
    let commands = called.map_or(COMMANDS, slice::from_ref);
    let mut program = define(commands);
    let matches = program.try_get_matches_from_mut(args)?;
    let (name, matches) = matches.subcommand().expect("a command is required");
    let entry = commands.iter().find(|entry| entry.name == name);
    let entry = entry.expect("clap knows these commands only");
    (entry.read)(matches).map_err(|error| error.format(&mut program))
}

/// The address space for the stack that the work is done on.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// Runs the program with `args` (the first is the program's name).
///
/// Exit codes: 0 done, 1 the answer is no, 2 usage, 3 wrong input, 4 the outside world failed,
/// 70 a bug of ours.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|first| first == jobs::ARGUMENT) {
        let served = jobs::serve(io::stdin().lock(), io::stdout().lock());
        return ExitCode::from(served.map_or(Failure::World.code(), |()| 0));
    }
    if let Some(program) = host::program() {
        jobs::isolate(program);
    }
    let work = match parse(args) {
        Ok(work) => work,
        Err(error) => {
            // Help and version go to standard output with 0, the rest to standard error with 2.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // Values may nest 10,000 deep, and dropping them recurses; the stack is used only when needed.
    // Another thread would have it too, but also a heap of its own, which grows in small steps.
    let on_large_stack = || stacker::grow(STACK_BYTES, work);
    match panic::catch_unwind(AssertUnwindSafe(on_large_stack)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            output::stderr(&error.message);
            error.exit_code()
        }
        Err(_) => {
            output::stderr("this is a bug in jenkins-cmp; please report it with the lines above");
            ExitCode::from(70)
        }
    }
}
