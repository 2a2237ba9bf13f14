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
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  jenkins-cmp completions bash > ~/.local/share/bash-completion/completions/jenkins-cmp
  jenkins-cmp completions zsh > ~/.zfunc/_jenkins-cmp     # with `fpath+=~/.zfunc` before `compinit`
  jenkins-cmp completions fish > ~/.config/fish/completions/jenkins-cmp.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Writes the manual pages, one for each command, into a directory.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  jenkins-cmp man ~/.local/share/man/man1 && man jenkins-cmp-diff")]
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
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if args.shell == Shell::Bash {
        // The generator writes the hyphen of our name in two ways, so that no command of the script
        // finds its options.
        script = script.replace("jenkins__subcmd__cmp", "jenkins__cmp");
    }
    output::stdout(script.as_bytes())
}

/// Runs `man`.
pub(super) fn man(args: &ManArgs, command: Command) -> Result<(), Error> {
    fs::create_dir_all(&args.directory)
        .and_then(|()| clap_mangen::generate_to(command, &args.directory))
        .context("failed to write the manual pages")?;
    Ok(())
}
