//! The cap on parallel renders, among real processes of the binary.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use jenkins_cmp::par;

use crate::support::{self, Output, Run, TempDir};

/// How long a test waits for what must happen.
const LONG: Duration = Duration::from_secs(120);

const BINARY: &str = env!("CARGO_BIN_EXE_jenkins-cmp");

/// A state directory and a log of calls.
struct Scene {
    directory: TempDir,
}

impl Scene {
    fn new(name: &str) -> Scene {
        Scene {
            directory: TempDir::new(name),
        }
    }

    fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// Holds a slot as a process would, and so makes everybody wait.
    fn hold(&self, slot: usize) -> File {
        self.done_once();
        let path = self.state().join(format!("slot-{slot}.fifo"));
        let file = par::lock_within(&path, Duration::ZERO).expect("a lock");
        file.expect("a free slot")
    }

    /// Runs one call, so that the directory is there.
    fn done_once(&self) {
        if !self.state().exists() {
            let output = Run::new(&generate_args(&self.state(), 1))
                .in_overlay()
                .output();
            assert_eq!(output.code, 0, "{}", output.stderr);
        }
    }

    /// Starts a call with `n_slots`.
    fn spawn(&self, n_slots: usize) -> Child {
        self.configure(&mut Command::new(BINARY), n_slots)
            .spawn()
            .expect("the binary starts")
    }

    /// Starts a call that runs on when it is told to.
    fn spawn_stopped(&self) -> Child {
        let mut shell = Command::new("sh");
        shell.args(["-c", "kill -STOP $$; exec \"$@\"", "sh", BINARY]);
        let child = self.configure(&mut shell, 1).spawn().expect("a shell");
        let stat = format!("/proc/{}/stat", child.id());
        let is_stopped = || fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T "));
        wait_until("a stopped process", is_stopped);
        child
    }

    /// Adds the arguments and surroundings of a call to `command`.
    fn configure<'c>(&self, command: &'c mut Command, n_slots: usize) -> &'c mut Command {
        command
            .args(generate_args(&self.state(), n_slots))
            .env_clear()
            .env(
                "JENKINS_CMP_METRICS_FILE",
                self.directory.path().join("calls"),
            )
            .env(
                "JENKINS_CMP_METRICS_TEXTFILE",
                self.directory.path().join("counters"),
            )
            .current_dir(overlay())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
    }

    /// Starts a call and returns when it stands in the queue behind `n_waiting` others.
    fn spawn_waiter(&self, n_slots: usize, n_waiting: usize) -> Child {
        let child = self.spawn(n_slots);
        wait_until("a ticket", || self.tickets() == n_waiting + 1);
        child
    }

    fn tickets(&self) -> usize {
        tickets(&self.state())
    }

    /// The calls so far, in the order in which they got in.
    fn calls(&self) -> Vec<Call> {
        calls(&self.directory.path().join("calls"))
    }
}

/// The calls in the log at `path`, in the order in which they got in.
pub(crate) fn calls(path: &Path) -> Vec<Call> {
    let text = fs::read_to_string(path).expect("a log");
    let mut calls: Vec<Call> = text.lines().map(Call::parse).collect();
    calls.sort_by(|a, b| a.entered.total_cmp(&b.entered));
    calls
}

/// How many tickets there are, held or left behind.
pub(crate) fn tickets(state: &Path) -> usize {
    let entries = fs::read_dir(state).expect("the state directory");
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("ticket-"))
        .count()
}

/// When a call came, got in and was done, in milliseconds.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) pid: u64,
    came: f64,
    entered: f64,
    left: f64,
    pub(crate) outcome: String,
}

impl Call {
    fn parse(line: &str) -> Call {
        let call: serde_json::Value = serde_json::from_str(line).expect("a whole line of JSON");
        let number = |value: &serde_json::Value| value.as_f64().expect("a number");
        let came = number(&call["start_unix_ms"]);
        let entered = came + number(&call["wait_ms"]);
        // The slot is free before the output is written.
        let phases = ["settings", "chart", "values", "templates", "jobs"];
        let busy: f64 = phases
            .map(|name| call["phases_ms"][name].as_f64().unwrap_or(0.0))
            .iter()
            .sum();
        Call {
            pid: call["pid"].as_u64().expect("a number"),
            came,
            entered,
            left: entered + busy,
            outcome: call["outcome"].as_str().expect("a word").to_owned(),
        }
    }
}

