//! Of a file by pg_dump only what stands around the rows is read before them: the result is that of a schema given
//! beforehand, and an end that is not the rows' end is refused.

use crate::runner::{Run, command};

const BANNER: &str = "--\n-- PostgreSQL database dump\n--\n\n";
const TABLES: &str = "CREATE TABLE public.p (id integer NOT NULL, t text);\n\
                      CREATE TABLE public.c (id integer NOT NULL, p integer);\n\n";
const COPY: &str = "COPY public.c (id, p) FROM stdin;\n1\t1\n2\t2\n\\.\n\n\n\
                    COPY public.p (id, t) FROM stdin;\n1\ta\n2\tb\n\\.\n\n\n";
const INSERTS: &str = "INSERT INTO public.c VALUES (1, 1);\nINSERT INTO public.c VALUES (2, 2);\n\n\n\
                       INSERT INTO public.p VALUES (1, 'a');\nINSERT INTO public.p VALUES (2, 'b');\n\n\n";
const KEYS: &str = "--\n-- Name: p p_pkey; Type: CONSTRAINT; Schema: public; Owner: -\n--\n\n\
                    ALTER TABLE ONLY public.p ADD CONSTRAINT p_pkey PRIMARY KEY (id);\n\n\n\
                    --\n-- Name: c c_p_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -\n--\n\n\
                    ALTER TABLE ONLY public.c ADD CONSTRAINT c_p_fkey FOREIGN KEY (p) REFERENCES public.p(id) \
                    ON UPDATE CASCADE ON DELETE CASCADE;\n\n\n";
const COMPLETE: &str = "--\n-- PostgreSQL database dump complete\n--\n\n";

const RULES: [&str; 2] = [
    "DELETE FROM p WHERE id = 1;",
    "UPDATE p SET id = id + 10 WHERE id = 1;",
];

fn run(dump: &str, rules: &str, schema: bool) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("dump.sql", dump),
        ("rules.sql", rules),
        ("schema.sql", &[TABLES, KEYS].concat()),
    ] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut command = command();
    command.current_dir(folder.path());
    command.args(["-r", "rules.sql", "dump.sql"]);
    if schema {
        command.args(["--schema", "schema.sql"]);
    }
    command.output().expect("scrub could not be run").into()
}

#[test]
fn the_keys_behind_the_rows_are_followed() {
    for rows in [COPY, INSERTS] {
        let dump = [BANNER, TABLES, rows, KEYS, COMPLETE].concat();
        for rules in RULES {
            let output = run(&dump, rules, false).ok();
            assert_eq!(output, run(&dump, rules, true).ok(), "{rules}");
            let text = String::from_utf8(output).expect("text");
            let gone = ["1\t1\n", "(1, 1)"];
            assert!(!gone.iter().any(|row| text.contains(row)), "{text}");
        }
    }
}

#[test]
fn what_only_looks_like_the_end_of_the_rows_is_refused() {
    let fake = "(2, 'b\nINSERT INTO public.c VALUES (3, 3);\n\n--\n-- Name: nothing')";
    let rows = INSERTS.replace("(2, 'b')", fake);
    let dump = [BANNER, TABLES, &rows, KEYS, COMPLETE].concat();
    let one = [BANNER, TABLES, COPY, KEYS, COMPLETE].concat();
    let two = format!("{one}\\connect other\n{one}");
    for dump in [dump, two] {
        let refused = run(&dump, RULES[0], false);
        assert_eq!(refused.code, Some(3), "{}", refused.err);
        let message = "the end of the dump is not what stands behind its rows";
        assert!(refused.err.contains(message), "{}", refused.err);
        assert!(refused.err.contains("--schema FILE"), "{}", refused.err);
    }
    // With the schema nothing has to be told from the end.
    let dump = [BANNER, TABLES, &rows, KEYS, COMPLETE].concat();
    let text = String::from_utf8(run(&dump, RULES[0], true).ok()).expect("text");
    assert!(text.contains(fake) && !text.contains("(1, 1)"), "{text}");
}

#[test]
fn two_dumps_in_a_file_are_not_taken_for_one() {
    let first = [BANNER, TABLES, COPY, KEYS, COMPLETE].concat();
    let second =
        "CREATE TABLE public.q (id integer);\n\nCOPY public.q (id) FROM stdin;\n1\n\\.\n\n\n";
    let dump = [&first, BANNER, second, COMPLETE].concat();
    let refused = run(&dump, RULES[0], false);
    assert_eq!(refused.code, Some(3), "{}", refused.err);
    assert!(refused.err.contains("c_p_fkey"), "{}", refused.err);
}
