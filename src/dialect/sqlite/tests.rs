use super::*;
use crate::dialect::{Frame, RowMode};
use crate::schema::{DataType, Generated};
use bytes::BytesMut;

const DUMP: &[u8] = b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n\
CREATE TABLE users (id INTEGER PRIMARY KEY, \"e;mail\" TEXT COLLATE NOCASE, n DECIMAL(10,2), \
low TEXT GENERATED ALWAYS AS (lower(\"e;mail\")) STORED, key text REFERENCES t(a) ON DELETE CASCADE); -- '\n\
INSERT INTO users VALUES(1,'a;''',2.5,replace('x\\ny','\\n',char(10)));\nINSERT INTO users VALUES(2,NULL,X'00',NULL);\n\
INSERT INTO sqlite_sequence VALUES('users',2);\n\
CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE users SET n=CASE WHEN 1 THEN 2 END; END;\n\
INSERT INTO sqlite_schema(type,name)VALUES('table','f');\nCOMMIT;\n";

fn frames(cut: usize, mode: RowMode) -> (Vec<String>, Vec<u8>, Catalog) {
    let mut framer = Sqlite.framer();
    let mut input = BytesMut::new();
    let (mut names, mut bytes) = (Vec::new(), Vec::new());
    for piece in DUMP.chunks(cut).chain([&b""[..]]) {
        input.extend_from_slice(piece);
        while let Some(frame) = framer.next(&mut input, piece.is_empty()).unwrap() {
            bytes.extend_from_slice(frame.bytes());
            match &frame {
                Frame::Statement { effect, .. } => names.push(format!("{effect:?}")),
                Frame::Head { block, .. } => {
                    framer.rows(mode);
                    names.push(format!("{} {:?}", block.relation, block.columns));
                }
                Frame::End { .. } => names.push("end".to_owned()),
                Frame::Rows { .. } | Frame::Other { .. } | Frame::Part(_) => {}
            }
        }
    }
    framer.finish().unwrap();
    (names, bytes, framer.catalog().clone())
}

#[test]
fn frames_do_not_depend_on_how_the_input_is_cut() {
    for mode in [RowMode::Pass, RowMode::Split] {
        for cut in 1..=DUMP.len() {
            let (names, bytes, _) = frames(cut, mode);
            assert_eq!(bytes, DUMP);
            assert_eq!(
                names,
                [
                    "Setting",
                    "Begin",
                    "Definition",
                    "users Some([\"id\", \"e;mail\", \"n\", \"key\"])",
                    "end",
                    "SequenceValue",
                    "AfterData",
                    "Definition",
                    "Commit",
                ],
                "by {cut}"
            );
        }
    }
}

#[test]
fn tables_are_learned_from_their_ddl() {
    let (_, _, catalog) = frames(1000, RowMode::Pass);
    let users = &catalog.relations[&RelationName::new(None, "users")];
    let column = |name: &str| users.column(name).unwrap();
    assert_eq!(column("id").generated, Generated::IdentityByDefault);
    assert_eq!(column("e;mail").collation.as_deref(), Some("NOCASE"));
    assert_eq!(column("n").data_type, DataType::Numeric(None));
    assert!(column("low").generated.is_computed());
    assert_eq!(
        users.foreign_keys[0].references,
        RelationName::new(None, "t")
    );
    assert_eq!(users.primary_key().unwrap().columns, ["id"]);
}

#[test]
fn full_text_indexes_stop_rules() {
    let grammar = SqliteFlavour::default().grammar;
    let of = |text: &str| effects::classify(tokens(&grammar, text.as_bytes()), &|_| false);
    let schema = |using: &str| {
        format!(
            "INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','f','f',0,'CREATE VIRTUAL TABLE f USING {using}');"
        )
    };
    for using in ["fts5(a)", "FTS4(a, tokenize=porter)"] {
        assert!(
            matches!(of(&schema(using)), Effect::Unfollowed(_)),
            "{using}"
        );
    }
    assert_eq!(of(&schema("rtree(id, a, b)")), Effect::Definition);
    // Its rows are those of a table; what the server keeps of them is not in such a script.
    assert_eq!(
        of("CREATE VIRTUAL TABLE f USING fts5(a);"),
        Effect::Definition
    );
}
