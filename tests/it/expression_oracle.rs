//! Expressions against the real server: generated ones over a table of nasty values, evaluated by
//! both for every row.
//!
//! What scrub refuses is no difference (it is counted, and most must be accepted); what it accepts
//! must give what the server gives, and must fail where the server fails. (One difference is meant:
//! the server computes constants in a branch of CASE that no row takes, and fails if they are wrong;
//! the generator makes none.) `SCRUB_EXPRESSIONS` sets how many are tried, `SCRUB_SEED` where they
//! begin, `SCRUB_SHOW_REFUSED` prints what is refused.

use crate::server::postgres;
use scrub::expression::{Row, Scope, Settings, compile};
use scrub::functions::Key;
use scrub::rulebook::{Expr, Ident, SqlDialect, parse_expression};
use scrub::schema::types::EnumType;
use scrub::schema::{Column, DataType, LengthUnit};
use scrub::value::{self, ValueError};
use std::sync::Arc;

const ROWS: usize = 24;

struct Field {
    name: &'static str,
    sql: &'static str,
    data_type: DataType,
    /// SQL literals; the row's number chooses.
    values: &'static [&'static str],
}

fn fields() -> Vec<Field> {
    use DataType as T;
    let characters = LengthUnit::Characters;
    let mood = EnumType {
        name: "public.mood".to_owned(),
        labels: ["sad", "ok", "happy"].map(str::to_owned).to_vec(),
    };
    let field = |name, sql, data_type, values| Field {
        name,
        sql,
        data_type,
        values,
    };
    vec![
        field(
            "i",
            "integer",
            T::Integer,
            &["0", "1", "-7", "42", "2147483647", "-2147483648", "NULL"],
        ),
        field(
            "s",
            "smallint",
            T::SmallInt,
            &["3", "-3", "32767", "NULL", "0"],
        ),
        field(
            "g",
            "bigint",
            T::BigInt,
            &["10", "NULL", "9223372036854775807", "-5", "1", "2"],
        ),
        field(
            "n",
            "numeric(12,3)",
            T::Numeric(Some((12, 3))),
            &["1.5", "-0.001", "NULL", "0", "100", "2.675"],
        ),
        field(
            "m",
            "numeric",
            T::Numeric(None),
            &["'NaN'", "1e20", "0.10", "NULL", "-3", "7", "2.5"],
        ),
        field(
            "f",
            "double precision",
            T::Double,
            &["0.1", "-2.5", "1e300", "NULL", "'NaN'", "'Infinity'", "3"],
        ),
        field(
            "r",
            "real",
            T::Real,
            &["0.1", "1.5", "NULL", "-1e10", "16777216"],
        ),
        field(
            "t",
            "text",
            T::Text,
            &[
                "''",
                "'abc'",
                "'ABC'",
                "' pad '",
                "'Äöß'",
                "'a%b_c'",
                "E'two\\nlines'",
                "'O''Reilly'",
                "'back\\slash'",
                "'😀x'",
                "'12'",
                "'john@x.org'",
                "NULL",
                "'a,b,,c'",
                "'{x,y}'",
            ],
        ),
        field(
            "v",
            "varchar(10)",
            T::Varchar(Some(10), characters),
            &["'abc'", "'b'", "NULL", "''", "'12'", "'Abc '"],
        ),
        field(
            "c",
            "char(5)",
            T::Char(5, characters),
            &["'ab'", "'abc'", "NULL", "''", "'é'"],
        ),
        field(
            "ci",
            "citext",
            T::Citext,
            &["'abc'", "'ABC'", "NULL", "'Äx'"],
        ),
        field("b", "boolean", T::Boolean, &["true", "false", "NULL"]),
        field(
            "d",
            "date",
            T::Date,
            &[
                "'2024-02-29'",
                "'1999-12-31'",
                "NULL",
                "'infinity'",
                "'0044-03-15 BC'",
            ],
        ),
        field(
            "ts",
            "timestamp",
            T::Timestamp(None),
            &[
                "'2024-02-29 13:14:15.123456'",
                "'1969-07-20 20:17:40'",
                "NULL",
                "'-infinity'",
                "'2024-03-31'",
            ],
        ),
        field(
            "tz",
            "timestamptz",
            T::TimestampTz(None),
            &["'2024-02-29 12:00+02'", "NULL", "'2000-01-01 00:00Z'"],
        ),
        field(
            "iv",
            "interval",
            T::Interval,
            &[
                "'1 day'",
                "'-2 mons 3 days 04:05:06.7'",
                "NULL",
                "'1 year'",
                "'90 mins'",
            ],
        ),
        field(
            "tm",
            "time",
            T::Time(None),
            &["'12:34:56'", "NULL", "'00:00'", "'23:59:59.999999'"],
        ),
        field(
            "u",
            "uuid",
            T::Uuid,
            &[
                "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
                "NULL",
                "'00000000-0000-0000-0000-000000000000'",
            ],
        ),
        field(
            "j",
            "jsonb",
            T::Jsonb,
            &[
                "'{\"a\": 1, \"bb\": [1, 2.50, \"x\"], \"c\": null}'",
                "'[]'",
                "NULL",
                "'\"text\"'",
                "'{\"a\": {\"b\": \"\\u00e9\\\"q\"}}'",
                "'[1, null, {\"a\": 2}]'",
            ],
        ),
        field(
            "js",
            "json",
            T::Json,
            &[
                "'{\"a\" : 1, \"b\": [1,  2], \"a\": \"z\"}'",
                "NULL",
                "'[true, \"x\"]'",
            ],
        ),
        field(
            "a",
            "text[]",
            T::Array(Box::new(T::Text)),
            &["'{x,y}'", "'{}'", "NULL", "'{\"a b\",NULL,\"q\\\"\"}'"],
        ),
        field(
            "o",
            "mood",
            T::Enum(Arc::new(mood)),
            &["'sad'", "'happy'", "NULL"],
        ),
        field(
            "ba",
            "bytea",
            T::Bytea,
            &["'\\x00ff'", "'\\x'", "NULL", "'abc'"],
        ),
    ]
}

