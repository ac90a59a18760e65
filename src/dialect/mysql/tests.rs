use super::*;
use crate::dialect::{Frame, OutputState, RowMode};
use crate::schema::{DataType, Generated, ReferentialAction};
use bytes::BytesMut;

/// Frames of a text cut into pieces of `cut` bytes: what each is, with its bytes.
fn frames(text: &[u8], cut: usize, mode: RowMode) -> Vec<(String, Vec<u8>)> {
    let mut framer = Mysql.framer();
    let mut input = BytesMut::new();
    let mut out: Vec<(String, Vec<u8>)> = Vec::new();
    for piece in text.chunks(cut).chain([&b""[..]]) {
        input.extend_from_slice(piece);
        while let Some(frame) = framer.next(&mut input, piece.is_empty()).unwrap() {
            let what = match &frame {
                Frame::Statement { effect, .. } => format!("{effect:?}"),
                Frame::Head { block, .. } => {
                    framer.rows(mode);
                    format!("head {} {:?}", block.relation, block.columns)
                }
                Frame::Rows { .. } => "rows".to_owned(),
                Frame::End { .. } => "end".to_owned(),
                Frame::Other { .. } | Frame::Part(_) => "other".to_owned(),
            };
            match out.last_mut() {
                Some((last, bytes))
                    if *last == what && matches!(what.as_str(), "rows" | "other") =>
                {
                    bytes.extend_from_slice(frame.bytes());
                }
                _ => out.push((what, frame.bytes().to_vec())),
            }
        }
    }
    out
}

const DUMP: &[u8] = b"-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\nUSE `d`;\n\
CREATE TABLE `t` (`a` int, `b` text AS (`a`) VIRTUAL);\nLOCK TABLES `t` WRITE;\n\
/*!40000 ALTER TABLE `t` DISABLE KEYS */;\nINSERT INTO `t` VALUES\n(1,'x;\\''),\n(2,\"\");\n\
INSERT INTO `t` VALUES\n(3,'y');\n/*!40000 ALTER TABLE `t` ENABLE KEYS */;\nUNLOCK TABLES;\n\
INSERT INTO x.u SET a=1, b='c;d';\nDELIMITER ;;\nCREATE TRIGGER x BEGIN a; b; END ;;\nDELIMITER ;\n\
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n-- Dump completed\n";

#[test]
fn frames_do_not_depend_on_how_the_input_is_cut() {
    for mode in [RowMode::Split, RowMode::Pass] {
        let whole = frames(DUMP, DUMP.len(), mode);
        let bytes: Vec<u8> = whole.iter().flat_map(|(_, b)| b.clone()).collect();
        assert_eq!(bytes, DUMP);
        for cut in 1..DUMP.len() {
            assert_eq!(frames(DUMP, cut, mode), whole, "by {cut}");
        }
    }
    let split = frames(DUMP, 7, RowMode::Split);
    let names: Vec<_> = split.iter().map(|(what, _)| what.as_str()).collect();
    let names: Vec<_> = names.into_iter().filter(|w| *w != "other").collect();
    let t = "RelationName { schema: Some(\"d\"), name: \"t\" }";
    let (open, close) = (
        format!("Envelope({t}, Open)"),
        format!("Envelope({t}, Close)"),
    );
    assert_eq!(
        names,
        [
            "Setting",
            "Setting",
            "Definition",
            &open,
            &open,
            "head d.t Some([\"a\", \"b\"])",
            "rows",
            "end",
            &close,
            &close,
            "head x.u Some([\"a\", \"b\"])",
            "rows",
            "end",
            "Setting",
            "Definition",
            "Setting",
            "AfterData",
        ]
    );
}

/// The catalog behind a script.
fn catalog(script: &str) -> Catalog {
    let mut framer = Mysql.framer();
    let mut input = BytesMut::from(script.as_bytes());
    while framer.next(&mut input, true).unwrap().is_some() {}
    framer.catalog().clone()
}

