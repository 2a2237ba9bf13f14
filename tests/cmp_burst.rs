//! Bursts of calls behind Argo CD's real plugin server: what they cost and how they end.
//!
//! Runs where `cmp_server` does, and prints the table of docs/parallelism.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jenkins_cmp::par as gate;
use serde_json::{Value, json};

use crate::cmp_server::{Server, error, program};
use crate::par;
use crate::support::{self, TempDir};

/// A repository of 100 overlays, and what the plugins of a sidecar share.
struct Scene {
    directory: TempDir,
    n_slots: usize,
}

const N_OVERLAYS: usize = 100;

impl Scene {
    fn new(n_slots: usize) -> Scene {
        let directory = TempDir::new("burst");
        let (data, repository) = (support::root().join("testdata"), "repository");
        let at = |path: &str| directory.path().join(repository).join(path);
        support::copy(&data.join("charts/jenkins"), &at("charts/jenkins"));
        support::copy(&data.join("fleet/base"), &at("fleet/base"));
        let settings = data.join("fleet/jenkins-cmp.yaml");
        fs::copy(settings, at("fleet/jenkins-cmp.yaml")).expect("a copy");
        for n in 0..N_OVERLAYS {
            directory.write(
                &format!("{repository}/{}/values.yaml", overlay(n)),
                format!("controller:\n  jenkinsAdminEmail: {}\n", mark(n)),
            );
        }
        directory.write("shared/.keep", "");
        Scene { directory, n_slots }
    }

    fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("shared/calls")
    }

    /// Starts a sidecar in which calls wait for `patience` seconds at most.
    fn server(&self, program: &str, patience: u32) -> Server {
        let path = |path: PathBuf| path.display().to_string();
        let environment = [
            ("JENKINS_CMP_PARALLELISM", self.n_slots.to_string()),
            ("JENKINS_CMP_QUEUE_TIMEOUT", patience.to_string()),
            ("JENKINS_CMP_STATE_DIR", path(self.state())),
            ("JENKINS_CMP_METRICS_FILE", path(self.log())),
        ];
        Server::start_with(program, "", &environment)
    }

    /// Calls `server` for the first `n_overlays`, `times` each, all at once.
    fn call(&self, server: &Server, n_overlays: usize, times: usize) -> Vec<Value> {
        let root = self.directory.path().join("repository");
        let apps: Vec<PathBuf> = (0..n_overlays).map(|n| root.join(overlay(n))).collect();
        let patience_ms = 300_000;
        let request = json!({
            "root": root, "apps": apps, "times": times, "deadlineMs": patience_ms,
        });
        server.call("", request)
    }

    /// Nobody holds anything, and the next call removes what the dead have left.
    fn is_left_clean(&self, server: &Server) {
        assert_eq!(error(&self.call(server, 1, 1)[0]), "");
        assert_eq!(par::tickets(&self.state()), 0);
        for slot in 0..self.n_slots {
            let path = self.state().join(format!("slot-{slot}.fifo"));
            let lock = gate::lock_within(&path, Duration::ZERO).expect("a lock");
            assert!(lock.is_some(), "slot {slot} is held by nobody alive");
        }
    }
}

fn overlay(n: usize) -> String {
    format!("fleet/overlays/c{n:03}")
}

/// What only the output of one overlay holds.
fn mark(n: usize) -> String {
    format!("c{n:03}@ci.example.com")
}

/// Whether `answer` is the whole one for an overlay.
fn is_for(answer: &Value, n: usize) -> bool {
    let manifests = answer["manifests"].as_array();
    let has = |text: &str| manifests.is_some_and(|all| all.iter().any(|m| mentions(m, text)));
    error(answer).is_empty() && has(&mark(n)) && has("\"StatefulSet\"")
}

fn mentions(manifest: &Value, text: &str) -> bool {
    manifest.as_str().is_some_and(|m| m.contains(text))
}

/// The plugins of a server, seen while they run.
#[derive(Default)]
struct Seen {
    n_at_once: usize,
    private_kb: u64,
    waiting: Memory,
    rendering: Memory,
}

