//! Many contents come into one file together, and are as safe there as each in its own.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use camino::Utf8PathBuf;
use stapel_tree::{Access, Hash, ObjectStore, compress};

use crate::world::{World, file};

type Packed = (Hash, Vec<u8>, Access);

fn packed(world: &World, content: &str, access: Access) -> Packed {
    file(&world.source, "x", content, 0o644);
    (Hash::of(content.as_bytes()), compress(&world.source.join("x")).unwrap(), access)
}

fn some(world: &World, from: usize, to: usize) -> Vec<Packed> {
    (from..to).map(|n| packed(world, &format!("content {n}"), Access::Group)).collect()
}

fn put(store: &ObjectStore, all: &[Packed]) -> Result<(), String> {
    let all: Vec<_> = all.iter().map(|(hash, packed, access)| (*hash, packed.as_slice(), *access)).collect();
    store.put_many(&all).map_err(|problem| problem.code().to_owned())
}

fn dir(world: &World) -> Utf8PathBuf {
    world.root.parent().unwrap().join("state/objects")
}

/// As another process sees the store.
fn again(world: &World) -> ObjectStore {
    ObjectStore::open(dir(world)).unwrap()
}

/// The files in which many objects lie, by what their names end with.
fn packs(world: &World, end: &str) -> Vec<Utf8PathBuf> {
    let Ok(all) = dir(world).join("packs").read_dir_utf8() else { return Vec::new() };
    all.map(|f| f.unwrap().into_path()).filter(|f| f.as_str().ends_with(end)).collect()
}

fn hashes(all: &[Packed]) -> BTreeSet<Hash> {
    all.iter().map(|(hash, _, _)| *hash).collect()
}

#[test]
fn many_lie_in_one_file_but_for_secrets_and_large_ones() {
    let world = World::new();
    let mut all = some(&world, 0, 40);
    all.push(packed(&world, "SECRET=1", Access::Owner));
    all.push(packed(&world, &"large ".repeat(1 << 20), Access::Group));
    let before = again(&world);
    put(&world.store, &all).unwrap();
    assert!(all.iter().all(|(hash, _, _)| !world.store.has(hash)), "they are not durable yet");
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    let files = packs(&world, "");
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o007, 0);
    for store in [&world.store, &before, &again(&world)] {
        assert_eq!(store.hashes().unwrap().into_iter().collect::<BTreeSet<_>>(), hashes(&all));
        for (hash, _, _) in &all {
            assert!(store.has(hash));
            assert_eq!(Hash::of(&store.read(hash).unwrap()), *hash);
        }
    }
    for (hash, _, access) in &all[40..] {
        let hex = hash.to_string();
        let mode = fs::metadata(dir(&world).join(&hex[..2]).join(&hex[2..])).unwrap().permissions().mode();
        assert!(*access == Access::Group || mode & 0o077 == 0, "{mode:o}");
    }
}

#[test]
fn one_that_is_not_what_it_says_is_refused() {
    let world = World::new();
    let all = some(&world, 0, 20);
    for wrong in [all[0].1.clone(), all[7].1[..3].to_vec(), Vec::new(), [all[7].1.as_slice(), b"tail"].concat()] {
        let mut bad = all.clone();
        bad[7].1 = wrong;
        assert_eq!(put(&world.store, &bad), Err("tree-object-wrong".into()));
        world.store.flush().unwrap();
        assert!(!world.store.has(&all[7].0));
    }
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    all.iter().for_each(|(hash, _, _)| drop(world.store.read(hash).unwrap()));
}

#[test]
fn what_was_not_made_durable_is_gone_with_its_process_and_leaves_nothing() {
    let world = World::new();
    let store = again(&world);
    put(&store, &some(&world, 0, 20)).unwrap();
    drop(store);
    assert!(world.store.hashes().unwrap().is_empty());
    assert_eq!(packs(&world, ""), Vec::<Utf8PathBuf>::new());
}

#[test]
fn a_line_that_is_cut_costs_no_more_than_what_waits() {
    let world = World::new();
    // Nothing that could be compressed, in pieces as they come over the line.
    let mut bytes = blake3_stream(40 << 20);
    let mut brought = 0;
    while !bytes.is_empty() {
        let piece: Vec<u8> = bytes.split_off(bytes.len().saturating_sub(1 << 20));
        let all: Vec<Packed> = piece
            .chunks(1 << 15)
            .map(|content| {
                fs::write(world.source.join("x"), content).unwrap();
                (Hash::of(content), compress(&world.source.join("x")).unwrap(), Access::Group)
            })
            .collect();
        put(&world.store, &all).unwrap();
        brought += all.len();
    }
    let durable = again(&world).hashes().unwrap().len();
    assert!(durable < brought && brought - durable <= (32 << 20) / (1 << 15), "{durable} of {brought}");
}

