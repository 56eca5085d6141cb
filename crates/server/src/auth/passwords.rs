//! Patients' passwords, kept as Argon2id hashes. Hashing is slow by design: it runs beside the threads that serve
//! everybody, a few at a time.

use std::{sync::Arc, thread, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use kuzushi_domain::Phi;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

/// KiB of memory, passes and lanes: the least that OWASP's password storage cheat sheet (2025) recommends.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Imported Argon2 hashes may ask for this many KiB and passes at most. Each sign-in pays for it.
const MOST_MEMORY_KIB: u32 = 65_536;
const MOST_PASSES: u32 = 10;
/// bcrypt's cost in imported hashes: two to this power of rounds, at most.
const MOST_BCRYPT_COST: u32 = 14;
/// bcrypt looks at this many bytes and ignores the rest, the zero at the end included.
const BCRYPT_LIMIT: usize = 72;

/// Characters that a password has at least.
pub const SHORTEST: usize = 12;
/// Bytes that a password has at most.
pub const LONGEST: usize = 1_024;

/// How long a password may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What those are compared with who do not exist: of random bytes, so that no password is right.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$4l5AmHA5wwABZG8QUE8xHQ$xgwhtsTxyXfoNAannCDsbVGzefQT7EfnJ1MThdd1i6M";

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    /// Half of the processors, so that answers go on while everybody signs in.
    turns: Arc<Semaphore>,
}

/// What came of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// It is right, and should be kept as a better hash.
    RightButWeaklyKept,
}

/// Too many passwords wait already, or there is no randomness for a salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no password can be looked at now")]
pub struct Busy;

impl Default for Passwords {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self { turns: Arc::new(Semaphore::new((processors / 2).max(1))) }
    }
}

impl Passwords {
    pub async fn hash(&self, password: Phi<String>) -> Result<String, Busy> {
        self.in_turn(move || hash(password.expose()).ok_or(Busy)).await?
    }

    /// Compares a password with a hash. Without one it takes as long, and the password is wrong.
    pub async fn check(&self, password: Phi<String>, hash: Option<String>) -> Result<Verdict, Busy> {
        self.in_turn(move || match hash {
            Some(hash) => check(password.expose(), &hash),
            None => {
                check(password.expose(), NOBODYS);
                Verdict::Wrong
            }
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Busy)?.map_err(|_| Busy)?;
        let worked = spawn_blocking(move || {
            // The turn is over when the work is, also where nobody waits for it any more.
            let _turn = turn;
            work()
        });
        worked.await.map_err(|_| Busy)
    }
}

/// Says what is wrong with a hash that was made elsewhere.
pub fn check_import(hash: &str) -> Result<(), &'static str> {
    if let Some(cost) = bcrypt_cost(hash) {
        return if cost <= MOST_BCRYPT_COST { Ok(()) } else { Err("bcrypt's cost may be at most 14") };
    }
    match PasswordHash::new(hash) {
        Ok(parsed) if parsed.algorithm == Algorithm::Argon2id.ident() => {
            let params = Params::try_from(&parsed).map_err(|_| UNKNOWN)?;
            let is_affordable = params.m_cost() <= MOST_MEMORY_KIB && params.t_cost() <= MOST_PASSES;
            let is_whole = parsed.salt.is_some() && parsed.hash.is_some();
            match (is_whole, is_affordable) {
                (true, true) => Ok(()),
                (true, false) => Err("Argon2 may ask for at most 65536 KiB and 10 passes"),
                (false, _) => Err(UNKNOWN),
            }
        }
        _ => Err(UNKNOWN),
    }
}

const UNKNOWN: &str = "must be an Argon2id hash ($argon2id$…) or a bcrypt hash ($2a$, $2b$ or $2y$…)";

fn argon2() -> Option<Argon2<'static>> {
    Params::new(MEMORY_KIB, PASSES, LANES, None)
        .ok()
        .map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Option<String> {
    Some(argon2()?.hash_password(password.as_bytes()).ok()?.to_string())
}

fn check(password: &str, hash: &str) -> Verdict {
    if bcrypt_cost(hash).is_some() {
        // What bcrypt would cut off must not be right by half; it costs the same as any other.
        let is_whole = password.len() < BCRYPT_LIMIT && !password.contains('\0');
        let is_right = bcrypt::verify(password, hash).unwrap_or(false);
        return if is_right && is_whole { Verdict::RightButWeaklyKept } else { Verdict::Wrong };
    }
    let Ok(parsed) = PasswordHash::new(hash) else { return Verdict::Wrong };
    if Argon2::default().verify_password(password.as_bytes(), &parsed).is_err() {
        return Verdict::Wrong;
    }
    let is_ours = Params::try_from(&parsed)
        .is_ok_and(|params| (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES));
    if is_ours { Verdict::Right } else { Verdict::RightButWeaklyKept }
}