/// The most that one process had.
#[derive(Default)]
struct Memory {
    private_kb: u64,
    resident_kb: u64,
}

impl Seen {
    fn look(&mut self, server: u32) {
        let mut n_now = 0;
        let mut private = 0;
        for pid in children(server) {
            let process = PathBuf::from(format!("/proc/{pid}"));
            let Some(memory) = Memory::of(&process) else {
                continue;
            };
            let Some(held) = held(&process) else { continue };
            n_now += 1;
            private += memory.private_kb;
            match (held.contains("ticket-"), held.contains("slot-")) {
                (true, false) => self.waiting.raise(&memory),
                (false, true) => self.rendering.raise(&memory),
                _ => {}
            }
        }
        self.n_at_once = self.n_at_once.max(n_now);
        self.private_kb = self.private_kb.max(private);
    }
}

impl Memory {
    fn of(process: &Path) -> Option<Memory> {
        let status = fs::read_to_string(process.join("status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        };
        Some(Memory {
            private_kb: field("RssAnon:")?,
            resident_kb: field("VmRSS:")?,
        })
    }

    fn raise(&mut self, other: &Memory) {
        self.private_kb = self.private_kb.max(other.private_kb);
        self.resident_kb = self.resident_kb.max(other.resident_kb);
    }
}

/// The plugin processes that `server` runs.
fn children(server: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc");
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
        after.split(' ').nth(1) == Some(&server.to_string())
    };
    let pids = processes.flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_child).collect()
}

/// The names of the files that a process has open.
fn held(process: &Path) -> Option<String> {
    let links = fs::read_dir(process.join("fd")).ok()?.flatten();
    let targets = links.filter_map(|link| fs::read_link(link.path()).ok());
    Some(
        targets
            .map(|path| path.display().to_string() + "\n")
            .collect(),
    )
}

/// The processor time of the plugins of `server` that have ended.
fn plugins_cpu(server: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{server}/stat")).expect("the server runs");
    let (_, after) = stat.rsplit_once(')').expect("a name");
    let fields = after.split_whitespace().skip(13).take(2);
    let ticks: u64 = fields.map(|n| n.parse::<u64>().expect("a number")).sum();
    // Linux shows a hundred ticks a second to programs, whatever it counts itself.
    Duration::from_millis(10 * ticks)
}

#[test]
fn cmp_server_takes_a_burst_with_the_cores_of_the_cap() {
    let Some(program) = program() else { return };
    support::note(
        "| cap | wall s | CPU s | p50 ms | p99 ms | inversions | processes at once | waiting kB \
         private, resident | rendering kB | all private kB |",
    );
    for n_slots in [1, 2] {
        let scene = Scene::new(n_slots);
        let server = scene.server(&program, 280);
        let is_over = AtomicBool::new(false);
        let (start, cpu) = (Instant::now(), plugins_cpu(server.pid()));
        let (answers, seen) = thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut seen = Seen::default();
                while !is_over.load(Ordering::Relaxed) {
                    seen.look(server.pid());
                    thread::sleep(Duration::from_millis(50));
                }
                seen
            });
            let answers = scene.call(&server, N_OVERLAYS, 2);
            is_over.store(true, Ordering::Relaxed);
            (answers, watcher.join().expect("no panic"))
        });
        let wall = start.elapsed().as_secs_f64();
        let cpu = plugins_cpu(server.pid()).saturating_sub(cpu).as_secs_f64();

        assert_eq!(answers.len(), 2 * N_OVERLAYS);
        for (n, answer) in answers.iter().enumerate() {
            assert!(is_for(answer, n % N_OVERLAYS), "{n}: {}", error(answer));
        }
        let calls = par::calls(&scene.log());
        assert_eq!(calls.len(), 2 * N_OVERLAYS);
        assert!(calls.iter().all(|call| call.outcome == "done"));
        assert!(par::most_inside(&calls) <= n_slots, "{calls:#?}");
        let n_inversions = calls
            .windows(2)
            .filter(|two| two[1].pid < two[0].pid)
            .count();

        let mut millis: Vec<u64> = answers
            .iter()
            .filter_map(|a| a["millis"].as_u64())
            .collect();
        millis.sort_unstable();
        support::note(&format!(
            "| {n_slots} | {wall:.2} | {cpu:.2} | {} | {} | {n_inversions} | {} | {}, {} | {}, {} | {} |",
            millis[N_OVERLAYS],
            millis[2 * N_OVERLAYS * 99 / 100],
            seen.n_at_once,
            seen.waiting.private_kb,
            seen.waiting.resident_kb,
            seen.rendering.private_kb,
            seen.rendering.resident_kb,
            seen.private_kb,
        ));
        // What a call does before it waits is outside of the cap, but it is little.
        assert!(cpu <= 1.5 * n_slots as f64 * wall, "{cpu} s of {wall} s");
        // Who started first and had not run yet when a slot came free comes later.
        assert!(n_inversions <= N_OVERLAYS / 5, "{n_inversions}");
        scene.is_left_clean(&server);
    }
}

