//! The checked form of a rulebook: what is left after parsing, refusing and resolving variables.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A place in a rulebook's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Index into [`Rulebook::files`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

/// One file of a rulebook, kept for diagnostics.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As given or included.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// The SQL a rulebook is written in, and the kinds of dump a statement can be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SqlDialect {
    /// PostgreSQL.
    #[default]
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQL Server.
    Mssql,
    /// Oracle.
    Oracle,
    /// SQLite.
    Sqlite,
}

/// A loaded rulebook.
#[derive(Debug, Clone, Default)]
pub struct Rulebook {
    /// Built-in name or file stem.
    pub name: String,
    /// The file and its includes; [`Span::file`] points here.
    pub files: Vec<SourceFile>,
    /// `-- title:`.
    pub title: Option<String>,
    /// `-- source:`, one entry a line.
    pub sources: Vec<String>,
    /// `-- dialect:`: what the rulebook is written in.
    pub dialect: SqlDialect,
    /// `-- detect:`: a dump that has all of these tables is recognised. Lower case.
    pub detect: Vec<String>,
    /// `-- baseline-except:`.
    pub baseline_except: Vec<ColumnPattern>,
    /// `-- by-hand:` lines in order.
    pub by_hand: Vec<String>,
    /// `-- reviewed:`: fingerprints of definitions whose texts somebody has looked at.
    pub reviewed: Vec<String>,
    /// Every variable that the rulebook reads, sets or asks for, by name.
    pub variables: Vec<String>,
    /// The values that the variables have at the end.
    pub values: BTreeMap<String, String>,
    /// The statements in order.
    pub statements: Vec<Statement>,
}

/// `table.column` of a `baseline-except`; either part may hold `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnPattern {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
}

/// One statement with its directives.
#[derive(Debug, Clone)]
pub struct Statement {
    /// `-- name:`, else `file.sql:12`.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// `:optional`, or an idiom that says the same (`IF EXISTS (…)`).
    pub optional: bool,
    /// `:test`.
    pub test: bool,
    /// `:with-target` (true) or `:without-target` (false).
    pub with_target: Option<bool>,
    /// `:postgres :mysql …`; empty means every dialect.
    pub only: Vec<SqlDialect>,
    /// `ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI` is in force.
    pub linguistic: bool,
    /// `ALTER SESSION SET CURRENT_SCHEMA = s` is in force.
    pub current_schema: Option<String>,
    /// What it does.
    pub action: Action,
}

/// What a statement does.
#[derive(Debug, Clone)]
pub enum Action {
    /// `UPDATE`.
    Update(Update),
    /// `DELETE`.
    Delete(Delete),
    /// `TRUNCATE`: one or more tables.
    Truncate(Vec<TableRef>),
    /// `INSERT`.
    Insert(Insert),
    /// `SELECT` for the report or, with [`Statement::test`], a test.
    Select(Query),
    /// `SELECT … \gexec`.
    Gexec(Query),
    /// `GRANT SELECT (c, …) ON t TO …`: these columns have been reviewed.
    Grant {
        /// The table.
        table: TableRef,
        /// The reviewed columns, never empty.
        columns: Vec<Ident>,
    },
    /// `DROP USER`.
    DropUser(Vec<Ident>),
}

/// An identifier as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    /// Without its quotes.
    pub text: String,
    /// Was it quoted? Unquoted names match without regard to case.
    pub quoted: bool,
    /// Where it stands.
    pub span: Span,
}

impl Ident {
    /// A quoted name with `*` in it is a pattern.
    pub fn is_pattern(&self) -> bool {
        self.quoted && self.text.contains('*')
    }
}

/// A table as a statement names it.
#[derive(Debug, Clone)]
pub struct TableRef {
    /// `s.` in front, or from `CURRENT_SCHEMA`.
    pub schema: Option<Ident>,
    /// The table.
    pub name: Ident,
    /// `AS alias`.
    pub alias: Option<Ident>,
    /// `target.t`: the target environment's own table.
    pub target: bool,
    /// `ONLY t`: without children.
    pub only: bool,
}

/// `UPDATE t SET … [FROM …] [WHERE …]`.
#[derive(Debug, Clone)]
pub struct Update {
    /// The table.
    pub table: TableRef,
    /// The assignments in order.
    pub assignments: Vec<Assignment>,
    /// `FROM`: joined tables (issue of rules across tables).
    pub from: Vec<From>,
    /// `WHERE`.
    pub filter: Option<Expr>,
}

