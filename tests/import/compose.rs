//! Docker Compose files.

use super::{edges, evidence, many, names, one, problem};
use sickbay::topology::ServiceKind;

const SHOP: &str = r#"
x-env: &env
  LOG_LEVEL: info
  CART_URL: http://cart:80
x-limits: &limits
  deploy:
    resources:
      limits: {cpus: "0.25", memory: 300M}
      reservations: {memory: 100M}
services:
  web:
    <<: *limits
    image: shop/web:${TAG:-latest}
    depends_on: [cart]
    environment:
      <<: *env
      PRICES_ADDR: ${PRICES_ADDR:-prices:9000}
  cart:
    image: shop/cart
    depends_on:
      store:
        condition: service_healthy
      setup:
        condition: service_completed_successfully
      ghost:
        required: false
    environment:
      - FLAG_STORE_HOST
      - WEB_HOST=cart
      - PASSWORD=prices
  prices:
    image: shop/prices
    scale: 2
    links: ["store:db"]
    healthcheck: {test: "true", start_period: 1m}
  store:
    image: mariadb:11
    hostname: sql
  setup:
    image: shop/setup
    command: ["--db", "sql:3306"]
  flag-store:
    image: flags
  loadgen:
    image: grafana/k6
    environment: {TARGET: web}
networks: {default: {}}
"#;

#[test]
fn dependencies_links_env_and_variable_names_become_edges() {
    let shop = one(SHOP);
    assert_eq!(names(&shop), ["web", "cart", "prices", "store", "setup", "flag-store", "loadgen"]);
    let declared = ["web -> cart", "cart -> store", "prices -> store"];
    let inferred = ["web -> prices", "cart -> flag-store", "setup -> store", "loadgen -> web"];
    assert_eq!(edges(&shop), [&declared[..], &inferred[..]].concat());
    assert_eq!(evidence(&shop, "web -> cart"), "f.yaml:14 depends_on cart");
    assert_eq!(evidence(&shop, "web -> prices"), "f.yaml:17 env PRICES_ADDR=prices:9000");
    assert_eq!(evidence(&shop, "setup -> store"), "f.yaml:41 argument sql:3306");
    assert!(evidence(&shop, "cart -> flag-store").starts_with("f.yaml:28 env FLAG_STORE_HOST (no value"));
    assert_eq!(shop.preview.summary.split("; ").last(), Some("7 edges (4 inferred from env)"));
    assert_eq!(shop.preview.problems, vec![]);
}

#[test]
fn anchors_limits_replicas_and_kinds_are_read() {
    let topology = one(SHOP).scenario.unwrap().topology;
    let get = |name: &str| topology.get(topology.by_name(name).unwrap()).unwrap().clone();
    let web = get("web");
    assert_eq!((web.cpu_limit.0, web.memory_limit.0, web.memory_request.0), (250, 300.0, 100.0));
    assert_eq!((get("prices").replicas, get("prices").startup.as_secs_f64()), (2, 30.0));
    assert_eq!((get("store").kind, get("loadgen").kind), (ServiceKind::Database, ServiceKind::Client));
    assert_eq!((get("loadgen").entry_rate.0, get("web").entry_rate.0), (20.0, 0.0));
}

#[test]
fn an_unknown_dependency_is_an_error_at_its_line() {
    let read = one("services:\n  a:\n    image: x\n    depends_on:\n      - b\n      - payments\n  b: {image: y}\n");
    let dangling = problem(&read, "E0003");
    assert_eq!((dangling.place.as_str(), dangling.snippet.as_deref()), ("f.yaml:6:9", Some("      - payments")));
    assert_eq!(dangling.message, "unknown dependency 'payments' of 'a'");
    assert_eq!(dangling.help, "the services here are a, b");
    assert!(read.scenario.is_none() && !read.preview.runnable);
    assert_eq!(edges(&read), ["a -> b"], "what was read is still shown");
}

#[test]
fn a_cycle_of_declared_dependencies_is_an_error_with_its_path() {
    let read =
        one("services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [c]}\n  c: {image: x, depends_on: [b]}\n");
    let cycle = problem(&read, "E0004");
    assert!(cycle.message.ends_with("c -> b -> c") || cycle.message.ends_with("b -> c -> b"), "{}", cycle.message);
    assert_eq!(cycle.place, "f.yaml:4:30");
    assert!(read.scenario.is_none());
}

#[test]
fn a_dependency_on_itself_is_ignored_with_a_reason() {
    let read = one("services:\n  a: {image: x, depends_on: [a]}\n");
    assert!(read.preview.ignored[0].what.contains("call of a to itself"));
    assert!(read.scenario.is_some());
}

#[test]
fn later_files_win_lists_are_appended_and_env_files_give_values() {
    let base = "services:\n  a:\n    image: x\n    environment: [\"B_ADDR=${B_ADDR}\", \"C_ADDR=nowhere:1\"]\n    \
        command: [\"b:1\"]\n  b: {image: y}\n";
    let over = "name: shop\nservices:\n  a:\n    environment: {C_ADDR: \"c:1\"}\n    command: [\"x\"]\n    mem_limit: \
        64m\n    depends_on: {c: {condition: service_started}}\n  c: {image: z}\n";
    let read = many(&[("compose.yaml", base), ("override.yaml", over), (".env", "B_ADDR=b:80\n")]);
    assert_eq!(edges(&read), ["a -> c", "a -> b"]);
    assert_eq!(evidence(&read, "a -> c"), "override.yaml:7 depends_on c");
    assert_eq!(evidence(&read, "a -> b"), "compose.yaml:4 env B_ADDR=b:80");
    assert_eq!((read.preview.name.as_str(), read.preview.services[0].memory_mib), ("shop", 64.0));
    assert_eq!(read.preview.problems, vec![]);
}

#[test]
fn services_extend_each_other_and_circles_of_that_end() {
    let read =
        one("services:\n  base: {image: x, mem_limit: 64m, environment: [\"C_ADDR=c:1\"]}\n  a: {extends: {service: base}}\n  \
            c: {image: c}\n");
    assert_eq!(edges(&read), ["base -> c", "a -> c"]);
    assert_eq!(read.preview.services[1].memory_mib, 64.0);
    let circle = one("services:\n  a: {extends: b}\n  b: {extends: a}\n");
    assert!(!circle.preview.runnable);
}

#[test]
fn the_oldest_form_with_services_at_the_top_is_read() {
    let read = one("web:\n  image: w\n  links: [db]\ndb:\n  image: postgres\n");
    assert_eq!(edges(&read), ["web -> db"]);
}

#[test]
fn address_variables_without_value_are_noted_once() {
    let read = one("services:\n  a:\n    image: x\n    environment: [GRAFANA_HOST, \"U=${JAEGER_URL}/x\"]\n  b: {image: y}\n");
    let note = problem(&read, "W0006");
    assert_eq!(
        (note.place.as_str(), note.message.as_str()),
        ("f.yaml:4:19", "address variables without a value: GRAFANA_HOST, JAEGER_URL")
    );
    assert!(read.preview.runnable);
}

#[test]
fn telemetry_is_called_in_batches_and_not_needed() {
    let read = one("services:\n  a: {image: x, depends_on: [otel-collector]}\n  otel-collector: {image: o}\n");
    let topology = read.scenario.unwrap().topology;
    let edge = topology.edges().next().unwrap();
    assert!(edge.call.optional && edge.call.probability.get() < 0.1);
    assert!(read.preview.services[0].assumed.iter().any(|a| a == "can do without otel-collector"));
}
