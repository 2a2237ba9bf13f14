//! The `jenkins-cmp` binary: hands the process's arguments to [`jenkins_cmp::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    jenkins_cmp::cli::run(std::env::args_os())
}
