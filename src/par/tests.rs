//! The protocol among threads: each open file has its own lock, as in separate processes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::*;

const LONG: Duration = Duration::from_secs(60);

/// A directory that is removed at the end of its test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("par-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Directory(path)
    }

    fn gate(&self, n_slots: usize) -> Gate {
        Gate::open(&self.0, NonZeroUsize::new(n_slots).unwrap()).unwrap()
    }

    fn tickets(&self) -> usize {
        let names = fs::read_dir(&self.0).unwrap();
        names
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_string_lossy().starts_with("ticket-")
            })
            .count()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn never_more_than_the_slots_are_in() {
    let directory = Directory::new("cap");
    for n_slots in [1, 3] {
        let gate = directory.gate(n_slots);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..24 {
                scope.spawn(|| {
                    let slot = gate.enter(Arrival::now(), LONG).unwrap();
                    let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(4));
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(slot);
                });
            }
        });
        assert_eq!(most.into_inner(), n_slots);
        assert_eq!(directory.tickets(), 0);
    }
}

#[test]
fn callers_get_in_as_they_came() {
    let directory = Directory::new("order");
    for n_slots in [1, 2] {
        let gate = directory.gate(n_slots);
        let held: Vec<Slot> = (0..n_slots)
            .map(|_| gate.enter(Arrival::now(), LONG).unwrap())
            .collect();
        let order = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for i in 0..20 {
                let (gate, order) = (&gate, &order);
                scope.spawn(move || {
                    let slot = gate.enter(Arrival::now(), LONG).unwrap();
                    order.lock().unwrap().push((slot.entered(), i));
                    thread::sleep(Duration::from_millis(3));
                    drop(slot);
                });
                while directory.tickets() <= i {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            drop(held);
        });
        let mut order = order.into_inner().unwrap();
        order.sort_unstable();
        let order: Vec<usize> = order.into_iter().map(|(_, i)| i).collect();
        assert_eq!(order, (0..20).collect::<Vec<_>>());
    }
}

#[test]
fn who_came_earlier_gets_in_earlier_however_late_it_speaks() {
    let directory = Directory::new("late");
    for n_slots in [1, 2] {
        let gate = directory.gate(n_slots);
        let held: Vec<Slot> = (0..n_slots)
            .map(|_| gate.enter(Arrival::now(), LONG).unwrap())
            .collect();
        let arrivals: Vec<Arrival> = (0..12).map(|_| Arrival::now()).collect();
        let order = Mutex::new(Vec::new());
        thread::scope(|scope| {
            // The last one speaks first, so each finds itself before everybody in the queue.
            for (n_tickets, i) in (0..12).rev().enumerate() {
                let (gate, order, arrival) = (&gate, &order, arrivals[i]);
                scope.spawn(move || {
                    let slot = gate.enter(arrival, LONG).unwrap();
                    order.lock().unwrap().push((slot.entered(), i));
                    thread::sleep(Duration::from_millis(3));
                    drop(slot);
                });
                while directory.tickets() <= n_tickets {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            // All of them are asleep now.
            thread::sleep(Duration::from_millis(20));
            drop(held);
        });
        let mut order = order.into_inner().unwrap();
        order.sort_unstable();
        let order: Vec<usize> = order.into_iter().map(|(_, i)| i).collect();
        assert_eq!(order, (0..12).collect::<Vec<_>>());
    }
}

#[test]
fn tickets_of_the_dead_are_passed_over() {
    let directory = Directory::new("stale");
    let gate = directory.gate(1);
    let long_ago = Arrival::parse("1-2-3").unwrap().text();
    for name in [format!("ticket-{long_ago}"), format!("new-{long_ago}")] {
        lock::make(&directory.0.join(name)).unwrap();
    }
    fs::write(directory.0.join("ticket-x"), "").unwrap();
    let slot = gate.enter(Arrival::now(), LONG).unwrap();
    let files = || fs::read_dir(&directory.0).unwrap().count();
    assert_eq!(files(), 2, "the slot and the file that is none of ours");
    let error = gate
        .enter(Arrival::now(), Duration::from_millis(20))
        .unwrap_err();
    assert!(
        matches!(error, GateError::Timeout { n_slots: 1, .. }),
        "{error}"
    );
    assert_eq!(files(), 2, "who gives up leaves nothing");
    drop(slot);
    let _slot = gate.enter(Arrival::now(), LONG).unwrap();
}

#[test]
fn new_tickets_may_be_removed_at_any_instant() {
    let directory = Directory::new("sweep");
    let gate = directory.gate(4);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                gate.state.nearest_ticket(Arrival::now()).unwrap();
            }
        });
        for _ in 0..500 {
            drop(gate.enter(Arrival::now(), LONG).unwrap());
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert_eq!(directory.tickets(), 0);
}

