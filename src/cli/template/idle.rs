//! Helm's flags without influence on the text when no cluster and no repository is asked.
//!
//! They are accepted, so that a command line of `helm template` can be taken over as it is; a
//! value that Helm refuses is refused here too. Flags that would ask a cluster, a repository or a
//! program are refused with the reason.

use clap::Args;

use super::pflag;
use crate::cli::exit::Error;
use crate::funcs::dates::duration;
use crate::helm::{HelmCompat, Level, LogLine};

/// Flags that change nothing.
#[derive(Args, Debug)]
pub(super) struct IdleArgs {
    #[command(flatten)]
    install: InstallArgs,
    #[command(flatten)]
    helm_4: Helm4Args,
    #[command(flatten)]
    fetch: FetchArgs,
    #[command(flatten)]
    global: GlobalArgs,
    #[command(flatten)]
    refused: RefusedArgs,
}

/// Flags of `helm install` that both releases know.
#[derive(Args, Debug)]
struct InstallArgs {
    #[arg(long, hide = true)]
    atomic: Option<bool>,
    #[arg(long, hide = true)]
    create_namespace: bool,
    #[arg(long, hide = true)]
    dependency_update: bool,
    #[arg(long, hide = true, value_name = "TEXT")]
    description: Option<String>,
    #[arg(long, hide = true)]
    devel: bool,
    #[arg(long, hide = true)]
    disable_openapi_validation: bool,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "STRATEGY")]
    dry_run: Option<Option<String>>,
    #[arg(long, hide = true)]
    force: Option<bool>,
    #[arg(long, hide = true)]
    hide_notes: Option<bool>,
    #[arg(short, long, hide = true, value_name = "KEY=VALUE")]
    labels: Vec<String>,
    #[arg(long, hide = true, value_name = "ARGUMENT")]
    post_renderer_args: Vec<String>,
    #[arg(long, hide = true)]
    render_subchart_notes: Option<bool>,
    #[arg(long, hide = true)]
    replace: bool,
    #[arg(long, hide = true)]
    skip_crds: bool,
    #[arg(long, hide = true)]
    take_ownership: bool,
    #[arg(long, hide = true, value_name = "DURATION")]
    timeout: Option<String>,
    #[arg(long, hide = true, value_name = "VERSION")]
    version: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "STRATEGY")]
    wait: Option<Option<String>>,
    #[arg(long, hide = true)]
    wait_for_jobs: bool,
}

/// Flags that Helm 3 does not know.
#[derive(Args, Debug)]
struct Helm4Args {
    #[arg(long, alias = "colour", hide = true, value_name = "MODE")]
    color: Option<String>,
    #[arg(long, hide = true, value_name = "DIR")]
    content_cache: Option<String>,
    #[arg(long, hide = true)]
    force_conflicts: Option<bool>,
    #[arg(long, hide = true)]
    force_replace: Option<bool>,
    #[arg(long, hide = true)]
    rollback_on_failure: Option<bool>,
    #[arg(long, hide = true)]
    server_side: Option<bool>,
}

/// How charts would be fetched.
#[derive(Args, Debug)]
struct FetchArgs {
    #[arg(long, hide = true, value_name = "FILE")]
    ca_file: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    cert_file: Option<String>,
    #[arg(long, hide = true)]
    insecure_skip_tls_verify: bool,
    #[arg(long, hide = true, value_name = "FILE")]
    key_file: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    keyring: Option<String>,
    #[arg(long, hide = true)]
    pass_credentials: bool,
    #[arg(long, hide = true, value_name = "TEXT")]
    password: Option<String>,
    #[arg(long, hide = true)]
    plain_http: bool,
    #[arg(long, hide = true, value_name = "TEXT")]
    username: Option<String>,
}

/// Flags of every command of Helm: the cluster, caches, logging.
#[derive(Args, Debug)]
struct GlobalArgs {
    #[arg(long, hide = true, value_name = "NUMBER")]
    burst_limit: Option<i64>,
    #[arg(long, hide = true)]
    debug: bool,
    #[arg(long, hide = true, value_name = "URL")]
    kube_apiserver: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    kube_as_group: Vec<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    kube_as_user: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    kube_ca_file: Option<String>,
    #[arg(long, hide = true, value_name = "NAME")]
    kube_context: Option<String>,
    #[arg(long, hide = true)]
    kube_insecure_skip_tls_verify: bool,
    #[arg(long, hide = true, value_name = "NAME")]
    kube_tls_server_name: Option<String>,
    #[arg(long, hide = true, value_name = "TEXT")]
    kube_token: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    kubeconfig: Option<String>,
    #[arg(long, hide = true, value_name = "NUMBER")]
    qps: Option<f32>,
    #[arg(long, hide = true, value_name = "FILE")]
    registry_config: Option<String>,
    #[arg(long, hide = true, value_name = "DIR")]
    repository_cache: Option<String>,
    #[arg(long, hide = true, value_name = "FILE")]
    repository_config: Option<String>,
    #[arg(short = 'v', long = "v", hide = true, value_name = "NUMBER")]
    verbosity: Option<i32>,
}