struct Names<'a>(&'a [Field]);

impl Scope for Names<'_> {
    fn column(&mut self, _: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        let slot = self.0.iter().position(|f| f.name == column.text);
        let slot = slot.ok_or_else(|| "no such column".to_owned())?;
        Ok((
            slot,
            Column::new(self.0[slot].name, self.0[slot].data_type.clone()),
        ))
    }
    fn data_type(&mut self, name: &str) -> Option<DataType> {
        let found = self.0.iter().find(|f| f.sql == name)?;
        Some(found.data_type.clone())
    }
}

struct Cells(Vec<Option<Vec<u8>>>);

impl Row for Cells {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        Ok(self.0[slot].as_deref())
    }
    fn ordinal(&self) -> u64 {
        0
    }
}

/// A small generator of random numbers, so that a seed always gives the same expressions.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Int,
    Num,
    Float,
    Text,
    Bool,
    Date,
    Moment,
    Interval,
    Json,
    Array,
}

const KINDS: &[Kind] = &[
    Kind::Int,
    Kind::Num,
    Kind::Float,
    Kind::Text,
    Kind::Bool,
    Kind::Date,
    Kind::Moment,
    Kind::Interval,
    Kind::Json,
    Kind::Array,
];

/// A column or literal of the kind.
fn leaf(kind: Kind, random: &mut Random) -> String {
    random
        .pick(match kind {
            Kind::Int => &[
                "i",
                "s",
                "g",
                "0",
                "1",
                "3",
                "-5",
                "NULL::int",
                "'8'::int",
                "(g + 2147483648)",
            ],
            Kind::Num => &["n", "m", "1.50", "-2.675", "'1e3'::numeric", "n", "1e4"],
            Kind::Float => &["f", "r", "1.5::float8", "'0.3'::real", "f"],
            Kind::Text => &[
                "t",
                "t",
                "v",
                "c",
                "ci",
                "'abc'",
                "''",
                "left(t, 3)",
                "'%b%'",
                "NULL",
                "(t)::varchar(3)",
                "(v)::char(4)",
                "o::text",
            ],
            Kind::Bool => &["b", "true", "false", "NULL::boolean", "b"],
            Kind::Date => &["d", "d", "'2020-02-29'::date", "DATE '2001-01-31'"],
            Kind::Moment => &["ts", "tz", "'2020-01-31 10:00'::timestamp", "ts"],
            Kind::Interval => &["iv", "iv", "interval '1 month'", "'2 days 03:00'::interval"],
            Kind::Json => &["j", "j", "'{\"a\": 5}'::jsonb", "'[3]'::jsonb", "js"],
            Kind::Array => &["a", "array['x', 'z']", "'{p}'::text[]", "a"],
        })
        .to_owned()
}

