//! What `scrub verify` wants to know of rulebooks: their questions, and what they write themselves.

use super::Choice;
use crate::functions::address::{Normalised, addresses};
use crate::rulebook::{
    Action, BinaryOp, Expr, ExprKind, FromItem, InsertSource, LazyRulebook, Query, Rulebook,
    Statement, read_builtins,
};
use std::sync::Arc;

/// The variable that holds the safe domain.
pub const MAIL_DOMAIN: &str = "mail_domain";

/// What the rules of a run write on purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writes {
    /// The domains that addresses are rewritten to.
    pub mail: Vec<String>,
    /// Other domains that rules write addresses in; with a dot in front: ends of domains.
    pub domains: Vec<String>,
    /// Whole addresses that rules write.
    pub addresses: Vec<Normalised>,
    /// Tables that are filled from the target environment's own, with the table of the target.
    pub taken: Vec<(String, String)>,
}

/// Which statements of rulebooks stay.
pub(super) type Wanted = Arc<dyn Fn(&Statement) -> bool + Send + Sync>;

impl Choice {
    /// The same rulebooks with their SELECTs and tests only.
    pub fn questions(self) -> Choice {
        self.retain(Arc::new(|statement| {
            matches!(statement.action, Action::Select(_))
        }))
    }

    /// What the rulebooks write, for whoever asks when it is wanted: of built-in ones that nobody has read yet it
    /// takes reading them.
    pub fn writes(&self) -> impl FnOnce() -> Writes + Send + 'static {
        let (lazy, read): (&[LazyRulebook], &[Rulebook]) = match self {
            Choice::Named(books) => (&[], books),
            Choice::Auto { others, then, .. } => (others, then),
        };
        let mut writes = Writes::default();
        read.iter().for_each(|book| writes.rulebook(book));
        if let Choice::Auto { baseline, .. } = self {
            writes.rulebook(baseline.read());
        }
        let mut later = Vec::new();
        for book in lazy {
            match book.built_in() {
                Some(builtin) => later.push(builtin),
                None => writes.rulebook(book.read()),
            }
        }
        move || {
            if !later.is_empty() {
                read_builtins();
            }
            later.iter().for_each(|b| writes.rulebook(b.rulebook()));
            for list in [&mut writes.mail, &mut writes.domains] {
                list.sort();
                list.dedup();
            }
            writes
        }
    }

    /// The same rulebooks with some of their statements.
    pub(super) fn retain(mut self, wanted: Wanted) -> Choice {
        let own = match &mut self {
            Choice::Named(books) => books,
            Choice::Auto {
                baseline,
                others,
                then,
            } => {
                for book in std::iter::once(&mut **baseline).chain(others) {
                    let wanted = Arc::clone(&wanted);
                    book.retain(move |statement| wanted(statement));
                }
                then
            }
        };
        for book in own {
            book.statements.retain(|statement| wanted(statement));
        }
        self
    }
}

impl Writes {
    fn rulebook(&mut self, book: &Rulebook) {
        if let Some(domain) = book.values.get(MAIL_DOMAIN) {
            self.mail.push(domain.to_lowercase());
        }
        for statement in &book.statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.action {
            Action::Update(update) => {
                update.assignments.iter().for_each(|a| self.value(&a.value));
            }
            Action::Insert(insert) => {
                let conflict = insert.on_conflict.iter();
                let assigned = conflict.flat_map(|conflict| &conflict.assignments);
                assigned.for_each(|a| self.value(&a.value));
                match &insert.source {
                    InsertSource::Values(rows) => {
                        rows.iter().flatten().for_each(|value| self.value(value));
                    }
                    InsertSource::Query(query) => {
                        for item in &query.items {
                            if let crate::rulebook::SelectItem::Expr { expr, .. } = item {
                                self.value(expr);
                            }
                        }
                        self.takes(&insert.table.name.text, query);
                    }
                    InsertSource::DefaultValues => {}
                }
            }
            _ => {}
        }
    }

    /// The target's tables that a query reads from.
    fn takes(&mut self, into: &str, query: &Query) {
        let joined = query
            .from
            .iter()
            .flat_map(|from| from.joins.iter().map(|join| &join.item));
        for item in query.from.iter().map(|from| &from.first).chain(joined) {
            match item {
                FromItem::Table(table) if table.target => {
                    self.taken.push((into.to_owned(), table.name.text.clone()));
                }
                FromItem::Table(_) => {}
                FromItem::Query { query, .. } => self.takes(into, query),
            }
        }
    }

