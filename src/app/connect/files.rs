//! Payloads in files.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::app::AppError;
use crate::connect::dialect::{Kind, Payload, Skipped, table};
use crate::connect::json::Json;
use crate::connect::sources::Source;

/// The largest file of payloads, in bytes.
const LARGEST_FILE: u64 = table::LARGEST_TABLE as u64;

/// What files hold.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) payloads: Vec<Payload>,
    pub(super) skipped: Vec<Skipped>,
    /// Files that should hold payloads and cannot be read as such.
    pub(super) unreadable: Vec<String>,
}

/// Reads all files, folders opened, in the order of their names.
pub(super) fn load(paths: &[PathBuf], source: &Source) -> Result<Loaded, AppError> {
    let mut loaded = Loaded::default();
    for path in paths {
        if path.is_dir() {
            for file in folder(path)? {
                load_file(&file, source, &mut loaded)?;
            }
        } else {
            load_file(path, source, &mut loaded)?;
        }
    }
    Ok(loaded)
}

/// The files of a folder that may hold payloads, sorted.
fn folder(path: &Path) -> Result<Vec<PathBuf>, AppError> {
    let cannot = |error: std::io::Error| AppError::Usage(format!("cannot read {}: {error}", path.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(cannot)? {
        let file = entry.map_err(cannot)?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_payload = ["json", "jsonl", "ndjson", "csv"].contains(&extension(&file).as_str());
        if is_payload && file.is_file() && !name.starts_with("expected.") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

fn load_file(path: &Path, source: &Source, loaded: &mut Loaded) -> Result<(), AppError> {
    let bytes = read(path)?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let extension = extension(path);
    if extension == "csv" || (source.kind == Kind::Csv && !["json", "jsonl", "ndjson"].contains(&extension.as_str())) {
        match table::rows(&bytes, source.delimiter) {
            Ok(rows) => loaded.payloads.extend(rows.into_iter().map(|json| Payload::new(&name, json))),
            Err(reason) => loaded.unreadable.push(format!("{name}: {reason}")),
        }
        return Ok(());
    }
    if bytes.trim_ascii().is_empty() {
        loaded.skipped.push(Skipped { name, reason: "is empty, as a tombstone is".to_owned() });
        return Ok(());
    }
    match Json::parse(&bytes) {
        Ok(json) => loaded.payloads.push(Payload::new(&name, json)),
        Err(_) if extension == "jsonl" || extension == "ndjson" => load_lines(&bytes, &name, loaded),
        Err(_) if looks_like_lines(&bytes) => load_lines(&bytes, &name, loaded),
        Err(fault) if extension == "json" || path == Path::new("-") => {
            loaded.unreadable.push(format!("{name}: {fault}"));
        }
        Err(_) => loaded.skipped.push(Skipped { name, reason: "is neither JSON nor CSV".to_owned() }),
    }
    Ok(())
}

/// Whether the first line is a payload of its own.
fn looks_like_lines(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    matches!(Json::parse(first), Ok(Json::Object(_) | Json::Array(_)))
}

fn load_lines(bytes: &[u8], name: &str, loaded: &mut Loaded) {
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match Json::parse(line) {
            Ok(json) => loaded.payloads.push(Payload::new(name, json)),
            Err(fault) => loaded.unreadable.push(format!("{name}, line {}: {fault}", number + 1)),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, AppError> {
    let cannot = |error: std::io::Error| AppError::Usage(format!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(LARGEST_FILE + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).map_err(cannot)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)
    };
    let size = read.map_err(cannot)?;
    if size as u64 > LARGEST_FILE {
        return Err(AppError::Usage(format!("{} is larger than {LARGEST_FILE} bytes", path.display())));
    }
    Ok(bytes)
}
