//! A hospital with an app and a conversation, on a database of its own.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use kuzushi_domain::{Phi, config::AppConfig};
use kuzushi_store::{
    AcceptedMessage, App, Engine, NewApp, NewConfig, NewSession, NewTenant, NewUserMessage, NextTurn, Session,
    SessionMetadata, Store, TenantScope, Turn,
    testing::{TestDatabase, canary::typed},
};

pub struct Hospital {
    pub database: TestDatabase,
    pub store: Store,
    pub scope: TenantScope,
    pub app: App,
}

/// A fixed time, plus seconds.
pub fn at(seconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap() + TimeDelta::seconds(seconds)
}

impl Hospital {
    pub async fn open(engine: Engine) -> Self {
        let database = TestDatabase::new(engine).await;
        let store = database.open().await;
        let (scope, app) = add_tenant(&store, "st-marys").await;
        Self { database, store, scope, app }
    }

    pub async fn session(&self) -> Session {
        let metadata = SessionMetadata {
            page_url: Some("https://www.example.org/visit".into()),
            host_origin: Some("https://www.example.org".into()),
            user_agent: Some(typed("Mozilla/5.0")),
            locale: Some("en-US".into()),
        };
        let new = NewSession {
            app: self.app.id,
            widget_instance_id: "widget-1".into(),
            owner: None,
            config_version: 1,
            metadata,
        };
        self.scope.create_session(new, at(0)).await.unwrap()
    }

    /// Begins the conversation's next turn, which there has to be.
    pub async fn begin(&self, session: &Session, seconds: i64) -> Turn {
        begun(self.scope.begin_next_turn(session.id, at(seconds)).await.unwrap())
    }

    pub async fn say(&self, session: &Session, message_id: &str, content: &str) -> AcceptedMessage {
        self.scope.accept_user_message(session, message(message_id, content), at(1)).await.unwrap()
    }
}

pub fn begun(next: NextTurn) -> Turn {
    let NextTurn::Begun(turn) = next else { panic!("a turn, not {next:?}") };
    turn
}

pub fn message(message_id: &str, content: &str) -> NewUserMessage {
    NewUserMessage {
        message_id: message_id.into(),
        content: Phi::new(typed(content)),
        attachments: Vec::new(),
        client_timestamp: None,
        is_spoken: false,
        begin: false,
        emergency: None,
    }
}

pub async fn add_tenant(store: &Store, name: &str) -> (TenantScope, App) {
    let tenant = NewTenant { name: name.into(), domain: format!("{name}.example") };
    let tenant = store.installation().create_tenant(tenant, at(0)).await.unwrap();
    let scope = store.tenant(tenant.id).await.unwrap();
    let app = NewApp {
        project_id: format!("{name}-portal"),
        name: "Portal".into(),
        description: String::new(),
        allowed_origins: vec!["https://www.example.org".into()],
    };
    let app = scope.create_app(app, at(0)).await.unwrap();
    scope.publish_config(app.id, config("first"), at(0)).await.unwrap();
    (scope, app)
}

pub fn config(note: &str) -> NewConfig {
    NewConfig { config: AppConfig::default(), created_by: "test".into(), note: note.into() }
}
