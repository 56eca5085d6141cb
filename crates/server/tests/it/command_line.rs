//! The `kuzushi` command: what it says when something is wrong, and that one line says it.

use std::{net::TcpListener, os::unix::fs::PermissionsExt, process::Output};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tempfile::TempDir;

use crate::process::kuzushi;

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    run_in(&folder, arguments, environment)
}

fn run_in(folder: &TempDir, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    kuzushi(folder.path()).args(arguments).envs(environment.iter().copied()).output().unwrap()
}

/// The one line that a failed start leaves.
fn complaint(output: Output) -> String {
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    let complaints: Vec<_> = text.lines().filter(|line| line.starts_with("kuzushi: ")).collect();
    assert_eq!(complaints.len(), 1, "{text}");
    assert_eq!(text.lines().last(), Some(complaints[0]), "nothing follows it");
    complaints[0].to_owned()
}

#[test]
fn a_value_that_cannot_be_used_stops_the_start_with_a_line_that_names_it() {
    for (name, value, wanted) in [
        ("PORT", "http", "a port number"),
        ("PORT", "70000", "a port number"),
        ("HOST", "everywhere", "an IP address"),
        ("ALLOW_PLAINTEXT", "maybe", "true or false"),
        ("API_BASE_URL", "assistant.example.org", "https://assistant.example.org"),
        ("ALLOWED_ORIGINS", "https://a.example,*", "http://localhost:*"),
        ("DATABASE_URL", "mysql://localhost/x", "postgres://"),
        ("DATABASE_POOL_MAX", "0", "at least 1"),
        ("JWT_SECRET", "short", "at least 32 bytes"),
        ("JWT_SECRET_PREVIOUS", "short", "at least 32 bytes"),
        ("JWT_EXPIRATION", "a week", "7d"),
        ("CONTENT_KEY", "abc", "32 bytes in base64"),
        ("CONTENT_KEY_PREVIOUS", "abc", "32 bytes in base64"),
        ("CONTENT_KEY_COMMAND", " ", "a program and its arguments"),
        ("CONTENT_KEY_COMMAND_TIMEOUT", "soon", "a number and a unit"),
        ("WS_HEARTBEAT_INTERVAL", "1", "at least 100"),
        ("CLAMD_ADDRESS", "clamd", "tcp://127.0.0.1:3310"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("LOG_LEVEL", "loud", "error, warn, info"),
        ("STAFF_SECOND_FACTOR", "some", "all, managers or nobody"),
        ("MODEL_PRICES", "gpt-5=1/2", "openai/gpt-5=1.25/10"),
        ("DATABASE_POOL_MIN", "50", "DATABASE_POOL_MAX"),
    ] {
        let line = complaint(run(&["serve"], &[(name, value)]));
        assert!(line.contains(name) && line.contains(wanted), "{name}={value}: {line}");
        assert!(!line.contains("::"), "people don't know our structs: {line}");
        let secret = matches!(
            name,
            "JWT_SECRET" | "JWT_SECRET_PREVIOUS" | "CONTENT_KEY" | "CONTENT_KEY_PREVIOUS" | "DATABASE_URL"
        );
        assert!(secret || line.contains(value.split(',').next_back().unwrap()), "{name}: {line}");
    }
}

#[test]
fn serving_needs_a_secret_and_says_so() {
    let line = complaint(run(&["serve"], &[("PORT", "0")]));
    assert!(line.contains("JWT_SECRET is missing"), "{line}");
}

#[test]
fn unencrypted_connections_from_other_machines_are_refused_with_the_remedies() {
    let line = complaint(run(&["serve"], &[("PORT", "0"), ("HOST", "0.0.0.0")]));
    for remedy in ["0.0.0.0", "TLS_CERT_FILE", "TRUSTED_PROXIES", "ALLOW_PLAINTEXT=true"] {
        assert!(line.contains(remedy), "{line}");
    }
    for allowed in [("ALLOW_PLAINTEXT", "true"), ("TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8"), ("HOST", "::1")] {
        let line = complaint(run(&["serve"], &[("PORT", "0"), ("HOST", "0.0.0.0"), allowed]));
        assert!(line.contains("JWT_SECRET is missing"), "the next thing that is wanted: {line}");
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (authority, chain, key, other) = (crate::authority::Authority::new(), path("a"), path("b"), path("c"));
    authority.issue(other.as_ref(), key.as_ref());
    authority.issue(chain.as_ref(), other.as_ref());
    for (chain, key, wanted) in [
        (&path("missing"), &key, "TLS_CERT_FILE"),
        (&other, &key, "TLS_CERT_FILE"),
        (&chain, &path("missing"), "TLS_KEY_FILE"),
        (&chain, &chain, "TLS_KEY_FILE"),
        (&chain, &key, "is not the key"),
    ] {
        let line = complaint(run(&["serve"], &[("PORT", "0"), ("TLS_CERT_FILE", chain), ("TLS_KEY_FILE", key)]));
        assert!(line.contains(wanted), "{line}");
    }
    let line = complaint(run(&["serve"], &[("PORT", "0"), ("TLS_CERT_FILE", &chain)]));
    assert!(line.contains("TLS_KEY_FILE"), "{line}");
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let line = complaint(run(&["demo"], &[("PORT", &port)]));
    assert!(line.contains(&port) && line.contains("in use"), "{line}");
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_line() {
    // A file where the folder should be stops even root.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "").unwrap();
    let line = complaint(run_in(&folder, &["demo"], &[("PORT", "0")]));
    assert!(line.contains("DATA_DIR"), "{line}");
}

#[test]
fn a_database_that_is_not_there_is_one_clear_line() {
    let line = complaint(run(&["migrate"], &[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")]));
    assert!(line.contains("DATABASE_URL") && line.contains("127.0.0.1:1: ") && line.contains("refused"), "{line}");
}

#[test]
fn another_content_key_than_the_databases_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run_in(&folder, &["seed"], &[]).status.success());
    std::fs::remove_file(folder.path().join("data/content.key")).unwrap();
    let secret = ("JWT_SECRET", crate::app::SECRET);
    let line = complaint(run_in(&folder, &["serve"], &[secret, ("PORT", "0")]));
    assert!(line.contains("CONTENT_KEY"), "{line}");
}

#[test]
fn a_file_sets_what_the_environment_does_not_and_an_unknown_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kuzushi.toml");
    std::fs::write(&file, "[http]\nport = 0\n[security]\njwt_secret = \"short\"\n").unwrap();
    let line = complaint(run_in(&folder, &["serve", "--config", "kuzushi.toml"], &[]));
    assert!(line.contains("[security]") && line.contains("32 bytes"), "{line}");
    std::fs::write(&file, "[http]\nprot = 0\n").unwrap();
    let line = complaint(run_in(&folder, &["serve", "--config", "kuzushi.toml"], &[]));
    assert!(line.contains("prot"), "{line}");
    let line = complaint(run_in(&folder, &["serve", "--config", "missing.toml"], &[]));
    assert!(line.contains("missing.toml"), "{line}");
}

#[test]
fn seeding_again_changes_nothing_and_a_mistake_in_the_files_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let hospital = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/hospital");
    let first = String::from_utf8(run_in(&folder, &["seed", hospital], &[]).stdout).unwrap();
    assert_eq!(first, "7 apps; 7 config versions published, 10 articles changed\n");
    let second = String::from_utf8(run_in(&folder, &["seed", hospital], &[]).stdout).unwrap();
    assert_eq!(second, "7 apps; 0 config versions published, 0 articles changed\n");
    let broken = tempfile::tempdir().unwrap();
    std::fs::create_dir(broken.path().join("articles")).unwrap();
    std::fs::write(broken.path().join("hospital.toml"), "[tenant]\nname = \"x\"\n").unwrap();
    let line = complaint(run_in(&folder, &["seed", broken.path().to_str().unwrap()], &[]));
    assert!(line.contains("hospital.toml") && line.contains("domain"), "{line}");
}

#[test]
fn migrating_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let first = String::from_utf8(run_in(&folder, &["migrate"], &[]).stdout).unwrap();
    assert!(!first.starts_with("0 "), "{first}");
    for file in std::fs::read_dir(folder.path().join("data")).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is for its owner only", file.path().display());
    }
    assert_eq!(run_in(&folder, &["migrate"], &[]).stdout, b"0 migrations applied; the schema is up to date\n");
}