#[test]
fn tables_are_learned_from_their_ddl() {
    let catalog = catalog(
        "CREATE TABLE IF NOT EXISTS `p` (`id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'a, b',\n\
         `name` varchar(40) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'it''s',\n\
         `mail` varchar(10) DEFAULT NULL, `key` tinyint(1) DEFAULT -1,\n\
         `low` varchar(40) GENERATED ALWAYS AS (lcase(`name`)) STORED,\n\
         `kind` enum('a','b,c') DEFAULT 'a', `bits` bit(9) DEFAULT b'1', `n` decimal(8,2) DEFAULT 1.50,\n\
         `at` datetime(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),\n\
         PRIMARY KEY (`id`), UNIQUE KEY `u` (`name`,`mail`(5)), KEY `k` (`mail`), CHECK (`n` > 0))\n\
         ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='x';\n\
         CREATE TABLE c (id bigint, p_id int unsigned, d date);\n\
         ALTER TABLE c ADD PRIMARY KEY (id), MODIFY id bigint NOT NULL AUTO_INCREMENT, ADD x json AFTER id,\n\
         ADD CONSTRAINT `fk` FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE, CHANGE d day date;\n\
         CREATE ALGORITHM=UNDEFINED /*!50013 DEFINER=`r`@`h` */ /*!50001 VIEW `v` AS select 1 */;\n\
         CREATE TABLE gone (a int); DROP TABLE IF EXISTS gone; CREATE TABLE l LIKE c;",
    );
    let relation = |name: &str| {
        catalog
            .relations
            .get(&RelationName::new(None, name))
            .unwrap()
    };
    let p = relation("p");
    assert_eq!(p.uncertain, None);
    let column = |name: &str| p.column(name).unwrap();
    assert_eq!(column("id").data_type, DataType::BigInt);
    assert_eq!(column("id").generated, Generated::IdentityByDefault);
    assert_eq!(column("name").collation.as_deref(), Some("latin1_bin"));
    assert_eq!(column("name").default.as_deref(), Some("'it''s'"));
    assert_eq!(
        column("mail").collation.as_deref(),
        Some("utf8mb4_unicode_ci")
    );
    assert_eq!(column("key").default.as_deref(), Some("-1"));
    assert_eq!(
        column("low").generated,
        Generated::Stored("lcase(`name`)".to_owned())
    );
    assert_eq!(column("n").data_type, DataType::Numeric(Some((8, 2))));
    assert_eq!(column("n").default.as_deref(), Some("1.50"));
    assert_eq!(column("at").data_type, DataType::Timestamp(Some(3)));
    assert!(column("at").not_null);
    assert!(matches!(&column("kind").data_type, DataType::Enum(e) if e.labels == ["a", "b,c"]));
    assert_eq!(types::bit_width(&column("bits").data_type), Some(9));
    assert_eq!(p.primary_key().unwrap().columns, ["id"]);
    assert!(
        p.keys
            .iter()
            .any(|k| k.name.as_deref() == Some("u") && k.partial)
    );
    let c = relation("c");
    let names: Vec<_> = c.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["id", "x", "p_id", "day"]);
    assert_eq!(
        c.column("id").unwrap().generated,
        Generated::IdentityByDefault
    );
    assert_eq!(c.foreign_keys[0].on_delete, ReferentialAction::Cascade);
    assert_eq!(relation("v").kind, crate::schema::RelationKind::View);
    assert_eq!(relation("l").columns.len(), 4);
    assert!(
        !catalog
            .relations
            .contains_key(&RelationName::new(None, "gone"))
    );
}

#[test]
fn settings_can_be_brought_back() {
    let mut framer = Mysql.framer();
    let mut input = BytesMut::from(
        &b"SET @OLD=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0; SET NAMES sjis; USE `d`;\
           SET @s = @@character_set_client; SET character_set_client = utf8;\
           SET character_set_client = @s; SET FOREIGN_KEY_CHECKS=@OLD;"[..],
    );
    let mut states = vec![framer.session()];
    while let Some(frame) = framer.next(&mut input, true).unwrap() {
        if matches!(frame, Frame::Statement { .. }) {
            states.push(framer.session());
        }
    }
    let switch = |from: usize, to: usize| {
        let mut out = Vec::new();
        framer
            .switch(&states[from], &states[to], &mut out)
            .map(|()| String::from_utf8(out).unwrap())
    };
    assert_eq!(
        switch(0, 2).unwrap(),
        "SET NAMES sjis;\nSET foreign_key_checks=0;\n"
    );
    assert_eq!(switch(2, 1).unwrap(), "SET NAMES DEFAULT;\n");
    assert_eq!(switch(3, 6).unwrap(), "");
    assert_eq!(switch(3, 7).unwrap(), "SET foreign_key_checks=DEFAULT;\n");
    assert_eq!(switch(2, 3).unwrap(), "USE `d`;\n");
    assert!(switch(3, 2).is_err());
}

