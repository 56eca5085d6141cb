//! Keys that the server generates for itself when none are set, kept in files of the data folder.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use anyhow::Context;
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::STANDARD};
use kuzushi_store::sealed::{KEY_LENGTH, KeyCommand, OperatorKey};

use crate::config::{Config, decode_content_key, split_secrets, variables};

/// Makes the data folder and the embedded database's files, readable by their owner only.
pub fn prepare_data_folder(config: &Config) -> anyhow::Result<()> {
    let folder = &config.database.data_dir;
    let failed = || format!("the data folder {} cannot be written; set DATA_DIR to one that can", folder.display());
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(failed)?;
    let probe = folder.join(".writable");
    fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)).with_context(failed)?;
    // SQLite would make them readable by everybody; their logs and indexes take over what the files have.
    let private = |file: &Path| OpenOptions::new().append(true).create(true).mode(0o600).open(file);
    if config.database.url.is_none() {
        private(&config.data_file("kuzushi.db")).with_context(failed)?;
        if config.database.keys_file.is_none() {
            private(&config.data_file("kuzushi-keys.db")).with_context(failed)?;
        }
    }
    if let Some(file) = &config.database.keys_file {
        private(file).with_context(|| format!("DATABASE_KEYS_FILE: {} cannot be written", file.display()))?;
    }
    Ok(())
}

/// What wraps the tenants' keys: `CONTENT_KEY`, what `CONTENT_KEY_FILE` holds, the program of `CONTENT_KEY_COMMAND`, or a key generated
/// into `content.key`; with those that it was before.
pub fn operator_key(config: &Config) -> anyhow::Result<OperatorKey> {
    let security = &config.security;
    let mut operator_key = match (&security.content_key, &security.content_key_file, &security.content_key_command) {
        (Some(key), None, None) => content_key(key.expose(), "CONTENT_KEY")?,
        (None, Some(file), None) => {
            let place = format!("CONTENT_KEY_FILE: {}", file.display());
            content_key(&fs::read_to_string(file).with_context(|| place.clone())?, &place)?
        }
        (None, None, Some(command)) => OperatorKey::new(key_command("CONTENT_KEY_COMMAND", command, config)?),
        (None, None, None) => {
            let file = config.data_file("content.key");
            content_key(&generated(&file)?, &format!("the content key in {}", file.display()))?
        }
        (key, file, command) => {
            let set = [
                key.as_ref().map(|_| "CONTENT_KEY"),
                file.as_ref().map(|_| "CONTENT_KEY_FILE"),
                command.as_ref().map(|_| "CONTENT_KEY_COMMAND"),
            ];
            let set: Vec<_> = set.into_iter().flatten().collect();
            anyhow::bail!("{} are set: leave one of them in", set.join(" and "))
        }
    };
    if let Some(former) = &security.content_key_previous {
        for former in split_secrets(former.expose()) {
            let bytes = decode_content_key(former).map_err(|error| anyhow::anyhow!("CONTENT_KEY_PREVIOUS: {error}"))?;
            operator_key = operator_key.with_former(&bytes).context("CONTENT_KEY_PREVIOUS cannot be used")?;
        }
    }
    if let Some(former) = &security.content_key_command_previous {
        operator_key = operator_key.also(key_command("CONTENT_KEY_COMMAND_PREVIOUS", former, config)?);
    }
    Ok(operator_key)
}

fn content_key(text: &str, place: &str) -> anyhow::Result<OperatorKey> {
    let bytes = decode_content_key(text).map_err(|error| anyhow::anyhow!("{place}: {error}"))?;
    OperatorKey::from_bytes(&bytes).context("the content key cannot be used")
}

fn key_command(setting: &'static str, text: &str, config: &Config) -> anyhow::Result<KeyCommand> {
    let command = KeyCommand::new(setting, text, config.security.content_key_command_timeout.0);
    // It has its own way to its service, and our secrets are not its business.
    Ok(command.with_context(|| format!("{setting} names no program"))?.without(variables()))
}

/// The secret that signs tokens: `JWT_SECRET`, or in demo mode one generated into `jwt.secret`.
pub fn jwt_secret(config: &Config, demo: bool) -> anyhow::Result<String> {
    match &config.security.jwt_secret {
        Some(secret) => Ok(secret.expose().clone()),
        None if demo => generated(&config.data_file("jwt.secret")),
        None => anyhow::bail!(
            "JWT_SECRET is missing: wants at least 32 bytes, the same on every node (`openssl rand -base64 48` makes a good one)"
        ),
    }
}

/// Secrets that signed tokens before.
pub fn former_jwt_secrets(config: &Config) -> Vec<String> {
    let previous = config.security.jwt_secret_previous.as_ref();
    previous.map_or_else(Vec::new, |secrets| split_secrets(secrets.expose()).map(str::to_owned).collect())
}

/// The contents of a key file, made with random bytes if there is none.
fn generated(path: &Path) -> anyhow::Result<String> {
    let context = || format!("the key file {}", path.display());
    match fs::read_to_string(path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(context),
    }
    let mut bytes = [0; KEY_LENGTH];
    rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random numbers are to be had"))?;
    let text = STANDARD.encode(bytes);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).with_context(context)?;
    writeln!(file, "{text}").and_then(|()| file.sync_all()).with_context(context)?;
    tracing::info!(file = %path.display(), "generated a key; keep a copy of it apart from the database");
    Ok(text)
}
