//! `jenkins-cmp completions SHELL` and `jenkins-cmp man DIR`: made from the command line's own
//! definition.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Command};
use clap_complete::Shell;

use super::exit::Error;
use super::output;

/// Prints the completion script of a shell.
///
/// For example: `jenkins-cmp completions bash > /etc/bash_completion.d/jenkins-cmp`
#[derive(Args, Debug)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Writes the manual pages, one for each command, into a directory.
#[derive(Args, Debug)]
pub(super) struct ManArgs {
    /// Directory for the pages; it is made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Runs `completions`.
pub(super) fn completions(args: &CompletionsArgs, mut command: Command) -> Result<(), Error> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    output::stdout(&script)
}

/// Runs `man`.
pub(super) fn man(args: &ManArgs, command: Command) -> Result<(), Error> {
    fs::create_dir_all(&args.directory)
        .and_then(|()| clap_mangen::generate_to(command, &args.directory))
        .context("failed to write the manual pages")?;
    Ok(())
}
