//! Operators with one and two operands.
//!
//! Where sqlparser binds operators otherwise than PostgreSQL does, the expression is refused until
//! it has parentheses.

use super::super::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use super::super::token::join;
use super::Lower;
use super::comparison::tuple;
use sqlparser::ast as sql;

impl Lower<'_> {
    pub(super) fn unary(
        &mut self,
        expr: &sql::Expr,
        op: &sql::UnaryOperator,
        inner: &sql::Expr,
    ) -> Expr {
        use sql::UnaryOperator as U;
        // PostgreSQL reads `- a ^ b` as `(- a) ^ b`, sqlparser as `- (a ^ b)`.
        if matches!(
            inner,
            sql::Expr::BinaryOp {
                op: sql::BinaryOperator::PGExp,
                ..
            }
        ) {
            return self.two_ways(expr);
        }
        let op = match op {
            U::Not => UnaryOp::Not,
            U::Minus => UnaryOp::Minus,
            U::Plus => UnaryOp::Plus,
            other => return self.not_read(expr, &format!("the operator {other}")),
        };
        let inner = self.expression(inner);
        unary(op, inner)
    }

    /// A chain of operators is a tree that leans to the left, as deep as the chain is long; its
    /// spine is walked in a loop.
    pub(super) fn binary(&mut self, expr: &sql::Expr) -> Expr {
        let mut spine = Vec::new();
        let mut first = expr;
        while let sql::Expr::BinaryOp { left, op, right } = first {
            if tuple(left).is_some() {
                break;
            }
            spine.push((first, op, right));
            first = left;
        }
        let mut left = match first {
            sql::Expr::BinaryOp { left, op, right } => self.rows(first, left, op, right),
            other => self.expression(other),
        };
        for (whole, op, right) in spine.into_iter().rev() {
            // PostgreSQL reads `a ~ b || c` from the left, sqlparser from the right.
            if is_other(op) && matches!(&**right, sql::Expr::BinaryOp { op, .. } if is_other(op)) {
                left = self.two_ways(whole);
                continue;
            }
            let right = self.expression(right);
            left = self.operator(whole, left, op, right);
        }
        left
    }

    fn operator(
        &mut self,
        whole: &sql::Expr,
        left: Expr,
        op: &sql::BinaryOperator,
        right: Expr,
    ) -> Expr {
        use crate::rulebook::SqlDialect::Mysql;
        use sql::BinaryOperator as B;
        let span = join(left.span, right.span);
        let like = |left, right, insensitive, negated| ExprKind::Like {
            expr: Box::new(left),
            pattern: Box::new(right),
            escape: None,
            insensitive,
            negated,
        };
        let op = match op {
            B::Eq => BinaryOp::Eq,
            B::NotEq => BinaryOp::Ne,
            B::Lt => BinaryOp::Lt,
            B::LtEq => BinaryOp::Le,
            B::Gt => BinaryOp::Gt,
            B::GtEq => BinaryOp::Ge,
            B::And => BinaryOp::And,
            B::Or => BinaryOp::Or,
            B::Plus => BinaryOp::Add,
            B::Minus => BinaryOp::Sub,
            B::Multiply => BinaryOp::Mul,
            B::Divide => BinaryOp::Div,
            B::Modulo => BinaryOp::Mod,
            B::StringConcat if self.dialect == Mysql => {
                return self.refuse(
                    span,
                    "in MySQL || means OR, unless the server is set otherwise",
                    "write concat(a, b), or OR",
                );
            }
            B::StringConcat => BinaryOp::Concat,
            B::PGRegexMatch => BinaryOp::Match,
            B::PGRegexIMatch => BinaryOp::MatchInsensitive,
            B::PGRegexNotMatch => BinaryOp::NotMatch,
            B::PGRegexNotIMatch => BinaryOp::NotMatchInsensitive,
            B::Arrow => BinaryOp::JsonGet,
            B::LongArrow => BinaryOp::JsonGetText,
            B::HashArrow => BinaryOp::JsonPath,
            B::HashLongArrow => BinaryOp::JsonPathText,
            B::Spaceship => {
                let kind = ExprKind::IsDistinct(Box::new(left), Box::new(right), true);
                return Expr { kind, span };
            }
            B::PGLikeMatch => {
                return Expr {
                    kind: like(left, right, false, false),
                    span,
                };
            }
            B::PGILikeMatch => {
                return Expr {
                    kind: like(left, right, true, false),
                    span,
                };
            }
            B::PGNotLikeMatch => {
                return Expr {
                    kind: like(left, right, false, true),
                    span,
                };
            }
            B::PGNotILikeMatch => {
                return Expr {
                    kind: like(left, right, true, true),
                    span,
                };
            }
            // MySQL's DIV: what is left of the quotient without its decimals.
            B::MyIntegerDivide => {
                let quotient = binary(BinaryOp::Div, left, right);
                return self.call("trunc", vec![quotient], span);
            }
            B::PGExp => return self.call("power", vec![left, right], span),
            B::PGStartsWith => return self.call("starts_with", vec![left, right], span),
            other => return self.not_read(whole, &format!("the operator {other}")),
        };
        binary(op, left, right)
    }

    pub(super) fn two_ways(&mut self, whole: &sql::Expr) -> Expr {
        let span = self.place(whole);
        self.refuse(span, "this can be read in two ways", "write parentheses")
    }
}

/// PostgreSQL's "any other operator": all of them bind alike, from the left.
fn is_other(op: &sql::BinaryOperator) -> bool {
    use sql::BinaryOperator as B;
    matches!(
        op,
        B::StringConcat
            | B::PGRegexMatch
            | B::PGRegexIMatch
            | B::PGRegexNotMatch
            | B::PGRegexNotIMatch
            | B::PGLikeMatch
            | B::PGILikeMatch
            | B::PGNotLikeMatch
            | B::PGNotILikeMatch
            | B::PGStartsWith
            | B::Arrow
            | B::LongArrow
            | B::HashArrow
            | B::HashLongArrow
    )
}

pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let span = join(left.span, right.span);
    Expr {
        kind: ExprKind::Binary(op, Box::new(left), Box::new(right)),
        span,
    }
}

pub(super) fn unary(op: UnaryOp, inner: Expr) -> Expr {
    Expr {
        span: inner.span,
        kind: ExprKind::Unary(op, Box::new(inner)),
    }
}
