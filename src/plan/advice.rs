//! What messages tell people to do, in the words of the tools that make dumps of a dialect.

use super::Planner;
use crate::rulebook::SqlDialect;

/// The ways out of a refusal that depend on where the dump comes from.
#[derive(Debug, PartialEq, Eq)]
pub struct Advice {
    /// The rows of a table come in a way that nobody can follow.
    pub rows: &'static str,
    /// Nothing says which columns rows have.
    pub schema: &'static str,
    /// The schema comes too late.
    pub schema_first: &'static str,
    /// A statement holds a password.
    pub password: &'static str,
}

/// The advice for dumps of a dialect.
pub fn advice(dump: SqlDialect) -> &'static Advice {
    macro_rules! schema {
        ($tool:literal, $rows:literal, $password:literal) => {
            &Advice {
                rows: $rows,
                schema: concat!("give the schema with --schema FILE (", $tool, ")"),
                schema_first: concat!(
                    "give the schema beforehand with --schema FILE (",
                    $tool,
                    ")"
                ),
                password: $password,
            }
        };
    }
    match dump {
        SqlDialect::Postgres => schema!(
            "pg_dump --schema-only",
            "dump the table with COPY or INSERT … VALUES",
            "dump without it (pg_dumpall --no-role-passwords, pg_dump --no-subscriptions), or name its user in a \
             DROP USER of the rulebook"
        ),
        SqlDialect::Mysql => schema!(
            "mysqldump --no-data",
            "dump the table with mysqldump or mariadb-dump, which write INSERT … VALUES",
            "dump without it (mariadb-dump without --system), or take the statement out"
        ),
        SqlDialect::Sqlite => schema!(
            "sqlite3 DATABASE .schema",
            "dump the table with sqlite3 DATABASE \".dump TABLE\", which writes INSERT … VALUES",
            "take the statement out of the dump"
        ),
        SqlDialect::Mssql => schema!(
            "Generate Scripts, Types of data to script: Schema only",
            "script the table with Generate Scripts, Types of data to script: Data only, which \
             writes INSERT … VALUES",
            "take the statement out of the script (Generate Scripts, Script Logins: False)"
        ),
        SqlDialect::Oracle => schema!(
            "DDL of SQL Developer's Database Export or of DBMS_METADATA",
            "export the table as INSERT … VALUES (SQLcl: SET SQLFORMAT INSERT)",
            "take the statement out of the script"
        ),
    }
}

impl Planner {
    /// The advice for the dump of this run.
    pub fn advice(&self) -> &'static Advice {
        advice(self.context.dump)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_the_tools_of_another_system() {
        let tools = [
            (SqlDialect::Postgres, "pg_dump"),
            (SqlDialect::Mysql, "mysqldump"),
            (SqlDialect::Sqlite, "sqlite3"),
            (SqlDialect::Mssql, "Generate Scripts"),
            (SqlDialect::Oracle, "SQL Developer"),
        ];
        for (dump, own) in tools {
            let advice = advice(dump);
            let all = [advice.rows, advice.schema, advice.password].join(" ");
            for (other, tool) in tools {
                assert_eq!(all.contains(tool), other == dump, "{dump:?}: {all}");
            }
            assert_eq!(all.contains("COPY"), dump == SqlDialect::Postgres);
            assert!(advice.schema_first.contains(own));
        }
    }
}
