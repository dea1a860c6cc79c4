//! A static file server for tests: loopback only, a free port, one thread per connection, files under one sub-path.
//!
//! Everything outside the sub-path is 404, as on a shared host: a page with absolute paths fails here.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// Where the page is served.
const SUB_PATH: &str = "/some/sub/path/";
/// Bytes of a request's head that are read at most: a browser sends about 1 kB.
const HEAD_BYTES_MAX: u64 = 64 * 1024;

/// A running server. Its thread ends with the process.
pub struct Server {
    address: SocketAddr,
}

impl Server {
    /// Serves the files of `directory`.
    pub fn start(directory: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let directory: Arc<PathBuf> = Arc::new(directory.to_path_buf());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let directory = Arc::clone(&directory);
                // A connection that breaks off is the browser's choice, not a failure of the server.
                thread::spawn(move || answer(connection, &directory).ok());
            }
        });
        Ok(Self { address })
    }

    /// The page's address.
    pub fn url(&self) -> String {
        format!("http://{}{SUB_PATH}", self.address)
    }
}

fn answer(mut connection: TcpStream, directory: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(Read::by_ref(&mut connection).take(HEAD_BYTES_MAX)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let (status, kind, body) = match file(&request, directory) {
        Some((kind, body)) => ("200 OK", kind, body),
        None => ("404 Not Found", "text/plain", b"not found".to_vec()),
    };
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )?;
    connection.write_all(&body)
}

/// The type and bytes of what a request line asks for.
fn file(request: &str, directory: &Path) -> Option<(&'static str, Vec<u8>)> {
    let target = request.strip_prefix("GET ")?.split_once(' ')?.0;
    let path = target.split_once('?').map_or(target, |(path, _)| path).strip_prefix(SUB_PATH)?;
    if path.split('/').any(|part| part.starts_with('.')) {
        return None;
    }
    let path = if path.is_empty() { "index.html" } else { path };
    Some((content_type(path), fs::read(directory.join(path)).ok()?))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_served_under_the_sub_path_only() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(file("GET /some/sub/path/Cargo.toml?v=1 HTTP/1.1", directory).is_some());
        assert!(file("GET /Cargo.toml HTTP/1.1", directory).is_none());
        assert!(file("GET /some/sub/path/../e2e/Cargo.toml HTTP/1.1", directory).is_none());
        assert!(file("POST /some/sub/path/Cargo.toml HTTP/1.1", directory).is_none());
    }

    #[test]
    fn wasm_has_the_type_that_streaming_compilation_needs() {
        assert_eq!(content_type("worker_bg.wasm"), "application/wasm");
        assert_eq!(content_type("app-1a2b.js"), "text/javascript; charset=utf-8");
    }
}