#[test]
fn help_tells_what_each_command_is_for() {
    let help = String::from_utf8(run(&["--help"], &[]).stdout).unwrap();
    for command in ["serve", "demo", "migrate", "seed", "openapi", "config-reference"] {
        assert!(help.contains(command), "{command}");
    }
    let serve = String::from_utf8(run(&["serve", "--help"], &[]).stdout).unwrap();
    assert!(serve.contains("JWT_SECRET"), "{serve}");
}

#[test]
fn the_first_key_is_made_on_the_command_line_and_can_be_revoked_there() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let output = run_in(&folder, arguments, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(said(&["admin", "list-keys"]), "", "a fresh installation has none");
    let key = said(&["admin", "create-key", "--name", "Ann", "--expires-in", "90d"]);
    let (id, secret) = key.trim_end().split_at("key_".len() + 32);
    assert!(id.starts_with("key_") && secret.len() == 44, "{key}");
    let list = said(&["admin", "list-keys"]);
    assert!(list.contains(id) && list.contains("operator") && list.contains("until 20") && !list.contains(secret));
    said(&["admin", "revoke-key", id]);
    assert!(said(&["admin", "list-keys"]).contains("revoked"));

    for (arguments, wanted) in [
        (&["admin", "create-key", "--name", "Ben", "--role", "owner"][..], "--tenant: is missing"),
        (&["admin", "create-key", "--name", "Ben", "--tenant", "a.example"], "an operator belongs to no tenant"),
        (
            &["admin", "create-key", "--name", "Ben", "--role", "owner", "--tenant", "a.example"],
            "no tenant `a.example`",
        ),
        (&["admin", "revoke-key", "key_00000000000000000000000000000000"], "there is no key"),
    ] {
        let line = complaint(run_in(&folder, arguments, &[]));
        assert!(line.contains(wanted), "{line}");
    }
}