/// The most calls that were in at one moment.
pub(crate) fn most_inside(calls: &[Call]) -> usize {
    let inside = |at: f64| {
        calls
            .iter()
            .filter(|c| c.entered <= at && at < c.left)
            .count()
    };
    calls
        .iter()
        .map(|call| inside(call.entered))
        .max()
        .unwrap_or(0)
}

trait InOverlay {
    fn in_overlay(self) -> Run;
}

impl InOverlay for Run {
    fn in_overlay(self) -> Run {
        self.current_dir(&overlay())
    }
}

fn overlay() -> PathBuf {
    support::root().join("testdata/fleet/overlays/prod")
}

fn generate_args(state: &Path, n_slots: usize) -> [String; 5] {
    [
        "generate".to_owned(),
        "--state-dir".to_owned(),
        state.display().to_string(),
        "--parallelism".to_owned(),
        n_slots.to_string(),
    ]
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LONG, "{what} did not come about");
        thread::sleep(Duration::from_millis(2));
    }
}

fn finish(child: Child) -> Output {
    let output = child.wait_with_output().expect("a child");
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A render of the overlay whose state directory is `state`.
fn refused(state: &Path) -> Output {
    let output = Run::new(&generate_args(state, 1)).in_overlay().output();
    assert_eq!((output.code, &*output.stdout), (4, ""), "{}", output.stderr);
    assert!(
        output.stderr.contains("JENKINS_CMP_STATE_DIR"),
        "{}",
        output.stderr
    );
    output
}

/// Sends a signal to a process; says whether it was still there.
pub(crate) fn signal(pid: u32, name: &str) -> bool {
    let mut command = Command::new("kill");
    command.arg(format!("-{name}")).arg(pid.to_string());
    let status = command.stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

#[test]
fn never_more_than_the_cap_run_and_none_is_lost() {
    for n_slots in [1, 2] {
        let scene = Scene::new("par-cap");
        let children: Vec<Child> = (0..60).map(|_| scene.spawn(n_slots)).collect();
        for child in children {
            let output = finish(child);
            assert_eq!(output.code, 0, "{}", output.stderr);
        }
        let calls = scene.calls();
        assert_eq!(calls.len(), 60);
        assert!(calls.iter().all(|call| call.outcome == "done"));
        assert!(most_inside(&calls) <= n_slots, "{calls:#?}");
        assert_eq!(scene.tickets(), 0);
        let counters =
            fs::read_to_string(scene.directory.path().join("counters")).expect("counters");
        let line = "jenkins_cmp_calls_total{command=\"generate\",outcome=\"done\"} 60\n";
        assert!(counters.contains(line), "{counters}");
    }
}

#[test]
fn calls_get_in_as_they_came() {
    for n_slots in [1, 2] {
        let scene = Scene::new("par-order");
        let held: Vec<File> = (0..n_slots).map(|slot| scene.hold(slot)).collect();
        let children: Vec<Child> = (0..25).map(|n| scene.spawn_waiter(n_slots, n)).collect();
        drop(held);
        for child in children {
            assert_eq!(finish(child).code, 0);
        }
        let calls = scene.calls();
        assert_eq!(calls.len(), 25);
        assert!(calls.is_sorted_by(|a, b| a.came < b.came), "{calls:#?}");
    }
}

#[test]
fn calls_get_in_as_they_started_even_if_they_run_late() {
    let scene = Scene::new("par-late");
    let held = scene.hold(0);
    let late: Vec<Child> = (0..6).map(|_| scene.spawn_stopped()).collect();
    let mut order: Vec<u64> = late.iter().map(|child| u64::from(child.id())).collect();
    let early: Vec<Child> = (0..6).map(|n| scene.spawn_waiter(1, n)).collect();
    order.extend(early.iter().map(|child| u64::from(child.id())));
    for child in late.iter().rev() {
        assert!(signal(child.id(), "CONT"));
    }
    wait_until("all tickets", || scene.tickets() == 12);
    drop(held);
    for child in late.into_iter().chain(early) {
        assert_eq!(finish(child).code, 0);
    }
    let entered: Vec<u64> = scene.calls().iter().map(|call| call.pid).collect();
    assert_eq!(entered, order);
}

#[test]
fn sidecars_on_one_volume_share_the_cap() {
    let scene = Scene::new("par-volume");
    scene.done_once();
    // Each namespace counts its processes from 1, as each container does.
    let sidecar = |clock: &str| {
        let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do \"$@\" & done; wait";
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc"]);
        command.args(["--time", "--boottime", clock]);
        command.args(["sh", "-c", script, "sh", BINARY]);
        scene.configure(&mut command, 1);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        finish(command.spawn().expect("unshare starts"))
    };
    let output = sidecar("0");
    if output.code != 0 {
        support::note(&format!(
            "namespaces cannot be made here ({}): sidecars on one volume are left out",
            output.stderr.trim()
        ));
        return;
    }
    // The second one's clock is a day ahead.
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(sidecar("0").code, 0));
        scope.spawn(|| assert_eq!(sidecar("86400").code, 0));
    });
    let calls = scene.calls();
    assert_eq!(calls.len(), 36);
    assert!(calls.iter().all(|call| call.outcome == "done"));
    assert!(most_inside(&calls) <= 1, "{calls:#?}");
    assert_eq!(scene.tickets(), 0);
}

