//! Many contents come into one file together, and are as safe there as each in its own.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use camino::Utf8PathBuf;
use stapel_tree::{Access, Block, Hash, ObjectStore, Part, Wanted, compress_bytes, compress_group};

use crate::world::{World, file, put};

/// How many contents are compressed together.
const TOGETHER: [usize; 2] = [1, 7];

fn content(n: usize) -> String {
    format!("content {n}")
}

fn block(world: &World, contents: &[String], access: Access) -> Block {
    let wanted = contents.iter().enumerate().map(|(n, content)| {
        file(&world.source, &format!("x{n}"), content, 0o644);
        let (hash, size) = (Hash::of(content.as_bytes()), content.len() as u64);
        Wanted { hash, size, path: world.source.join(format!("x{n}")), access }
    });
    compress_group(&wanted.collect::<Vec<_>>()).unwrap()
}

fn some(world: &World, from: usize, to: usize, together: usize) -> Vec<Block> {
    let contents: Vec<String> = (from..to).map(content).collect();
    contents.chunks(together).map(|contents| block(world, contents, Access::Group)).collect()
}

fn put_or_code(store: &ObjectStore, blocks: &[Block]) -> Result<(), String> {
    put(store, blocks).map_err(|problem| problem.code().to_owned())
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

fn hashes(blocks: &[Block]) -> BTreeSet<Hash> {
    blocks.iter().flat_map(|block| &block.parts).map(|part| part.hash).collect()
}

/// That a store has these and no others, and each is what it should be.
fn has_just(store: &ObjectStore, expected: &BTreeSet<Hash>) {
    assert_eq!(store.hashes().unwrap().into_iter().collect::<BTreeSet<_>>(), *expected);
    for hash in expected {
        assert!(store.has(hash));
        assert_eq!(Hash::of(&store.read(hash).unwrap()), *hash);
    }
}

#[test]
fn many_lie_in_one_file_but_for_secrets_and_large_ones() {
    for together in TOGETHER {
        let world = World::new();
        let mut all = some(&world, 0, 40, together);
        let alone = [
            block(&world, &["SECRET=1".to_owned()], Access::Owner),
            block(&world, &["large ".repeat(1 << 20)], Access::Group),
        ];
        all.extend(alone.clone());
        let before = again(&world);
        put(&world.store, &all).unwrap();
        assert!(hashes(&all).iter().all(|hash| !world.store.has(hash)), "they are not durable yet");
        put(&world.store, &all).unwrap();
        world.store.flush().unwrap();
        put(&world.store, &all).unwrap();
        world.store.flush().unwrap();
        let files = packs(&world, "");
        assert_eq!(files.len(), 1, "{files:?}");
        assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o007, 0);
        for store in [&world.store, &before, &again(&world)] {
            has_just(store, &hashes(&all));
        }
        for Block { parts, access, .. } in &alone {
            let hex = parts[0].hash.to_string();
            let mode = fs::metadata(dir(&world).join(&hex[..2]).join(&hex[2..])).unwrap().permissions().mode();
            assert!(*access == Access::Group || mode & 0o077 == 0, "{mode:o}");
        }
    }
}

#[test]
fn one_that_is_not_what_it_says_is_refused() {
    for together in TOGETHER {
        let world = World::new();
        let all = some(&world, 0, 20, together);
        let (good, last) = (&all[1].bytes, all[1].parts.len() - 1);
        let part = |change: fn(&mut Part)| {
            let mut parts = all[1].parts.clone();
            change(&mut parts[last]);
            parts
        };
        let whole = all[1].parts.clone();
        let bad = [
            (whole.clone(), all[0].bytes.clone()),
            (whole.clone(), good[..3].to_vec()),
            (whole.clone(), Vec::new()),
            (whole.clone(), [good.as_slice(), b"tail"].concat()),
            (whole.clone(), compress_bytes(&vec![b'x'; 2 << 20]).unwrap()),
            (part(|part| part.hash = Hash::of(b"another")), good.clone()),
            (part(|part| part.size -= 1), good.clone()),
            (part(|part| part.size += 1), good.clone()),
            (part(|part| part.size = u64::from(u32::MAX)), good.clone()),
            (part(|part| part.size = u64::MAX), good.clone()),
            ([whole.clone(), whole.clone()].concat(), good.clone()),
        ];
        for (n, (parts, bytes)) in bad.into_iter().enumerate() {
            let mut blocks = all.clone();
            blocks[1] = Block { parts, bytes, access: Access::Group };
            assert_eq!(put_or_code(&world.store, &blocks), Err("tree-object-wrong".into()), "{n}");
            world.store.flush().unwrap();
            assert!(whole.iter().all(|part| !world.store.has(&part.hash)), "{n}");
        }
        put(&world.store, &all).unwrap();
        world.store.flush().unwrap();
        has_just(&world.store, &hashes(&all));
    }
}

#[test]
fn secrets_are_never_together() {
    let world = World::new();
    let secrets = block(&world, &["A=1".to_owned(), "B=2".to_owned()], Access::Owner);
    assert_eq!(put_or_code(&world.store, &[secrets]), Err("tree-object-wrong".into()));
    world.store.flush().unwrap();
    assert!(world.store.hashes().unwrap().is_empty());
}

