//! What to write for columns that nobody has reviewed: lines that a rulebook takes as they are.
//!
//! A column that is named like an address, a secret or a person gets an UPDATE, everything else goes
//! into one GRANT for each table. A name is a hint, no more: somebody has to read the lines.

use super::Unreviewed;
use crate::functions;
use crate::rulebook::naming::{glob, quoted};
use crate::schema::{Column, DataType};

/// What columns named like this want, the first that fits. They are tried on columns of text only.
const HINTS: &[(&str, &[&str])] = &[
    (
        "secret",
        &[
            "*password*",
            "*passwd*",
            "*pwd*",
            "*passphrase*",
            "*secret*",
            "*token",
            "*token_digest",
            "*token_hash",
            "*api_key*",
            "*apikey*",
            "*access_key*",
            "*accesskey*",
            "authentication_string",
            "*private_key*",
            "*privatekey*",
            "*encryption_key*",
            "*signing_key*",
            "*session_key*",
            "*credential*",
            "*recovery_code*",
            "*backup_code*",
        ],
    ),
    (
        "mailinator",
        &[
            "*email",
            "*e_mail",
            "mail",
            "*_mail",
            "*mail_address",
            "*mailaddress",
        ],
    ),
    ("rewrite_emails", &["*mail*"]),
    (
        "pseudo_first_name",
        &["*first_name", "*firstname", "*given_name", "*forename"],
    ),
    (
        "pseudo_last_name",
        &["*last_name", "*lastname", "*surname", "*family_name"],
    ),
    (
        "pseudo_name",
        &[
            "*full_name",
            "*fullname",
            "*contact_name",
            "*customer_name",
            "*person_name",
        ],
    ),
    (
        "pseudo_user_name",
        &["username", "user_name", "login", "login_name"],
    ),
    (
        "pseudo_phone",
        &[
            "*phone",
            "*phone_number",
            "*mobile",
            "*mobile_number",
            "fax",
            "*_fax",
        ],
    ),
    ("pseudo_iban", &["*iban"]),
    (
        "pseudo_ip",
        &["ip", "*_ip", "ip_address", "*_ip_address", "*ipaddress"],
    ),
    (
        "pseudo_street",
        &[
            "*street",
            "address",
            "*_address",
            "address_line*",
            "*street_address",
        ],
    ),
];

/// The statements that review these columns, one a line, table by table.
pub fn suggestions(all: &[Unreviewed]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut named = 0;
    for (number, unreviewed) in all.iter().enumerate() {
        let same = |other: &Unreviewed| other.relation == unreviewed.relation;
        if all[..number]
            .iter()
            .any(|other| same(other) && names(other).eq(names(unreviewed)))
        {
            continue;
        }
        // The same table in another database may have other columns.
        let several = all
            .iter()
            .filter(|other| same(other))
            .any(|other| !names(other).eq(names(unreviewed)));
        for statement in statements(unreviewed) {
            if several && !statement.starts_with("--") {
                named += 1;
                lines.push(format!("-- name: reviewed-{named} :optional"));
            }
            lines.push(statement);
        }
    }
    lines
}

fn names(unreviewed: &Unreviewed) -> impl Iterator<Item = &str> {
    unreviewed.columns.iter().map(|c| c.name.as_str())
}