#[test]
fn files_that_are_no_fifos_are_refused() {
    let directory = Directory::new("plain");
    let gate = directory.gate(1);
    fs::write(directory.0.join("slot-0.fifo"), "").unwrap();
    let error = gate.enter(Arrival::now(), LONG).unwrap_err().to_string();
    assert!(error.contains("is no FIFO"), "{error}");
    assert_eq!(directory.tickets(), 0);
}

#[test]
fn a_lock_that_is_none_of_ours_does_not_busy_us() {
    let directory = Directory::new("foreign");
    let gate = directory.gate(1);
    drop(gate.enter(Arrival::now(), LONG).unwrap());
    // Locked, but not open for writing.
    let slot = lock::Watch::open(&directory.0.join("slot-0.fifo")).unwrap();
    slot.0.lock().unwrap();
    let short = Duration::from_millis(30);
    assert!(gate.enter(Arrival::now(), short).is_err());
    drop(slot);
    let _slot = gate.enter(Arrival::now(), Duration::ZERO).unwrap();
}

#[test]
fn any_number_of_slots_and_seconds_is_taken() {
    let directory = Directory::new("extremes");
    let gate = directory.gate(usize::MAX);
    let slots: Vec<Slot> = (0..MAX_SLOTS)
        .map(|_| gate.enter(Arrival::now(), Duration::MAX).unwrap())
        .collect();
    assert!(gate.enter(Arrival::now(), Duration::ZERO).is_err());
    drop(slots);
}

#[test]
fn a_waiter_that_gives_up_lets_the_next_forward() {
    let directory = Directory::new("quit");
    let gate = directory.gate(1);
    let held = gate.enter(Arrival::now(), LONG).unwrap();
    thread::scope(|scope| {
        let quits = scope.spawn(|| gate.enter(Arrival::now(), Duration::from_millis(200)));
        while directory.tickets() < 1 {
            thread::sleep(Duration::from_millis(1));
        }
        let stays = scope.spawn(|| gate.enter(Arrival::now(), LONG));
        assert!(quits.join().unwrap().is_err());
        while directory.tickets() > 1 {
            thread::sleep(Duration::from_millis(1));
        }
        drop(held);
        assert!(stays.join().unwrap().is_ok());
    });
}

#[test]
fn the_smaller_cap_holds_among_its_own() {
    let directory = Directory::new("mixed");
    let (one, two) = (directory.gate(1), directory.gate(2));
    let first = two.enter(Arrival::now(), LONG).unwrap();
    let second = one.enter(Arrival::now(), LONG).unwrap();
    assert!(one.enter(Arrival::now(), Duration::ZERO).is_err());
    assert!(two.enter(Arrival::now(), Duration::ZERO).is_err());
    drop((first, second));
    let _slot = one.enter(Arrival::now(), Duration::ZERO).unwrap();
}

#[test]
fn directories_that_others_could_use_are_refused() {
    let directory = Directory::new("refused");
    fs::create_dir(&directory.0).unwrap();
    let one = NonZeroUsize::MIN;
    let reason = |path: &Path| Gate::open(path, one).unwrap_err().to_string();

    assert!(reason(Path::new("some/where")).contains("is not absolute"));

    let file = directory.0.join("file");
    fs::write(&file, "").unwrap();
    assert!(reason(&file).contains("is not a directory"));

    let (real, link) = (directory.0.join("real"), directory.0.join("link"));
    drop(Gate::open(&real, one).unwrap());
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o700
    );
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert!(reason(&link).contains("symbolic link"));
    assert!(reason(&link.join("")).contains("symbolic link"));
    std::os::unix::fs::symlink(directory.0.join("nowhere"), directory.0.join("dangling")).unwrap();
    assert!(reason(&directory.0.join("dangling")).contains("symbolic link"));

    fs::set_permissions(&real, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(reason(&real).contains("lets others write"));
}

#[test]
fn the_default_directory_is_one_for_each_user() {
    let path = default_directory(Path::new("/tmp"));
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let user = name.strip_prefix("jenkins-cmp-").unwrap();
    assert!(user.parse::<u32>().is_ok());
}