/// Puts expressions of the wanted kinds into a template's holes: I N F T B D M V J A.
fn fill(template: &str, depth: usize, random: &mut Random) -> String {
    let mut out = String::new();
    for c in template.chars() {
        let kind = match c {
            'I' => Kind::Int,
            'N' => Kind::Num,
            'F' => Kind::Float,
            'T' => Kind::Text,
            'B' => Kind::Bool,
            'D' => Kind::Date,
            'M' => Kind::Moment,
            'V' => Kind::Interval,
            'J' => Kind::Json,
            'A' => Kind::Array,
            other => {
                out.push(other);
                continue;
            }
        };
        out.push_str(&expression(kind, depth - 1, random));
    }
    out
}

fn expression(kind: Kind, depth: usize, random: &mut Random) -> String {
    if depth == 0 || random.below(4) == 0 {
        return leaf(kind, random);
    }
    // Lower case only outside of the holes.
    let template = random.pick(match kind {
        Kind::Int => &[
            "(I + I)",
            "(I - I)",
            "(I * I)",
            "(I / I)",
            "(I % I)",
            "(- I)",
            "abs(I)",
            "length(T)",
            "octet_length(T)",
            "coalesce(I, I)",
            "nullif(I, I)",
            "greatest(I, I)",
            "least(I, I, 3)",
            "(case when B then I else I end)",
            "(case I when I then 1 when 3 then I end)",
            "position(T in T)",
            "strpos(T, 'b')",
            "ascii(T)",
            "mod(I, I)",
            "(N)::int",
            "(F)::int",
            "(D - D)",
            "array_length(A, 1)",
            "cardinality(A)",
            "(B)::int",
            "(T)::int",
            "jsonb_array_length(j -> 'bb')",
            "extract(year from D)::int",
        ],
        Kind::Num => &[
            "(N + N)",
            "(N - I)",
            "(N * N)",
            "(N / N)",
            "(N % N)",
            "(- N)",
            "abs(N)",
            "round(N)",
            "round(N, 1)",
            "round(N, -1)",
            "trunc(N, 2)",
            "trunc(N)",
            "ceil(N)",
            "floor(N)",
            "sign(N)",
            "coalesce(N, I)",
            "nullif(N, N)",
            "greatest(N, I)",
            "(case when B then N else I end)",
            "(I)::numeric(8,2)",
            "(N)::numeric(6,1)",
            "(F)::numeric",
            "extract(epoch from M)",
            "extract(second from V)",
            "extract(dow from D)",
            "(T)::numeric",
            "(I * 1.5)",
            "(I / 4.0)",
            "mod(N, N)",
        ],
        Kind::Float => &[
            "(F + F)",
            "(F - N)",
            "(F * I)",
            "(F / F)",
            "(- F)",
            "abs(F)",
            "round(F)",
            "floor(F)",
            "ceil(F)",
            "trunc(F)",
            "sign(F)",
            "sqrt(abs(F))",
            "power(F, 2)",
            "(N)::float8",
            "(I)::real",
            "date_part('hour', M)",
            "date_part('day', V)",
            "greatest(F, N)",
            "(T)::float8",
            "(F)::real",
        ],
        Kind::Text => &[
            "(T || T)",
            "(T || I)",
            "(D || T)",
            "(T || 'x')",
            "lower(T)",
            "upper(T)",
            "initcap(T)",
            "substring(T, 2)",
            "substring(T from 2 for 2)",
            "substr(T, I)",
            "left(T, 2)",
            "left(T, -1)",
            "right(T, 2)",
            "right(T, -2)",
            "replace(T, 'b', T)",
            "split_part(T, ',', 2)",
            "split_part(T, 'b', -1)",
            "trim(T)",
            "ltrim(T, 'a ')",
            "rtrim(T)",
            "btrim(T, 'xb')",
            "lpad(T, 6, 'xy')",
            "rpad(T, 4)",
            "concat(T, I, B, T)",
            "concat_ws('-', T, T, I)",
            "md5(T)",
            "repeat(T, 2)",
            "reverse(T)",
            "translate(T, 'abc', 'xy')",
            "coalesce(T, T)",
            "nullif(T, T)",
            "greatest(T, T)",
            "(case when B then T else T end)",
            "(case T when T then 'same' else T end)",
            "regexp_replace(T, '[a-c]+', '<\\&>')",
            "regexp_replace(T, '[^a-z]', '', 'g')",
            "regexp_replace(T, '^(.)(.*)$', '\\2\\1')",
            "regexp_replace(T, 'x*', '-', 'g')",
            "regexp_replace(T, 'B', '#', 'gi')",
            "substring(T from '[a-z]+')",
            "substring(T from '(.)$')",
            "regexp_replace(T, '\\s+', ' ')",
            "regexp_replace(T, '\\w', '_')",
            "(I)::text",
            "(N)::text",
            "(F)::text",
            "(D)::text",
            "(M)::text",
            "(V)::text",
            "(B)::text",
            "(J)::text",
            "(A)::text",
            "(tm)::text",
            "(u)::text",
            "(T)::varchar(2)",
            "(T)::char(3)",
            "(T)::text",
            "(J ->> 'a')",
            "(J ->> 0)",
            "(J #>> '{a,b}')",
            "(J #>> '{bb,2}')",
            "encode(ba, 'hex')",
            "encode(ba, 'base64')",
            "array_to_string(A, '|')",
            "array_to_string(A, '|', '?')",
            "overlay(T placing 'ZZ' from 2)",
            "jsonb_typeof(j)",
            "encode(sha256(ba || ba), 'hex')",
            "chr(65 + abs(s % 20))",
            "to_hex(I)",
            "concat(c, v, o, j, d)",
            "(ba)::text",
            "(o || '!')",
        ],
        Kind::Bool => &[
            "(B and B)",
            "(B or B)",
            "(not B)",
            "(I = I)",
            "(I <> N)",
            "(N < N)",
            "(F >= I)",
            "(T = T)",
            "(T <> 'abc')",
            "(T < T)",
            "(T >= 'B')",
            "(D = D)",
            "(D < M)",
            "(M > '2020-01-01')",
            "(M <= M)",
            "(V < V)",
            "(V = V)",
            "(J = J)",
            "(J < J)",
            "(A = A)",
            "(A < A)",
            "(u = u)",
            "(o < 'happy')",
            "(o = 'ok')",
            "(tm > '12:00')",
            "(T is null)",
            "(I is not null)",
            "(B is true)",
            "(B is not false)",
            "(B is unknown)",
            "(I is distinct from I)",
            "(T is not distinct from T)",
            "(I in (1, I, NULL))",
            "(I not in (1, 42))",
            "(T in ('abc', 'ab', T))",
            "(v in ('abc', 'b'))",
            "(v not in ('abc', NULL))",
            "(t = 'abc')",
            "(t <> '')",
            "(N in (1.5, 100, 0.10))",
            "(c in ('ab', 'abc  '))",
            "(ci in ('aBc', 'x'))",
            "(I between I and I)",
            "(T not between 'a' and 'c')",
            "(D between '2000-01-01' and '2030-01-01')",
            "(T like 'a%')",
            "(T like '%b%')",
            "(T like '%c')",
            "(T like '_b_')",
            "(T not like '%\\%%')",
            "(T ilike 'A%')",
            "(T like T)",
            "(T like 'a!%%' escape '!')",
            "(T ~ '^a')",
            "(T ~* 'B')",
            "(T !~ '[0-9]')",
            "(T ~ '\\mabc\\M')",
            "(T ~ 'a|ab')",
            "(T ~ '^[[:alpha:]]+$')",
            "(T ~ '\\.org$')",
            "(T !~* '^.b')",
            "starts_with(T, 'a')",
            "(I = '42')",
            "(N = '0.1')",
            "coalesce(B, B)",
            "nullif(B, B)",
            "(case when B then B else I = 1 end)",
            "(I)::boolean",
            "(c = 'ab')",
            "(c = v)",
            "(c = t)",
            "(c < 'abd')",
            "(ci = 'abc')",
            "(ci = t)",
            "(v = c)",
            "(ba = '\\x00ff')",
            "(j -> 'a' = '1')",
            "(T)::boolean",
            "(i = s)",
            "(g > i)",
            "(r = 0.1)",
            "(f = 0.1)",
            "(r < f)",
            "(m = m)",
            "(m > 5)",
        ],
        Kind::Date => &[
            "(D + I)",
            "(D - I)",
            "(M)::date",
            "coalesce(D, D)",
            "greatest(D, D)",
            "(case when B then D end)",
            "nullif(D, '1999-12-31')",
            "(T)::date",
        ],
        Kind::Moment => &[
            "(M + V)",
            "(M - V)",
            "(D + V)",
            "(D - V)",
            "date_trunc('month', M)",
            "date_trunc('hour', M)",
            "date_trunc('week', M)",
            "(D)::timestamp",
            "(D + tm)",
            "coalesce(M, M)",
            "greatest(M, D)",
            "(M)::timestamp(0)",
            "(case when B then M end)",
            "(M)::timestamptz",
            "date_trunc('year', D)",
        ],
        Kind::Interval => &[
            "(V + V)",
            "(V - V)",
            "(- V)",
            "(V * I)",
            "(V * F)",
            "(V / 2)",
            "(M - M)",
            "coalesce(V, V)",
            "(tm)::interval",
            "date_trunc('day', V)",
            "greatest(V, V)",
            "(tm - tm)",
            "(I * V)",
        ],
        Kind::Json => &[
            "(J -> 'a')",
            "(J -> 0)",
            "(J -> -1)",
            "(J #> '{bb,1}')",
            "(j || J)",
            "(j - 'a')",
            "(j - 0)",
            "(j #> '{a}')",
            "jsonb_set(j, '{a}', '\"n\"')",
            "jsonb_set(j, '{bb,0}', 'null', true)",
            "jsonb_set(j, '{z}', '[]', false)",
            "jsonb_strip_nulls(j)",
            "coalesce(J, J)",
            "(js)::jsonb",
            "(j)::json",
            "(js -> 'b')",
            "(js -> 1)",
            "(j - '{a,c}'::text[])",
        ],
        Kind::Array => &[
            "(A || A)",
            "(A || T)",
            "(T || A)",
            "array_remove(A, 'x')",
            "array_replace(A, 'x', T)",
            "coalesce(A, A)",
            "string_to_array(T, ',')",
            "array[T, 'k']",
        ],
    });
    fill(template, depth, random)
}

