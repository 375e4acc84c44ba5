//! Contents go in whole and come out right, or not at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::world::{World, file};
use camino::Utf8PathBuf;
use stapel_tree::{Access, Hash, compress};

fn packed(world: &World, content: &str) -> (Hash, Vec<u8>) {
    file(&world.source, "x", content, 0o644);
    (Hash::of(content.as_bytes()), compress(&world.source.join("x")).unwrap())
}

fn object(world: &World, hash: &Hash) -> Utf8PathBuf {
    let hex = hash.to_string();
    world.root.parent().unwrap().join("state/objects").join(&hex[..2]).join(&hex[2..])
}

#[test]
fn what_goes_in_comes_out() {
    let world = World::new();
    // One that is compressed in one go, and one that is too large for that.
    packed_goes_in(&world, &"content ".repeat(100_000));
    packed_goes_in(&world, &"content ".repeat(1_000_000));
}

fn packed_goes_in(world: &World, content: &str) {
    let (hash, bytes) = packed(world, content);
    assert!(bytes.len() < 10_000, "it is compressed");
    assert!(!world.store.has(&hash));
    world.store.put_compressed(&hash, bytes.as_slice(), Access::Group).unwrap();
    assert!(!world.store.has(&hash), "it is not durable yet");
    world.store.put_compressed(&hash, bytes.as_slice(), Access::Group).unwrap();
    world.store.flush().unwrap();
    world.store.put_compressed(&hash, bytes.as_slice(), Access::Group).unwrap();
    assert_eq!(world.store.read(&hash).unwrap(), content.as_bytes());
    assert_eq!(world.store.put_file(&world.source.join("x")).unwrap(), hash);
    assert_eq!(world.store.hashes().unwrap(), [hash]);
    world.store.flush().unwrap();
    world.store.remove(&hash).unwrap();
    world.store.remove(&hash).unwrap();
    assert_eq!(world.store.read(&hash).unwrap_err().code(), "tree-object-missing");
}

#[test]
fn a_content_that_is_not_what_it_says_is_refused_and_leaves_nothing() {
    let world = World::new();
    let (hash, bytes) = packed(&world, "content");
    let other = Hash::of(b"other");
    for wrong in [bytes.as_slice(), &bytes[..bytes.len() - 1], b"garbage", b""] {
        let problem = world.store.put_compressed(&other, wrong, Access::Group).unwrap_err();
        assert_eq!(problem.code(), "tree-object-wrong");
    }
    let tail = [bytes.as_slice(), b"tail"].concat();
    assert_eq!(
        world.store.put_compressed(&hash, tail.as_slice(), Access::Group).unwrap_err().code(),
        "tree-object-wrong"
    );
    world.store.sweep(Duration::ZERO).unwrap();
    assert!(world.store.hashes().unwrap().is_empty());
    let left = fs::read_dir(object(&world, &Hash::of(b"")).parent().unwrap().parent().unwrap()).unwrap();
    let files: usize = left.map(|d| fs::read_dir(d.unwrap().path()).unwrap().count()).sum();
    assert_eq!(files, 0, "no temporary file is left");
}

#[test]
fn a_damaged_object_is_found_out_and_can_be_brought_again() {
    let world = World::new();
    let (hash, bytes) = packed(&world, "content");
    let (_, wrong) = packed(&world, "contenT");
    for damage in [&wrong, &bytes[..bytes.len() - 2].to_vec(), &Vec::new()] {
        world.store.put_compressed(&hash, bytes.as_slice(), Access::Group).unwrap();
        world.store.flush().unwrap();
        fs::write(object(&world, &hash), damage).unwrap();
        assert_eq!(world.store.read(&hash).unwrap_err().code(), "tree-object-damaged");
        assert!(!world.store.has(&hash));
    }
    world.store.sweep(Duration::from_secs(3600)).unwrap();
    assert!(object(&world, &hash).with_extension("damaged").exists(), "a young one stays");
    world.store.sweep(Duration::ZERO).unwrap();
    assert!(!object(&world, &hash).with_extension("damaged").exists());
}

#[test]
fn a_secret_stays_closed() {
    let world = World::new();
    file(&world.source, "secret", "SECRET=1", 0o600);
    file(&world.source, "open", "open", 0o644);
    let mode = |hash| fs::metadata(object(&world, &hash)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(world.store.put_file(&world.source.join("secret")).unwrap()), 0o600);
    assert_eq!(mode(world.store.put_file(&world.source.join("open")).unwrap()) & 0o007, 0);
    assert_eq!(Access::of_mode(0o600), Access::Owner);
}
