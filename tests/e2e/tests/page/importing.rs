//! Bringing one's own system, and failing to.

use e2e::{Page, Viewport, run};

const SHOP: &str = "\
services:
  web:
    image: nginx:1.27
    ports: ['8080:80']
    environment:
      API_URL: http://api:9000
  api:
    image: example/api:1
    environment:
      DATABASE_URL: postgres://db:5432/shop
  db:
    image: postgres:16
";

const BROKEN: &str = "\
services:
  web:
    image: [nginx
  api:
    image: example/api:1
";

#[test]
fn a_pasted_compose_file_runs_after_a_preview() {
    run("import", Viewport::Desktop, async |page| {
        page.open("").await;
        read(page, SHOP).await;
        page.find("import-preview").await;
        let edges = edge_texts(page).await;
        assert_eq!(edges.len(), 2, "{edges:?}");
        assert!(edges.iter().any(|edge| edge.contains("API_URL")), "each edge names its evidence: {edges:?}");
        page.screenshot("import").await;
        page.click("import-accept").await;
        page.until("the new system", async || page.all_css("[data-testid^='node-']").await.len() == 3).await;
        for part in ["node-web", "node-api", "node-db", "edge-web-api", "edge-api-db"] {
            assert_eq!(page.all(part).await.len(), 1, "{part}");
        }
        let start_ns = page.now_ns().await;
        page.until("it to run", async || page.now_ns().await > start_ns + 3_000_000_000).await;
        page.screenshot("imported").await;
    });
}

#[test]
fn a_bad_file_is_explained_and_the_running_system_stays() {
    run("bad-import", Viewport::Desktop, async |page| {
        page.open("").await;
        let before_ns = page.now_ns().await;
        read(page, BROKEN).await;
        let problem = page.text("import-problem").await;
        assert!(has_code(&problem), "a code to look up: {problem}");
        assert!(problem.contains("3") || problem.contains("4"), "the line: {problem}");
        page.screenshot("bad-import").await;
        page.click("import-cancel").await;
        page.until("the dialog to close", async || !page.shows("import-dialog").await).await;
        assert_eq!(page.all_css("[data-testid^='node-']").await.len(), 12, "the old system is still there");
        page.until("and still runs", async || page.now_ns().await > before_ns).await;
    });
}

async fn read(page: &Page, text: &str) {
    page.click("import-open").await;
    page.paste("import-text", text).await;
    page.click("import-read").await;
}

async fn edge_texts(page: &Page) -> Vec<String> {
    page.find("import-edge").await;
    let mut texts = Vec::new();
    for edge in page.all("import-edge").await {
        texts.push(edge.text().await.unwrap_or_default());
    }
    texts
}

/// `E0001`: a letter and at least three digits.
fn has_code(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter_map(|word| word.strip_prefix(['E', 'W']))
        .any(|digits| digits.len() >= 3 && digits.bytes().all(|b| b.is_ascii_digit()))
}
