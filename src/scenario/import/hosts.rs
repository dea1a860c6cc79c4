//! Host names inside configuration values.
//!
//! A value mentions a host as `host:port`, `scheme://user:password@host:port/path`, a list of these, or bare. A bare word
//! is only taken for a host if the variable's name says that it holds an address: `DB_TYPE=mysql` is not a call.

/// Most hosts looked at in one value.
const MENTIONS_MAX: usize = 64;
/// Last words of variable names that hold addresses.
const ADDRESS_WORDS: [&str; 13] =
    ["HOST", "HOSTS", "HOSTNAME", "ADDR", "ADDRS", "ADDRESS", "ADDRESSES", "URL", "URLS", "URI", "URIS", "ENDPOINT", "ENDPOINTS"];
/// Further last words of names whose value may be a bare host.
const SERVER_WORDS: [&str; 11] =
    ["SERVER", "SERVERS", "BROKER", "BROKERS", "CONNECT", "DSN", "UPSTREAM", "BACKEND", "TARGET", "NODES", "SERVICE"];

/// A host found in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mention<'a> {
    /// The host as written.
    pub host: &'a str,
    /// It came with a port or a scheme, or is a cluster name, so it is an address whatever the variable is called.
    pub is_address: bool,
    /// It came with a numeric port.
    pub has_port: bool,
}

/// All hosts that `value` mentions, bare words included.
pub(super) fn mentions(value: &str) -> impl Iterator<Item = Mention<'_>> {
    let between = |c: char| c.is_whitespace() || ",;()[]{}\"'`=<>|".contains(c);
    value.split(between).filter_map(mention).take(MENTIONS_MAX)
}

fn mention(piece: &str) -> Option<Mention<'_>> {
    let (has_scheme, rest) = match piece.rfind("://") {
        Some(at) => (true, &piece[at + 3..]),
        None => (false, piece),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let (host, port) = authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p)));
    let has_port = port.is_some_and(|p| (1..=5).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_address = has_scheme || has_port || host.contains(".svc");
    // `redis:alpine` is an image, `a/b` a path: no hosts.
    let is_host = is_name(host) && (is_address || (port.is_none() && rest == authority));
    is_host.then_some(Mention { host, is_address, has_port })
}

fn is_name(host: &str) -> bool {
    host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.len() <= 253
        && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

/// Whether a variable of this name holds an address: `CART_SERVICE_ADDR`, `spring.redis.host`, `dbHost`.
pub(super) fn names_address(key: &str) -> bool {
    let words = words(key);
    let last = words.last().map_or("", String::as_str);
    ADDRESS_WORDS.contains(&last) || words.ends_with(&["HOST".to_owned(), "NAME".to_owned()])
}

/// Whether a bare word in a variable of this name may be a host.
pub(super) fn may_hold_bare_host(key: &str) -> bool {
    names_address(key) || words(key).last().is_some_and(|last| SERVER_WORDS.contains(&last.as_str()))
}

/// What an address variable is named after: `FLAGD_UI_HOST` gives `flagdui`, `CART_SERVICE_ADDR` gives `cartservice`, `cart`.
pub(super) fn named_after(key: &str) -> Vec<String> {
    let mut words = words(key);
    if !words.last().is_some_and(|last| ADDRESS_WORDS.contains(&last.as_str())) {
        return Vec::new();
    }
    words.pop();
    let mut names = vec![words.concat().to_lowercase()];
    if words.last().is_some_and(|last| last == "SERVICE") {
        words.pop();
        names.push(words.concat().to_lowercase());
    }
    names.retain(|name| !name.is_empty());
    names
}

/// A host name without the signs that separate its words.
pub(super) fn folded(host: &str) -> String {
    host.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_lowercase()
}

/// Upper-case words of a variable name in snake, kebab, dotted or camel case.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in key.chars() {
        if !c.is_ascii_alphanumeric() || (was_lower && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_uppercase());
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.retain(|w| !w.is_empty());
    words
}