#[test]
fn cmp_server_passes_on_what_to_raise() {
    let Some(program) = program() else { return };
    let scene = Scene::new(1);
    let server = scene.server(&program, 1);
    assert_eq!(error(&scene.call(&server, 1, 1)[0]), "");
    let held = gate::lock_within(&scene.state().join("slot-0.fifo"), Duration::ZERO);
    let held = held.expect("a lock").expect("a free slot");
    for answer in scene.call(&server, 20, 1) {
        for text in [
            "failed exit status 4: no render slot came free within 1 s",
            "JENKINS_CMP_QUEUE_TIMEOUT",
            "controller.repo.server.timeout.seconds",
            "JENKINS_CMP_PARALLELISM",
        ] {
            assert!(error(&answer).contains(text), "no {text} in {answer}");
        }
    }
    drop(held);
    scene.is_left_clean(&server);
}

#[test]
fn cmp_server_goes_on_when_plugins_are_killed() {
    let Some(program) = program() else { return };
    let scene = Scene::new(2);
    let server = scene.server(&program, 280);
    let mut killed = BTreeSet::new();
    let answers = thread::scope(|scope| {
        let call = scope.spawn(|| scene.call(&server, 60, 1));
        let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
        while killed.len() < 20 && !call.is_finished() {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            thread::sleep(Duration::from_millis(random >> 60));
            let running = children(server.pid());
            let victim = running.get((random >> 33) as usize % running.len().max(1));
            if let Some(victim) = victim
                && par::signal(*victim, "KILL")
            {
                killed.insert(*victim);
            }
        }
        call.join().expect("no panic")
    });
    assert!(!killed.is_empty());
    let (whole, failed): (Vec<_>, Vec<_>) = answers
        .iter()
        .enumerate()
        .partition(|(_, answer)| error(answer).is_empty());
    assert!(whole.iter().all(|(n, answer)| is_for(answer, *n)));
    assert!(
        failed
            .iter()
            .all(|(_, answer)| error(answer).contains("signal: killed"))
    );
    // Who was killed after its last word is answered all the same.
    assert!(
        failed.len() <= killed.len(),
        "{} of {}",
        failed.len(),
        killed.len()
    );
    scene.is_left_clean(&server);
}

#[test]
fn cmp_servers_on_one_volume_share_the_cap() {
    let Some(program) = program() else { return };
    let scene = Scene::new(1);
    let servers = [(); 2].map(|()| scene.server(&program, 280));
    thread::scope(|scope| {
        for server in &servers {
            scope.spawn(|| {
                for (n, answer) in scene.call(server, 30, 1).iter().enumerate() {
                    assert!(is_for(answer, n), "{n}: {}", error(answer));
                }
            });
        }
    });
    let calls = par::calls(&scene.log());
    assert_eq!(calls.len(), 60);
    assert!(par::most_inside(&calls) <= 1, "{calls:#?}");
    scene.is_left_clean(&servers[0]);
}
