//! Templates that know each other by name.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{Definition, Program, Span};
use super::error::ParseError;
use super::func::Functions;
use super::parser;
use crate::limits::MAX_TEMPLATE_NODES;
use crate::value::Str;

/// Parsed templates, ready to be executed any number of times, from several threads.
#[derive(Clone, Debug)]
pub struct TemplateSet {
    name: Str,
    functions: Functions,
    templates: Definitions,
    /// The size of all programs.
    size: usize,
}

/// Templates by name.
pub(super) type Definitions = HashMap<Str, Template>;

/// One template: a body in the program of the text that defines it.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) program: Arc<Program>,
    pub(super) name: Str,
    pub(super) body: Span,
    is_empty: bool,
}

impl TemplateSet {
    /// Makes an empty set whose texts may use `functions` besides those of the language.
    ///
    /// `name` appears in messages, and is the name of texts that are parsed while executing.
    pub fn new(name: impl Into<Str>, functions: Functions) -> TemplateSet {
        TemplateSet {
            name: name.into(),
            functions,
            templates: HashMap::new(),
            size: 0,
        }
    }

    /// Parses `text` as the template `name`, together with the templates it defines.
    ///
    /// A template replaces an earlier one of its name, unless it is nothing but white space and
    /// comments.
    ///
    /// ```
    /// use jenkins_cmp::template::{Functions, TemplateSet};
    ///
    /// let mut set = TemplateSet::new("set", Functions(&[]));
    /// set.add("a.yaml", "{{ define \"b\" }}x{{ end }}").unwrap();
    /// let error = set.add("c.yaml", "\n{{ if }}").unwrap_err();
    /// assert_eq!(error.to_string(), "template: c.yaml:2: missing value for if");
    /// ```
    ///
    /// # Errors
    ///
    /// The text is no template, or the set would have more nodes than
    /// [`MAX_TEMPLATE_NODES`]; it stays as it was.
    pub fn add(&mut self, name: impl Into<Str>, text: impl Into<Str>) -> Result<(), ParseError> {
        let name = name.into();
        let program = Arc::new(parser::parse(&name, &text.into(), self.functions)?);
        if self.size + program.size() > MAX_TEMPLATE_NODES {
            return Err(ParseError::new(&name, 1, 0, parser::too_many_nodes()));
        }
        self.size += program.size();
        for definition in &program.definitions {
            let old = self.templates.get(&definition.name);
            if old.is_none() || !definition.is_empty {
                let template = Template::new(&program, definition);
                self.templates.insert(definition.name.clone(), template);
            }
        }
        Ok(())
    }

    /// Says whether there is a template `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.templates.contains_key(name.as_bytes())
    }

    pub(super) fn name(&self) -> &Str {
        &self.name
    }

    pub(super) fn functions(&self) -> Functions {
        self.functions
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&Template> {
        self.templates.get(name)
    }
}

impl Template {
    pub(super) fn new(program: &Arc<Program>, definition: &Definition) -> Template {
        Template {
            program: Arc::clone(program),
            name: definition.name.clone(),
            body: definition.body,
            is_empty: definition.is_empty,
        }
    }

    /// Says whether the template would not replace another.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }
}