fn quoted(expression: &str) -> String {
    format!("'{}'", expression.replace('\'', "''"))
}

#[test]
fn expressions_give_what_the_server_gives() {
    let Some(server) = postgres() else { return };
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |v| v.parse().expect("a number"))
    };
    let (count, seed) = (number("SCRUB_EXPRESSIONS", 1500), number("SCRUB_SEED", 1));
    let fields = fields();
    let database = server.database();
    let mut script = String::from(
        "SET client_min_messages = warning; CREATE EXTENSION citext;\nCREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');\nCREATE TABLE n (id int PRIMARY KEY",
    );
    for field in &fields {
        script += &format!(", {} {}", field.name, field.sql);
    }
    script += ");\n";
    for row in 0..ROWS {
        let values: Vec<&str> = fields
            .iter()
            .enumerate()
            // Neighbouring columns run out of step, so that values meet in many pairs.
            .map(|(at, f)| {
                f.values[(row * (1 + at % 3) + at + row / f.values.len()) % f.values.len()]
            })
            .collect();
        script += &format!("INSERT INTO n VALUES ({row}, {});\n", values.join(", "));
    }
    // All rows of one expression as an array of text, or the error.
    script += "CREATE FUNCTION try(e text) RETURNS text[] LANGUAGE plpgsql AS $$ DECLARE r text[]; BEGIN
        EXECUTE format('SELECT array_agg(x ORDER BY id) FROM (SELECT id, textin(record_out(row(%s)) ) AS x FROM n) s', e) INTO r; RETURN r;
        EXCEPTION WHEN others THEN RETURN NULL; END $$;\n";
    let script = script.replace(
        "textin(record_out(row(%s)) )",
        // The value's output function, not its cast to text: those differ for booleans and char(n).
        "(CASE WHEN (%1$s) IS NULL THEN NULL ELSE replace(format(''%%s'', (%1$s)), E''\\n'', ''\u{21b5}'') END)",
    );
    database.psql(&script);
    let columns: Vec<&str> = fields.iter().map(|f| f.name).collect();
    let raw = database.psql(format!(
        "SET TimeZone = 'UTC'; COPY (SELECT {} FROM n ORDER BY id) TO STDOUT;",
        columns.join(", ")
    ));
    let rows: Vec<Cells> = raw
        .lines()
        .map(|line| Cells(line.split('\t').map(unescape).collect()))
        .collect();
    assert_eq!(rows.len(), ROWS);

    let mut random = Random(seed);
    let expressions: Vec<String> = (0..count)
        .map(|_| {
            let kind = KINDS[random.below(KINDS.len())];
            let depth = 1 + random.below(3);
            expression(kind, depth, &mut random)
        })
        .collect();
    let questions: String = expressions
        .iter()
        .map(|e| format!("COPY (SELECT x FROM (SELECT try({}) AS r) q LEFT JOIN LATERAL unnest(r) WITH ORDINALITY AS u(x, o) ON true ORDER BY o) TO STDOUT;\n\\echo =====@=====\n", quoted(e)))
        .collect();
    let answers = database.psql(format!(
        "SET TimeZone = 'UTC'; SET extra_float_digits = 1;\n{questions}"
    ));
    let settings = Settings {
        written_in: SqlDialect::Postgres,
        dump: SqlDialect::Postgres,
        linguistic: false,
        key: Arc::new(Key::new(b"oracle".to_vec())),
        now: 0,
        seed: String::new(),
        value: None,
        limit: None,
    };
    let (mut accepted, mut refused) = (0, Vec::new());
    let mut differences = Vec::new();
    for (expression, answer) in expressions.iter().zip(answers.split("=====@=====\n")) {
        let lines: Vec<&str> = answer.lines().collect();
        // One NULL row stands for an error: a result has as many rows as the table.
        let theirs: Option<Vec<Option<Vec<u8>>>> =
            (lines.len() == ROWS).then(|| lines.iter().map(|l| unescape(l)).collect());
        match (ours(expression, &fields, &rows, &settings), theirs) {
            (Err(Refusal::Load(message)), Some(_)) => {
                refused.push(format!("{expression}: {message}"))
            }
            (Err(Refusal::Load(_)), None) => {}
            (Err(Refusal::Row(message)), Some(_)) => {
                differences.push(format!("{expression}\n    scrub fails: {message}"));
            }
            (Err(Refusal::Row(_)), None) => accepted += 1,
            (Ok(_), None) => differences.push(format!(
                "{expression}\n    the server fails, scrub does not"
            )),
            (Ok(ours), Some(theirs)) => {
                accepted += 1;
                if let Some(row) = (0..ROWS).find(|&row| ours[row] != theirs[row]) {
                    let show = |v: &Option<Vec<u8>>| {
                        v.as_ref().map_or("NULL".to_owned(), |v| {
                            format!("«{}»", String::from_utf8_lossy(v))
                        })
                    };
                    differences.push(format!(
                        "{expression}\n    row {row}: scrub {}, server {}",
                        show(&ours[row]),
                        show(&theirs[row])
                    ));
                }
            }
        }
    }
    if std::env::var_os("SCRUB_SHOW_REFUSED").is_some() {
        println!("{}", refused.join("\n"));
    }
    assert!(
        differences.is_empty(),
        "seed {seed}: {} of {count} expressions differ:\n{}",
        differences.len(),
        differences[..differences.len().min(60)].join("\n")
    );
    assert!(
        accepted > refused.len() * 8,
        "{accepted} accepted, {} refused:\n{}",
        refused.len(),
        refused.join("\n")
    );
}

