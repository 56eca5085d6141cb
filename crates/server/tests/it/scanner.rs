//! clamd itself, on signatures of the tests' own: it looks at what visitors send, and is missed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use image::ImageFormat;
use kuzushi_store::{Engine, on_both_engines};
use reqwest::Response;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::UnixStream, time::timeout};

use crate::{
    app::TestApp,
    files::{eicar, picture, plain_pdf},
    process::free_port,
    server::{StartedSession, problem},
};

/// clamd, as a process that ends with this value and with the test that has it.
struct Clamd {
    folder: TempDir,
    port: u16,
    /// A shell, which ends clamd as soon as nobody holds its input any more.
    keeper: Option<Child>,
}

impl Clamd {
    /// One that knows a single signature and takes at most 4 MB.
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signatures = folder.path().join("signatures");
        fs::create_dir(&signatures).unwrap();
        let hex: String = eicar().iter().map(|byte| format!("{byte:02x}")).collect();
        // In a file of any kind, at any place of it.
        fs::write(signatures.join("tests.ndb"), format!("Eicar:0:*:{hex}\n")).unwrap();
        let port = free_port();
        let settings = [
            "Foreground yes".to_owned(),
            format!("DatabaseDirectory {}", signatures.display()),
            format!("TemporaryDirectory {}", folder.path().display()),
            format!("LocalSocket {}", folder.path().join("clamd.ctl").display()),
            "TCPAddr 127.0.0.1".to_owned(),
            format!("TCPSocket {port}"),
            format!("PidFile {}", folder.path().join("pid").display()),
            "StreamMaxLength 4M".to_owned(),
        ];
        fs::write(folder.path().join("clamd.conf"), settings.join("\n") + "\n").unwrap();
        let mut clamd = Self { folder, port, keeper: None };
        clamd.start_again().await;
        clamd
    }

    fn unix(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn tcp(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("clamd.ctl")
    }

    async fn start_again(&mut self) {
        let keep = r#""$0" -c "$1" & cat >/dev/null; kill -s KILL $!; wait"#;
        let keeper = Command::new("sh")
            .args([Path::new("-c"), Path::new(keep), &program(), &self.folder.path().join("clamd.conf")])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.keeper = Some(keeper.unwrap());
        let listening = async {
            while UnixStream::connect(self.socket()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(30), listening).await.expect("clamd listens in time");
    }

    fn signal(&self, name: &str) {
        let pid = fs::read_to_string(self.folder.path().join("pid")).unwrap();
        let told = Command::new("kill").args(["-s", name, pid.trim()]).status().unwrap();
        assert!(told.success());
    }

    /// kill -9, and wait until it is gone.
    fn kill(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().unwrap();
        }
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where Debian has it, which is not on everybody's path, or where `scripts/test-tools.sh` unpacked it.
fn program() -> PathBuf {
    let unpacked = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/clamd/usr/sbin/clamd");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).map(|folder| folder.join("clamd")).collect();
    folders.extend(["/usr/sbin/clamd", unpacked].map(PathBuf::from));
    folders.into_iter().find(|program| program.is_file()).expect("clamd: run scripts/test-tools.sh")
}

impl TestApp {
    async fn start_scanned_by(engine: Engine, address: &str) -> (Self, StartedSession) {
        let address = address.parse().unwrap();
        let app = Self::start_with(engine, |config| config.files.clamd_address = Some(address)).await;
        let session = app.init("portal").await;
        (app, session)
    }

    async fn send_photo(&self, session: &StartedSession) -> Response {
        self.send_file(session, "photo.png", "image/png", picture(ImageFormat::Png, 20, 20)).await
    }
}

async fn expect_unavailable(response: Response) {
    assert_eq!(response.headers()["retry-after"], "5");
    let (status, code, _) = problem(response).await;
    assert_eq!((status, code.as_str()), (503, "UNAVAILABLE"));
}

on_both_engines! {
    async fn what_it_warns_of_is_refused_and_the_rest_is_taken(engine: Engine) {
        let clamd = Clamd::start().await;
        for address in [clamd.unix(), clamd.tcp()] {
            let (app, session) = TestApp::start_scanned_by(engine, &address).await;
            assert_eq!(app.send_photo(&session).await.status(), 201);
            assert_eq!(app.sent_file(&session, "letter.pdf", plain_pdf()).await["mediaType"], "application/pdf");
            let jpeg = picture(ImageFormat::Jpeg, 20, 20);
            // Its own kind, which is refused by itself, and two that would be taken, or drawn anew, without a scanner.
            for bytes in [eicar(), [plain_pdf(), eicar()].concat(), [jpeg, eicar()].concat()] {
                let refused = app.send_file(&session, "a.jpg", "image/jpeg", bytes).await;
                assert_eq!(refused.status(), 422);
                let refusal: Value = refused.json().await.unwrap();
                assert_eq!(refusal["code"], "FILE_UNSAFE");
                let detail = refusal["detail"].as_str().unwrap();
                assert!(detail.contains("the virus scanner warns of it") && !detail.contains("Eicar"), "{detail}");
            }
            assert_eq!(app.files().await, 2);
        }
    }

    async fn more_than_it_takes_is_as_good_as_no_scanner(engine: Engine) {
        let clamd = Clamd::start().await;
        let (app, session) = TestApp::start_scanned_by(engine, &clamd.tcp()).await;
        let much = [picture(ImageFormat::Jpeg, 20, 20), vec![0; 5 * 1024 * 1024]].concat();
        expect_unavailable(app.send_file(&session, "a.jpg", "image/jpeg", much).await).await;
        assert_eq!(app.files().await, 0);
    }

    async fn it_is_waited_for_while_it_is_slow(engine: Engine) {
        let clamd = Clamd::start().await;
        let (app, session) = TestApp::start_scanned_by(engine, &clamd.unix()).await;
        clamd.signal("STOP");
        let mut sending = Box::pin(app.send_photo(&session));
        assert!(timeout(Duration::from_millis(500), &mut sending).await.is_err(), "nothing is taken unseen");
        clamd.signal("CONT");
        assert_eq!(sending.await.status(), 201);
    }

    async fn nothing_is_taken_while_it_is_gone_and_everything_once_it_is_back(engine: Engine) {
        let mut clamd = Clamd::start().await;
        let (app, session) = TestApp::start_scanned_by(engine, &clamd.unix()).await;
        clamd.signal("STOP");
        let mut sending = Box::pin(app.send_photo(&session));
        assert!(timeout(Duration::from_millis(500), &mut sending).await.is_err());
        // With the file in its hands.
        clamd.kill();
        expect_unavailable(sending.await).await;
        expect_unavailable(app.send_photo(&session).await).await;
        assert_eq!(app.files().await, 0);
        clamd.start_again().await;
        assert_eq!(app.send_photo(&session).await.status(), 201);
    }
}
