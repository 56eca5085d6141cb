//! Rows that a statement is given: one statement over as many as wait.
//!
//! The statement reads them from a table named `given`. Its text does not change with the number of rows, so that the
//! database plans it once. On PostgreSQL each column is one parameter, an array. SQLite has no arrays, but plans quickly:
//! there the rows are a list of values, in a few sizes.

use std::collections::HashSet;

use sea_orm::{
    ConnectionTrait, DbBackend, QueryResult, Statement, TryGetableMany, Value,
    sea_query::{ArrayType, ValueType},
};

use crate::StoreError;

/// Rows at most: SQLite takes 32,766 parameters, and the widest of our tables has less than 32 columns.
pub(crate) const MOST_ROWS: usize = 1_024;

/// Binds nothing to a parameter, of whatever type.
const NULL: Value = Value::BigInt(None);

/// The table `given`, column by column. Its columns are of one length.
#[derive(Default)]
pub(crate) struct Given {
    same: Vec<(&'static str, Value)>,
    columns: Vec<Column>,
    /// Rows that there is room for at least.
    room: usize,
}

#[derive(Clone)]
struct Column {
    name: &'static str,
    kind: ArrayType,
    values: Vec<Value>,
    /// Which of the values are there, where some may be missing.
    present: Option<Vec<bool>>,
}

impl Given {
    /// Makes room for so many rows as well: statements that go to the database together have few texts where all have one size.
    pub(crate) fn with_room_for(mut self, rows: usize) -> Self {
        self.room = rows;
        self
    }

    /// A column with one value for all rows.
    pub(crate) fn same(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.same.push((name, value.into()));
        self
    }

    /// A column with a value for each row.
    pub(crate) fn each<T: ValueType + Into<Value>>(
        mut self,
        name: &'static str,
        values: impl Iterator<Item = T>,
    ) -> Self {
        let values = values.map(Into::into).collect();
        self.columns.push(Column { name, kind: T::array_type(), values, present: None });
        self
    }

    /// A column with a value for some rows.
    pub(crate) fn some<T: ValueType + Into<Value> + Default>(
        mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<T>>,
    ) -> Self {
        let (present, values) = values.map(|value| (value.is_some(), value.unwrap_or_default().into())).unzip();
        self.columns.push(Column { name, kind: T::array_type(), values, present: Some(present) });
        self
    }

    /// Runs a statement that reads the table, and returns its rows.
    pub(crate) async fn query<Row: TryGetableMany>(
        self,
        connection: &impl ConnectionTrait,
        statement: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let backend = connection.get_database_backend();
        let (sql, values) = self.reading(backend, statement);
        read(&connection.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?)
    }

    /// Runs statements that read the table and write, each without looking at what the others write.
    pub(crate) async fn execute(
        self,
        connection: &impl ConnectionTrait,
        statements: &[&str],
    ) -> Result<(), StoreError> {
        let backend = connection.get_database_backend();
        let (sql, values) = self.writing(backend, statements);
        connection.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        Ok(())
    }

    /// A statement that reads the table.
    pub(crate) fn reading(self, backend: DbBackend, statement: &str) -> (String, Vec<Value>) {
        let (table, values) = self.into_table(backend);
        (format!("WITH given AS ({table}) {statement}"), values)
    }

    /// Statements that read the table and write, each without looking at what the others write: on PostgreSQL all in one, on
    /// SQLite one after the other, each with those columns only that it names.
    pub(crate) fn writing(self, backend: DbBackend, statements: &[&str]) -> (String, Vec<Value>) {
        match backend {
            DbBackend::Sqlite => {
                let each = statements.iter().map(|statement| self.naming(statement).reading(backend, statement));
                in_turn(each)
            }
            _ => {
                let (table, values) = self.into_table(backend);
                (format!("WITH given AS ({table}){}", in_one(statements)), values)
            }
        }
    }

    /// The table without the columns that the statement does not name. The first one stays: it says how many rows there are.
    fn naming(&self, statement: &str) -> Self {
        let words: HashSet<_> =
            statement.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
        let is_named = |name: &str| words.contains(name);
        let (first, others) = self.columns.split_at(self.columns.len().min(1));
        Self {
            same: self.same.iter().filter(|(name, _)| is_named(name)).cloned().collect(),
            columns: first.iter().chain(others.iter().filter(|column| is_named(column.name))).cloned().collect(),
            room: self.room,
        }
    }