/// Flags that would ask a cluster, a repository or a program.
#[derive(Args, Debug)]
struct RefusedArgs {
    #[arg(long, hide = true, value_name = "NAME")]
    post_renderer: Option<String>,
    #[arg(long, hide = true, value_name = "URL")]
    repo: Option<String>,
    #[arg(long, hide = true)]
    validate: bool,
    #[arg(long, hide = true)]
    verify: bool,
}

/// The label names that Helm keeps for itself.
const SYSTEM_LABELS: [&str; 6] = [
    "name",
    "owner",
    "status",
    "version",
    "createdAt",
    "modifiedAt",
];

/// What Helm 4 says of a flag of old that is still taken.
const NO_EFFECT: &str = "this flag has no effect for 'helm template' and will be removed in Helm 5";

impl IdleArgs {
    /// What Helm prints about these flags on standard error before it starts.
    ///
    /// # Errors
    ///
    /// A value that Helm refuses, a flag it does not know, and flags that cannot be served here.
    pub(super) fn check(&self, helm: HelmCompat) -> Result<Vec<String>, Error> {
        self.refused.check()?;
        if let Some(timeout) = &self.install.timeout {
            duration::parse(timeout.as_bytes())
                .map_err(|reason| pflag::invalid(timeout, "--timeout", &reason.to_string()))?;
        }
        self.labels()?;
        let mut log = match helm {
            HelmCompat::V3 => self.unknown_to_helm_3().map(|()| Vec::new())?,
            HelmCompat::V4 => self.deprecated(),
        };
        log.extend(self.wait(helm)?);
        if helm == HelmCompat::V4 {
            self.exclusive()?;
        }
        log.extend(self.dry_run(helm)?);
        Ok(log)
    }

    /// The labels that Helm refuses once the values are merged.
    ///
    /// # Errors
    ///
    /// A label bears a name that Helm uses.
    pub(super) fn check_labels(&self) -> Result<(), Error> {
        let labels = self.labels()?;
        match labels.iter().any(|label| SYSTEM_LABELS.contains(&&**label)) {
            true => Err(Error::input(format!(
                "user supplied labels contains system reserved label name. System labels: [{}]",
                SYSTEM_LABELS.join(" ")
            ))),
            false => Ok(()),
        }
    }

