use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A value put into a message: a number takes part in plural rules, a string is shown as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A count; it chooses the plural form.
    Number(f64),
    /// Anything else.
    String(String),
    /// A message inside a message, rendered in the same language.
    Text(Box<Text>),
}

/// A message that has not been put into words yet: the id of a message in the catalogues, and its variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The id in the catalogues.
    pub id: Cow<'static, str>,
    /// The variables by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Value>,
}

impl Text {
    /// A message without variables. Prefer [`text!`](crate::text!), which the catalogue test reads.
    #[must_use]
    pub fn new(id: &'static str) -> Self {
        Self { id: Cow::Borrowed(id), args: BTreeMap::new() }
    }

    /// Adds a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(Box::new(text))
    }
}

macro_rules! from_number {
    ($($t:ty),*) => { $(impl From<$t> for Value {
        fn from(n: $t) -> Self { Self::Number(n as f64) }
    })* };
}
from_number!(u16, u32, u64, usize, i32, i64);

macro_rules! from_string {
    ($($t:ty),*) => { $(impl From<$t> for Value {
        fn from(s: $t) -> Self { Self::String(s.to_string()) }
    })* };
}
from_string!(
    &str,
    String,
    &String,
    Cow<'_, str>,
    std::path::Display<'_>,
    std::io::Error,
    &std::io::Error,
    std::net::IpAddr
);

/// Makes a [`Text`](crate::Text): `text!("step-backup", database = name)`.
#[macro_export]
macro_rules! text {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Text::new($id)$(.with(stringify!($name), $value))*
    };
}

/// Makes a [`Problem`](crate::Problem): `problem!(Refused, "lock-held", who = owner)`. The message of that id must have
/// an attribute `.remedy` in both catalogues.
#[macro_export]
macro_rules! problem {
    ($class:ident, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Problem::new($crate::Class::$class, $crate::Text::new($id)$(.with(stringify!($name), $value))*)
    };
}
