use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::database::schema;

/// One step of the schema. Its number is its revision.
pub(crate) struct Migration {
    pub(crate) revision: u32,
    pub(crate) title: &'static str,
    up: &'static str,
    down: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        revision: 1,
        title: "orders",
        up: "CREATE TABLE orders (
                 n INTEGER PRIMARY KEY,
                 id TEXT NOT NULL,
                 at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
             );",
        down: "DROP TABLE orders;",
    },
    Migration {
        revision: 2,
        title: "a note on orders",
        up: "ALTER TABLE orders ADD COLUMN note TEXT;",
        down: "ALTER TABLE orders DROP COLUMN note;",
    },
    // Fails half way: the column is added, and then the table to fill it from is not there.
    Migration {
        revision: 3,
        title: "the price of orders",
        up: "ALTER TABLE orders ADD COLUMN price INTEGER;
             UPDATE orders SET price = (SELECT price FROM prices WHERE prices.id = orders.id);",
        down: "ALTER TABLE orders DROP COLUMN price;",
    },
];

/// The schema that a version of the app was made for, which is the newest one it knows.
pub(crate) fn head(version: u32) -> u32 {
    match version {
        0 | 1 => 1,
        2 | 3 => 2,
        _ => 3,
    }
}

/// Which way a migration is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

/// Brings the schema to revision `to`, each migration in a transaction of its own, and tells before each one what it
/// runs. At an error the schema is at the last revision that could be reached.
pub(crate) fn bring(
    connection: &mut Connection,
    way: Way,
    to: u32,
    mut tell: impl FnMut(&Migration),
) -> Result<(), (u32, rusqlite::Error)> {
    loop {
        let at = schema(connection).map_err(|e| (to, e))?;
        let next = match way {
            Way::Up if at < to => at + 1,
            Way::Down if at > to => at,
            _ => return Ok(()),
        };
        let migration =
            MIGRATIONS.iter().find(|m| m.revision == next).ok_or((next, rusqlite::Error::QueryReturnedNoRows))?;
        tell(migration);
        run(connection, migration, way, at).map_err(|e| (next, e))?;
    }
}

fn run(connection: &mut Connection, migration: &Migration, way: Way, at: u32) -> rusqlite::Result<()> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    if schema(&transaction)? != at {
        // Another process has been faster.
        return Ok(());
    }
    let (sql, after) = match way {
        Way::Up => (migration.up, migration.revision),
        Way::Down => (migration.down, migration.revision - 1),
    };
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", after)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(connection: &Connection) -> Vec<String> {
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info('orders')").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn up_and_down_and_twice_is_as_once() {
        let mut c = Connection::open_in_memory().unwrap();
        for _ in 0..2 {
            bring(&mut c, Way::Up, 2, |_| {}).unwrap();
            assert_eq!(
                (schema(&c).unwrap(), columns(&c)),
                (2, vec!["n".into(), "id".into(), "at".into(), "note".into()])
            );
        }
        for _ in 0..2 {
            bring(&mut c, Way::Down, 1, |_| {}).unwrap();
            assert_eq!((schema(&c).unwrap(), columns(&c)), (1, vec!["n".into(), "id".into(), "at".into()]));
        }
        bring(&mut c, Way::Down, 0, |_| {}).unwrap();
        assert!(columns(&c).is_empty());
    }

    #[test]
    fn a_failing_migration_leaves_the_one_before_it() {
        let mut c = Connection::open_in_memory().unwrap();
        let mut told = Vec::new();
        let (revision, _) = bring(&mut c, Way::Up, 3, |m| told.push(m.revision)).unwrap_err();
        assert_eq!((revision, told), (3, vec![1, 2, 3]));
        assert_eq!(schema(&c).unwrap(), 2);
        assert!(!columns(&c).contains(&"price".to_owned()));
    }
}
