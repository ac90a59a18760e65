use super::*;

fn found(text: &str) -> Vec<(String, String, String)> {
    let piece = |range: Range<usize>| String::from_utf8_lossy(&text.as_bytes()[range]).into_owned();
    addresses(text.as_bytes())
        .map(|a| (piece(a.local), piece(a.at), piece(a.domain)))
        .collect()
}

#[test]
fn addresses_in_all_forms() {
    for (text, local, at, domain) in [
        ("john@example.com", "john", "@", "example.com"),
        ("Name <a@b.c>", "a", "@", "b.c"),
        ("mailto:j+x@example.com?subject=", "j+x", "@", "example.com"),
        ("to=j@example.com&x", "j", "@", "example.com"),
        ("(j@example.com).", "j", "@", "example.com"),
        ("see j@example.com. Then", "j", "@", "example.com"),
        (r"\njohn@example.com\n", "john", "@", "example.com"),
        (r"x\u000ajohn@example.com", "john", "@", "example.com"),
        (
            r"ren\u00e9@m\u00fcller.de",
            r"ren\u00e9",
            "@",
            r"m\u00fcller.de",
        ),
        (r"j\u0040example.com", "j", r"\u0040", "example.com"),
        (r"j\\u0040example.com", "j", r"\\u0040", "example.com"),
        ("q=j%2Bx%40example.com%20y", "j%2Bx", "%40", "example.com"),
        ("j%2540example.com", "j", "%2540", "example.com"),
        ("j&#64;example.com;", "j", "&#64;", "example.com"),
        ("j&#x40;example.com", "j", "&#x40;", "example.com"),
        ("j&#0064;example&#46;com", "j", "&#0064;", "example&#46;com"),
        ("j&commat;example.com", "j", "&commat;", "example.com"),
        (
            "\"john doe\"@example.com",
            "\"john doe\"",
            "@",
            "example.com",
        ),
        (
            r#"{"m":"\"john doe\"@example.com"}"#,
            r#"\"john doe\""#,
            "@",
            "example.com",
        ),
        (
            "&quot;john doe&quot;@example.com",
            "&quot;john doe&quot;",
            "@",
            "example.com",
        ),
        ("jörg@müller.de", "jörg", "@", "müller.de"),
        ("почта@пример.рф", "почта", "@", "пример.рф"),
        ("用户@例子.中国。", "用户", "@", "例子.中国"),
        ("j@example.com谢谢", "j", "@", "example.com"),
        ("j@example.com_old", "j", "@", "example.com"),
        ("j@example.com2nd", "j", "@", "example.com2nd"),
        ("j@example.info2", "j", "@", "example.info2"),
        ("x@中.中a", "x", "@", "中.中a"),
        ("j@example.com-", "j", "@", "example.com"),
        (
            "j@xn--mller-kva.xn--p1ai",
            "j",
            "@",
            "xn--mller-kva.xn--p1ai",
        ),
        ("git@example.com:org/repo", "git", "@", "example.com"),
        ("https://u:token@github.com/", "token", "@", "github.com"),
        ("john@example.com.pdf", "john", "@", "example.com"),
        ("root@[192.0.2.1]", "root", "@", "[192.0.2.1]"),
        ("x@[IPv6:2001:db8::1]", "x", "@", "[IPv6:2001:db8::1]"),
        ("a@[192.0.2.1].b.de.", "a", "@", "[192.0.2.1].b.de"),
        ("a@[192.0.2.1]b, c", "a", "@", "[192.0.2.1]b"),
        ("@user@mastodon.social", "user", "@", "mastodon.social"),
        ("{name}@example.com", "{name}", "@", "example.com"),
        ("abc==@example.com", "abc==", "@", "example.com"),
        ("a@b.com@c.com", "a@b.com", "@", "c.com"),
        ("x a@b@c@c.com", "a@b@c", "@", "c.com"),
        ("a@b.de@b@c@c.com", "a@b.de@b@c", "@", "c.com"),
        ("a%40b@c.com", "a%40b", "@", "c.com"),
        ("\"a@b.com\"@c.com", "\"a@b.com\"", "@", "c.com"),
        ("j.@docomo.example", "j.", "@", "docomo.example"),
    ] {
        assert_eq!(
            found(text),
            [(local.to_owned(), at.to_owned(), domain.to_owned())],
            "{text}"
        );
    }
}

#[test]
fn what_is_no_address() {
    for text in [
        "",
        "@",
        "@handle",
        "a @ b",
        "a @b.com",
        "a@ b.com",
        "x@localhost",
        "logo@2x.png",
        "icon@3x.min.js",
        "logo@2x.de.png",
        "lodash@4.17.21",
        "pkg@1.0.0-rc.1",
        "node@20.x",
        "*@example.com",
        "a@.com",
        "a@-x.com",
        "a@b..com",
        r"\n@example.com",
        r#"{"a":"b","@example.org":1}"#,
        "LIKE '%40%'",
        "a&#64",
        "a%4",
        "&#64;",
        r"\u0040",
        "a@[b]",
        "a@[]",
        "@media.screen",
        "a@b",
        r"C:\u004",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn several() {
    let text = "a@b.de,c@d.de;<e@f.de>\ng%40h.de";
    let locals: Vec<_> = found(text).into_iter().map(|f| f.0).collect();
    assert_eq!(locals, ["a", "c", "e", "g"]);
}

#[test]
fn long_runs_take_linear_time() {
    let start = std::time::Instant::now();
    for text in [
        "@", "a@", "a@b.", r"\\", "%40", "&#", r"\u0040", "a%", "é", "\"", "a\"@b.de",
    ] {
        addresses(text.repeat(50_000).as_bytes()).for_each(drop);
    }
    assert!(start.elapsed().as_secs() < 20);
}
