use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kuzushi_store::sealed::KEY_LENGTH;

use super::value::{Interval, Secret, Unusable};

/// Bytes that a token secret has at least.
const SECRET_LENGTH: usize = 32;

/// Keys and tokens.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Security {
    /// The secret that signs tokens, at least 32 bytes. Required outside demo mode. `openssl rand -base64 48` makes one.
    #[config(env = "JWT_SECRET", parse_env = jwt_secret)]
    pub jwt_secret: Option<Secret<String>>,
    /// Secrets that JWT_SECRET was before, separated by commas: what they have signed is taken until it expires. To change the
    /// secret without signing anybody out, put the old one here on every node, then the new one into JWT_SECRET.
    #[config(env = "JWT_SECRET_PREVIOUS", parse_env = jwt_secrets)]
    pub jwt_secret_previous: Option<Secret<String>>,
    /// How long a session's token is good for: a number and a unit (`s`, `m`, `h`, `d`).
    #[config(env = "JWT_EXPIRATION", default = "7d", parse_env = str::parse::<Interval>)]
    pub jwt_expiration: Interval,
    /// The key that wraps the tenants' keys: 32 bytes in base64. Keep a copy apart from the database's backups; without it,
    /// conversations cannot be read. Without one set, it is generated into `content.key` in the data folder.
    /// `openssl rand -base64 32` makes one.
    #[config(env = "CONTENT_KEY", parse_env = content_key)]
    pub content_key: Option<Secret<String>>,
    /// A file that holds the content key instead, such as a mounted secret.
    #[config(env = "CONTENT_KEY_FILE")]
    pub content_key_file: Option<PathBuf>,
    /// Content keys that there were before, separated by commas: what they wrapped still opens. `kuzushi keys rotate` wraps
    /// it anew, and then they can be left out.
    #[config(env = "CONTENT_KEY_PREVIOUS", parse_env = content_keys)]
    pub content_key_previous: Option<Secret<String>>,
    /// A program that wraps and unwraps keys instead of a content key, such as a script that asks a key management service: the program
    /// and its arguments, separated by spaces. It is run with `wrap` or `unwrap` as one more
    /// ([how it is talked to](administration.md#keys-that-a-key-management-service-keeps)).
    #[config(env = "CONTENT_KEY_COMMAND", parse_env = command)]
    pub content_key_command: Option<String>,
    /// The program that CONTENT_KEY_COMMAND was before: what it wrapped still opens, until `kuzushi keys rotate` has run.
    #[config(env = "CONTENT_KEY_COMMAND_PREVIOUS", parse_env = command)]
    pub content_key_command_previous: Option<String>,
    /// How long such a program may take to answer: a number and a unit (`s`, `m`).
    #[config(env = "CONTENT_KEY_COMMAND_TIMEOUT", default = "10s", parse_env = str::parse::<Interval>)]
    pub content_key_command_timeout: Interval,
}

impl Security {
    pub(super) fn check(&self) -> Result<(), Unusable> {
        self.jwt_secret.as_ref().map_or(Ok(()), |secret| jwt_secret(secret.expose()).map(drop))?;
        self.jwt_secret_previous.as_ref().map_or(Ok(()), |secrets| jwt_secrets(secrets.expose()).map(drop))?;
        self.content_key.as_ref().map_or(Ok(()), |key| content_key(key.expose()).map(drop))?;
        self.content_key_previous.as_ref().map_or(Ok(()), |keys| content_keys(keys.expose()).map(drop))?;
        let commands = [&self.content_key_command, &self.content_key_command_previous];
        commands.into_iter().flatten().try_for_each(|text| command(text).map(drop))
    }
}

fn jwt_secret(text: &str) -> Result<Secret<String>, Unusable> {
    if text.len() < SECRET_LENGTH {
        return Err(Unusable::secret("at least 32 bytes (`openssl rand -base64 48` makes a good one)"));
    }
    Ok(Secret::new(text.to_owned()))
}

fn jwt_secrets(text: &str) -> Result<Secret<String>, Unusable> {
    match split_secrets(text).find(|secret| secret.len() < SECRET_LENGTH) {
        Some(_) => Err(Unusable::secret("secrets of at least 32 bytes each, separated by commas")),
        None => Ok(Secret::new(text.to_owned())),
    }
}

/// The secrets in a list of them.
pub fn split_secrets(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|secret| !secret.is_empty())
}

fn content_key(text: &str) -> Result<Secret<String>, Unusable> {
    decode_content_key(text).map(|_| Secret::new(text.to_owned()))
}

fn content_keys(text: &str) -> Result<Secret<String>, Unusable> {
    split_secrets(text).try_for_each(|key| decode_content_key(key).map(drop))?;
    Ok(Secret::new(text.to_owned()))
}

fn command(text: &str) -> Result<String, Unusable> {
    if text.trim().is_empty() {
        return Err(Unusable::new(
            text,
            "a program and its arguments, such as /usr/local/bin/wrap-keys --key hospital",
        ));
    }
    Ok(text.to_owned())
}

/// The bytes of a content key.
pub fn decode_content_key(text: &str) -> Result<[u8; KEY_LENGTH], Unusable> {
    STANDARD
        .decode(text.trim())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Unusable::secret("32 bytes in base64 (`openssl rand -base64 32` makes one)"))
}
