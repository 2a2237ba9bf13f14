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
use std::process::ExitCode;
use std::thread;

use clap::{CommandFactory as _, Parser, Subcommand};

use exit::Error;

/// Renders Jenkins controllers for Argo CD in-process, byte for byte as Helm does.
#[derive(Debug, Parser)]
#[command(
    name = "jenkins-cmp",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Applications(applications::ApplicationsArgs),
    Chart(chart::ChartArgs),
    Completions(completions::CompletionsArgs),
    Diff(Box<diff::DiffArgs>),
    Discover(discover::DiscoverArgs),
    Doctor(doctor::DoctorArgs),
    Generate(generate::GenerateArgs),
    Golden(golden::GoldenArgs),
    Init(init::InitArgs),
    Man(completions::ManArgs),
    Parameters(parameters::ParametersArgs),
    Render(render::RenderArgs),
    Settings(settings::SettingsCommand),
    Template(Box<template::TemplateArgs>),
    Values(values::ValuesArgs),
}

/// The address space for the stack of the thread that does the work.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// Runs the program with `args` (the first is the program's name).
///
/// Exit codes: 0 done, 1 the answer is no, 2 usage, 3 wrong input, 4 the outside world failed,
/// 70 a bug of ours.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output with 0, the rest to standard error with 2.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // Values may nest 10,000 deep, and dropping them recurses; the stack is used only when needed.
    let worker = thread::Builder::new().stack_size(STACK_BYTES);
    let outcome = match worker.spawn(|| dispatch(cli.command)) {
        Ok(worker) => worker.join(),
        Err(error) => Ok(Err(Error::world(format!(
            "failed to start a thread: {error}"
        )))),
    };
    match outcome {
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

fn dispatch(command: Command) -> Result<(), Error> {
    match command {
        Command::Applications(args) => applications::run(&args),
        Command::Chart(args) => chart::run(&args),
        Command::Completions(args) => completions::completions(&args, Cli::command()),
        Command::Diff(args) => diff::run(&args),
        Command::Discover(args) => discover::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Golden(args) => golden::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Man(args) => completions::man(&args, Cli::command()),
        Command::Parameters(args) => parameters::run(&args),
        Command::Render(args) => render::run(&args),
        Command::Settings(args) => settings::run(&args),
        Command::Template(args) => template::run(&args),
        Command::Values(args) => values::run(&args),
    }
}
