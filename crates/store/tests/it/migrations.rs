use kuzushi_store::{on_both_engines, testing::TestDatabase};

on_both_engines! {
    async fn running_them_again_and_at_once_changes_nothing(engine: Engine) {
        let database = TestDatabase::new(engine).await;
        let (one, two) = (database.open().await, database.open().await);
        assert_eq!(one.pending_migrations().await.unwrap(), Vec::<String>::new());
        let (first, second) = tokio::join!(one.migrate(), two.migrate());
        first.unwrap();
        second.unwrap();
        one.ping().await.unwrap();
    }
}