#[test]
fn the_first_operator_is_invited_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let output = run_in(&folder, arguments, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let email = ["--email", "Ann@example.org"];
    let code = said(&[&["admin", "create-operator", "--name", "Ann"][..], &email[..]].concat());
    assert!(code.starts_with("stf_") && code.trim_end().len() == "stf_".len() + 32 + 44, "{code}");
    let another = said(&["admin", "enrolment-code", "--email", "ann@example.org"]);
    assert_eq!(code[.."stf_".len() + 32], another[.."stf_".len() + 32], "the same person");
    assert_ne!(code, another);
    said(&["admin", "reset-second-factor", "--email", "ann@example.org"]);
    for (arguments, wanted) in [
        (&["admin", "create-operator", "--name", "Ann", "--email", "ann@example.org"][..], "enrolment-code"),
        (&["admin", "create-operator", "--name", " ", "--email", "bob@example.org"], "--name: must not be empty"),
        (&["admin", "enrolment-code", "--email", "bob@example.org"], "nobody has this address"),
        (&["admin", "enrolment-code", "--email", "ann@example.org", "--tenant", "a.example"], "no tenant `a.example`"),
    ] {
        let line = complaint(run_in(&folder, arguments, &[]));
        assert!(line.contains(wanted), "{line}");
    }
}

#[test]
fn the_content_key_is_changed_and_the_former_one_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (former, next) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
    let file = folder.path().join("content-key");
    std::fs::write(&file, format!("{next}\n")).unwrap();
    let file = ("CONTENT_KEY_FILE", file.to_str().unwrap());
    let previous = ("CONTENT_KEY_PREVIOUS", former.as_str());
    let said = |output: Output| (output.status.success(), String::from_utf8(output.stdout).unwrap());
    assert!(run_in(&folder, &["seed"], &[("CONTENT_KEY", &former)]).status.success());
    let both_set = complaint(run_in(&folder, &["keys", "verify"], &[file, ("CONTENT_KEY", &next)]));
    assert!(both_set.contains("CONTENT_KEY and CONTENT_KEY_FILE"), "{both_set}");
    let forgotten = complaint(run_in(&folder, &["keys", "verify"], &[file]));
    assert!(forgotten.contains("CONTENT_KEY_PREVIOUS"), "{forgotten}");
    let secret = ("JWT_SECRET", "a secret that is long enough to be one");
    let not_served = complaint(run_in(&folder, &["serve"], &[file, secret, ("PORT", "0")]));
    assert!(not_served.contains("CONTENT_KEY_PREVIOUS"), "{not_served}");
    let (opens, left) = said(run_in(&folder, &["keys", "verify"], &[file, previous]));
    assert!(opens && left.contains("3 keys want CONTENT_KEY_PREVIOUS"), "{left}");
    let (done, rotated) = said(run_in(&folder, &["keys", "rotate"], &[file, previous]));
    assert!(done && rotated.contains("1 tenants and 2 audit chains"), "{rotated}");
    let (opens, left) = said(run_in(&folder, &["keys", "verify"], &[file]));
    assert!(opens && left.contains("CONTENT_KEY_PREVIOUS is not needed"), "{left}");
}