/// `column = value`.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The column, or a pattern of columns.
    pub column: Ident,
    /// The new value. [`ExprKind::Default`] stands for `DEFAULT`.
    pub value: Expr,
}

/// `DELETE FROM t [USING …] [WHERE …]`.
#[derive(Debug, Clone)]
pub struct Delete {
    /// The table.
    pub table: TableRef,
    /// `USING`.
    pub using: Vec<From>,
    /// `WHERE`.
    pub filter: Option<Expr>,
}

/// `INSERT INTO t (c, …) …`.
#[derive(Debug, Clone)]
pub struct Insert {
    /// The table.
    pub table: TableRef,
    /// The named columns; empty means all in table order.
    pub columns: Vec<Ident>,
    /// Where the rows come from.
    pub source: InsertSource,
    /// `OVERRIDING SYSTEM VALUE`.
    pub overriding: bool,
    /// `ON CONFLICT`.
    pub on_conflict: Option<OnConflict>,
}

/// Where the rows of an INSERT come from.
#[derive(Debug, Clone)]
pub enum InsertSource {
    /// `VALUES (…), …`.
    Values(Vec<Vec<Expr>>),
    /// `SELECT …`.
    Query(Box<Query>),
    /// `DEFAULT VALUES`.
    DefaultValues,
}

/// `ON CONFLICT (k) DO …`.
#[derive(Debug, Clone)]
pub struct OnConflict {
    /// The key columns, never empty.
    pub target: Vec<Ident>,
    /// `DO UPDATE SET …`; empty means `DO NOTHING`.
    pub assignments: Vec<Assignment>,
    /// `DO UPDATE … WHERE`.
    pub filter: Option<Expr>,
}

/// A SELECT.
#[derive(Debug, Clone)]
pub struct Query {
    /// `DISTINCT`.
    pub distinct: bool,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// `FROM`; empty for a SELECT without tables.
    pub from: Vec<From>,
    /// `WHERE`.
    pub filter: Option<Expr>,
    /// `GROUP BY`.
    pub group_by: Vec<Expr>,
    /// `HAVING`.
    pub having: Option<Expr>,
    /// `ORDER BY`.
    pub order_by: Vec<OrderBy>,
    /// `LIMIT`.
    pub limit: Option<u64>,
    /// Where it stands.
    pub span: Span,
}

/// One ORDER BY item.
#[derive(Debug, Clone)]
pub struct OrderBy {
    /// What is ordered by; an integer literal is a position in the select list.
    pub expr: Expr,
    /// `DESC`.
    pub descending: bool,
    /// `NULLS FIRST` (true) or `NULLS LAST` (false), if said.
    pub nulls_first: Option<bool>,
}

/// One item of a select list.
#[derive(Debug, Clone)]
pub enum SelectItem {
    /// `expr [AS alias]`.
    Expr {
        /// The expression.
        expr: Expr,
        /// Its name.
        alias: Option<Ident>,
    },
    /// `*` or `t.*`.
    Wildcard(Option<Ident>),
}

/// One table of FROM with its joins.
#[derive(Debug, Clone)]
pub struct From {
    /// The first table.
    pub first: FromItem,
    /// What is joined to it, in order.
    pub joins: Vec<Join>,
}

/// A table or a subquery in FROM.
#[derive(Debug, Clone)]
pub enum FromItem {
    /// A table.
    Table(TableRef),
    /// `(SELECT …) alias`; also a `WITH` query.
    Query {
        /// The subquery.
        query: Box<Query>,
        /// Its alias.
        alias: Ident,
    },
}

/// `[LEFT] JOIN item ON condition`.
#[derive(Debug, Clone)]
pub struct Join {
    /// LEFT or inner.
    pub left: bool,
    /// What is joined.
    pub item: FromItem,
    /// The condition; none for CROSS JOIN.
    pub on: Option<Expr>,
}