#[test]
fn killed_processes_leave_nothing_locked_and_lose_nobody() {
    let scene = Scene::new("par-kill");
    let held = scene.hold(0);
    let mut waiting: Vec<Child> = (0..24).map(|n| scene.spawn_waiter(1, n)).collect();
    // The first, the last, and most of those between; then, while the others run, whoever it hits.
    let mut killed: Vec<Child> = Vec::new();
    for at in [23, 20, 19, 18, 11, 10, 5, 1, 0] {
        let mut child = waiting.remove(at);
        child.kill().expect("a running child");
        killed.push(child);
    }
    drop(held);
    let mut storm: Vec<Child> = (0..30).map(|_| scene.spawn(1)).collect();
    for (n, child) in storm.iter_mut().enumerate() {
        thread::sleep(Duration::from_millis(n as u64 % 7));
        let _ = child.kill();
    }
    for child in waiting {
        let output = finish(child);
        assert_eq!(output.code, 0, "{}", output.stderr);
    }
    for child in killed.into_iter().chain(storm) {
        finish(child);
    }
    let last = scene.spawn(1);
    assert_eq!(finish(last).code, 0);
    assert_eq!(
        scene.tickets(),
        0,
        "the last one removes what the killed left"
    );
    assert!(most_inside(&scene.calls()) <= 1);
}

#[test]
fn the_holder_can_be_killed() {
    let scene = Scene::new("par-holder");
    for _ in 0..10 {
        let mut holder = scene.spawn(1);
        let waiters: Vec<Child> = (0..3).map(|_| scene.spawn(1)).collect();
        thread::sleep(Duration::from_millis(8));
        let _ = holder.kill();
        finish(holder);
        for waiter in waiters {
            assert_eq!(finish(waiter).code, 0);
        }
    }
}

#[test]
fn a_call_gives_up_in_time_and_says_what_to_raise() {
    let scene = Scene::new("par-timeout");
    let _held = scene.hold(0);
    let start = Instant::now();
    let output = Run::new(&generate_args(&scene.state(), 1))
        .in_overlay()
        .env("JENKINS_CMP_QUEUE_TIMEOUT", "1")
        .output();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!((output.code, &*output.stdout), (4, ""));
    for word in [
        "no render slot came free within 1 s",
        "controller.repo.server.timeout.seconds",
        "JENKINS_CMP_QUEUE_TIMEOUT",
        "JENKINS_CMP_PARALLELISM",
    ] {
        assert!(
            output.stderr.contains(word),
            "no {word} in {}",
            output.stderr
        );
    }
    assert_eq!(scene.tickets(), 0);
}