#[test]
fn keys_move_from_the_environment_to_a_program_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let (key, next) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
    // Its service keeps what it is given, and hands it out for a number.
    let script = "read -r given; env >>seen\n\
                  case $1 in wrap) echo \"$given\" >>kept; wc -l <kept;; unwrap) sed -n \"${given}p\" kept;; esac";
    std::fs::write(folder.path().join("keep"), script).unwrap();
    let (before, after) = (("CONTENT_KEY", key.as_str()), ("CONTENT_KEY", next.as_str()));
    let program = ("CONTENT_KEY_COMMAND", "sh keep");
    let said = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = run_in(&folder, arguments, environment);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    said(&["seed"], &[before]);
    let both_set = complaint(run_in(&folder, &["keys", "verify"], &[before, program]));
    assert!(both_set.contains("CONTENT_KEY and CONTENT_KEY_COMMAND are set"), "{both_set}");
    let secret = ("JWT_SECRET", "a secret that is long enough to be one");
    let forgotten = complaint(run_in(&folder, &["serve"], &[program, secret, ("PORT", "0")]));
    assert!(forgotten.contains("name it in CONTENT_KEY_PREVIOUS"), "{forgotten}");
    let rotated = said(&["keys", "rotate"], &[program, ("CONTENT_KEY_PREVIOUS", &key), secret]);
    assert!(rotated.contains("1 tenants and 2 audit chains"), "{rotated}");
    assert!(said(&["keys", "verify"], &[program]).contains("CONTENT_KEY_COMMAND_PREVIOUS"));
    let seen = std::fs::read_to_string(folder.path().join("seen")).unwrap();
    assert!(seen.contains("PWD=") && !seen.contains("JWT_SECRET") && !seen.contains("CONTENT_KEY"), "{seen}");
    std::fs::write(folder.path().join("broken"), "echo 'AccessDenied: ask Ann' >&2; exit 4").unwrap();
    let broken = complaint(run_in(&folder, &["serve"], &[("CONTENT_KEY_COMMAND", "sh broken"), secret, ("PORT", "0")]));
    assert!(broken.contains("`sh broken unwrap` failed with exit status: 4: AccessDenied: ask Ann"), "{broken}");

    let former = ("CONTENT_KEY_COMMAND_PREVIOUS", program.1);
    assert!(said(&["keys", "rotate"], &[after, former]).contains("1 tenants and 2 audit chains"));
    assert!(said(&["keys", "verify"], &[after]).contains("1 tenants, 2 audit chains"));
}

#[test]
fn what_a_pages_policy_has_to_allow_is_printed_for_an_address() {
    let printed = |output: Output| String::from_utf8(output.stdout).unwrap();
    let lines = "script-src https://assistant.example.org\nconnect-src https://assistant.example.org wss://assistant.example.org\n";
    assert_eq!(printed(run(&["csp", "--api-base-url", "https://assistant.example.org/"], &[])), lines);
    assert_eq!(printed(run(&["csp"], &[("API_BASE_URL", "https://assistant.example.org")])), lines);
    assert!(complaint(run(&["csp"], &[])).contains("API_BASE_URL: wants the server's address"));
    assert!(complaint(run(&["csp", "--api-base-url", "assistant"], &[])).contains("--api-base-url: got `assistant`"));
}