    /// The names of the labels.
    fn labels(&self) -> Result<Vec<String>, Error> {
        const NAME: &str = "-l, --labels";
        let mut names = Vec::new();
        for value in &self.install.labels {
            let pairs = match value.matches('=').count() {
                0 => vec![value.clone()],
                1 => vec![value.trim_matches('"').to_owned()],
                _ => pflag::csv_list(NAME, std::slice::from_ref(value))?,
            };
            for pair in pairs {
                let reason = format!("{pair} must be formatted as key=value");
                let (name, _) = pair
                    .split_once('=')
                    .ok_or_else(|| pflag::invalid(value, NAME, &reason))?;
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    fn unknown_to_helm_3(&self) -> Result<(), Error> {
        let args = &self.helm_4;
        let given = [
            (args.color.is_some(), "--color"),
            (args.content_cache.is_some(), "--content-cache"),
            (args.force_conflicts.is_some(), "--force-conflicts"),
            (args.force_replace.is_some(), "--force-replace"),
            (args.rollback_on_failure.is_some(), "--rollback-on-failure"),
            (args.server_side.is_some(), "--server-side"),
        ];
        match given.iter().find(|(given, _)| *given) {
            Some((_, name)) => Err(Error::usage(format!("unknown flag: {name}"))),
            None => Ok(()),
        }
    }

    fn deprecated(&self) -> Vec<String> {
        let args = &self.install;
        let old = [
            (args.atomic, "atomic", "use --rollback-on-failure instead"),
            (args.force, "force", "use --force-replace instead"),
            (args.hide_notes, "hide-notes", NO_EFFECT),
            (
                args.render_subchart_notes,
                "render-subchart-notes",
                NO_EFFECT,
            ),
        ];
        let given = old.iter().filter(|(value, ..)| value.is_some());
        given
            .map(|(_, name, what)| format!("Flag --{name} has been deprecated, {what}"))
            .collect()
    }

    /// The pairs of flags of Helm 4 of which only one may be given.
    fn exclusive(&self) -> Result<(), Error> {
        let conflicts = self.helm_4.force_conflicts.is_some();
        let old = (self.install.force, "force", "force force-conflicts");
        let new = (
            self.helm_4.force_replace,
            "force-replace",
            "force-conflicts force-replace",
        );
        for (value, name, both) in [old, new] {
            if conflicts && value.is_some() {
                return Err(Error::usage(format!(
                    "if any flags in the group [{name} force-conflicts] are set none of the \
                     others can be; [{both}] were all set"
                )));
            }
        }
        match self.helm_4.color.as_deref() {
            None | Some("never" | "auto" | "always") => Ok(()),
            Some(mode) => Err(Error::usage(format!(
                "invalid color mode {mode:?}: must be one of: never, auto, always"
            ))),
        }
    }

    fn wait(&self, helm: HelmCompat) -> Result<Option<String>, Error> {
        let Some(Some(value)) = &self.install.wait else {
            return Ok(None);
        };
        let strategy = match (helm, value.as_str()) {
            (HelmCompat::V3, _) => {
                return match pflag::parse_bool(value) {
                    Ok(_) => Ok(None),
                    Err(reason) => Err(pflag::invalid(value, "--wait", &reason)),
                };
            }
            (HelmCompat::V4, "watcher" | "hookOnly" | "legacy") => return Ok(None),
            (HelmCompat::V4, "true") => "watcher",
            (HelmCompat::V4, "false") => "hookOnly",
            (HelmCompat::V4, _) => {
                let reason = format!(
                    "invalid wait input {value:?}. Valid inputs are watcher, hookOnly, and legacy"
                );
                return Err(pflag::invalid(value, "--wait", &reason));
            }
        };
        Ok(Some(warning(&format!(
            "--wait={value} is deprecated (boolean value) and can be replaced with \
             --wait={strategy}"
        ))))
    }

    fn dry_run(&self, helm: HelmCompat) -> Result<Option<String>, Error> {
        let Some(value) = &self.install.dry_run else {
            return Ok(None);
        };
        match (helm, value.as_deref()) {
            (_, Some("server")) => Err(no_cluster("--dry-run=server")),
            (_, Some("client")) | (HelmCompat::V3, None | Some("true" | "")) => Ok(None),
            (HelmCompat::V3, Some(value @ ("false" | "none"))) => {
                Err(no_cluster(&format!("--dry-run={value}")))
            }
            (HelmCompat::V3, Some(_)) => Err(Error::usage(
                "Invalid dry-run flag. Flag must one of the following: false, true, none, client, \
                 server",
            )),
            (HelmCompat::V4, None | Some("unset")) => Ok(Some(warning(
                "--dry-run is deprecated and should be replaced with '--dry-run=client'",
            ))),
            (HelmCompat::V4, Some(value)) => match pflag::parse_bool(value) {
                Ok(true) => Ok(Some(warning(&format!(
                    "boolean '--dry-run={value}' flag is deprecated and must be replaced with \
                     '--dry-run=client'"
                )))),
                Err(_) if value != "none" => Err(Error::usage(format!(
                    "invalid dry-run value ({value:?}). Must be \"none\", \"server\", or \
                     \"client\""
                ))),
                _ => Err(Error::usage(format!(
                    "invalid dry-run value ({value:?}). Must be \"server\" or \"client\""
                ))),
            },
        }
    }
}

impl RefusedArgs {
    fn check(&self) -> Result<(), Error> {
        let given = |value: &Option<String>| value.as_ref().is_some_and(|text| !text.is_empty());
        if self.validate {
            return Err(no_cluster("--validate"));
        }
        let reason = if given(&self.post_renderer) {
            "--post-renderer: template runs no program"
        } else if given(&self.repo) {
            "--repo: template asks no repository; fetch the chart first"
        } else if self.verify {
            "--verify: template knows no keyring; archives are trusted by the digest in the lock \
             file"
        } else {
            return Ok(());
        };
        Err(Error::usage(reason))
    }
}

fn no_cluster(flag: &str) -> Error {
    Error::usage(format!("{flag}: template asks no cluster"))
}

fn warning(text: &str) -> String {
    LogLine::structured(Level::Warn, text, []).text_for(HelmCompat::V4)
}