/// An expression with its place.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// Kinds of expressions. Operators are normalised over the dialects: T-SQL's `+` on text is still
/// [`BinaryOp::Add`]; whether it concatenates is decided by the types when it is compiled.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `NULL`.
    Null,
    /// `TRUE`, `FALSE`.
    Boolean(bool),
    /// A number as written.
    Number(String),
    /// A string literal, unescaped; its type is decided by the context.
    String(String),
    /// `DEFAULT`, only as an assigned or inserted value.
    Default,
    /// `VALUE`, only in a pattern assignment.
    Value,
    /// `[t.]c`.
    Column {
        /// `t.` in front; `excluded` in an upsert.
        table: Option<Ident>,
        /// The column.
        column: Ident,
    },
    /// `NOT e`, `-e`, `+e`.
    Unary(UnaryOp, Box<Expr>),
    /// `a op b`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `e IS [NOT] NULL`.
    IsNull(Box<Expr>, bool),
    /// `e IS [NOT] TRUE/FALSE/UNKNOWN`.
    IsBoolean {
        /// The tested expression.
        expr: Box<Expr>,
        /// TRUE, FALSE, or none for UNKNOWN.
        value: Option<bool>,
        /// `NOT`.
        negated: bool,
    },
    /// `a IS [NOT] DISTINCT FROM b`; true means `NOT`.
    IsDistinct(Box<Expr>, Box<Expr>, bool),
    /// `e [NOT] IN (…)`.
    InList {
        /// The tested expression.
        expr: Box<Expr>,
        /// The list.
        list: Vec<Expr>,
        /// `NOT`.
        negated: bool,
    },
    /// `e [NOT] IN (SELECT …)`; the tested side may be a row of expressions.
    InQuery {
        /// The tested expressions.
        exprs: Vec<Expr>,
        /// The subquery.
        query: Box<Query>,
        /// `NOT`.
        negated: bool,
    },
    /// `[NOT] EXISTS (SELECT …)`.
    Exists {
        /// The subquery.
        query: Box<Query>,
        /// `NOT`.
        negated: bool,
    },
    /// `(SELECT …)` as a value.
    Subquery(Box<Query>),
    /// `e [NOT] BETWEEN a AND b`.
    Between {
        /// The tested expression.
        expr: Box<Expr>,
        /// Lower bound.
        low: Box<Expr>,
        /// Upper bound.
        high: Box<Expr>,
        /// `NOT`.
        negated: bool,
    },
    /// `e [NOT] LIKE/ILIKE p [ESCAPE c]`.
    Like {
        /// The tested expression.
        expr: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// `ESCAPE`; an empty string switches escaping off.
        escape: Option<String>,
        /// `ILIKE`.
        insensitive: bool,
        /// `NOT`.
        negated: bool,
    },
    /// `CASE [operand] WHEN … END`.
    Case {
        /// The operand of a simple CASE.
        operand: Option<Box<Expr>>,
        /// Condition and result.
        branches: Vec<(Expr, Expr)>,
        /// `ELSE`.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(e AS type)`, `e::type`, `DATE '…'`.
    Cast(Box<Expr>, TypeName),
    /// A function call; special forms (`substring(x FROM 1)`, `position(a IN b)`, `trim(both …)`) are plain calls here.
    Call {
        /// The schema, `anon` for our own functions. Lower case.
        schema: Option<String>,
        /// The name, lower case.
        name: String,
        /// The arguments.
        args: Vec<Expr>,
        /// `count(*)`.
        star: bool,
        /// `DISTINCT`.
        distinct: bool,
        /// `FILTER (WHERE …)`.
        filter: Option<Box<Expr>>,
    },
    /// `ARRAY[…]`.
    Array(Vec<Expr>),
}

/// A type as written: lower-case name, arguments, array or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// Lower case, canonical for built-in types (`int4` → `integer`), `schema.name` for others.
    pub name: String,
    /// `(10, 2)`.
    pub args: Vec<i64>,
    /// `[]`.
    pub array: bool,
}

/// Unary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `NOT`.
    Not,
    /// `-`.
    Minus,
    /// `+`.
    Plus,
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `=`
    Eq,
    /// `<>`, `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `AND`
    And,
    /// `OR`
    Or,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `||`
    Concat,
    /// `~`
    Match,
    /// `~*`
    MatchInsensitive,
    /// `!~`
    NotMatch,
    /// `!~*`
    NotMatchInsensitive,
    /// `->`
    JsonGet,
    /// `->>`
    JsonGetText,
    /// `#>`
    JsonPath,
    /// `#>>`
    JsonPathText,
}
