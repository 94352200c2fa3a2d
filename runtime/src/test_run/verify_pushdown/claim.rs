//! The claims of PUSHDOWN, and how each is tried.

use std::rc::Rc;

use moltler_abi::manifest::{Entity, Exactness, OrderField};

use super::Verdict;
use super::rows::{self, Answer, Condition, Request, Row};
use crate::coerce::{coerce, value_to_json};
use crate::context::ExecContext;
use crate::operators::ObservedCall;
use crate::value::{Document, Value};

/// How many values of a field are tried for an operator.
const MAX_VALUES: usize = 5;

/// One claim of PUSHDOWN; fields are indices into those of the entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `filters`: the handler is told this operator on this field, and leaves rows out.
    Filter(u32, String),
    /// `exact`: it leaves out all rows that the filters do not match.
    Exact,
    /// `order_by`: it gives rows in the order of the field.
    Order(OrderField),
    /// `limit`: it gives no more rows than are asked for, behind filters and order.
    Limit,
}

impl Claim {
    /// As it stands in PUSHDOWN: `filters.status "="`.
    pub fn text(&self, entity: &Entity) -> String {
        let name = |field: &u32| entity.fields.get(*field as usize).map_or("?", |field| field.name.as_str());
        match self {
            Claim::Filter(field, operator) => format!("filters.{} \"{operator}\"", name(field)),
            Claim::Exact => "exact".to_owned(),
            Claim::Order(OrderField { field, descending }) => match descending {
                None => format!("order_by {}", name(field)),
                Some(false) => format!("order_by {} asc", name(field)),
                Some(true) => format!("order_by {} desc", name(field)),
            },
            Claim::Limit => "limit".to_owned(),
        }
    }
}

/// All claims of an entity.
pub(super) fn of(entity: &Entity) -> Vec<Claim> {
    let declared = &entity.pushdown;
    let mut claims = Vec::new();
    for (field, operators) in &declared.filters {
        claims.extend(operators.iter().map(|operator| Claim::Filter(*field, operator.clone())));
    }
    if declared.filters.iter().any(|(field, _)| declared.exact.covers(*field)) {
        claims.push(Claim::Exact);
    }
    claims.extend(declared.order_fields.iter().map(|order| Claim::Order(*order)));
    if declared.limit {
        claims.push(Claim::Limit);
    }
    claims
}

/// An entity of an instance that is asked.
pub(super) struct Probe<'a> {
    context: &'a ExecContext,
    call: &'a ObservedCall,
    entity: &'a Entity,
    needed: Document,
    /// What the test asked.
    asked: Vec<Condition>,
    /// All rows, asked for without anything that is not needed.
    all: Answer,
}

/// What one call says of a claim.
enum Finding {
    /// The handler did what it was asked.
    Right,
    Wrong(String),
    /// Nothing can be said, for this reason.
    Unclear(String),
}

