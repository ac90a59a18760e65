//! Visiting the parts of an expression. Subqueries are not entered: they have names of their own.

use super::ast::{Expr, ExprKind};

/// Visits an expression and everything below it, parents first.
pub fn walk<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Boolean(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Default
        | ExprKind::Value
        | ExprKind::Column { .. }
        | ExprKind::Exists { .. }
        | ExprKind::Subquery(_) => {}
        ExprKind::Unary(_, inner) | ExprKind::IsNull(inner, _) | ExprKind::Cast(inner, _) => {
            walk(inner, visit);
        }
        ExprKind::IsBoolean { expr, .. } => walk(expr, visit),
        ExprKind::Binary(_, left, right) | ExprKind::IsDistinct(left, right, _) => {
            walk(left, visit);
            walk(right, visit);
        }
        ExprKind::InList { expr, list, .. } => {
            walk(expr, visit);
            list.iter().for_each(|item| walk(item, visit));
        }
        ExprKind::InQuery { exprs, .. } | ExprKind::Array(exprs) => {
            exprs.iter().for_each(|item| walk(item, visit));
        }
        ExprKind::Between {
            expr, low, high, ..
        } => {
            walk(expr, visit);
            walk(low, visit);
            walk(high, visit);
        }
        ExprKind::Like { expr, pattern, .. } => {
            walk(expr, visit);
            walk(pattern, visit);
        }
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            operand.iter().for_each(|operand| walk(operand, visit));
            for (condition, result) in branches {
                walk(condition, visit);
                walk(result, visit);
            }
            otherwise
                .iter()
                .for_each(|otherwise| walk(otherwise, visit));
        }
        ExprKind::Call { args, filter, .. } => {
            args.iter().for_each(|arg| walk(arg, visit));
            filter.iter().for_each(|filter| walk(filter, visit));
        }
    }
}

/// As [`walk`], and may change what it visits; what a visit puts in place is entered too.
pub fn walk_mut(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    visit(expr);
    match &mut expr.kind {
        ExprKind::Null
        | ExprKind::Boolean(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Default
        | ExprKind::Value
        | ExprKind::Column { .. }
        | ExprKind::Exists { .. }
        | ExprKind::Subquery(_) => {}
        ExprKind::Unary(_, inner) | ExprKind::IsNull(inner, _) | ExprKind::Cast(inner, _) => {
            walk_mut(inner, visit);
        }
        ExprKind::IsBoolean { expr, .. } => walk_mut(expr, visit),
        ExprKind::Binary(_, left, right) | ExprKind::IsDistinct(left, right, _) => {
            walk_mut(left, visit);
            walk_mut(right, visit);
        }
        ExprKind::InList { expr, list, .. } => {
            walk_mut(expr, visit);
            list.iter_mut().for_each(|item| walk_mut(item, visit));
        }
        ExprKind::InQuery { exprs, .. } | ExprKind::Array(exprs) => {
            exprs.iter_mut().for_each(|item| walk_mut(item, visit));
        }
        ExprKind::Between {
            expr, low, high, ..
        } => {
            walk_mut(expr, visit);
            walk_mut(low, visit);
            walk_mut(high, visit);
        }
        ExprKind::Like { expr, pattern, .. } => {
            walk_mut(expr, visit);
            walk_mut(pattern, visit);
        }
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            operand
                .iter_mut()
                .for_each(|operand| walk_mut(operand, visit));
            for (condition, result) in branches {
                walk_mut(condition, visit);
                walk_mut(result, visit);
            }
            otherwise
                .iter_mut()
                .for_each(|otherwise| walk_mut(otherwise, visit));
        }
        ExprKind::Call { args, filter, .. } => {
            args.iter_mut().for_each(|arg| walk_mut(arg, visit));
            filter.iter_mut().for_each(|filter| walk_mut(filter, visit));
        }
    }
}