#[test]
fn wrong_settings_are_named_as_they_were_set() {
    let directory = TempDir::new("par-settings-named");
    let names = [
        "PARALLELISM",
        "QUEUE_TIMEOUT",
        "STATE_DIR",
        "METRICS_FILE",
        "METRICS_TEXTFILE",
    ];
    for name in names.map(|name| format!("JENKINS_CMP_{name}")) {
        for value in ["", "0", "-1", "1.5", "many", "99999999999999999999"] {
            let output = Run::new(&["generate"])
                .env(&name, value)
                .current_dir(directory.path())
                .output();
            let is_path = !name.ends_with("ISM") && !name.ends_with("OUT");
            if (is_path && !value.is_empty()) || (name.ends_with("OUT") && value == "0") {
                assert_ne!(output.code, 2, "{name}={value}");
                continue;
            }
            assert_eq!(output.code, 2, "{name}={value}");
            assert!(output.stderr.contains(&name), "{}", output.stderr);
        }
    }
}

#[test]
fn a_waiting_call_has_read_nothing_and_sleeps() {
    let scene = Scene::new("par-sleep");
    let held = scene.hold(0);
    let waiter = scene.spawn_waiter(1, 0);
    thread::sleep(Duration::from_millis(300));
    let path = PathBuf::from(format!("/proc/{}", waiter.id()));
    if path.exists() {
        let ticks = || {
            let stat = fs::read_to_string(path.join("stat")).expect("a process");
            let after = stat.rsplit_once(')').expect("a name").1.to_owned();
            let fields: Vec<String> = after.split_whitespace().map(str::to_owned).collect();
            [&fields[11], &fields[12]]
                .map(|n| n.parse::<u64>().expect("ticks"))
                .iter()
                .sum::<u64>()
        };
        let before = ticks();
        thread::sleep(Duration::from_millis(700));
        assert_eq!(ticks(), before, "a waiting process uses the processor");
        let status = fs::read_to_string(path.join("status")).expect("a process");
        let threads = status.lines().find_map(|l| l.strip_prefix("Threads:"));
        let threads = threads.and_then(|n| n.trim().parse::<u32>().ok());
        assert!(
            threads.is_some_and(|n| n <= 2),
            "a waiting call has {threads:?} threads"
        );
        let private = status.lines().find_map(|l| l.strip_prefix("RssAnon:"));
        let kilobytes = private.and_then(|l| l.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        assert!(kilobytes.is_some_and(|n| n < 2048), "{private:?}");
    } else {
        support::note("without /proc the sleep of a waiting call is not looked at");
    }
    drop(held);
    assert_eq!(finish(waiter).code, 0);
}

#[test]
fn state_directories_that_cannot_be_trusted_are_refused() {
    let directory = TempDir::new("par-refused");
    let real = directory.path().join("real");
    fs::create_dir(&real).expect("a directory");
    let link = directory.path().join("link");
    symlink(&real, &link).expect("a link");
    assert!(refused(&link).stderr.contains("it is a symbolic link"));
    assert!(
        refused(Path::new("state"))
            .stderr
            .contains("is not absolute")
    );

    fs::set_permissions(&real, fs::Permissions::from_mode(0o777)).expect("a mode");
    assert!(refused(&real).stderr.contains("lets others write"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).expect("a mode");

    if is_root() {
        chown(&real, Some(12345), None).expect("another owner");
        assert!(refused(&real).stderr.contains("it belongs to user 12345"));
    } else {
        support::note("the directory of another user takes root to make; left out");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o500)).expect("a mode");
        assert!(refused(&real).stderr.contains("failed to make a file in"));
    }
}

/// A file system of a few pages, gone at the end of its test.
struct Tmpfs(PathBuf);