impl<'a> Probe<'a> {
    /// Asks for all rows; the reason where that is not possible.
    pub(super) fn new(
        context: &'a ExecContext,
        call: &'a ObservedCall,
        needed: Document,
        same: &[&ObservedCall],
    ) -> Result<Probe<'a>, String> {
        let entity = &context.manifest().entities[call.entity as usize];
        let asked = same.iter().flat_map(|call| asked(entity, call)).collect();
        let all = rows::call(context, &call.instance, call.entity, &needed, &Request::default());
        let all = all.map_err(|error| format!("the handler fails when it is asked for all rows: {}", error.message))?;
        Ok(Probe { context, call, entity, needed, asked, all })
    }

    /// What comes of a claim: one wrong answer refutes it, one right one that the mocks can tell from a wrong one verifies it.
    pub(super) fn verdict(&self, claim: &Claim) -> Verdict {
        let findings = match claim {
            Claim::Filter(field, operator) => self.filter(*field as usize, operator),
            Claim::Exact => self.exact(),
            Claim::Order(order) => self.order(*order),
            Claim::Limit => self.limit(),
        };
        let (mut is_right, mut reason) = (false, None);
        for finding in findings {
            match finding {
                Finding::Wrong(message) => return Verdict::Refuted(message),
                Finding::Right => is_right = true,
                Finding::Unclear(message) => reason = reason.or(Some(message)),
            }
        }
        if is_right {
            return Verdict::Verified;
        }
        Verdict::NotExercised(reason.unwrap_or_else(|| "no row has a value to ask for".to_owned()))
    }

    /// The rows of a call, unless the mocks answer it as if nothing had been asked.
    fn ask(&self, request: &Request) -> Result<Answer, Finding> {
        let answer = rows::call(self.context, &self.call.instance, self.call.entity, &self.needed, request);
        let answer = answer.map_err(|error| {
            Finding::Unclear(format!("the handler fails for `{}`: {}", request.text(self.entity), error.message))
        })?;
        let is_told_apart = answer.requests == self.all.requests || answer.used != self.all.used;
        // A right answer is one, however it came about.
        if !is_told_apart && answer.rows == self.all.rows {
            let sent = answer.requests.first().map_or("no request", String::as_str);
            return Err(Finding::Unclear(format!(
                "MOCK_API answers `{}` as if nothing was asked",
                self.context.scrub(sent)
            )));
        }
        Ok(answer)
    }

    /// The values that a condition on the field is tried with: those of tests first, then those of rows.
    fn conditions(&self, field: usize, operator: &str) -> Vec<Condition> {
        let asked = self.asked.iter().filter(|condition| condition.field == field && condition.operator == operator);
        let mut tried: Vec<Condition> = asked.cloned().collect();
        let mut add = |value: Value| {
            let condition = Condition { field, operator: operator.to_owned(), value };
            if !tried.contains(&condition) {
                tried.push(condition);
            }
        };
        if operator.starts_with("is ") {
            add(Value::Null);
        }
        for row in &self.all.rows {
            match (&row[field], operator) {
                (Value::Null, _) | (_, "is null" | "is not null") => {}
                (value, "in" | "not in") => add(Value::Array(Rc::new(vec![value.clone()]))),
                (Value::Array(items), "contains") => items.iter().take(1).cloned().for_each(&mut add),
                (value, _) => add(value.clone()),
            }
        }
        tried.truncate(MAX_VALUES);
        tried
    }

    fn matching(&self, condition: &Condition) -> Vec<&Row> {
        let field = &self.entity.fields[condition.field];
        self.all.rows.iter().filter(|row| condition.holds(row, field)).collect()
    }

    fn filter(&self, field: usize, operator: &str) -> Vec<Finding> {
        if self.needed.contains_key(self.entity.fields[field].name.as_str()) {
            return vec![Finding::Unclear("the handler needs the field, so rows without it are not known".to_owned())];
        }
        self.conditions(field, operator).iter().map(|condition| self.filter_once(condition)).collect()
    }

    fn filter_once(&self, condition: &Condition) -> Finding {
        let request = Request { conditions: vec![condition.clone()], ..Request::default() };
        let answer = match self.ask(&request) {
            Ok(answer) => answer,
            Err(finding) => return finding,
        };
        let expected = self.matching(condition);
        let declared = &self.entity.fields[condition.field];
        let kept: Vec<&Row> = answer.rows.iter().filter(|row| condition.holds(row, declared)).collect();
        if let Some(difference) = self.difference(&expected, &kept) {
            return Finding::Wrong(format!("asked for {}, {difference}", request.text(self.entity)));
        }
        if expected.len() == self.all.rows.len() {
            return Finding::Unclear(format!("all rows match {}", condition.text(self.entity)));
        }
        let exact = &self.entity.pushdown.exact;
        if answer.rows.len() >= self.all.rows.len()
            && matches!(exact, Exactness::Of(_))
            && !exact.covers(condition.field as u32)
        {
            return Finding::Unclear(format!(
                "asked for {}, it gives all rows, which it may: `exact` does not name the field",
                request.text(self.entity)
            ));
        }
        if answer.rows.len() >= self.all.rows.len() {
            let wrong = answer.rows.iter().find(|row| !condition.holds(row, declared));
            let wrong = wrong.map(|row| rows::show(self.context, self.entity, row)).unwrap_or_default();
            return Finding::Wrong(format!(
                "asked for {}, it gives all {} rows as if it was not asked, {wrong} among them",
                request.text(self.entity),
                answer.rows.len()
            ));
        }
        Finding::Right
    }

    fn exact(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let pushdown = &self.entity.pushdown;
        for (field, operators) in pushdown.filters.iter().filter(|(field, _)| pushdown.exact.covers(*field)) {
            for operator in operators {
                for condition in self.conditions(*field as usize, operator) {
                    let declared = &self.entity.fields[condition.field];
                    if self.needed.contains_key(declared.name.as_str()) {
                        continue;
                    }
                    let request = Request { conditions: vec![condition.clone()], ..Request::default() };
                    findings.push(match self.ask(&request) {
                        Err(finding) => finding,
                        Ok(answer) => match answer.rows.iter().find(|row| !condition.holds(row, declared)) {
                            Some(row) => Finding::Wrong(format!(
                                "asked for {}, it also gives {}",
                                request.text(self.entity),
                                rows::show(self.context, self.entity, row)
                            )),
                            None if self.matching(&condition).len() == self.all.rows.len() => {
                                Finding::Unclear(format!("all rows match {}", condition.text(self.entity)))
                            }
                            None => Finding::Right,
                        },
                    });
                }
            }
        }
        findings
    }

    fn order(&self, declared: OrderField) -> Vec<Finding> {
        let field = declared.field as usize;
        let mut findings = Vec::new();
        for descending in [false, true].into_iter().filter(|descending| declared.covers(declared.field, *descending)) {
            let order = vec![(field, descending)];
            let request = Request { order: order.clone(), ..Request::default() };
            let mut expected: Vec<&Row> = self.all.rows.iter().collect();
            expected.sort_by(|left, right| rows::compare(left, right, &order));
            findings.push(match self.ask(&request) {
                Err(finding) => finding,
                Ok(answer) => {
                    let given: Vec<&Row> = answer.rows.iter().collect();
                    let mut sorted = given.clone();
                    sorted.sort_by(|left, right| rows::compare(left, right, &order));
                    // Rows that are equal in the key may come in any order.
                    let first = (0..given.len().max(expected.len())).find(|place| {
                        match (given.get(*place), expected.get(*place)) {
                            (Some(given), Some(expected)) => rows::compare(given, expected, &order).is_ne(),
                            _ => true,
                        }
                    });
                    match first {
                        Some(place) => Finding::Wrong(format!(
                            "asked for {}, {}",
                            request.text(self.entity),
                            self.at(place, expected.get(place).copied(), given.get(place).copied())
                        )),
                        None if is_constant(&self.all.rows, field) => {
                            Finding::Unclear("all rows have the same value in it".to_owned())
                        }
                        None => Finding::Right,
                    }
                }
            });
        }
        findings
    }

    fn limit(&self) -> Vec<Finding> {
        let mut requests = vec![Request::default()];
        for (field, operators) in &self.entity.pushdown.filters {
            let is_free = !self.needed.contains_key(self.entity.fields[*field as usize].name.as_str());
            for operator in operators.iter().filter(|_| is_free) {
                let conditions = self.conditions(*field as usize, operator);
                requests.extend(
                    conditions
                        .into_iter()
                        .map(|condition| Request { conditions: vec![condition], ..Request::default() }),
                );
            }
        }
        for declared in &self.entity.pushdown.order_fields {
            for descending in [false, true].into_iter().filter(|way| declared.covers(declared.field, *way)) {
                requests.push(Request { order: vec![(declared.field as usize, descending)], ..Request::default() });
            }
        }
        requests.into_iter().map(|request| self.limit_once(request)).collect()
    }

    fn limit_once(&self, mut request: Request) -> Finding {
        let mut expected: Vec<&Row> = match request.conditions.first() {
            Some(condition) => self.matching(condition),
            None => self.all.rows.iter().collect(),
        };
        if expected.len() < 2 {
            return Finding::Unclear("there are too few rows for a limit".to_owned());
        }
        let limit = expected.len() / 2;
        expected.sort_by(|left, right| rows::compare(left, right, &request.order));
        request.limit = Some(limit);
        let answer = match self.ask(&request) {
            Ok(answer) => answer,
            Err(finding) => return finding,
        };
        let asked = request.text(self.entity);
        let matches = |row: &&Row| {
            request.conditions.iter().all(|condition| condition.holds(row, &self.entity.fields[condition.field]))
        };
        let given: Vec<&Row> = answer.rows.iter().filter(matches).collect();
        if given.len() < limit {
            let found = given.len();
            return Finding::Wrong(format!("asked for {asked}, it gives {found} matching rows, and {limit} are there"));
        }
        if answer.rows.len() > limit {
            return Finding::Wrong(format!("asked for {asked}, it gives {} rows", answer.rows.len()));
        }
        let known = |row: &&Row| self.all.rows.contains(*row);
        if let Some(place) = given.iter().position(|row| !known(row)) {
            return Finding::Wrong(format!("asked for {asked}, {}", self.at(place, None, Some(given[place]))));
        }
        let differs = |place: &usize| rows::compare(given[*place], expected[*place], &request.order).is_ne();
        match (0..limit).find(differs) {
            Some(place) => {
                let difference = self.at(place, Some(expected[place]), Some(given[place]));
                Finding::Wrong(format!("asked for {asked}, {difference}"))
            }
            None => Finding::Right,
        }
    }

    /// Where two lists of rows differ first.
    fn difference(&self, expected: &[&Row], given: &[&Row]) -> Option<String> {
        let longest = expected.len().max(given.len());
        let place = (0..longest).find(|place| expected.get(*place) != given.get(*place))?;
        Some(self.at(place, expected.get(place).copied(), given.get(place).copied()))
    }

    fn at(&self, place: usize, expected: Option<&Row>, given: Option<&Row>) -> String {
        let show = |row: &Row| rows::show(self.context, self.entity, row);
        let number = place + 1;
        match (expected, given) {
            (Some(expected), Some(given)) => {
                format!("its row {number} is {}, not {}", show(given), show(expected))
            }
            (Some(expected), None) => format!("its row {number} is missing: {}", show(expected)),
            (None, Some(given)) => format!("its row {number} is {}, which is none of all rows", show(given)),
            (None, None) => format!("its row {number} differs"),
        }
    }
}

