//! Any tree can be made from any other, and undone, from wherever it stopped.

use std::collections::BTreeMap;
use std::fs;

use crate::world::{World, file, link, snapshot};
use proptest::prelude::*;
use stapel_tree::{Applied, Manifest, Rules, carry_out, drift, plan_apply, revert};

#[derive(Debug, Clone)]
enum Node {
    File(u8, bool),
    Link(u8),
    Dir(BTreeMap<String, Node>),
}

/// Few names, so that two trees have many paths in common, often of another type.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "a-b", "ä"]).prop_map(str::to_owned)
}

fn tree() -> impl Strategy<Value = BTreeMap<String, Node>> {
    let leaf = prop_oneof![(0..3u8, any::<bool>()).prop_map(|(c, x)| Node::File(c, x)), (0..3u8).prop_map(Node::Link)];
    let node =
        leaf.prop_recursive(3, 20, 4, |inner| prop::collection::btree_map(name(), inner, 0..4).prop_map(Node::Dir));
    prop::collection::btree_map(name(), node, 0..5)
}

fn write(root: &camino::Utf8Path, nodes: &BTreeMap<String, Node>) {
    for (name, node) in nodes {
        match node {
            Node::File(content, x) => file(root, name, &content.to_string(), if *x { 0o755 } else { 0o640 }),
            Node::Link(target) => link(root, name, &format!("t{target}")),
            Node::Dir(inner) => {
                fs::create_dir(root.join(name)).unwrap();
                write(&root.join(name), inner);
            }
        }
    }
}

fn ship(world: &World, nodes: &BTreeMap<String, Node>) -> Manifest {
    fs::remove_dir_all(&world.source).unwrap();
    fs::create_dir(&world.source).unwrap();
    write(&world.source, nodes);
    world.ship_with(&Rules::everything())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn from_any_tree_to_any_other_and_back(one in tree(), two in tree(), stop in any::<prop::sample::Index>()) {
        let world = World::new();
        let (first, second) = (ship(&world, &one), ship(&world, &two));
        let plan = |before, goal| plan_apply(&world.root, &world.store, before, goal, &Rules::everything(), &world.memory).unwrap();
        carry_out(&world.root, &world.store, &plan(None, &first)).unwrap();
        let before = snapshot(&world.root);
        prop_assert!(drift(&world.root, &first, &world.memory).unwrap().is_empty());

        let applied = plan(Some(&first), &second);
        prop_assert!(applied.foreign.is_empty(), "{:?}", applied.foreign);
        let stop = stop.index(applied.changed.len() + 1);
        let half = Applied { changed: applied.changed[..stop].to_vec(), ..applied.clone() };
        carry_out(&world.root, &world.store, &half).unwrap();
        carry_out(&world.root, &world.store, &applied).unwrap();
        carry_out(&world.root, &world.store, &applied).unwrap();
        prop_assert_eq!(snapshot(&world.root), snapshot(&world.source));

        revert(&world.root, &world.store, &applied).unwrap();
        prop_assert_eq!(snapshot(&world.root), before.clone());
        carry_out(&world.root, &world.store, &half).unwrap();
        revert(&world.root, &world.store, &applied).unwrap();
        prop_assert_eq!(snapshot(&world.root), before);
    }
}