fn blake3_stream(bytes: usize) -> Vec<u8> {
    let blocks = (0..bytes.div_ceil(32)).flat_map(|n| *Hash::of(&n.to_le_bytes()).as_bytes());
    blocks.take(bytes).collect()
}

#[test]
fn some_are_let_go_and_the_others_stay() {
    let world = World::new();
    let (all, more) = (some(&world, 0, 30), some(&world, 20, 50));
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    let before = again(&world);
    put(&world.store, &more).unwrap();
    world.store.flush().unwrap();
    let size = |end| packs(&world, end).iter().map(|pack| pack.metadata().unwrap().len()).sum::<u64>();
    let full = size(".pack");
    let go: BTreeSet<Hash> = hashes(&all[10..]);
    before.remove_all(&go).unwrap();
    before.remove_all(&go).unwrap();
    assert!(size(".pack") < full);
    let stay: BTreeSet<Hash> = hashes(&all).union(&hashes(&more)).filter(|h| !go.contains(h)).copied().collect();
    // The first one has seen packs that are gone now.
    for store in [&world.store, &before, &again(&world)] {
        for hash in &stay {
            assert_eq!(Hash::of(&store.read(hash).unwrap()), *hash);
        }
        assert_eq!(store.hashes().unwrap().into_iter().collect::<BTreeSet<_>>(), stay);
        assert!(go.iter().all(|hash| store.read(hash).is_err()));
    }
    stay.iter().for_each(|hash| world.store.remove(hash).unwrap());
    assert_eq!(packs(&world, ""), Vec::<Utf8PathBuf>::new());
}

#[test]
fn a_damaged_one_is_found_out_and_the_others_stay() {
    let world = World::new();
    let all = some(&world, 0, 20);
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    let pack = &packs(&world, ".pack")[0];
    let mut bytes = fs::read(pack).unwrap();
    let at = bytes.windows(all[5].1.len()).position(|w| w == all[5].1).unwrap();
    bytes[at + all[5].1.len() - 1] ^= 1;
    fs::write(pack, bytes).unwrap();
    assert_eq!(world.store.read(&all[5].0).unwrap_err().code(), "tree-object-damaged");
    for store in [&world.store, &again(&world)] {
        for (n, (hash, _, _)) in all.iter().enumerate() {
            assert_eq!(store.has(hash), n != 5, "{n}");
            assert_eq!(store.read(hash).is_ok(), n != 5, "{n}");
        }
    }
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    assert_eq!(world.store.read(&all[5].0).unwrap(), b"content 5");
    world.store.sweep(Duration::from_secs(3600)).unwrap();
    assert_eq!(packs(&world, ".damaged").len(), 1, "a young one stays");
    world.store.sweep(Duration::ZERO).unwrap();
    assert_eq!(packs(&world, ".damaged").len(), 0);
}

#[test]
fn a_crash_at_any_moment_leaves_a_store_that_can_be_read() {
    let world = World::new();
    let (all, other) = (some(&world, 0, 20), some(&world, 100, 101));
    put(&world.store, &other).unwrap();
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    let pack = packs(&world, ".pack").remove(0);
    let whole = fs::read(&pack).unwrap();
    for cut in (0..whole.len()).step_by(11) {
        // While it is written it has a temporary name; under its own name it is whole, unless the disk lies.
        for name in [pack.with_extension("tmp"), pack.clone()] {
            fs::remove_file(&pack).ok();
            fs::write(&name, &whole[..cut]).unwrap();
            let store = again(&world);
            assert_eq!(store.read(&other[0].0).unwrap(), b"content 100");
            assert!(all.iter().all(|(hash, _, _)| !store.has(hash)));
            store.sweep(Duration::ZERO).unwrap();
            assert_eq!(packs(&world, ""), Vec::<Utf8PathBuf>::new());
        }
    }
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    assert_eq!(fs::read(&pack).unwrap(), whole, "the same brought again is the same");
}

#[test]
fn format_1_stays_readable_beside_objects_in_files_of_their_own() {
    let world = World::new();
    let fixtures = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/objects"));
    for entry in ignore::Walk::new(&fixtures).map(Result::unwrap).filter(|e| e.path().is_file()) {
        let to = dir(&world).join(entry.path().strip_prefix(&fixtures).unwrap().to_str().unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(entry.path(), to).unwrap();
    }
    let store = again(&world);
    let contents: Vec<String> = (0..17).map(|n| format!("content {n}")).collect();
    assert_eq!(store.hashes().unwrap().len(), contents.len());
    for content in contents {
        assert_eq!(store.read(&Hash::of(content.as_bytes())).unwrap(), content.as_bytes());
    }
}
