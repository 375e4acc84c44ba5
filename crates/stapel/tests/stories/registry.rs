//! An app whose image is not built on the server but comes from a registry, under a name that means another one each time.

use testkit::{Flavour, http};

use super::agent::World;

const COMPOSE: &str = "\
services:
  web:
    image: localhost:5000/shop:latest
    container_name: shop-web
    ports:
      - \"8080:80\"
";

/// Starts a registry. Debian's own configuration asks for a password.
const REGISTRY: &str = "set -e
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/registry}}\nhttp: {addr: \"127.0.0.1:5000\"}\n' >/etc/registry.yml
setsid docker-registry serve /etc/registry.yml >/var/log/registry.log 2>&1 </dev/null &";

/// Puts an image that answers $1 into the server's registry under the tag $2; here the tag means what it meant before.
const PUSH: &str = "set -e; mkdir -p /tmp/image; cd /tmp/image
printf ':80\nrespond \"%s\"\n' \"$1\" >Caddyfile
printf 'FROM caddy:2\nCOPY Caddyfile /etc/caddy/Caddyfile\n' >Dockerfile
was=$(docker images --quiet \"localhost:5000/shop:$2\")
docker build --quiet --tag \"localhost:5000/shop:$2\" . >/dev/null
docker push --quiet \"localhost:5000/shop:$2\" >/dev/null
docker rmi \"localhost:5000/shop:$2\" >/dev/null
test -z \"$was\" || docker tag \"$was\" \"localhost:5000/shop:$2\"";

#[test]
fn an_image_from_a_registry_is_pulled_before_anything_stops() {
    let Some(world) = World::new(Flavour::Bookworm, "registry") else { return };
    world.server.install(&["docker-registry"]).unwrap();
    world.root(REGISTRY, &[]);
    testkit::until_true("the registry answers", std::time::Duration::from_secs(30), || {
        world.server.docker_exec(&["curl", "--silent", "--fail", "http://localhost:5000/v2/"]).is_ok_and(|out| out.ok())
    })
    .unwrap();
    let config = format!(
        "app = \"shop\"\n[service.web]\n[target.there]\nhost = \"{}\"\npath = \"/srv/shop\"\n[[check]]\nname = \"front\"\npath = \"/\"\n\
         [watch]\nduration = \"2s\"\n",
        world.server.name()
    );
    std::fs::write(world.dir.path().join("stapel.toml"), config).unwrap();
    let compose = |text: &str| std::fs::write(world.dir.path().join("docker-compose.yml"), text).unwrap();
    compose(COMPOSE);
    let answers = || http::get(world.server.ip().into(), 8080, "shop.example", "/").unwrap().body;
    let deploy = |exit_code| {
        let (code, said) = world.stapel(&["deploy", "--yes", "--lang", "en"]);
        assert_eq!(code, Some(exit_code), "{said}");
        said
    };

    world.root(PUSH, &["one", "latest"]);
    deploy(0);
    assert_eq!(answers(), "one");
    assert!(deploy(0).contains("Nothing to do"));

    // The same name means another image now.
    world.root(PUSH, &["two", "latest"]);
    let said = deploy(0);
    assert!(said.contains("its registry has another one") && said.contains("bring the image of web"), "{said}");
    assert_eq!(answers(), "two");
    assert!(deploy(0).contains("Nothing to do"));

    // Nobody has this one: nothing was stopped for it.
    compose(&COMPOSE.replace("latest", "next"));
    let said = deploy(1);
    assert!(said.contains("✗ bring the image of web"), "{said}");
    assert_eq!(answers(), "two");
    world.root(PUSH, &["three", "next"]);
    deploy(0);
    assert_eq!(answers(), "three");

    // Back, twice: to another name, and to what that name meant before.
    for expected in ["two", "one"] {
        let (code, said) = world.stapel(&["rollback", "--yes"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(answers(), expected);
    }
    assert_eq!(world.root("docker ps --all --format '{{.Names}}'", &[]), "shop-web");
}