/// An UPDATE for what a name gives away, a GRANT for the rest.
fn statements(unreviewed: &Unreviewed) -> Vec<String> {
    let name = |name: &str| quoted(name, unreviewed.quoted);
    let relation = &unreviewed.relation;
    let table = match &relation.schema {
        Some(schema) => format!("{}.{}", name(schema), name(&relation.name)),
        None => name(&relation.name),
    };
    let columns = unreviewed.columns.iter().map(|column| &column.name);
    if columns
        .chain([&relation.name])
        .any(|name| name.contains('*'))
    {
        return vec![format!(
            "-- {table}: a rulebook takes names with * for patterns, so nothing can review it"
        )];
    }
    let (mut assigned, mut granted, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
    for column in &unreviewed.columns {
        let quoted = name(&column.name);
        match hint(unreviewed, column) {
            Some(function) => assigned.push(format!("{quoted} = anon.{function}({quoted})")),
            None => {
                let likes = &HINTS[..3];
                if keeps_secrets(&column.data_type) && likes.iter().any(|hint| fits(hint, column)) {
                    doubtful.push(quoted.clone());
                }
                granted.push(quoted);
            }
        }
    }
    let mut out = Vec::new();
    if !doubtful.is_empty() {
        out.push(format!(
            "-- {table}: named like secrets or addresses, and let through by the GRANT below: {}",
            doubtful.join(", ")
        ));
    }
    if !assigned.is_empty() {
        out.push(format!("UPDATE {table} SET {};", assigned.join(", ")));
    }
    if !granted.is_empty() {
        out.push(format!(
            "GRANT SELECT ({}) ON {table} TO testbed;",
            granted.join(", ")
        ));
    }
    out
}

/// Can a value of this type be a secret or hold an address?
fn keeps_secrets(data_type: &DataType) -> bool {
    data_type.holds_text() || matches!(data_type.base(), DataType::Bytea | DataType::Uuid)
}

fn fits((_, patterns): &(&str, &[&str]), column: &Column) -> bool {
    patterns.iter().any(|pattern| glob(pattern, &column.name))
}

/// The function that a column of this name should go through, if it can.
fn hint(unreviewed: &Unreviewed, column: &Column) -> Option<&'static str> {
    let text = matches!(
        column.data_type.base(),
        DataType::Text | DataType::Varchar(..) | DataType::Char(..) | DataType::Citext
    );
    if unreviewed.linked.contains(&column.name) {
        return None;
    }
    if !text {
        // The addresses within a document, an array, a value of a type that is not known.
        let mails = HINTS[1..3].iter().any(|hint| fits(hint, column));
        return (mails && column.data_type.holds_text()).then_some("rewrite_emails");
    }
    let hint = HINTS.iter().find(|hint| fits(hint, column));
    let (function, _) = match &column.data_type {
        // It may have a CHECK, which an address of the same kind meets and a made-up name does not.
        DataType::Domain(domain) => match hint {
            Some(hint) if hint.0 == "mailinator" => hint,
            _ if glob("*mail*", domain.name.rsplit('.').next().unwrap_or_default()) => {
                &("mailinator", &[][..])
            }
            _ => return None,
        },
        _ => hint?,
    };
    let collides = functions::find(function).is_none_or(|function| function.may_collide);
    match collides && unreviewed.unique.contains(&column.name) {
        true => Some("hash"),
        false => Some(function),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::RelationName;

    fn table(name: &str, columns: &[(&str, DataType)]) -> Unreviewed {
        Unreviewed {
            relation: RelationName::new(Some("s"), name),
            columns: columns
                .iter()
                .map(|(name, data_type)| Column::new(name, data_type.clone()))
                .collect(),
            unique: ["first_name".to_owned()].into(),
            linked: ["user_name".to_owned()].into(),
            quoted: false,
        }
    }

    #[test]
    fn a_name_gives_away_what_a_column_wants() {
        for (name, data_type, expected) in [
            ("id", DataType::BigInt, None),
            ("work_email", DataType::Text, Some("mailinator")),
            ("mailing", DataType::Text, Some("rewrite_emails")),
            ("email_count", DataType::BigInt, None),
            ("EMail", DataType::Text, Some("mailinator")),
            ("mail_password", DataType::Text, Some("secret")),
            ("tokens_used", DataType::Text, None),
            ("surname", DataType::Text, Some("pseudo_last_name")),
            ("ip_address", DataType::Text, Some("pseudo_ip")),
            ("postal_address", DataType::Text, Some("pseudo_street")),
            ("name", DataType::Text, None),
            // Two of them could become the same; the other is a key of somebody else's.
            ("first_name", DataType::Text, Some("hash")),
            ("user_name", DataType::Text, None),
            ("email", DataType::Jsonb, Some("rewrite_emails")),
            ("token", DataType::Uuid, None),
        ] {
            let all = table("t", &[(name, data_type)]);
            assert_eq!(hint(&all, &all.columns[0]), expected, "{name}");
        }
        for (_, patterns) in HINTS {
            assert!(patterns.iter().all(|p| !p.bytes().all(|b| b == b'*')));
        }
        assert!(
            HINTS
                .iter()
                .all(|(name, _)| functions::find(name).is_some())
        );
    }

    #[test]
    fn one_line_for_each_statement() {
        let t = table(
            "t",
            &[
                ("id", DataType::BigInt),
                ("a b", DataType::Text),
                ("mail", DataType::Text),
            ],
        );
        let same = table(
            "t",
            &[
                ("id", DataType::BigInt),
                ("a b", DataType::Text),
                ("mail", DataType::Text),
            ],
        );
        assert_eq!(
            suggestions(&[t.clone(), same]),
            [
                "UPDATE s.t SET mail = anon.mailinator(mail);",
                "GRANT SELECT (id, \"a b\") ON s.t TO testbed;",
            ]
        );
        // In another database it has other columns.
        let other = table("t", &[("id", DataType::BigInt)]);
        assert_eq!(
            suggestions(&[t, other]),
            [
                "-- name: reviewed-1 :optional",
                "UPDATE s.t SET mail = anon.mailinator(mail);",
                "-- name: reviewed-2 :optional",
                "GRANT SELECT (id, \"a b\") ON s.t TO testbed;",
                "-- name: reviewed-3 :optional",
                "GRANT SELECT (id) ON s.t TO testbed;",
            ]
        );
    }

    #[test]
    fn a_doubt_is_told() {
        let t = table(
            "t",
            &[
                ("token", DataType::Uuid),
                ("token_count", DataType::Integer),
                ("tokens", DataType::BigInt),
            ],
        );
        assert_eq!(
            suggestions(&[t]),
            [
                "-- s.t: named like secrets or addresses, and let through by the GRANT below: token",
                "GRANT SELECT (token, token_count, tokens) ON s.t TO testbed;",
            ]
        );
        assert_eq!(
            suggestions(&[table("a*b", &[("id", DataType::BigInt)])]),
            ["-- s.\"a*b\": a rulebook takes names with * for patterns, so nothing can review it"]
        );
    }
}