#[test]
fn what_was_not_made_durable_is_gone_with_its_process_and_leaves_nothing() {
    let world = World::new();
    let store = again(&world);
    put(&store, &some(&world, 0, 20, 7)).unwrap();
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
        let all: Vec<Block> = piece
            .chunks(1 << 15)
            .map(|content| {
                let parts = vec![Part { hash: Hash::of(content), size: content.len() as u64 }];
                Block { parts, bytes: compress_bytes(content).unwrap(), access: Access::Group }
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
    for together in TOGETHER {
        let world = World::new();
        let (all, more) = (some(&world, 0, 30, together), some(&world, 20, 50, together));
        put(&world.store, &all).unwrap();
        world.store.flush().unwrap();
        let before = again(&world);
        put(&world.store, &more).unwrap();
        world.store.flush().unwrap();
        let size = |end| packs(&world, end).iter().map(|pack| pack.metadata().unwrap().len()).sum::<u64>();
        let full = size(".pack");
        // Some of a block go, all of one, and none of one.
        let go: BTreeSet<Hash> = (10..30).map(|n| Hash::of(content(n).as_bytes())).collect();
        before.remove_all(&go).unwrap();
        before.remove_all(&go).unwrap();
        assert!(size(".pack") < full);
        let stay: BTreeSet<Hash> = hashes(&all).union(&hashes(&more)).filter(|h| !go.contains(h)).copied().collect();
        // The first one has seen packs that are gone now.
        for store in [&world.store, &before, &again(&world)] {
            has_just(store, &stay);
            assert!(go.iter().all(|hash| store.read(hash).is_err()));
        }
        stay.iter().for_each(|hash| world.store.remove(hash).unwrap());
        assert_eq!(packs(&world, ""), Vec::<Utf8PathBuf>::new());
    }
}

#[test]
fn a_damaged_one_is_found_out_and_the_others_stay() {
    for together in TOGETHER {
        let world = World::new();
        let all = some(&world, 0, 20, together);
        put(&world.store, &all).unwrap();
        world.store.flush().unwrap();
        let pack = &packs(&world, ".pack")[0];
        let mut bytes = fs::read(pack).unwrap();
        let damaged = &all[1];
        let at = bytes.windows(damaged.bytes.len()).position(|w| w == damaged.bytes).unwrap();
        bytes[at + damaged.bytes.len() - 1] ^= 1;
        fs::write(pack, bytes).unwrap();
        // Whichever of them is asked for, all that cannot be had any more are missing at once.
        let gone: BTreeSet<Hash> = hashes(&all).into_iter().filter(|hash| again(&world).read(hash).is_err()).collect();
        assert!(!gone.is_empty() && gone.is_subset(&hashes(std::slice::from_ref(damaged))));
        let stay: BTreeSet<Hash> = hashes(&all).difference(&gone).copied().collect();
        for store in [&world.store, &again(&world)] {
            assert!(gone.iter().all(|hash| store.read(hash).is_err() && !store.has(hash)));
            has_just(store, &stay);
        }
        put(&world.store, &all).unwrap();
        world.store.flush().unwrap();
        has_just(&world.store, &hashes(&all));
        world.store.sweep(Duration::from_secs(3600)).unwrap();
        assert_eq!(packs(&world, ".damaged").len(), 1, "a young one stays");
        world.store.sweep(Duration::ZERO).unwrap();
        assert_eq!(packs(&world, ".damaged").len(), 0);
    }
}

#[test]
fn a_crash_at_any_moment_leaves_a_store_that_can_be_read() {
    let world = World::new();
    let (all, other) = (some(&world, 0, 20, 7), some(&world, 100, 101, 1));
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
            assert_eq!(store.read(&other[0].parts[0].hash).unwrap(), b"content 100");
            assert!(hashes(&all).iter().all(|hash| !store.has(hash)));
            store.sweep(Duration::ZERO).unwrap();
            assert_eq!(packs(&world, ""), Vec::<Utf8PathBuf>::new());
        }
    }
    put(&world.store, &all).unwrap();
    world.store.flush().unwrap();
    assert_eq!(fs::read(&pack).unwrap(), whole, "the same brought again is the same");
}

/// What lay in a store that an earlier version wrote, and what of it is in blocks of several.
#[test]
fn each_format_stays_readable_beside_objects_in_files_of_their_own() {
    for format in ["objects", "objects-2"] {
        let world = World::new();
        let fixtures = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).join(format);
        for entry in ignore::Walk::new(&fixtures).map(Result::unwrap).filter(|e| e.path().is_file()) {
            let to = dir(&world).join(entry.path().strip_prefix(&fixtures).unwrap().to_str().unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(entry.path(), to).unwrap();
        }
        assert_eq!(packs(&world, ".pack").len(), 1, "{format}");
        let all: BTreeSet<Hash> = (0..17).map(|n| Hash::of(content(n).as_bytes())).collect();
        has_just(&again(&world), &all);
        // What is rewritten is of the present format.
        let (go, stay) = (Hash::of(content(3).as_bytes()), again(&world));
        stay.remove(&go).unwrap();
        has_just(&again(&world), &all.into_iter().filter(|hash| *hash != go).collect());
    }
}
