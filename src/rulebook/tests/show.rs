//! Expressions and statements as short text, so that a table of tests can say what is meant.

use super::*;

pub(super) fn ident(ident: &Ident) -> String {
    if ident.quoted {
        format!("\"{}\"", ident.text)
    } else {
        ident.text.to_lowercase()
    }
}

pub(super) fn table(table: &TableRef) -> String {
    let mut out = String::new();
    out.push_str(if table.only { "only " } else { "" });
    out.push_str(if table.target { "target:" } else { "" });
    if let Some(schema) = &table.schema {
        out.push_str(&format!("{}.", ident(schema)));
    }
    out.push_str(&ident(&table.name));
    if let Some(alias) = &table.alias {
        out.push_str(&format!(" as {}", ident(alias)));
    }
    out
}

fn item(item: &FromItem) -> String {
    match item {
        FromItem::Table(t) => table(t),
        FromItem::Query { query: q, alias } => format!("{} as {}", query(q), ident(alias)),
    }
}

pub(super) fn from(list: &[From]) -> String {
    let one = |from: &From| {
        let mut out = item(&from.first);
        for join in &from.joins {
            out.push_str(if join.left { " left join " } else { " join " });
            out.push_str(&item(&join.item));
            if let Some(on) = &join.on {
                out.push_str(&format!(" on {}", expr(on)));
            }
        }
        out
    };
    list.iter().map(one).collect::<Vec<_>>().join(", ")
}

pub(super) fn query(query: &Query) -> String {
    let items: Vec<_> = query
        .items
        .iter()
        .map(|item| match item {
            SelectItem::Expr {
                expr: e,
                alias: None,
            } => expr(e),
            SelectItem::Expr {
                expr: e,
                alias: Some(alias),
            } => {
                format!("{} as {}", expr(e), ident(alias))
            }
            SelectItem::Wildcard(None) => "*".to_owned(),
            SelectItem::Wildcard(Some(table)) => format!("{}.*", ident(table)),
        })
        .collect();
    let mut out = format!("(select {}", items.join(", "));
    if !query.from.is_empty() {
        out.push_str(&format!(" from {}", from(&query.from)));
    }
    if let Some(filter) = &query.filter {
        out.push_str(&format!(" where {}", expr(filter)));
    }
    if let Some(limit) = query.limit {
        out.push_str(&format!(" limit {limit}"));
    }
    out.push(')');
    out
}

fn list(exprs: &[Expr]) -> String {
    exprs.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn not(negated: bool) -> &'static str {
    if negated { "not " } else { "" }
}

pub(super) fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Null => "null".into(),
        ExprKind::Boolean(value) => value.to_string(),
        ExprKind::Number(number) => number.clone(),
        ExprKind::String(text) => format!("'{text}'"),
        ExprKind::Default => "DEFAULT".into(),
        ExprKind::Value => "VALUE".into(),
        ExprKind::Column {
            table: None,
            column,
        } => ident(column),
        ExprKind::Column {
            table: Some(table),
            column,
        } => {
            format!("{}.{}", ident(table), ident(column))
        }
        ExprKind::Unary(op, inner) => format!("({op:?} {})", expr(inner)),
        ExprKind::Binary(op, a, b) => format!("({op:?} {} {})", expr(a), expr(b)),
        ExprKind::IsNull(inner, negated) => format!("({} is {}null)", expr(inner), not(*negated)),
        ExprKind::IsBoolean {
            expr: inner,
            value,
            negated,
        } => {
            format!("({} is {}{value:?})", expr(inner), not(*negated))
        }
        ExprKind::IsDistinct(a, b, negated) => {
            format!("({} {}distinct {})", expr(a), not(*negated), expr(b))
        }
        ExprKind::InList {
            expr: inner,
            list: l,
            negated,
        } => {
            format!("({} {}in [{}])", expr(inner), not(*negated), list(l))
        }
        ExprKind::InQuery {
            exprs,
            query: q,
            negated,
        } => {
            format!("([{}] {}in {})", list(exprs), not(*negated), query(q))
        }
        ExprKind::Exists { query: q, negated } => format!("({}exists {})", not(*negated), query(q)),
        ExprKind::Subquery(q) => query(q),
        ExprKind::Between {
            expr: inner,
            low,
            high,
            negated,
        } => {
            format!(
                "({} {}between {} {})",
                expr(inner),
                not(*negated),
                expr(low),
                expr(high)
            )
        }
        ExprKind::Like {
            expr: inner,
            pattern,
            escape,
            insensitive,
            negated,
        } => {
            let like = if *insensitive { "ilike" } else { "like" };
            let escape = escape
                .as_ref()
                .map(|c| format!(" escape '{c}'"))
                .unwrap_or_default();
            format!(
                "({} {}{like} {}{escape})",
                expr(inner),
                not(*negated),
                expr(pattern)
            )
        }
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            let mut out = "(case".to_owned();
            if let Some(operand) = operand {
                out.push_str(&format!(" {}", expr(operand)));
            }
            for (when, then) in branches {
                out.push_str(&format!(" {}: {}", expr(when), expr(then)));
            }
            if let Some(otherwise) = otherwise {
                out.push_str(&format!(" else {}", expr(otherwise)));
            }
            out + ")"
        }
        ExprKind::Cast(inner, to) => {
            let args: Vec<_> = to.args.iter().map(i64::to_string).collect();
            let args = if args.is_empty() {
                String::new()
            } else {
                format!("({})", args.join(","))
            };
            format!(
                "{}::{}{args}{}",
                expr(inner),
                to.name,
                if to.array { "[]" } else { "" }
            )
        }
        ExprKind::Call {
            schema,
            name,
            args,
            star,
            distinct,
            filter,
        } => {
            let schema = schema
                .as_ref()
                .map(|schema| format!("{schema}."))
                .unwrap_or_default();
            let distinct = if *distinct { "distinct " } else { "" };
            let args = if *star { "*".to_owned() } else { list(args) };
            let filter = filter
                .as_ref()
                .map(|f| format!(" filter {}", expr(f)))
                .unwrap_or_default();
            format!("{schema}{name}({distinct}{args}){filter}")
        }
        ExprKind::Array(elements) => format!("[{}]", list(elements)),
    }
}
