//! Kubernetes manifests.

use super::{edges, evidence, many, names, one, problem};
use sickbay::topology::{ServiceKind, Shape};

const SHOP: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata:
      labels: {app: web, tier: front}
    spec:
      initContainers:
        - name: wait
          env:
            - {name: OTHER_ADDR, value: "store:1"}
      containers:
        - name: main
          image: shop/web:1
          readinessProbe: {initialDelaySeconds: 12}
          env:
            - name: CART_ADDR
              value: "basket:7070"
            - name: MISSING_SERVICE_ADDR
              value: "assistant:80"
            - {name: DB_KIND, value: store}
            - {name: BASE, value: basket}
            - {name: TEMPLATED_URL, value: "http://$(BASE).default.svc.cluster.local/x"}
          args: ["--prices=http://prices.default.svc:9000/v1"]
          resources:
            requests: {cpu: 100m, memory: 64Mi}
            limits: {cpu: 200m, memory: 128Mi}
        - name: sidecar
          resources:
            limits: {cpu: 0.1, memory: 32Mi}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: store}}
    spec:
      containers:
        - {name: db, image: "registry.local/postgres:16"}
---
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: cart-v1}
    spec:
      template:
        metadata: {labels: {app: cart}}
        spec:
          containers:
            - name: main
              image: shop/cart
              envFrom:
                - configMapRef: {name: settings}
              env:
                - name: PRICES
                  valueFrom: {configMapKeyRef: {name: settings, key: prices}}
  - apiVersion: v1
    kind: Service
    metadata: {name: basket}
    spec: {selector: {app: cart}, ports: [{port: 7070}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: prices}
spec:
  template:
    metadata: {labels: {app: prices}}
    spec:
      containers: [{name: main, image: shop/prices}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  DATABASE_URL: postgres://shop:secret@store-0.store:5432/shop
  prices: prices:9000
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
"#;

#[test]
fn edges_come_from_env_values_arguments_and_config_maps_with_their_lines() {
    let shop = one(SHOP);
    assert_eq!(names(&shop), ["web", "store", "cart-v1", "prices"]);
    assert_eq!(edges(&shop), ["web -> cart-v1", "web -> prices", "cart-v1 -> store", "cart-v1 -> prices"]);
    assert_eq!(evidence(&shop, "web -> cart-v1"), "f.yaml:20 env CART_ADDR=basket:7070");
    assert_eq!(evidence(&shop, "web -> prices"), "f.yaml:26 argument --prices=http://prices.default.svc:9000/v1");
    let database = evidence(&shop, "cart-v1 -> store");
    assert_eq!(database, "f.yaml:81 ConfigMap settings DATABASE_URL=...store-0.store...", "passwords are not shown");
    assert!(shop.scenario.is_some() && shop.preview.runnable);
}

#[test]
fn a_dangling_address_is_a_warning_with_place_and_help() {
    let shop = one(SHOP);
    let dangling = problem(&shop, "W0001");
    assert_eq!(dangling.place, "f.yaml:22:22");
    assert!(dangling.message.contains("assistant") && dangling.message.contains("MISSING_SERVICE_ADDR"));
    assert_eq!(dangling.snippet.as_deref(), Some("              value: \"assistant:80\""));
    assert_eq!(shop.preview.problems.len(), 1);
}

#[test]
fn limits_are_summed_over_containers_and_silence_is_filled_and_listed() {
    let shop = one(SHOP);
    let topology = shop.scenario.unwrap().topology;
    let web = topology.get(topology.by_name("web").unwrap()).unwrap();
    assert_eq!((web.cpu_limit.0, web.memory_limit.0, web.startup.as_secs_f64()), (300, 160.0, 12.0));
    let store = topology.get(topology.by_name("store").unwrap()).unwrap();
    assert_eq!((store.kind, store.replicas, store.cpu_limit.0), (ServiceKind::Database, 3, 500));
    let assumed = &shop.preview.services[1].assumed;
    assert!(assumed.iter().any(|a| a == "CPU limit: 500m") && assumed.iter().any(|a| a.starts_with("kind: database")));
}

#[test]
fn the_summary_counts_documents_and_names_what_was_ignored() {
    let shop = one(SHOP);
    assert_eq!(
        shop.preview.summary,
        "6 documents: 4 workloads, 1 service, 1 ignored (ServiceAccount); 4 edges (4 inferred from env)"
    );
    assert_eq!(shop.preview.ignored[0].place, "f.yaml:84");
}

#[test]
fn a_host_behind_which_several_versions_stand_leads_to_all_of_them() {
    let version = |v: u32, replicas: u32| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: reviews-v{v}}}\nspec:\n  \
                replicas: {replicas}\n  template:\n    \
             metadata: {{labels: {{app: reviews}}}}\n    spec: {{containers: [{{name: m, image: r}}]}}\n"
        )
    };
    let page = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: page}\nspec:\n  containers:\n    - name: m\n      env: \
        [{name: REVIEWS_HOST, value: reviews}]\n";
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: reviews}\nspec: {selector: {app: reviews}}\n";
    let read = many(&[("a.yaml", page), ("b.yaml", &(version(1, 1) + &version(2, 3))), ("c.yaml", service)]);
    assert_eq!(edges(&read), ["page -> reviews-v1", "page -> reviews-v2"]);
    let topology = read.scenario.unwrap().topology;
    let shares: Vec<f64> = topology.edges().map(|e| e.call.probability.get()).collect();
    assert_eq!(shares, [0.25, 0.75]);
}

