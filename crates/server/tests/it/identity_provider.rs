//! A certified OpenID Connect provider, and the browser of somebody who signs in there.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use reqwest::{Client, RequestBuilder, Response, Url, header, redirect::Policy};

pub const CLIENT_ID: &str = "kuzushi";
pub const CLIENT_SECRET: &str = "a client's secret: 100% odd +&=";

/// The provider, as a process that ends with this value.
pub struct TestProvider {
    pub issuer: String,
    process: Child,
    /// Held open: it says more now and then, and ends where nobody can hear it.
    _output: BufReader<ChildStdout>,
}

impl TestProvider {
    /// One that sends browsers back to this address.
    pub fn start(redirect_uri: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/identity-provider/provider.mjs");
        let mut process = Command::new("node")
            .args([script, CLIENT_ID, CLIENT_SECRET, redirect_uri])
            // It lives as long as somebody holds this, so that it ends with a test that was killed, too.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node and the npm packages: run `npm install`");
        let mut issuer = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        output.read_line(&mut issuer).expect("a line");
        assert!(issuer.starts_with("http://"), "the provider starts: run `npm install`");
        Self { issuer: issuer.trim_end().to_owned(), process, _output: output }
    }
}

impl Drop for TestProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser that follows the provider's forms as far as the way back.
pub struct Browser {
    client: Client,
    /// By name and path.
    cookies: HashMap<(String, String), String>,
}

impl Default for Browser {
    fn default() -> Self {
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        Self { client, cookies: HashMap::new() }
    }
}

impl Browser {
    /// Signs in as this person, agrees, and returns where the provider sends the browser back to.
    pub async fn sign_in(&mut self, start: &str, email: &str) -> Url {
        let mut at: Url = start.parse().expect("an address");
        let provider = at.origin();
        let mut answer = self.get(&at).await;
        for _ in 0..10 {
            if let Some(next) = location(&answer) {
                at = at.join(&next).expect("an address");
                if at.origin() != provider {
                    return at;
                }
                answer = self.get(&at).await;
                continue;
            }
            let page = answer.text().await.expect("a page");
            let prompt = if page.contains("value=\"login\"") { "login" } else { "consent" };
            assert!(page.contains(&format!("value=\"{prompt}\"")), "{page}");
            let form = [("prompt", prompt), ("login", email), ("password", "any will do")];
            let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            let request =
                self.client.post(at.clone()).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            answer = self.send(&at, request.body(form)).await;
        }
        panic!("the provider goes in circles: {at}");
    }

    async fn get(&mut self, at: &Url) -> Response {
        self.send(at, self.client.get(at.clone())).await
    }

    async fn send(&mut self, at: &Url, request: RequestBuilder) -> Response {
        let sent = self.cookies.iter().filter(|((_, path), _)| at.path().starts_with(path));
        let sent: Vec<_> = sent.map(|((name, _), value)| format!("{name}={value}")).collect();
        let answer = request.header(header::COOKIE, sent.join("; ")).send().await.expect("an answer");
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let mut parts = cookie.to_str().expect("text").split("; ");
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            let path = parts.find_map(|part| part.strip_prefix("path=")).expect("a path");
            self.cookies.insert((name.to_owned(), path.to_owned()), value.to_owned());
        }
        answer
    }
}

/// Where an answer sends a browser.
pub fn location(answer: &Response) -> Option<String> {
    answer.headers().get(header::LOCATION).map(|location| location.to_str().expect("text").to_owned())
}