fn is_constant(rows: &[Row], field: usize) -> bool {
    rows.windows(2).all(|pair| pair[0][field] == pair[1][field])
}

/// The conditions that a call was told.
fn asked(entity: &Entity, call: &ObservedCall) -> Vec<Condition> {
    let Some(Value::Array(told)) = call.options.get("where") else { return Vec::new() };
    let conditions = told.iter().filter_map(|condition| {
        let Value::Document(condition) = condition else { return None };
        let text = |key: &str| match condition.get(key) {
            Some(Value::String(text)) => Some(text.to_string()),
            _ => None,
        };
        let name = text("field")?;
        let field = entity.fields.iter().position(|field| field.name == name)?;
        let value = condition.get("value").cloned().unwrap_or_default();
        // Times are told as text.
        let value = match &value {
            Value::Array(_) => value,
            other => coerce(other, entity.fields[field].data_type, None).unwrap_or(value),
        };
        Some(Condition { field, operator: text("op")?, value })
    });
    let mut distinct: Vec<Condition> = Vec::new();
    for condition in conditions {
        let key = value_to_json(&condition.value);
        let is_known = |known: &Condition| {
            known.field == condition.field && known.operator == condition.operator && value_to_json(&known.value) == key
        };
        if !distinct.iter().any(is_known) {
            distinct.push(condition);
        }
    }
    distinct
}
