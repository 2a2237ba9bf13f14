//! A certificate with its key as a template value.

use std::any::Any;
use std::rc::Rc;

use crate::value::{Field, Kind, Object, Str, Value};

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

    fn fields(&self) -> Option<Vec<Field>> {
        Some(vec![
            ("Cert", self.cert.clone().into()),
            ("Key", self.key.clone().into()),
        ])
    }

    fn json_fields(&self) -> Option<Vec<Field>> {
        self.fields()
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}
