//! Doing one thing for many overlays on several threads.

use std::any::Any;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

/// The address space for the stack of each worker; it is used only when needed.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'i, I> {
    /// How many are done.
    pub n_done: usize,
    /// How many there are.
    pub total: usize,
    /// The one that was done last.
    pub last: &'i I,
}

/// The work for one item has panicked: a bug of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// The panic's message.
    pub message: String,
}

/// Does `work` for every item on at most `jobs` threads; gives the results in the order of `items`.
///
/// `done` hears of each item that is done, from one thread at a time. A panic becomes the result of
/// its item, and the others go on.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// let jobs = NonZeroUsize::new(2).expect("two threads");
/// let results = jenkins_cmp::fleet::for_each(&[1, 2, 3], jobs, &|n| n * 10, &|_| {});
/// assert_eq!(results, [Ok(10), Ok(20), Ok(30)]);
/// ```
pub fn for_each<I: Sync, T: Send + Sync>(
    items: &[I],
    jobs: NonZeroUsize,
    work: &(dyn Fn(&I) -> T + Sync),
    done: &(dyn Fn(Progress<'_, I>) + Sync),
) -> Vec<Result<T, Panicked>> {
    let results: Vec<OnceLock<Result<T, Panicked>>> =
        items.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let n_done = Mutex::new(0);
    let worker = || {
        while let Some((item, result)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).zip(results.get(at))
        } {
            let outcome = attempt(item, work);
            let was_empty = result.set(outcome).is_ok();
            debug_assert!(was_empty, "each item is taken once");
            let mut n_done = n_done.lock().unwrap_or_else(PoisonError::into_inner);
            *n_done += 1;
            done(Progress {
                n_done: *n_done,
                total: items.len(),
                last: item,
            });
        }
    };
    thread::scope(|scope| {
        let n_threads = jobs.get().min(items.len());
        let mut n_started = 0;
        for _ in 0..n_threads {
            let thread = thread::Builder::new().stack_size(STACK_BYTES);
            n_started += usize::from(thread.spawn_scoped(scope, worker).is_ok());
        }
        // Where the system gives no thread at all, this one does the work.
        if n_started == 0 {
            worker();
        }
    });
    let unfinished = || Panicked {
        message: "the work was not done".to_owned(),
    };
    results
        .into_iter()
        .map(|result| result.into_inner().unwrap_or_else(|| Err(unfinished())))
        .collect()
}

/// The one place where work on an item begins and ends: what bounds how much runs at once belongs
/// around this call.
fn attempt<I, T>(item: &I, work: &(dyn Fn(&I) -> T + Sync)) -> Result<T, Panicked> {
    // What `work` shares between items are caches, whose locks are taken over after a panic.
    catch_unwind(AssertUnwindSafe(|| work(item))).map_err(|panic| Panicked {
        message: message(panic.as_ref()),
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

    #[test]
    fn results_keep_their_order_and_progress_counts_up() {
        let items: Vec<usize> = (0..100).collect();
        let seen = Mutex::new(Vec::new());
        let results = for_each(&items, TWO, &|n| n * 2, &|progress| {
            assert_eq!(progress.total, 100);
            seen.lock().unwrap().push(progress.n_done);
        });
        let wanted: Vec<_> = items.iter().map(|n| Ok(n * 2)).collect();
        assert_eq!(results, wanted);
        assert_eq!(*seen.lock().unwrap(), (1..=100).collect::<Vec<_>>());
    }

    #[test]
    fn a_panic_is_the_result_of_its_own_item() {
        let results = for_each(&[1, 2, 3], TWO, &|n| assert_ne!(*n, 2, "two"), &|_| {});
        assert_eq!(results[0], Ok(()));
        let panicked = results[1].as_ref().unwrap_err();
        assert!(panicked.message.contains("two"), "{panicked:?}");
        assert_eq!(results[2], Ok(()));
    }

    #[test]
    fn nothing_to_do_is_no_problem() {
        let none: [u8; 0] = [];
        assert!(for_each(&none, TWO, &|n| *n, &|_| {}).is_empty());
    }
}