#[test]
fn truncated_dumps_are_told() {
    for (text, what) in [
        (
            &b"-- MySQL dump 10.13\nSELECT 1;\n"[..],
            "`-- Dump completed` is missing",
        ),
        (b"SELECT 'a", "a quote has no end"),
        (b"SELECT 1", "the last statement has no end"),
        (b"INSERT INTO t VALUES (1),(2", "a parenthesis has no end"),
        (b"/* x", "a comment has no end"),
    ] {
        let mut framer = Mysql.framer();
        let mut input = BytesMut::from(text);
        while framer.next(&mut input, true).unwrap().is_some() {}
        let error = framer.finish().unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        let end = framer.unloadable(&OutputState::Unfinished, "it's `over`");
        assert!(
            end.ends_with(b") 'scrub: it s  over '\n;\n"),
            "{}",
            end.escape_ascii()
        );
    }
}

#[test]
fn dumps_are_recognised() {
    for (head, surely) in [
        (&b"-- MySQL dump 10.13"[..], true),
        (
            b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19",
            true,
        ),
        (b"-- phpMyAdmin SQL Dump", true),
        (b"CREATE TABLE `a` (b int) ENGINE=InnoDB;", true),
        (b"CREATE TABLE a (b int);", false),
    ] {
        assert_eq!(
            Mysql.recognise(head) > 50,
            surely,
            "{}",
            head.escape_ascii()
        );
    }
}

#[test]
fn users_are_left_out() {
    let grammar = MysqlFlavour::default().session.grammar;
    let gone = |name: &str| name == "eve";
    let of = |text: &str| users::without(tokens(&grammar, text.as_bytes()), &gone);
    assert_eq!(
        of("CREATE USER `eve`@`%` IDENTIFIED BY PASSWORD '*x';"),
        Without::Nothing
    );
    assert_eq!(
        of("GRANT SELECT, INSERT (a, b) ON d.* TO 'eve'@'%' WITH GRANT OPTION;"),
        Without::Nothing
    );
    assert_eq!(of("GRANT SELECT ON d.* TO 'ann'@'%';"), Without::Same);
    assert!(matches!(of("DROP USER ann, eve@x;"), Without::Refused(_)));
    assert_eq!(of("SELECT 1;"), Without::Same);
}

#[test]
fn a_dumpers_definition_tells_which_columns_can_be_referenced() {
    let table = "CREATE TABLE `t` (`a` int, `b` int, `c` int, `d` int, `e` int, `Key` int, PRIMARY KEY (`a`), \
                 UNIQUE KEY `u` (`b`), KEY `k` (`C`,`key`) USING BTREE, FULLTEXT KEY `f` (`d`));\n";
    for banner in ["-- MySQL dump 10.13\n", "-- MariaDB dump 10.19\n"] {
        let known = catalog(&format!("{banner}{table}"));
        let table = &known.relations[&RelationName::new(None, "t")];
        let may = ["a", "b", "c", "d", "e", "Key"].map(|c| table.may_be_referenced(c));
        assert_eq!(may, [true, true, true, false, false, true]);
    }
    let known = catalog(table);
    assert!(known.relations[&RelationName::new(None, "t")].may_be_referenced("d"));
    let later = catalog(&format!(
        "-- MySQL dump\n{table}ALTER TABLE t ADD INDEX (e);\n"
    ));
    assert!(later.relations[&RelationName::new(None, "t")].may_be_referenced("e"));
}