impl Tmpfs {
    fn mount(at: &Path, options: &str) -> Option<Tmpfs> {
        fs::create_dir_all(at).expect("a directory");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "none"]).arg(at);
        let status = command.stderr(Stdio::null()).status();
        status
            .is_ok_and(|status| status.success())
            .then(|| Tmpfs(at.to_owned()))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn full_and_read_only_disks_end_in_a_clear_message() {
    let directory = TempDir::new("par-disk");
    let at = directory.path().join("disk");
    // Room for the root and the state directory, but for no file.
    let Some(full) = Tmpfs::mount(&at, "size=64k,nr_inodes=2,mode=0755") else {
        support::note("file systems cannot be mounted here; full and read-only ones are left out");
        return;
    };
    let output = refused(&at.join("state"));
    assert!(
        output.stderr.contains("failed to make a file in"),
        "{}",
        output.stderr
    );
    drop(full);

    let read_only = Tmpfs::mount(&at, "size=64k,ro").expect("another mount");
    let output = refused(&at.join("state"));
    assert!(
        output.stderr.contains("failed to make the state directory"),
        "{}",
        output.stderr
    );
    drop(read_only);

    // No room for data; locks need none.
    let filled = Tmpfs::mount(&at, "size=4k,mode=0755").expect("another mount");
    let _ = fs::write(at.join("filler"), [0; 8192]);
    let output = Run::new(&generate_args(&at.join("state"), 1))
        .in_overlay()
        .output();
    assert_eq!(output.code, 0, "{}", output.stderr);
    drop(filled);
}

#[test]
fn render_takes_the_cap_from_the_settings_and_generate_does_not() {
    let scene = Scene::new("par-settings");
    let root = scene.directory.path().join("fleet");
    let overlay = root.join("overlays/one");
    let chart = support::root().join("testdata/charts/jenkins");
    support::copy(&chart, &root.join("charts/jenkins"));
    let settings =
        "parallelism: 1\nchart: {path: charts/jenkins}\nrelease: {name: one, namespace: ci}\n";
    let set = |settings: &str| scene.directory.write("fleet/jenkins-cmp.yaml", settings);
    set(settings);
    scene
        .directory
        .write("fleet/overlays/one/values.yaml", "{}\n");
    let state = scene.state().display().to_string();
    let run = |command: &str| {
        Run::new(&[command, "--state-dir", &state, "--queue-timeout", "0"])
            .current_dir(&overlay)
            .output()
    };
    let output = run("render");
    assert_eq!(output.code, 0, "{}", output.stderr);
    let held = scene.hold(0);
    assert_eq!(run("render").code, 4, "one slot, and that is held");
    set(&settings.replace('1', "2"));
    assert_eq!(run("render").code, 0);
    assert_eq!(
        run("generate").code,
        4,
        "a repository does not decide over the sidecar"
    );
    drop(held);
    set(&settings.replace('1', "0"));
    let output = run("render");
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("jenkins-cmp.yaml:1"),
        "{}",
        output.stderr
    );
}

#[test]
fn metrics_hold_failures_but_no_content() {
    let scene = Scene::new("par-metrics");
    let calls = scene.directory.path().join("calls");
    let output = Run::new(&["render", "--metrics-file", &calls.display().to_string()])
        .current_dir(scene.directory.path())
        .env(
            "JENKINS_CMP_STATE_DIR",
            &scene.state().display().to_string(),
        )
        .output();
    assert_eq!(output.code, 3);
    let text = fs::read_to_string(&calls).expect("a log");
    assert!(
        text.contains(r#""exit_code":3,"#) && text.contains(r#""outcome":"input""#),
        "{text}"
    );
    assert!(!text.contains("overlay"), "{text}");

    let output = Run::new(&generate_args(&scene.state(), 1))
        .in_overlay()
        .env("JENKINS_CMP_METRICS_FILE", "/nowhere/calls")
        .output();
    assert_eq!(output.code, 0, "metrics fail no render");
    assert!(
        output.stderr.contains("failed to write metrics"),
        "{}",
        output.stderr
    );
}
