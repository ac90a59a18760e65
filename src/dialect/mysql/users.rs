//! What is left of a statement without certain users.

use crate::dialect::Without;
use crate::dialect::script::tokens::Tokens;

/// The users that a statement is about: those it creates, changes or drops, or those it grants to.
fn users(mut t: Tokens<'_>) -> Option<Vec<String>> {
    let first = t.next()?;
    let is = |words: &[&str]| words.iter().any(|w| first.keyword(w));
    let list = if is(&["CREATE", "ALTER", "DROP"]) {
        t.eat("OR REPLACE");
        t.eat_any(&["USER", "ROLE"]).then_some(())?;
        t.eat_any(&["IF NOT EXISTS", "IF EXISTS"]);
        t
    } else if is(&["GRANT", "REVOKE"]) || is(&["SET"]) && t.at_keyword("DEFAULT") {
        let stop = ["TO", "FROM", "FOR"];
        while !stop.iter().any(|word| t.at_keyword(word)) {
            t.peek()?;
            t.pass_over();
        }
        t.next();
        t
    } else if is(&["SET"]) && t.eat("PASSWORD FOR") {
        t
    } else {
        return None;
    };
    let mut out = Vec::new();
    for part in list.list() {
        // Options may hold commas of their own; a part that is no user ends the list.
        let mut part = list.within(part);
        let token = part.next()?;
        let name = match token.kind {
            crate::dialect::script::lexer::Unit::Literal => {
                String::from_utf8_lossy(&token.content()?).into_owned()
            }
            _ => token.name()?,
        };
        out.push(name);
        if part.eat_mark(b'@') {
            part.next();
        }
        if !part.at_end() {
            break;
        }
    }
    Some(out)
}

/// What is left of the statement.
pub fn without(t: Tokens<'_>, gone: &dyn Fn(&str) -> bool) -> Without {
    let Some(users) = users(t) else {
        return Without::Same;
    };
    let dropped = users.iter().filter(|user| gone(user)).count();
    match dropped {
        0 => Without::Same,
        n if n == users.len() && n == 1 => Without::Nothing,
        _ => Without::Refused("it concerns several users at once".to_owned()),
    }
}
