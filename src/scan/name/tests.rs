use super::*;

#[test]
fn words_of_names() {
    for (name, expected) in [
        ("first_name", &["first", "name"][..]),
        ("FirstName", &["first", "name"]),
        ("IPAddress", &["ip", "address"]),
        ("Straße", &["strasse"]),
        ("Größe", &["groesse"]),
        ("prénom", &["prenom"]),
        ("date_de_naissance", &["date", "naissance"]),
        ("EMAIL", &["email"]),
        ("address2", &["address2"]),
    ] {
        assert_eq!(words(name), expected, "{name}");
    }
    assert!(words("__").is_empty());
}

#[test]
fn what_names_hint_at() {
    for (table, column, expected) in [
        ("t", "email", Some((Kind::Address, true))),
        ("t", "work_email", Some((Kind::Address, true))),
        ("t", "email_count", None),
        ("t", "email_verified_at", None),
        ("t", "is_email_ok", None),
        ("t", "password_hash", Some((Kind::Secret, true))),
        ("t", "password_changed_at", None),
        ("t", "encrypted_password", Some((Kind::Secret, true))),
        ("t", "tokens_used", None),
        ("t", "session_id", Some((Kind::Secret, true))),
        ("t", "public_key", None),
        ("t", "Vorname", Some((Kind::FirstName, true))),
        ("t", "nachname", Some((Kind::LastName, true))),
        ("t", "prenom", Some((Kind::FirstName, true))),
        ("t", "apellido1", Some((Kind::LastName, true))),
        ("t", "telefono", Some((Kind::Phone, true))),
        ("t", "mobil_nr", Some((Kind::Phone, true))),
        ("t", "Straße", Some((Kind::Street, true))),
        ("t", "hauptstrasse", Some((Kind::Street, true))),
        ("t", "plz", Some((Kind::Postcode, true))),
        ("t", "zip_code", Some((Kind::Postcode, true))),
        ("t", "national_id", Some((Kind::National, true))),
        ("t", "address_id", None),
        ("t", "date_of_birth", Some((Kind::Birth, true))),
        ("t", "birth_date", Some((Kind::Birth, true))),
        ("t", "created_at", None),
        ("t", "iban", Some((Kind::Bank, true))),
        ("t", "cc_number", Some((Kind::Card, true))),
        ("t", "card_brand", None),
        ("t", "last_login_ip", Some((Kind::Ip, true))),
        ("t", "shipping", None),
        ("t", "product_name", None),
        ("products", "name", None),
        ("customers", "name", Some((Kind::Name, true))),
        ("res_partner", "name", Some((Kind::Name, true))),
        ("t", "sort_order", None),
        ("t", "blood_type", Some((Kind::Sensitive, true))),
        ("t", "default_password", Some((Kind::Secret, true))),
        ("t", "counted_by", Some((Kind::UserName, false))),
        ("t", "", None),
    ] {
        let first = hints(table, column)
            .first()
            .map(|hint| (hint.kind, hint.strong));
        assert_eq!(first, expected, "{table}.{column}");
    }
}

#[test]
fn what_is_about_no_one() {
    for name in [
        "id",
        "order_id",
        "status",
        "payment_status",
        "sku",
        "invoiceNumber",
        "country",
    ] {
        assert!(is_harmless(name), "{name}");
    }
    for name in ["notes", "remark", "subject", "data"] {
        assert!(!is_harmless(name), "{name}");
    }
    assert!(
        is_about_people("customers")
            && is_about_people("app_user")
            && is_about_people("clients_fr")
            && !is_about_people("user_agents")
    );
    assert!(says_nothing("c1") && says_nothing("FIELD_07") && !says_nothing("city"));
    assert_eq!(of_key("phoneNumber"), Some(Kind::Phone));
    assert_eq!(of_key("amount"), None);
}
