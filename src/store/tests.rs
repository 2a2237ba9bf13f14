//! The store under damage, deletion, crowding and concurrency.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A store in a directory of its own, removed at the end.
struct Scratch(Store);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("store-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Scratch(Store::new(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.path());
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn what_is_put_is_found_and_damage_is_absence() {
    let Scratch(store) = &Scratch::new("damage");
    let digest = store.put(b"archive").unwrap();
    assert_eq!(store.get(&digest).unwrap(), b"archive");
    fs::write(store.file(&digest), b"damaged").unwrap();
    assert_eq!(store.get(&digest), None);
    assert!(!store.file(&digest).exists());
    assert_eq!(store.get(&Digest::of(b"other")), None);
}

#[test]
fn notes_are_checked_and_belong_to_their_key() {
    let Scratch(store) = &Scratch::new("notes");
    let [key, other] = [b"key", b"two"].map(|text| Digest::of(text));
    assert_eq!(store.note(&key), None);
    store.put_note(&key, b"note").unwrap();
    assert_eq!(store.note(&key).unwrap(), b"note");
    store.put_note(&key, b"").unwrap();
    assert_eq!(store.note(&key).unwrap(), b"");
    fs::copy(store.note_file(&key), store.note_file(&other)).unwrap();
    assert_eq!(store.note(&other), None);
    fs::write(store.note_file(&key), "short").unwrap();
    assert_eq!(store.note(&key), None);
    assert!(!store.note_file(&key).exists());
    let small = store.clone().with_max_bytes(100);
    small.put_note(&other, &[0; 90]).unwrap();
    assert!(small.put(b"archive").is_ok());
    assert_eq!(small.note(&other), None);
}

#[test]
fn a_deleted_store_is_made_again() {
    let Scratch(store) = &Scratch::new("deleted");
    let digest = store.put(b"archive").unwrap();
    fs::remove_dir_all(store.path()).unwrap();
    assert_eq!(store.get(&digest), None);
    let again = store.get_or(&digest, PATIENCE, || {
        Ok::<_, StoreError>(b"archive".to_vec())
    });
    assert_eq!(again.unwrap(), b"archive");
    assert!(store.get(&digest).is_some());
}

#[test]
fn the_archive_unused_for_longest_goes_first() {
    let scratch = Scratch::new("full");
    let store = scratch.0.clone().with_max_bytes(20);
    let age = |digest: &Digest, seconds| {
        let file = File::open(store.file(digest)).unwrap();
        let then = SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(then).unwrap();
    };
    let [a, b] = [b"aaaaaaaaaa", b"bbbbbbbbbb"].map(|data| store.put(data).unwrap());
    age(&a, 200);
    age(&b, 100);
    assert!(store.get(&a).is_some());
    let c = store.put(b"cccccccccc").unwrap();
    assert!(store.get(&a).is_some() && store.get(&c).is_some());
    assert!(store.get(&b).is_none());
    let large = store.put(&[0; 50]).unwrap();
    assert!(store.get(&large).is_some() && store.get(&a).is_none());
}

#[test]
fn the_store_has_the_named_bound() {
    assert_eq!(Store::new("s").max_bytes, MAX_STORE_BYTES);
}

/// An archive of zeros is a damaged one, which goes when it is read; one that is too large is not
/// read.
#[test]
fn archives_are_bounded() {
    let Scratch(store) = &Scratch::new("large");
    let digest = store.put(b"archive").unwrap();
    for (bytes, is_read) in [(MAX_ARCHIVE_BYTES + 1, false), (MAX_ARCHIVE_BYTES, true)] {
        let file = File::create(store.file(&digest)).unwrap();
        file.set_len(bytes).unwrap();
        assert_eq!(store.get(&digest), None);
        assert_eq!(!store.file(&digest).exists(), is_read, "{bytes} bytes");
    }
}

#[test]
fn left_overs_of_dead_processes_go() {
    let Scratch(store) = &Scratch::new("left-over");
    store.put(b"archive").unwrap();
    let left = store.path().join(ARCHIVES).join(".x.1.0.tmp");
    fs::write(&left, b"half").unwrap();
    store.put(b"second").unwrap();
    assert!(left.exists());
    let long_ago = SystemTime::now() - 2 * LEFT_OVER;
    File::open(&left).unwrap().set_modified(long_ago).unwrap();
    store.put(b"third").unwrap();
    assert!(!left.exists());
}

#[test]
fn concurrent_first_use_downloads_once() {
    let Scratch(store) = &Scratch::new("crowd");
    let digest = Digest::of(b"archive");
    let downloads = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let data = store.get_or(&digest, PATIENCE, || {
                    downloads.fetch_add(1, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(50));
                    Ok::<_, StoreError>(b"archive".to_vec())
                });
                assert_eq!(data.unwrap(), b"archive");
            });
        }
    });
    assert_eq!(downloads.load(Ordering::SeqCst), 1);
}

#[test]
fn waiting_ends() {
    let Scratch(store) = &Scratch::new("busy");
    let digest = Digest::of(b"archive");
    let _held = store.lock(&digest, PATIENCE).unwrap();
    let waited = store.get_or(&digest, Duration::from_millis(20), || {
        Ok::<_, StoreError>(Vec::new())
    });
    assert!(matches!(waited, Err(StoreError::Busy(_))));
}

#[test]
fn digests_read_back_and_nothing_else_is_one() {
    let digest = Digest::of(b"");
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(digest.to_string(), hex);
    assert_eq!(Digest::parse(hex), Some(digest));
    assert_eq!(Digest::parse(&format!("sha256:{hex}")), Some(digest));
    for wrong in [
        "",
        &hex[1..],
        &format!("{hex}0"),
        &hex.replace('e', "+"),
        &"é".repeat(32),
    ] {
        assert_eq!(Digest::parse(wrong), None, "{wrong}");
    }
}
