//! The room at work on a real kernel, and on a real Docker where there is one. Needs root; what cannot run here says
//! so and is left out.

#[cfg(test)]
mod docker;
#[cfg(test)]
mod lead;
#[cfg(test)]
mod refuse;
#[cfg(test)]
mod world;

/// No test: this program as a forwarder, see [`world::launch`].
#[test]
#[ignore = "a process that other tests start"]
fn forwarder_child() {
    world::forward();
}

/// No test: this program as a server in a container, see [`docker`].
#[test]
#[ignore = "a process that other tests start"]
fn server_child() {
    docker::serve();
}
