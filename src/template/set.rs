//! Sets of templates that call each other by name.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::Template;
use super::func::Functions;
use super::parser::{self, ParseError, is_empty};
use crate::value::Str;

/// Parsed templates by name: immutable once built, shared between threads.
#[derive(Clone, Debug)]
pub struct TemplateSet {
    functions: Functions,
    templates: HashMap<Str, Arc<Template>>,
    /// The set that this one was cloned from; names not found here are looked up there.
    outer: Option<Arc<TemplateSet>>,
}

impl TemplateSet {
    /// Makes an empty set whose templates may call `functions` and the language's built-ins.
    pub fn new(functions: Functions) -> TemplateSet {
        TemplateSet {
            functions,
            templates: HashMap::new(),
            outer: None,
        }
    }

    /// Parses `text` as the template `name` and adds it with everything that it defines.
    ///
    /// A later definition replaces an earlier one of its name, unless it is empty.
    ///
    /// # Errors
    ///
    /// The first problem in the text; the set is then as before.
    pub fn add(&mut self, name: &str, text: &Str) -> Result<(), ParseError> {
        for (name, template) in parser::parse(name, text, self.functions)? {
            self.insert(name, Arc::new(template));
        }
        Ok(())
    }

    /// Says whether a template has that name.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&Arc<Template>> {
        let outer = || self.outer.as_ref()?.get(name);
        self.templates.get(name).or_else(outer)
    }

    fn insert(&mut self, name: Str, template: Arc<Template>) {
        let empty = is_empty(&template.root, &template.source.text);
        if !empty || !self.contains(&name) {
            self.templates.insert(name, template);
        }
    }

    /// Parses `text` as `name` beside the templates of `outer`, which stays as it is; gives the set
    /// of both, and the template itself.
    pub(super) fn beside(
        outer: &Arc<TemplateSet>,
        name: &str,
        text: &Str,
    ) -> Result<(Arc<TemplateSet>, Arc<Template>), ParseError> {
        let mut set = TemplateSet {
            functions: outer.functions,
            templates: HashMap::new(),
            outer: Some(outer.clone()),
        };
        let mut main = None;
        for (defined, template) in parser::parse(name, text, outer.functions)? {
            let template = Arc::new(template);
            if defined == *name {
                main = Some(template.clone());
            }
            set.insert(defined, template);
        }
        Ok((
            Arc::new(set),
            main.expect("the parser gives the text its own template"),
        ))
    }
}
