//! A certificate with its key as a template value.

use std::any::Any;
use std::rc::Rc;

use crate::value::{Kind, Object, Str, Tree, TreeMap, Value};

/// Go's name of the type.
pub(crate) const TYPE_NAME: &str = "sprig.certificate";

/// What `genCA` and its like give: PEM texts in the fields `Cert` and `Key`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CertificateObject {
    pub(crate) cert: Str,
    pub(crate) key: Str,
}

impl CertificateObject {
    pub(crate) fn value(cert: Vec<u8>, key: Vec<u8>) -> Value {
        Value::Object(Rc::new(CertificateObject {
            cert: cert.into(),
            key: key.into(),
        }))
    }

    pub(crate) fn from_value(value: &Value) -> Option<&CertificateObject> {
        match value {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }
}

impl Object for CertificateObject {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn type_name(&self) -> &str {
        TYPE_NAME
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(self.cert.clone().into()),
            "Key" => Some(self.key.clone().into()),
            _ => None,
        }
    }

    fn display(&self) -> Vec<u8> {
        [b"{", self.cert.as_bytes(), b" ", &self.key, b"}"].concat()
    }

    fn json(&self) -> Result<Tree, String> {
        let entries = [("Cert", &self.cert), ("Key", &self.key)];
        let entries = entries.map(|(name, text)| (name.into(), Tree::Str(text.clone())));
        Ok(Tree::map(TreeMap::from(entries)))
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}
