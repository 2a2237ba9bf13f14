//! Doing one thing for many overlays on several threads.

use std::any::Any;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
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
pub fn for_each<I: Sync, T: Send>(
    items: &[I],
    jobs: NonZeroUsize,
    work: &(dyn Fn(&I) -> T + Sync),
    done: &(dyn Fn(Progress<'_, I>) + Sync),
) -> Vec<Result<T, Panicked>> {
    let mut results = Vec::with_capacity(items.len());
    for_each_in_order(items, jobs, work, done, &mut |_, result| {
        results.push(result)
    });
    results
}

/// Does `work` for every item on at most `jobs` threads; hands each result to `take` in the order of
/// `items`, as soon as those before it are done.
///
/// No more than a few results for each thread wait for an earlier one, so memory does not grow with
/// the number of items. `done` and `take` are called from one thread at a time.
pub fn for_each_in_order<I: Sync, T: Send>(
    items: &[I],
    jobs: NonZeroUsize,
    work: &(dyn Fn(&I) -> T + Sync),
    done: &(dyn Fn(Progress<'_, I>) + Sync),
    take: &mut (dyn FnMut(&I, Result<T, Panicked>) + Send),
) {
    let n_threads = jobs.get().min(items.len());
    let window = n_threads * WINDOW;
    let queue = Mutex::new(Queue {
        n_started: 0,
        n_done: 0,
        n_taken: 0,
        waiting: BTreeMap::new(),
        take,
    });
    let turn = Condvar::new();
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let next = || {
        let mut queue = lock();
        while queue.n_started < items.len() && queue.n_started >= queue.n_taken + window {
            queue = turn.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let at = queue.n_started;
        queue.n_started += 1;
        items.get(at).map(|item| (at, item))
    };
    let worker = || {
        while let Some((at, item)) = next() {
            let result = attempt(item, work);
            let mut queue = lock();
            queue.n_done += 1;
            done(Progress {
                n_done: queue.n_done,
                total: items.len(),
                last: item,
            });
            queue.finished(items, at, result);
            turn.notify_all();
        }
    };
    thread::scope(|scope| {
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
}

/// How many results for each thread may wait for an earlier one.
const WINDOW: usize = 4;

/// What the threads share.
struct Queue<'t, I, T> {
    n_started: usize,
    n_done: usize,
    n_taken: usize,
    /// Results that an earlier item keeps from being taken.
    waiting: BTreeMap<usize, Result<T, Panicked>>,
    take: &'t mut (dyn FnMut(&I, Result<T, Panicked>) + Send),
}

impl<I, T> Queue<'_, I, T> {
    /// Hands on the result of item `at`, and those that waited for it.
    fn finished(&mut self, items: &[I], at: usize, result: Result<T, Panicked>) {
        self.waiting.insert(at, result);
        while let Some(result) = self.waiting.remove(&self.n_taken) {
            let item = &items[self.n_taken];
            self.n_taken += 1;
            (self.take)(item, result);
        }
    }
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
    use std::sync::atomic::{AtomicUsize, Ordering};

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
    fn few_results_wait_for_a_slow_one() {
        let items: Vec<usize> = (0..200).collect();
        let begun = AtomicUsize::new(0);
        let mut taken = Vec::new();
        let work = |n: &usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            if *n == 0 {
                // The other thread goes as far as it may.
                let ahead = TWO.get() * WINDOW;
                while begun.load(Ordering::SeqCst) < ahead {
                    thread::yield_now();
                }
                thread::sleep(std::time::Duration::from_millis(20));
                assert_eq!(begun.load(Ordering::SeqCst), ahead);
            }
            *n
        };
        for_each_in_order(&items, TWO, &work, &|_| {}, &mut |item, result| {
            taken.push((*item, result));
        });
        assert!(taken.iter().map(|(n, _)| n).eq(&items));
        assert!(taken.iter().all(|(n, result)| *result == Ok(*n)));
    }

    #[test]
    fn nothing_to_do_is_no_problem() {
        let none: [u8; 0] = [];
        assert!(for_each(&none, TWO, &|n| *n, &|_| {}).is_empty());
    }
}
