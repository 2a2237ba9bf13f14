//! Lists: `list`, `first`, `append`, `uniq`, …
//!
//! In: any slice, typed ones such as `[]string` included, as sprig reflects on its arguments. Out:
//! new lists, nil where Go leaves one nil (it prints as `[]` but is `null` in JSON); only `slice`
//! keeps the type of the list. Refused with Go's texts: nil and what is no slice, bad bounds; with
//! a limit: results beyond [`MAX_LIST_ITEMS`].

use crate::funcs::defaults::is_empty;
use crate::limits::MAX_LIST_ITEMS;
use crate::template::{Args, FuncError, Function, Param, Runtime};
use crate::value::number::to_int64;
use crate::value::{Items, Kind, List, ListType, Value};

type Result<T = Value> = std::result::Result<T, FuncError>;

/// Go's text for the use of a nil interface as if it held a value.
pub(crate) const NIL_DEREFERENCE: &str =
    "runtime error: invalid memory address or nil pointer dereference";

/// How many values are compared in the time of one evaluation step.
const COMPARISONS_PER_STEP: usize = 2;

const ANY: &[Param] = &[Param::Any];
const ANY_TWICE: &[Param] = &[Param::Any, Param::Any];

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[
    Function::pure("append", ANY_TWICE, append),
    Function::pure("chunk", &[Param::Int, Param::Any], chunk),
    Function::pure("compact", ANY, compact),
    Function::pure("concat", ANY, concat).variadic(),
    Function::pure("first", ANY, first).constant(),
    Function::run("has", ANY_TWICE, has).constant(),
    Function::pure("initial", ANY, initial),
    Function::pure("last", ANY, last).constant(),
    Function::pure("list", ANY, list).constant().variadic(),
    Function::pure("mustAppend", ANY_TWICE, append),
    Function::pure("mustChunk", &[Param::Int, Param::Any], chunk),
    Function::pure("mustCompact", ANY, compact),
    Function::pure("mustFirst", ANY, first).constant(),
    Function::run("mustHas", ANY_TWICE, has).constant(),
    Function::pure("mustInitial", ANY, initial),
    Function::pure("mustLast", ANY, last).constant(),
    Function::pure("mustPrepend", ANY_TWICE, prepend),
    Function::pure("mustPush", ANY_TWICE, append),
    Function::pure("mustRest", ANY, rest),
    Function::pure("mustReverse", ANY, reverse),
    Function::pure("mustSlice", ANY_TWICE, slice).variadic(),
    Function::run("mustUniq", ANY, uniq).constant(),
    Function::run("mustWithout", ANY_TWICE, without)
        .constant()
        .variadic(),
    Function::pure("prepend", ANY_TWICE, prepend),
    Function::pure("push", ANY_TWICE, append),
    Function::pure("rest", ANY, rest),
    Function::pure("reverse", ANY, reverse),
    Function::pure("slice", ANY_TWICE, slice).variadic(),
    Function::pure("tuple", ANY, list).constant().variadic(),
    Function::run("uniq", ANY, uniq).constant(),
    Function::run("without", ANY_TWICE, without)
        .constant()
        .variadic(),
];

/// The items of a value of Go's kind slice, or `None`.
pub(crate) fn slice_items(value: &Value) -> Option<Items<'_>> {
    match value {
        Value::List(list) => Some(list.items()),
        Value::Object(object) if object.kind() == Kind::Slice => object.items().map(Items::Own),
        _ => None,
    }
}

/// Checks that the function `name` may make a list of `n_items`.
///
/// # Errors
///
/// The list would be longer than [`MAX_LIST_ITEMS`].
pub(crate) fn check_len(name: &str, n_items: usize) -> Result<()> {
    if n_items > MAX_LIST_ITEMS {
        return Err(FuncError::Limit(format!(
            "`{name}` would make a list of more than {MAX_LIST_ITEMS} items"
        )));
    }
    Ok(())
}

/// The items of the list argument `value`; `wrong` begins the message for what is no list.
fn items_of<'a>(value: &'a Value, wrong: &str) -> Result<Items<'a>> {
    slice_items(value).ok_or_else(|| no_list(value, wrong, ""))
}

fn no_list(value: &Value, before: &str, after: &str) -> FuncError {
    match value.kind() {
        Kind::Invalid => NIL_DEREFERENCE.into(),
        kind => format!("{before} {}{after}", kind.name()).into(),
    }
}

fn list(args: Args<'_>) -> Result {
    Ok(Value::list(args.rest(0).to_vec()))
}

fn append(args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot push on type")?;
    Ok(joined(&items, args.rest(1)))
}

fn prepend(args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot prepend on type")?;
    Ok(joined(args.rest(1), &items))
}

fn joined(front: &[Value], back: &[Value]) -> Value {
    Value::list([front, back].concat())
}

fn concat(args: Args<'_>) -> Result {
    let mut all = Vec::new();
    for list in args.rest(0) {
        let items =
            slice_items(list).ok_or_else(|| no_list(list, "Cannot concat type", " as list"))?;
        check_len("concat", all.len() + items.len())?;
        all.extend_from_slice(&items);
    }
    Ok(some_or_nil((!all.is_empty()).then_some(all)))
}

/// A list, or the nil list.
fn some_or_nil(items: Option<Vec<Value>>) -> Value {
    items.map_or_else(|| List::nil(ListType::Any).into(), Value::list)
}

