//! What the browser keeps for longer texts: IndexedDB, one table of texts by key. It may refuse (private windows, full disks),
//! so nothing may depend on it.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, Query, TransactionMode};
use wasm_bindgen::JsValue;

const DATABASE: &str = "sickbay";
/// Grows when tables change.
const VERSION: u32 = 1;
const TABLE: &str = "runs";

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(VERSION))?;
    request.on_upgrade_needed(|event| {
        // It fails only if the table is there already.
        let _ = event.database().and_then(|database| database.create_object_store(TABLE, ObjectStoreParams::new()));
    });
    request.await
}

/// Keeps a text under a key, instead of what was kept there.
///
/// # Errors
/// What the browser says, for people.
pub async fn put(key: &str, text: &str) -> Result<(), String> {
    let done = async {
        let database = open().await?;
        let transaction = database.transaction(&[TABLE], TransactionMode::ReadWrite)?;
        transaction.object_store(TABLE)?.put(&JsValue::from_str(text), Some(&JsValue::from_str(key)))?.await?;
        transaction.commit()?.await?;
        database.close();
        Ok(())
    };
    done.await.map_err(|error: Error| error.to_string())
}

/// Everything that is kept.
///
/// # Errors
/// What the browser says, for people.
pub async fn all() -> Result<Vec<String>, String> {
    let done = async {
        let database = open().await?;
        let transaction = database.transaction(&[TABLE], TransactionMode::ReadOnly)?;
        let texts = transaction.object_store(TABLE)?.get_all(None, None)?.await?;
        database.close();
        Ok(texts.iter().filter_map(JsValue::as_string).collect())
    };
    done.await.map_err(|error: Error| error.to_string())
}

/// Forgets what is kept under a key.
///
/// # Errors
/// What the browser says, for people.
pub async fn remove(key: &str) -> Result<(), String> {
    let done = async {
        let database = open().await?;
        let transaction = database.transaction(&[TABLE], TransactionMode::ReadWrite)?;
        transaction.object_store(TABLE)?.delete(Query::Key(JsValue::from_str(key)))?.await?;
        transaction.commit()?.await?;
        database.close();
        Ok(())
    };
    done.await.map_err(|error: Error| error.to_string())
}