    /// What an expression can give, not what it compares with.
    fn value(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::String(text) => self.literal(text),
            ExprKind::Binary(BinaryOp::Concat | BinaryOp::Add, left, right) => {
                if let (ExprKind::String(sign), ExprKind::String(domain)) =
                    (&last(left).kind, &right.kind)
                    && sign == "@"
                {
                    self.domains.push(domain.to_lowercase());
                }
                self.value(left);
                self.value(right);
            }
            ExprKind::Cast(inner, _) => self.value(inner),
            ExprKind::Case {
                branches,
                otherwise,
                ..
            } => {
                branches.iter().for_each(|(_, result)| self.value(result));
                otherwise.iter().for_each(|result| self.value(result));
            }
            ExprKind::Call {
                schema, name, args, ..
            } => {
                if schema.as_deref() == Some("anon") {
                    match (name.as_str(), args.get(1).map(|arg| &arg.kind)) {
                        ("mailinator" | "rewrite_emails", Some(ExprKind::String(domain))) => {
                            self.mail.push(domain.to_lowercase());
                        }
                        // They make addresses in a domain that is reserved for examples.
                        ("pseudo_email" | "fake_email", _) => {
                            self.domains.push("example.com".to_owned());
                        }
                        _ => {}
                    }
                }
                args.iter().for_each(|arg| self.value(arg));
            }
            ExprKind::Array(items) => items.iter().for_each(|item| self.value(item)),
            _ => {}
        }
    }

    fn literal(&mut self, text: &str) {
        for address in addresses(text.as_bytes()) {
            self.addresses.push(address.normalised(text.as_bytes()));
        }
        let lower = text.to_lowercase();
        let is_domain = |text: &str| addresses(format!("a@{text}").as_bytes()).next().is_some();
        if let Some(domain) = lower.strip_prefix('@')
            && is_domain(domain)
        {
            self.domains.push(domain.to_owned());
        }
        // Written behind an address: only where no mail ever goes.
        if RESERVED.contains(&lower.as_str()) {
            self.domains.push(lower);
        }
    }
}

/// Top-level domains that never exist (RFC 2606).
const RESERVED: [&str; 4] = [".invalid", ".test", ".example", ".localhost"];

/// The last operand of a chain.
fn last(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Binary(BinaryOp::Concat | BinaryOp::Add, _, right) => last(right),
        _ => expr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::BASELINE;
    use crate::rulebook::{Builtin, Load, builtins, load};

    fn choice(text: &str) -> Choice {
        let loaded = load(&Load {
            name: "t",
            path: "t.sql",
            text,
            variables: &[],
            include: &|_| Err(std::io::ErrorKind::NotFound.into()),
        });
        Choice::Named(vec![loaded.unwrap()])
    }

    #[test]
    fn what_rules_write() {
        let writes = choice(
            "\\set mail_domain safe.example.com\n\
             UPDATE a SET m = anon.mailinator(m, 'Own.example.org'), n = 'user' || id || '@host.example.net',\n\
               o = CASE WHEN m = 'ceo@company.com' THEN 'nobody@company.com' ELSE anon.pseudo_email(m) END,\n\
               p = p || '.invalid', q = 'u' || id || '@' || 'third.example.org', r = r || '.com'\n\
             WHERE m <> 'boss@company.com';\n\
             INSERT INTO b (m) VALUES ('one@company.com');\n\
             -- name: x :with-target\n\
             INSERT INTO c SELECT t.* FROM target.d t JOIN target.e u ON u.id = t.id;",
        )
        .writes()();
        assert_eq!(writes.mail, ["own.example.org", "safe.example.com"]);
        let domains = [
            ".invalid",
            "example.com",
            "host.example.net",
            "third.example.org",
        ];
        assert_eq!(writes.domains, domains);
        let locals: Vec<_> = writes.addresses.iter().map(|a| a.local.as_str()).collect();
        assert_eq!(locals, ["nobody", "one"]);
        let pair = |from: &str| ("c".to_owned(), from.to_owned());
        assert_eq!(writes.taken, [pair("d"), pair("e")]);
    }

    #[test]
    fn what_nobody_has_read_writes_what_it_would_if_it_had_been() {
        let auto = |lazy: fn(&'static Builtin) -> LazyRulebook| {
            let books = builtins().iter().map(lazy);
            let (baseline, others) = books.partition::<Vec<_>, _>(|b| b.name == BASELINE);
            Choice::Auto {
                baseline: Box::new(baseline.into_iter().next().unwrap()),
                others,
                then: Vec::new(),
            }
        };
        let sorted = |choice: Choice| {
            let mut writes = choice.writes()();
            writes.addresses.sort_by_key(|a| format!("{a:?}"));
            writes.taken.sort();
            writes
        };
        let read = || auto(|builtin| builtin.rulebook().clone().into());
        let unread = || auto(LazyRulebook::from);
        assert_eq!(sorted(unread()), sorted(read()));
        assert!(!sorted(read()).domains.is_empty() && !sorted(read()).taken.is_empty());
        let asked = |choice: Choice| sorted(choice.questions());
        assert_eq!(asked(unread()), asked(read()));
        assert!(asked(read()).domains.is_empty());
    }

    #[test]
    fn only_questions_stay() {
        let choice = choice(
            "DELETE FROM a; SELECT count(*) FROM a;\n-- name: t :test\nSELECT 1 FROM a;\n\
             SELECT 'DELETE FROM a' FROM a \\gexec",
        );
        match choice.questions() {
            Choice::Named(books) => {
                let names: Vec<_> = books[0].statements.iter().map(|s| s.test).collect();
                assert_eq!(names, [false, true]);
            }
            Choice::Auto { .. } => panic!("auto was not asked for"),
        }
    }
}