#[test]
fn several_workloads_without_edges_are_runnable_with_edges_unknown() {
    let pod =
        |name: &str| format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: m}}]}}\n");
    let read = one(&(pod("a") + &pod("b")));
    assert!(read.preview.edges_unknown && read.preview.runnable);
    assert!(read.preview.summary.contains("edges unknown: draw or import"));
    let topology = read.scenario.unwrap().topology;
    assert!(topology.services().all(|(_, s)| s.entry_rate.0 == 10.0), "the load is shared");
}

#[test]
fn annotations_set_load_demand_and_calls_and_bad_ones_warn() {
    let text = r#"
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    sickbay.dev/entry-rate: "50"
    sickbay.dev/demand-ms: "1.5"
    sickbay.dev/wait-ms: 20
    sickbay.dev/sigma: "0.2"
    sickbay.dev/error-ratio: "0.01"
    sickbay.dev/memory-base: 48Mi
    sickbay.dev/calls: "auth,catalog=0.5;mail=0.1?;nobody"
    sickbay.dev/speed: fast
spec: {containers: [{name: m}]}
---
{apiVersion: v1, kind: Pod, metadata: {name: auth}, spec: {containers: [{name: m}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: catalog}, spec: {containers: [{name: m}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: mail}, spec: {containers: [{name: m}]}}
"#;
    let read = one(text);
    let places: Vec<_> = read.preview.problems.iter().map(|p| (p.code.as_str(), p.place.as_str())).collect();
    assert_eq!(places, [("W0003", "f.yaml:14:24"), ("W0003", "f.yaml:13:24")]);
    let topology = read.scenario.unwrap().topology;
    let web = topology.get(topology.by_name("web").unwrap()).unwrap();
    assert_eq!((web.entry_rate.0, web.demand.cpu_us_mean, web.demand.wait_us_mean), (50.0, 1_500.0, 20_000.0));
    assert_eq!((web.demand.shape, web.demand.error_ratio.get(), web.memory_base.0), (Shape::Lognormal(0.2), 0.01, 48.0));
    let stages: Vec<Vec<_>> =
        web.stages.iter().map(|s| s.iter().map(|c| (topology.name(c.to), c.probability.get(), c.optional)).collect()).collect();
    assert_eq!(stages, [vec![("auth", 1.0, false), ("catalog", 0.5, false)], vec![("mail", 0.1, true)]]);
}

#[test]
fn the_later_of_two_objects_with_one_name_replaces_the_earlier() {
    let pod = |image: &str| {
        format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: m, image: {image}}}]}}\n")
    };
    let read = one(&(pod("x") + &pod("redis")));
    assert_eq!(names(&read), ["a"]);
    assert_eq!(problem(&read, "W0004").place, "f.yaml:7:1");
    assert_eq!(read.scenario.unwrap().topology.services().next().unwrap().1.kind, ServiceKind::Cache);
}

#[test]
fn workloads_of_one_name_in_two_namespaces_are_two_services() {
    let pod = |ns: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: {ns}}}\nspec: {{containers: [{{name: m, env: \
                [{{name: PEER, value: 'a.two:80'}}]}}]}}\n"
        )
    };
    let read = one(&(pod("one") + &pod("two")));
    assert_eq!(names(&read), ["a", "a-2"]);
    assert_eq!(edges(&read), ["a -> a-2"]);
}

#[test]
fn an_inferred_edge_that_would_close_a_cycle_is_left_out_with_its_evidence() {
    let pod = |name: &str, peer: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n    - env:\n        \
                - {{name: X_URL, value: 'http://{peer}'}}\n"
        )
    };
    let read = one(&(pod("a", "b") + &pod("b", "c") + &pod("c", "a")));
    assert_eq!(edges(&read), ["a -> b", "b -> c"]);
    let cycle = problem(&read, "W0002");
    assert!(cycle.message.contains("c -> a") && cycle.message.contains("X_URL=http://a"));
    assert!(read.scenario.unwrap().topology.cycle().is_none());
}

#[test]
fn unreadable_quantities_warn_and_count_as_missing() {
    let read = one("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: many\n  template:\n    \
            spec:\n      containers:\n        - resources:\n            limits: {cpu: lots, memory: 64Mi}\n");
    let places: Vec<_> = read.preview.problems.iter().map(|p| (p.code.as_str(), p.place.as_str())).collect();
    assert_eq!(places, [("W0005", "f.yaml:5:13"), ("W0005", "f.yaml:10:27")]);
    assert_eq!((read.preview.services[0].cpu_millicores, read.preview.services[0].memory_mib), (500, 64.0));
}