    fn into_table(self, backend: DbBackend) -> (String, Vec<Value>) {
        match backend {
            DbBackend::Sqlite => self.into_values(),
            _ => self.into_arrays(),
        }
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// For PostgreSQL. The limit takes no row away: from a limit that it does not know when it plans, PostgreSQL
    /// concludes that there will be few rows, and looks each up by its index, also where it plans while the tables are
    /// still empty.
    fn into_arrays(self) -> (String, Vec<Value>) {
        let limit = count(self.rows());
        let mut values = Vec::new();
        let mut bind = |value| {
            values.push(value);
            format!("${}", values.len())
        };
        let (mut selected, mut arrays, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in self.same {
            selected.push(format!("{} AS {name}", bind(value)));
        }
        for Column { name, kind, values, present } in self.columns {
            arrays.push(bind(Value::Array(kind, Some(Box::new(values)))));
            names.push(String::from(name));
            // Arrays cannot have holes here; what is missing has a stand-in.
            selected.push(match present {
                None => String::from(name),
                Some(present) => {
                    arrays.push(bind(Value::from(present)));
                    names.push(format!("has_{name}"));
                    format!("CASE WHEN has_{name} THEN {name} END AS {name}")
                }
            });
        }
        let (selected, arrays, names) = (selected.join(", "), arrays.join(", "), names.join(", "));
        (format!("SELECT {selected} FROM UNNEST({arrays}) AS rows ({names}) LIMIT {}", bind(limit)), values)
    }

    /// For SQLite. The list has room for more rows than there are, up to the next power of two, and says which of them
    /// count: so there are few texts, and each is prepared once.
    fn into_values(self) -> (String, Vec<Value>) {
        let rows = self.rows();
        let room = rows.max(self.room).next_power_of_two();
        let row = ", ?".repeat(self.columns.len());
        let list: Vec<_> = (1..=room).map(|number| format!("({number}{row})")).collect();
        let mut values = Vec::with_capacity(self.same.len() + room * self.columns.len() + 1);
        let (mut selected, mut columns) = (Vec::new(), Vec::new());
        for (name, value) in self.same {
            values.push(value);
            selected.push(format!("? AS {name}"));
        }
        for (number, column) in (2..).zip(self.columns) {
            selected.push(format!("column{number} AS {}", column.name));
            columns.push(column.with_holes());
        }
        for _ in 0..room {
            values.extend(columns.iter_mut().map(|column| column.next().unwrap_or(NULL)));
        }
        values.push(count(rows));
        (format!("SELECT {} FROM (VALUES {}) WHERE column1 <= ?", selected.join(", "), list.join(", ")), values)
    }
}

impl Column {
    fn with_holes(self) -> impl Iterator<Item = Value> {
        let mut present = self.present.map(Vec::into_iter);
        self.values.into_iter().map(move |value| {
            let is_present = present.as_mut().and_then(Iterator::next).unwrap_or(true);
            if is_present { value } else { NULL }
        })
    }
}

fn count(rows: usize) -> Value {
    Value::BigInt(rows.try_into().ok())
}

/// Statements for one call, one after the other.
pub(crate) fn in_turn(statements: impl Iterator<Item = (String, Vec<Value>)>) -> (String, Vec<Value>) {
    let (texts, values): (Vec<_>, Vec<_>) = statements.unzip();
    (texts.join("; "), values.into_iter().flatten().collect())
}

/// What a statement returned, as values.
pub(crate) fn read<Row: TryGetableMany>(rows: &[QueryResult]) -> Result<Vec<Row>, StoreError> {
    Ok(rows.iter().map(QueryResult::try_get_many_by_index).collect::<Result<_, _>>()?)
}

/// Writes in one statement: what stands before the last one is part of its WITH.
fn in_one(statements: &[&str]) -> String {
    let mut sql = String::new();
    for (number, statement) in (1..).zip(statements) {
        sql += &if number == statements.len() {
            format!(" {statement}")
        } else {
            format!(", written_{number} AS ({statement})")
        };
    }
    sql
}

/// How a SELECT ends that keeps a table's rows to itself for the rest of the transaction. On SQLite a transaction that
/// writes has the database to itself.
pub(crate) fn locked(backend: DbBackend, table: &str) -> String {
    match backend {
        DbBackend::Sqlite => String::new(),
        _ => format!("FOR UPDATE OF {table}"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::{on_both_engines, testing::TestDatabase};

    fn numbers(rows: usize) -> Given {
        Given::default()
            .same("tenant_id", Uuid::nil())
            .each("number", (0_i64..).take(rows))
            .some("name", (0..rows).map(|number| (number % 2 == 0).then(|| number.to_string())))
    }

    #[test]
    fn the_text_is_the_same_for_any_number_of_rows_or_for_few_numbers_of_texts() {
        let postgres = |rows| numbers(rows).into_table(DbBackend::Postgres).0;
        assert_eq!(postgres(1), postgres(MOST_ROWS));
        let sqlite = |rows| numbers(rows).into_table(DbBackend::Sqlite);
        assert_eq!(sqlite(5).0, sqlite(8).0);
        assert_eq!(numbers(1).with_room_for(5).into_table(DbBackend::Sqlite).0, sqlite(8).0);
        assert_ne!(sqlite(8).0, sqlite(9).0);
        for rows in [1, 2, 3, 64, MOST_ROWS] {
            let (text, values) = sqlite(rows);
            assert_eq!(text.matches('?').count(), values.len(), "{rows} rows");
        }
    }

    #[test]
    fn sqlite_is_handed_only_what_a_statement_names() {
        let (text, values) =
            numbers(2).writing(DbBackend::Sqlite, &["SELECT name FROM given", "SELECT tenant_id FROM given"]);
        let (first, second) = text.split_once("; ").unwrap();
        assert!(first.contains("AS name") && !first.contains("AS tenant_id"));
        assert!(second.contains("AS tenant_id") && !second.contains("AS name"));
        assert_eq!(text.matches('?').count(), values.len());
    }

    type Row = (i64, String, Vec<u8>, Uuid, bool, DateTime<Utc>, Option<String>, Option<Vec<u8>>, Option<Uuid>, i32);

    fn row(number: u32) -> Row {
        let words = ["", "'; DROP TABLE messages; --", "müde \u{1f634} 眠い", "NULL", "{\"a\",null}", "\\N\n\t\u{1}"];
        let word = words[number as usize % words.len()].to_owned();
        let bytes = vec![0, 255, b'\'', b'\\'][..number as usize % 5].to_vec();
        let time = DateTime::from_timestamp_micros(1_795_000_000_000_000 + i64::from(number) * 333_333).unwrap();
        let here = number.is_multiple_of(3);
        (
            i64::from(number) - 2,
            word.clone(),
            bytes.clone(),
            Uuid::from_u128(u128::from(number)),
            number.is_multiple_of(2),
            time,
            here.then_some(word),
            here.then_some(bytes),
            here.then_some(Uuid::max()),
            7,
        )
    }

    on_both_engines! {
        async fn rows_come_back_as_they_were_given(engine: Engine) {
            let database = TestDatabase::new(engine).await;
            let store = database.open().await;
            for count in [0, 1, 2, 3, 11, MOST_ROWS] {
                let rows: Vec<_> = (0..).take(count).map(row).collect();
                let given = Given::default()
                    .same("seven", 7)
                    .each("number", rows.iter().map(|row| row.0))
                    .each("words", rows.iter().map(|row| row.1.clone()))
                    .each("bytes", rows.iter().map(|row| row.2.clone()))
                    .each("name", rows.iter().map(|row| row.3))
                    .each("flag", rows.iter().map(|row| row.4))
                    .each("time", rows.iter().map(|row| row.5))
                    .some("some_words", rows.iter().map(|row| row.6.clone()))
                    .some("some_bytes", rows.iter().map(|row| row.7.clone()))
                    .some("some_name", rows.iter().map(|row| row.8));
                let statement = "SELECT number, words, bytes, name, flag, time, some_words, some_bytes, some_name, seven \
                                 FROM given ORDER BY number";
                let found: Vec<Row> = given.query(&store.connections().reader, statement).await.unwrap();
                assert_eq!(found, rows);
            }
        }
    }
}
