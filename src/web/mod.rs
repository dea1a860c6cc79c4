//! The browser, one API per file.