fn bcrypt_cost(hash: &str) -> Option<u32> {
    let is_known = ["$2a$", "$2b$", "$2y$"].iter().any(|version| hash.starts_with(version));
    let parts: Option<bcrypt::HashParts> = is_known.then(|| hash.parse().ok()).flatten();
    parts.map(|parts| parts.get_cost()).filter(|cost| *cost >= 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bcrypted(password: &str) -> String {
        bcrypt::hash(password, 4).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_right_for_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Phi::from("correct horse battery")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = async |password: &str, hash: Option<&str>| {
            passwords.check(Phi::from(password), hash.map(str::to_owned)).await.unwrap()
        };
        assert_eq!(check("correct horse battery", Some(&hash)).await, Verdict::Right);
        assert_eq!(check("correct horse batterY", Some(&hash)).await, Verdict::Wrong);
        assert_eq!(check("correct horse battery", None).await, Verdict::Wrong);
        assert_eq!(check("", Some("no hash")).await, Verdict::Wrong);
        assert_ne!(hash, passwords.hash(Phi::from("correct horse battery")).await.unwrap(), "salted");
    }

    #[test]
    fn nobodys_hash_costs_what_everybody_elses_does() {
        let (nobodys, ours) = (PasswordHash::new(NOBODYS).unwrap(), hash("a").unwrap());
        let ours = PasswordHash::new(&ours).unwrap();
        assert_eq!(
            (&nobodys.algorithm, nobodys.version, &nobodys.params),
            (&ours.algorithm, ours.version, &ours.params)
        );
        let lengths = |hash: &PasswordHash| (hash.salt.map(|salt| salt.len()), hash.hash.map(|hash| hash.len()));
        assert_eq!(lengths(&nobodys), lengths(&ours));
    }

    #[test]
    fn a_bcrypt_hash_from_elsewhere_is_good_once() {
        // PHP writes the second one's prefix.
        for hash in [bcrypted("correct horse battery"), bcrypted("correct horse battery").replace("$2b$", "$2y$")] {
            assert_eq!(check_import(&hash), Ok(()));
            assert_eq!(check("correct horse battery", &hash), Verdict::RightButWeaklyKept);
            assert_eq!(check("correct horse batterY", &hash), Verdict::Wrong);
        }
    }

    #[test]
    fn what_bcrypt_would_cut_off_is_not_ignored() {
        let long = "é".repeat(36);
        assert_eq!(long.len(), BCRYPT_LIMIT);
        let hash = bcrypted(&long);
        assert!(bcrypt::verify(format!("{long}and more"), &hash).unwrap(), "bcrypt itself does");
        assert_eq!(check(&format!("{long}and more"), &hash), Verdict::Wrong);
        assert_eq!(check(&long, &hash), Verdict::Wrong);
        let fits = "a".repeat(BCRYPT_LIMIT - 1);
        assert_eq!(check(&fits, &bcrypted(&fits)), Verdict::RightButWeaklyKept);
        assert_eq!(check("secret\0tail", &bcrypted("secret\0tail")), Verdict::Wrong);
    }

    #[test]
    fn a_weaker_argon2_hash_is_kept_better() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let weak = weak.hash_password(b"correct horse battery").unwrap().to_string();
        assert_eq!(check_import(&weak), Ok(()));
        assert_eq!(check("correct horse battery", &weak), Verdict::RightButWeaklyKept);
    }

    #[test]
    fn an_unknown_or_ruinous_hash_is_not_imported() {
        for hash in [
            "",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$2b$10$tooshort",
            "$2x$04$uxZZG8wGzkGbSHmfSdyDxOC3LmbSPOTBfAXnmyoaTKM4dIVuQZbVC",
            "$2b$31$uxZZG8wGzkGbSHmfSdyDxOC3LmbSPOTBfAXnmyoaTKM4dIVuQZbVC",
            "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4",
            "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4",
            "$argon2id$v=19$m=64,t=1,p=1",
        ] {
            assert!(check_import(hash).is_err(), "{hash}");
        }
    }
}