enum Refusal {
    Load(String),
    Row(String),
}

fn ours(
    expression: &str,
    fields: &[Field],
    rows: &[Cells],
    settings: &Settings,
) -> Result<Vec<Option<Vec<u8>>>, Refusal> {
    let parsed: Expr = parse_expression(expression, SqlDialect::Postgres).map_err(Refusal::Load)?;
    let compiled = compile(&parsed, &mut Names(fields), settings)
        .map_err(|faults| Refusal::Load(faults[0].message.clone()))?;
    rows.iter()
        .map(|row| {
            let value = compiled
                .eval(row)
                .map_err(|e| Refusal::Row(e.to_string()))?;
            if value.is_null() {
                return Ok(None);
            }
            let mut out = Vec::new();
            value::write(&value, &compiled.data_type, &mut out);
            let text = String::from_utf8_lossy(&out).replace('\n', "\u{21b5}");
            Ok(Some(text.into_bytes()))
        })
        .collect()
}

/// A cell of `COPY … TO STDOUT`.
fn unescape(cell: &str) -> Option<Vec<u8>> {
    if cell == "\\N" {
        return None;
    }
    let mut out = Vec::new();
    let mut bytes = cell.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match (byte, byte == b'\\') {
            (_, true) => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(other) => other,
                None => b'\\',
            },
            (byte, false) => byte,
        });
    }
    Some(out)
}
