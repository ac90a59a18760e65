//! The target environment's own dump: what rules read of it as `target.t`.
//!
//! It is read once, before the dump itself, and of its tables only those that rules name. What is
//! gathered stays for all sections.

use super::program::Program;
use super::reader::Known;
use super::step::StepKey;
use super::{Planner, build};
use crate::error::Result;
use crate::expression::Rows;
use crate::schema::{Catalog, Column, DataType, Relation, RelationName};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

impl Planner {
    /// Does a rule read the target environment's tables? Those of rulebooks that may still be
    /// recognised count.
    pub fn wants_target(&self) -> bool {
        self.rules_of(|_| true).iter().any(|rule| rule.reads_target)
    }

    /// The program that gathers what rules read of a relation of the target's dump; none if
    /// nothing does.
    ///
    /// # Errors
    /// All faults that the rules have with this relation.
    pub fn target_program(
        &mut self,
        catalog: &Catalog,
        relation: &RelationName,
        header: Option<&[String]>,
    ) -> Result<Option<Arc<Program>>> {
        let headers: HashMap<RelationName, Vec<String>> = header
            .map(|header| (relation.clone(), header.to_vec()))
            .into_iter()
            .collect();
        let nothing = (HashMap::new(), RefCell::default());
        let subject = build::Subject {
            known: Known {
                catalog,
                headers: &headers,
                complete: true,
                passed: &nothing.0,
                effects: &nothing.1,
                target: Some(catalog),
                inputs: &self.inputs,
            },
            name: relation,
            header,
            is_target: true,
        };
        let rules = self.target_rules.take();
        let rules = rules.unwrap_or_else(|| self.rules_of(|_| true).into());
        let mut findings = build::Findings::default();
        let program = build::program(
            self.programs,
            &subject,
            &rules,
            &self.context,
            &mut findings,
        )?;
        self.target_rules = Some(rules);
        self.programs += 1;
        self.refuse(findings.faults)?;
        if let (Some(header), Some(_), None) = (header, &program, catalog.relation(relation)) {
            let mut undeclared = Relation::new(relation.clone());
            let columns = header.iter();
            undeclared.columns = columns
                .map(|name| Column::new(name, DataType::Unknown))
                .collect();
            self.target
                .get_or_insert_default()
                .relations
                .insert(relation.clone(), undeclared);
        }
        Ok(program.map(Arc::new))
    }

    /// The target's dump has been read. `take` gives what a step has gathered of it.
    pub fn target_read(
        &mut self,
        catalog: Catalog,
        take: &mut dyn FnMut(&StepKey) -> Option<Rows>,
    ) {
        let undeclared = self.target.replace(catalog).unwrap_or_default();
        if let Some(target) = &mut self.target {
            for (name, relation) in undeclared.relations {
                target.relations.insert_new(name, relation);
            }
        }
        for (key, gathered) in &self.inputs.get_mut().target {
            let rows = take(key).unwrap_or_else(|| Rows::new(gathered.input.columns.len()));
            gathered.input.complete(rows);
        }
    }
}