fn first(args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot find first on type")?;
    Ok(items.first().cloned().unwrap_or_default())
}

fn last(args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot find last on type")?;
    Ok(items.last().cloned().unwrap_or_default())
}

fn rest(args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot find rest on type")?;
    Ok(some_or_nil(
        items.split_first().map(|(_, rest)| rest.to_vec()),
    ))
}

fn initial(args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot find initial on type")?;
    Ok(some_or_nil(
        items.split_last().map(|(_, initial)| initial.to_vec()),
    ))
}

fn reverse(args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot find reverse on type")?;
    Ok(Value::list(items.iter().rev().cloned().collect()))
}

fn compact(args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot compact on type")?;
    let full = items.iter().filter(|item| !is_empty(item));
    Ok(Value::list(full.cloned().collect()))
}

fn uniq(run: &mut dyn Runtime, args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot find uniq on type")?;
    let mut comparisons = Comparisons::default();
    let mut once: Vec<Value> = Vec::new();
    for item in items.iter() {
        if !comparisons.contain(run, &once, item)? {
            once.push(item.clone());
        }
    }
    Ok(Value::list(once))
}

fn without(run: &mut dyn Runtime, args: Args<'_>) -> Result {
    let items = items_of(args.any(0), "Cannot find without on type")?;
    let mut comparisons = Comparisons::default();
    let mut kept = Vec::new();
    for item in items.iter() {
        if !comparisons.contain(run, args.rest(1), item)? {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn has(run: &mut dyn Runtime, args: Args<'_>) -> Result {
    let (needle, haystack) = (args.any(0), args.any(1));
    if matches!(haystack, Value::Nil) {
        return Ok(Value::Bool(false));
    }
    let items = items_of(haystack, "Cannot find has on type")?;
    let found = Comparisons::default().contain(run, &items, needle)?;
    Ok(Value::Bool(found))
}

/// Comparisons of values of any depth, which count as steps.
#[derive(Default)]
pub(crate) struct Comparisons {
    /// Those that are not counted yet.
    n_open: usize,
}

impl Comparisons {
    /// Go's `reflect.DeepEqual`.
    ///
    /// # Errors
    ///
    /// The run may not take so many steps.
    pub(crate) fn equal(&mut self, run: &mut dyn Runtime, a: &Value, b: &Value) -> Result<bool> {
        let equal = a.deep_equal_counting(b, &mut self.n_open);
        if self.n_open >= COMPARISONS_PER_STEP {
            run.spend(self.n_open / COMPARISONS_PER_STEP)?;
            self.n_open %= COMPARISONS_PER_STEP;
        }
        Ok(equal)
    }

    /// Says whether one of `items` equals `wanted`.
    fn contain(&mut self, run: &mut dyn Runtime, items: &[Value], wanted: &Value) -> Result<bool> {
        for item in items {
            if self.equal(run, item, wanted)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// `slice LIST [FROM [TO]]`: nil for an empty list, whatever the bounds.
///
/// Go lets TO reach up to the capacity of the list, which is usually its length; here it is always
/// the length.
fn slice(args: Args<'_>) -> Result {
    let list = args.any(0);
    let items = items_of(list, "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index| args.rest(1).get(index).map(to_int64);
    let (from, to) = (
        bound(0).unwrap_or(0),
        bound(1).unwrap_or(items.len() as i64),
    );
    let range = match (usize::try_from(from), usize::try_from(to)) {
        (Ok(from), Ok(to)) => items.get(from..to),
        _ => None,
    };
    let range = range.ok_or("reflect.Value.Slice: slice index out of bounds")?;
    let list_type = match list {
        Value::List(list) => list.list_type(),
        _ => ListType::Any,
    };
    Ok(Value::List(List::new(list_type, range.to_vec())))
}

/// `chunk SIZE LIST`, with the outcome of Go's floating-point arithmetic for sizes below one.
fn chunk(args: Args<'_>) -> Result {
    let size = args.int(0);
    let items = items_of(args.any(1), "Cannot chunk type")?;
    let out_of_range = || FuncError::from("runtime error: makeslice: len out of range");
    let n_chunks = ((items.len() as f64 - 1.0) / size as f64).floor() + 1.0;
    if !n_chunks.is_finite() || n_chunks < 0.0 {
        return Err(out_of_range());
    }
    let chunks: Vec<Value> = match usize::try_from(size) {
        Ok(size) => items
            .chunks(size)
            .map(|part| Value::list(part.to_vec()))
            .collect(),
        // What is left are no chunks at all, or one item in a single chunk.
        Err(_) if n_chunks < 1.0 => Vec::new(),
        Err(_) if n_chunks == 1.0 && items.len() == 1 && size < -1 => {
            vec![Value::list(items.to_vec())]
        }
        Err(_) => return Err(out_of_range()),
    };
    Ok(Value::List(List::new(ListType::Lists, chunks)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concat_ends_at_the_limit() {
        let list = |n| Value::list(vec![Value::Nil; n]);
        let most = concat(Args(&[list(MAX_LIST_ITEMS - 1), list(1)])).unwrap();
        assert_eq!(most.as_list().unwrap().len(), MAX_LIST_ITEMS);
        let more = concat(Args(&[list(MAX_LIST_ITEMS), list(1)]));
        assert!(matches!(more, Err(FuncError::Limit(_))));
    }
}
