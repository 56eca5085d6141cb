//! A program that wraps and unwraps keys, in place of a content key and after one.

use std::{path::PathBuf, time::Duration};

use kuzushi_domain::AuditAction;
use kuzushi_store::{
    NewAuditEvent, NewTenant, PageRequest, Store, StoreError, TenantScope, on_both_engines,
    sealed::{KeyCommand, OperatorKey, SealError},
    testing::OPERATOR_KEY,
};
use tempfile::TempDir;

use crate::fixture::{Hospital, at};

const NEXT: [u8; 32] = [43; 32];
const PAGE: PageRequest = PageRequest { before: None, after: None, limit: 50 };

/// Wraps with a key of its own, which nobody else has.
const SERVICE: &str = r#"
answer=$(printf %s "$given" | openssl enc $how -aes-256-cbc -pbkdf2 -pass "file:$folder/secret" -a -A) || exit 3
echo "$answer"
"#;

/// A script that stands in a folder of its own, where it notes each run.
struct Program(TempDir);

impl Program {
    fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), folder.path().display().to_string()).unwrap();
        let script = format!(
            "folder='{}'\nread -r given\necho \"$1\" >>\"$folder/runs\"\n[ \"$1\" = unwrap ] && how=-d\n{body}",
            folder.path().display()
        );
        std::fs::write(folder.path().join("program"), script).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> KeyCommand {
        self.command_within(Duration::from_secs(60))
    }

    fn command_within(&self, time_limit: Duration) -> KeyCommand {
        let text = format!("sh {}", self.path("program").display());
        KeyCommand::new("CONTENT_KEY_COMMAND", &text, time_limit).unwrap()
    }

    /// What it was run for.
    fn runs(&self) -> Vec<String> {
        std::fs::read_to_string(self.path("runs")).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

async fn open(hospital: &Hospital, key: OperatorKey) -> Store {
    Store::open(&hospital.database.options(), key).await.unwrap()
}

fn content_key(bytes: &[u8; 32]) -> OperatorKey {
    OperatorKey::from_bytes(bytes).unwrap()
}

async fn recorded(scope: &TenantScope, second: i64) {
    scope.record(NewAuditEvent::new(AuditAction::ConversationRead, "sess"), at(second)).await.unwrap();
}

fn elsewhere() -> NewTenant {
    NewTenant { name: "Elsewhere".into(), domain: "elsewhere.example".into() }
}

on_both_engines! {
    async fn keys_move_from_a_content_key_to_a_program_and_back_while_servers_run(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "m1", "Hello").await;
        let tenant = hospital.scope.id();
        let program = Program::new(SERVICE);

        // One that still wraps with the content key, and knows what comes.
        let running = open(&hospital, content_key(&OPERATOR_KEY).also(program.command())).await;
        running.installation().check_operator_key().await.unwrap();
        assert_eq!(program.runs().len(), 0, "nothing is under it yet");
        let next = open(&hospital, OperatorKey::new(program.command()).with_former(&OPERATOR_KEY).unwrap()).await;
        next.installation().check_operator_key().await.unwrap();
        assert_eq!(program.runs(), ["wrap", "unwrap"], "that it works is found out before it is needed");
        assert_eq!(next.installation().check_keys().await.unwrap().by_former_keys, 3);
        let rotated = next.installation().rotate_keys(at(2)).await.unwrap();
        assert_eq!((rotated.tenants, rotated.audit_chains, rotated.as_they_were), (1, 2, 0));
        assert_eq!(next.installation().rotate_keys(at(3)).await.unwrap().as_they_were, 3);
        recorded(&running.tenant(tenant).await.unwrap(), 4).await;
        hospital.say(&session, "m2", "Still here").await;

        let runs = program.runs().len();
        let only = open(&hospital, OperatorKey::new(program.command())).await;
        only.installation().check_operator_key().await.unwrap();
        let scope = only.tenant(tenant).await.unwrap();
        assert_eq!(scope.messages(&session, PAGE).await.unwrap().messages.len(), 2);
        let late = only.installation().create_tenant(elsewhere(), at(5)).await.unwrap();
        for second in 6..12 {
            recorded(&scope, second).await;
        }
        assert_eq!(program.runs().len(), runs + 1, "one key of the program's is over all of them: {:?}", program.runs());
        let checked = only.installation().check_keys().await.unwrap();
        assert_eq!((checked.tenants, checked.by_former_keys, checked.faults), (2, 0, Vec::new()));
        let chains = only.installation().check_audit(&[]).await.unwrap();
        assert!(chains.iter().all(|chain| chain.fault.is_none()), "{chains:?}");
        let forgotten = open(&hospital, content_key(&OPERATOR_KEY)).await.installation().check_operator_key().await;
        assert!(matches!(forgotten, Err(StoreError::Sealed(SealError::NoCommand))), "{forgotten:?}");

        let back = open(&hospital, content_key(&NEXT).also(program.command())).await;
        assert_eq!(back.installation().rotate_keys(at(12)).await.unwrap().tenants, 2);
        let forgotten = open(&hospital, OperatorKey::new(program.command())).await.installation().check_operator_key().await;
        assert!(matches!(forgotten, Err(StoreError::Sealed(SealError::NoContentKey))), "{forgotten:?}");
        drop(program);
        let alone = open(&hospital, content_key(&NEXT)).await;
        alone.installation().check_operator_key().await.unwrap();
        assert_eq!(alone.tenant(tenant).await.unwrap().messages(&session, PAGE).await.unwrap().messages.len(), 2);
        alone.tenant(late.id).await.unwrap();
    }

    async fn a_program_that_does_not_do_its_work_is_named_and_nothing_is_kept(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        for (body, wanted) in [
            ("echo >&2; echo 'AccessDenied: ask the key administrator' >&2; exit 7", "exit status: 7: AccessDenied: ask"),
            ("exit 7", "it said nothing on standard error"),
            ("echo \"cannot wrap $given\" >&2; exit 1", "cannot wrap [key]"),
            ("echo not one word", "one line of at most 4096 printable characters"),
            ("exit 0", "one line of at most"),
            ("head -c 5000 /dev/zero | tr '\\0' x", "one line of at most"),
            ("[ $1 = wrap ] && echo mine || echo AAAA", "32 bytes in base64"),
            ("[ $1 = wrap ] && echo mine || echo nonsense", "32 bytes in base64"),
            ("[ $1 = wrap ] && echo mine || head -c 32 /dev/zero | base64", "did not give back the key"),
        ] {
            let program = Program::new(body);
            let store = open(&hospital, OperatorKey::new(program.command())).await;
            let refused = store.installation().create_tenant(elsewhere(), at(1)).await;
            let Err(StoreError::KeyProgram(text)) = refused else { panic!("{body}: {refused:?}") };
            assert!(text.contains(wanted) && text.starts_with("CONTENT_KEY_COMMAND: `sh "), "{body}: {text}");
        }
        let missing = KeyCommand::new("CONTENT_KEY_COMMAND", "/nowhere/wrap-keys", Duration::from_secs(60)).unwrap();
        let store = open(&hospital, OperatorKey::new(missing)).await;
        let refused = store.installation().create_tenant(elsewhere(), at(1)).await.unwrap_err().to_string();
        assert!(refused.contains("`/nowhere/wrap-keys wrap` cannot be run"), "{refused}");
        assert_eq!(hospital.store.installation().tenants(None, 9).await.unwrap().len(), 1);
    }

    async fn a_program_that_hangs_is_ended_with_what_it_has_started(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let program = Program::new("sleep 600 & echo $! >\"$folder/started\"; wait");
        let store = open(&hospital, OperatorKey::new(program.command_within(Duration::from_secs(1)))).await;
        let refused = store.installation().create_tenant(elsewhere(), at(1)).await.unwrap_err().to_string();
        assert!(refused.contains("did not answer within 1 s"), "{refused}");
        let started = std::fs::read_to_string(program.path("started")).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", started.trim())).unwrap_or_default();
        // Where nobody buries it, it stays as a zombie.
        while !state().is_empty() && !state().contains(") Z ") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn who_waits_while_a_program_fails_does_not_have_it_fail_again(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let program = Program::new(&format!("[ -e \"$folder/broken\" ] && sleep 1 && exit 5\n{SERVICE}"));
        let key = OperatorKey::new(program.command()).with_former(&OPERATOR_KEY).unwrap();
        open(&hospital, key).await.installation().rotate_keys(at(1)).await.unwrap();
        std::fs::write(program.path("broken"), "").unwrap();
        let runs = program.runs().len();
        let store = open(&hospital, OperatorKey::new(program.command())).await;
        let tenant = hospital.scope.id();
        let (one, two, three) = tokio::join!(store.tenant(tenant), store.tenant(tenant), store.tenant(tenant));
        for refused in [one, two, three] {
            assert!(matches!(refused.map(drop), Err(StoreError::KeyProgram(text)) if text.contains("exit status: 5")));
        }
        assert_eq!(program.runs().len(), runs + 1);
        std::fs::remove_file(program.path("broken")).unwrap();
        store.tenant(tenant).await.unwrap();
    }

    async fn a_program_that_was_moved_opens_what_it_wrapped_and_is_named_anew(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let program = Program::new(SERVICE);
        let key = OperatorKey::new(program.command()).with_former(&OPERATOR_KEY).unwrap();
        open(&hospital, key).await.installation().rotate_keys(at(1)).await.unwrap();
        std::fs::copy(program.path("program"), program.path("moved")).unwrap();
        let text = format!("sh {} --hospital", program.path("moved").display());
        let script = std::fs::read_to_string(program.path("moved")).unwrap();
        std::fs::write(program.path("moved"), format!("shift\n{script}")).unwrap();
        let moved = KeyCommand::new("CONTENT_KEY_COMMAND", &text, Duration::from_secs(60)).unwrap();
        let store = open(&hospital, OperatorKey::new(moved)).await;
        assert_eq!(store.installation().check_keys().await.unwrap().by_former_keys, 3);
        assert_eq!(store.installation().rotate_keys(at(2)).await.unwrap().tenants, 1);
        assert_eq!(store.installation().check_keys().await.unwrap().by_former_keys, 0);
    }
}