/// Whether a host that names no service of the files should have named one: a single label, or a cluster name.
pub(super) fn should_be_inside(host: &str) -> bool {
    let lower = host.to_lowercase();
    if lower.contains(".svc") || lower.ends_with(".cluster.local") {
        return true;
    }
    let outside = ["localhost", "none", "null", "true", "false", "undefined"];
    !lower.contains('.')
        && lower.len() > 1
        && lower.starts_with(|c: char| c.is_ascii_alphabetic())
        && !outside.contains(&lower.as_str())
}

/// Names to look a host up by, in order, for somebody in `namespace`: as `name.namespace`.
pub(super) fn lookup_names(host: &str, namespace: &str) -> Vec<String> {
    let lower = host.to_lowercase();
    let stem = [".svc.", ".cluster.local"].iter().find_map(|end| lower.split_once(end)).map_or(lower.as_str(), |(stem, _)| stem);
    let stem = stem.strip_suffix(".svc").unwrap_or(stem);
    let mut names = vec![format!("{stem}.{namespace}"), stem.to_owned()];
    // One pod of a StatefulSet: `mongo-0.mongo`.
    if let Some((_, service)) = stem.split_once('.') {
        names.extend([format!("{service}.{namespace}"), service.to_owned()]);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(value: &str) -> Vec<&str> {
        mentions(value).map(|m| m.host).collect()
    }

    #[test]
    fn hosts_are_found_in_addresses_urls_lists_and_connection_strings() {
        assert_eq!(hosts("cartservice:7070"), ["cartservice"]);
        assert_eq!(hosts("http://web.shop.svc.cluster.local:80/a?b=c"), ["web.shop.svc.cluster.local", "c"]);
        assert_eq!(hosts("kafka-0:9092,kafka-1:9092"), ["kafka-0", "kafka-1"]);
        assert_eq!(hosts("jdbc:postgresql://user:pw@db:5432/shop"), ["db"]);
        assert_eq!(hosts("user:pw@tcp(mysql:3306)/db"), ["mysql"]);
        assert_eq!(hosts("--upstream=api:80"), ["api"]);
        assert!(hosts("/var/run/docker.sock redis:alpine *:80 ://").is_empty());
    }

    #[test]
    fn bare_words_are_not_addresses() {
        assert!(mentions("mysql").all(|m| !m.is_address));
        assert!(mentions("http://mysql").all(|m| m.is_address && !m.has_port));
    }

    #[test]
    fn variable_names_tell_whether_they_hold_an_address() {
        for key in ["CART_SERVICE_ADDR", "spring.redis.host", "dbHost", "GRAFANA_URL", "ADVERTISED_HOST_NAME"] {
            assert!(names_address(key), "{key}");
        }
        for key in ["RABBITMQ_DEFAULT_VHOST", "SERVER_NAME", "OTEL_SERVICE_NAME", "", "_"] {
            assert!(!names_address(key), "{key}");
        }
        assert_eq!(named_after("FLAGD_UI_HOST"), ["flagdui"]);
        assert_eq!(named_after("CART_SERVICE_ADDR"), ["cartservice", "cart"]);
        assert!(named_after("HOST").is_empty() && named_after("CART_PORT").is_empty());
    }

    #[test]
    fn cluster_names_are_looked_up_in_their_namespace() {
        assert_eq!(lookup_names("web", "shop")[0], "web.shop");
        assert!(lookup_names("web.other.svc.cluster.local.", "shop").contains(&"web.other".to_owned()));
        assert!(lookup_names("mongo-0.mongo", "shop").contains(&"mongo.shop".to_owned()));
        assert!(should_be_inside("zipkin.jaeger.svc.cluster.local") && should_be_inside("cart"));
        assert!(!should_be_inside("localhost") && !should_be_inside("10.0.0.1") && !should_be_inside("api.vendor.com"));
    }
}
