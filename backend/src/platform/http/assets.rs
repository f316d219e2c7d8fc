//! The built portal: hashed files that never change, kept in memory with their compressed twins.
//!
//! Read once at start from the portal's folder, or from the binary itself when it was built with
//! `embedded-portal`. A server without a portal still answers the API and the sign-in page.

use std::{collections::BTreeMap, fs, io, path::Path};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Data},
};
use serde::Deserialize;

use super::Failure;
use crate::app::App;

/// `manifest.json`, as the build writes it.
#[derive(Debug, Default, Clone, Deserialize)]
pub struct Manifest {
    pub entries: BTreeMap<String, Entry>,
    /// Logical name to address: `boot.js` → `/a/boot.<hash>.js`.
    #[serde(default)]
    pub assets: BTreeMap<String, String>,
    /// Address to `sha384-…`.
    #[serde(default)]
    pub integrity: BTreeMap<String, String>,
}

/// One wasm entry point.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    pub js: String,
    #[serde(default)]
    pub js_integrity: String,
    pub wasm: String,
    #[serde(default)]
    pub wasm_integrity: String,
    #[serde(default)]
    pub css: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Portal {
    pub manifest: Manifest,
    /// By file name below `/a/`.
    files: BTreeMap<String, Asset>,
}

#[derive(Debug, Default)]
struct Asset {
    plain: Option<Bytes>,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Portal {
    /// The portal built into this binary, if one was.
    pub fn embedded() -> io::Result<Option<Self>> {
        #[cfg(feature = "embedded-portal")]
        {
            let files = embedded::FILES
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), Bytes::from_static(bytes)));
            Self::from_files(embedded::MANIFEST, files).map(Some)
        }
        #[cfg(not(feature = "embedded-portal"))]
        Ok(None)
    }

    /// Reads `manifest.json` and every file of `a/`.
    pub fn from_folder(folder: &Path) -> io::Result<Self> {
        let manifest = fs::read(folder.join("manifest.json"))?;
        let mut files = Vec::new();
        for entry in fs::read_dir(folder.join("a"))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                files.push((name, Bytes::from(fs::read(entry.path())?)));
            }
        }
        Self::from_files(&manifest, files)
    }

    fn from_files(manifest: &[u8], files: impl IntoIterator<Item = (String, Bytes)>) -> io::Result<Self> {
        let mut portal = Self {
            manifest: serde_json::from_slice(manifest)?,
            files: BTreeMap::new(),
        };
        for (name, bytes) in files {
            let (stem, slot): (&str, fn(&mut Asset) -> &mut Option<Bytes>) =
                match (name.strip_suffix(".br"), name.strip_suffix(".gz")) {
                    (Some(stem), _) => (stem, |asset| &mut asset.brotli),
                    (_, Some(stem)) => (stem, |asset| &mut asset.gzip),
                    _ => (&name, |asset| &mut asset.plain),
                };
            *slot(portal.files.entry(stem.to_owned()).or_default()) = Some(bytes);
        }
        Ok(portal)
    }

    pub fn integrity(&self, address: &str) -> Option<&str> {
        self.manifest.integrity.get(address).map(String::as_str)
    }

    pub fn address(&self, logical_name: &str) -> Option<&str> {
        self.manifest.assets.get(logical_name).map(String::as_str)
    }
}

/// `GET /a/{name}`
pub async fn asset(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let name = request.match_info().get("name").unwrap_or_default();
    let asset = app.portal.files.get(name).ok_or(Failure::NotFound)?;
    let accepted = request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (body, encoding) = asset.best_for(accepted).ok_or(Failure::NotFound)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type(name)))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "accept-encoding"));
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    Ok(response.body(body))
}

impl Asset {
    fn best_for(&self, accepted: &str) -> Option<(Bytes, Option<&'static str>)> {
        let accepts = |coding: &str| {
            accepted.split(',').any(|offer| {
                let mut parts = offer.split(';').map(str::trim);
                let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
                named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        };
        let offer = |body: &Option<Bytes>, coding| {
            let body = body.clone().filter(|_| accepts(coding))?;
            Some((body, Some(coding)))
        };
        offer(&self.brotli, "br")
            .or_else(|| offer(&self.gzip, "gzip"))
            .or_else(|| Some((self.plain.clone()?, None)))
    }
}

/// A browser compiles wasm while it streams in only under its own media type.
fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "wasm" => "application/wasm",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(feature = "embedded-portal")]
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded_portal.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset() -> Asset {
        Asset {
            plain: Some(Bytes::from_static(b"plain")),
            brotli: Some(Bytes::from_static(b"br")),
            gzip: Some(Bytes::from_static(b"gz")),
        }
    }

    #[test]
    fn a_browser_gets_the_smallest_form_it_takes() {
        let coding = |accepted| asset().best_for(accepted).and_then(|(_, coding)| coding);
        assert_eq!(coding("gzip, deflate, br, zstd"), Some("br"));
        assert_eq!(coding("gzip"), Some("gzip"));
        assert_eq!(coding("br;q=0, gzip;q=0.5"), Some("gzip"));
        assert_eq!(coding(""), None);
    }

    #[test]
    fn files_beside_each_other_become_one_asset() {
        let file = |name: &str| (name.to_owned(), Bytes::from_static(b"x"));
        let files = [
            file("ward.1.wasm"),
            file("ward.1.wasm.br"),
            file("ward.1.wasm.gz"),
        ];
        let portal = Portal::from_files(br#"{"entries":{}}"#, files).unwrap();
        assert_eq!(portal.files.keys().collect::<Vec<_>>(), ["ward.1.wasm"]);
        assert_eq!(content_type("ward.1.wasm"), "application/wasm");
    }
}
