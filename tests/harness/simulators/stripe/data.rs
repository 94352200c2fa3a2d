//! What there is at this Stripe.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::NEW_YEAR;
use super::{BIG, CHARGES, CUSTOMERS, INVOICES, SUBSCRIPTIONS, error, invalid};
use crate::server::Reply;

/// Objects by kind, newest first.
#[derive(Debug)]
pub(super) struct Data {
    objects: BTreeMap<&'static str, Vec<Value>>,
    next: usize,
}

fn customer(number: usize) -> Value {
    json!({
        "id": format!("cus_{number:04}"), "object": "customer", "created": NEW_YEAR + number as i64 * 3_600,
        "email": if number.is_multiple_of(10) { Value::Null } else { json!(format!("user-{number}@example.com")) },
        "name": format!("Customer {number}"), "phone": null, "description": null, "currency": "eur",
        "balance": if number == 7 { BIG } else { -(number as i64) }, "delinquent": number.is_multiple_of(9),
        "livemode": false, "metadata": {"github_login": format!("user-{}", number % 12), "seats": number.to_string()},
    })
}

/// Two charges are made in the same second.
fn charge(number: usize) -> Value {
    let failed = number.is_multiple_of(13);
    let amount = number as i64 * 100;
    json!({
        "id": format!("ch_{number:04}"), "object": "charge", "created": NEW_YEAR + (number / 2) as i64 * 1_800,
        "amount": amount, "amount_refunded": 0, "currency": if number.is_multiple_of(3) { "usd" } else { "eur" },
        "customer": format!("cus_{:04}", number % CUSTOMERS + 1), "description": format!("Charge {number}"),
        "invoice": null, "payment_intent": null, "receipt_email": null,
        "captured": !failed, "disputed": false, "paid": !failed, "refunded": false,
        "status": if failed { "failed" } else { "succeeded" },
        "failure_code": if failed { json!("card_declined") } else { Value::Null },
        "failure_message": if failed { json!("Your card was declined.") } else { Value::Null },
        "balance_transaction": if failed { Value::Null } else { json!(format!("txn_{number:04}")) },
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "amount_authorized": BIG + number as i64}},
        "livemode": false, "metadata": {},
    })
}

fn invoice(number: usize) -> Value {
    let status = ["paid", "open", "draft"][number % 3];
    let total = number as i64 * 1_000;
    let created = NEW_YEAR + number as i64 * 7_200;
    json!({
        "id": format!("in_{number:04}"), "object": "invoice", "created": created,
        "number": if status == "draft" { Value::Null } else { json!(format!("MOLT-{number:04}")) },
        "customer": format!("cus_{:04}", number), "customer_email": null, "status": status, "currency": "eur",
        "subscription": if number <= SUBSCRIPTIONS { json!(format!("sub_{number:04}")) } else { Value::Null },
        "total": total, "amount_due": total, "amount_paid": if status == "paid" { total } else { 0 },
        "amount_remaining": if status == "paid" { 0 } else { total },
        "due_date": if number.is_multiple_of(2) { json!(created + 14 * 86_400) } else { Value::Null },
        "livemode": false, "metadata": {},
    })
}

fn subscription(number: usize) -> Value {
    let canceled = number.is_multiple_of(4);
    let created = NEW_YEAR + number as i64 * 10_800;
    json!({
        "id": format!("sub_{number:04}"), "object": "subscription", "created": created,
        "customer": format!("cus_{number:04}"), "status": if canceled { "canceled" } else { "active" }, "currency": "eur",
        "current_period_start": created, "current_period_end": created + 30 * 86_400, "cancel_at_period_end": false,
        "canceled_at": if canceled { json!(created + 86_400) } else { Value::Null },
        "items": {"object": "list", "has_more": false, "data": [
            {"id": format!("si_{number:04}"), "quantity": number % 5 + 1, "price": {"id": "price_seat", "unit_amount": 900}},
        ]},
        "livemode": false, "metadata": {},
    })
}

/// The parameters by which a list can be filtered.
pub(super) fn filters(kind: &str) -> &'static [&'static str] {
    match kind {
        "customers" => &["email", "created"],
        "charges" => &["customer", "payment_intent", "created"],
        "refunds" => &["charge", "payment_intent", "created"],
        "invoices" => &["customer", "subscription", "status", "created"],
        "subscriptions" => &["customer", "status", "created"],
        _ => &[],
    }
}

/// Whether a list with these parameters holds the object; `Err` names a parameter that cannot be read.
pub(super) fn matches(kind: &str, object: &Value, parameters: &Value) -> Result<bool, String> {
    if kind == "subscriptions" {
        let wanted = parameters["status"].as_str().unwrap_or_default();
        let status = object["status"].as_str().unwrap_or_default();
        // Canceled subscriptions are only listed for who asks.
        let listed = match wanted {
            "" => status != "canceled",
            "all" => true,
            "ended" => status == "canceled",
            other => status == other,
        };
        if !listed {
            return Ok(false);
        }
    }
    for name in filters(kind) {
        match &parameters[name] {
            Value::String(text) if *name == "created" => {
                let second: i64 = text.parse().map_err(|_| "created".to_owned())?;
                if object["created"].as_i64() != Some(second) {
                    return Ok(false);
                }
            }
            Value::String(_) if kind == "subscriptions" && *name == "status" => {}
            Value::String(text) if object[name] != text.as_str() => return Ok(false),
            Value::Object(bounds) => {
                let created = object["created"].as_i64().unwrap_or_default();
                for (operator, bound) in bounds {
                    let wrong = || format!("created[{operator}]");
                    let bound: i64 = bound.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
                    let holds = match operator.as_str() {
                        "gt" => created > bound,
                        "gte" => created >= bound,
                        "lt" => created < bound,
                        "lte" => created <= bound,
                        _ => return Err(wrong()),
                    };
                    if !holds {
                        return Ok(false);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(true)
}

/// Puts the transaction in the place of its id: a fee of 2 % and 30 cents.
pub(super) fn expand_balance(charge: &mut Value) {
    if charge["balance_transaction"].is_string() {
        let amount = charge["amount"].as_i64().unwrap_or_default();
        let fee = amount / 50 + 30;
        let id = charge["balance_transaction"].clone();
        charge["balance_transaction"] =
            json!({"id": id, "object": "balance_transaction", "amount": amount, "fee": fee, "net": amount - fee});
    }
}

impl Data {
    pub(super) fn new() -> Data {
        let newest_first = |count: usize, make: fn(usize) -> Value| (1..=count).rev().map(make).collect();
        let objects = BTreeMap::from([
            ("customers", newest_first(CUSTOMERS, customer)),
            ("charges", newest_first(CHARGES, charge)),
            ("invoices", newest_first(INVOICES, invoice)),
            ("subscriptions", newest_first(SUBSCRIPTIONS, subscription)),
            ("refunds", Vec::new()),
        ]);
        Data { objects, next: 1_000 }
    }

    pub(super) fn list(&self, kind: &str) -> Option<&Vec<Value>> {
        self.objects.get(kind)
    }

    pub(super) fn find(&self, kind: &str, id: &str) -> Option<&Value> {
        self.list(kind)?.iter().find(|object| object["id"] == id)
    }

    pub(super) fn remove(&mut self, kind: &str, id: &str) -> Option<Value> {
        let list = self.objects.get_mut(kind)?;
        let position = list.iter().position(|object| object["id"] == id)?;
        Some(list.remove(position))
    }

    pub(super) fn cancel(&mut self, id: &str) -> Option<Reply> {
        let subscription = self.objects.get_mut("subscriptions")?.iter_mut().find(|object| object["id"] == id)?;
        subscription["status"] = json!("canceled");
        subscription["canceled_at"] = json!(NEW_YEAR + 90 * 86_400);
        Some(Reply::new(200, subscription))
    }

    pub(super) fn expand_customer(&self, object: &mut Value) {
        let found = object["customer"].as_str().and_then(|id| self.find("customers", id)).cloned();
        if let Some(found) = found {
            object["customer"] = found;
        }
    }

    /// A POST to `/v1/` and these parts.
    pub(super) fn write(&mut self, parts: &[&str], given: &Value) -> Reply {
        let (kind, known): (&'static str, &[&str]) = match parts {
            ["customers"] | ["customers", _] => {
                ("customers", &["email", "name", "phone", "description", "balance", "metadata", "source"])
            }
            ["charges"] => (
                "charges",
                &["amount", "currency", "customer", "source", "description", "capture", "metadata", "receipt_email"],
            ),
            ["refunds"] => ("refunds", &["charge", "payment_intent", "amount", "reason", "metadata"]),
            ["subscriptions"] => ("subscriptions", &["customer", "items", "metadata", "trial_period_days"]),
            _ => return error(404, &json!({"type": "invalid_request_error", "message": "Unrecognized request URL."})),
        };
        for (name, value) in given.as_object().into_iter().flatten() {
            if !known.contains(&&**name) {
                return invalid("parameter_unknown", name, &format!("Received unknown parameter: {name}"));
            }
            let whole = matches!(&**name, "amount" | "balance" | "trial_period_days");
            if whole && value.as_str().is_none_or(|text| text.parse::<i64>().is_err()) {
                return invalid("parameter_invalid_integer", name, &format!("Invalid integer: {value}"));
            }
            if name == "metadata"
                && value.as_object().is_some_and(|pairs| pairs.values().any(|value| !value.is_string()))
            {
                return invalid("parameter_invalid", name, "Metadata values can only be strings");
            }
        }
        match (kind, parts) {
            ("customers", [_, id]) => self.update_customer(id, given),
            ("customers", _) => self.add(kind, "cus", customer, given),
            ("charges", _) => self.charge(given),
            ("refunds", _) => self.refund(given),
            (_, _) => self.subscribe(given),
        }
    }

    /// A new object: made as the first ones are, changed by what is given.
    fn add(&mut self, kind: &'static str, prefix: &str, make: fn(usize) -> Value, given: &Value) -> Reply {
        self.next += 1;
        let mut object = make(self.next);
        object["id"] = json!(format!("{prefix}_{}", self.next));
        object["metadata"] = json!({});
        merge(&mut object, given);
        self.objects.entry(kind).or_default().insert(0, object.clone());
        Reply::new(200, object)
    }

    fn update_customer(&mut self, id: &str, given: &Value) -> Reply {
        let list = self.objects.entry("customers").or_default();
        let Some(customer) = list.iter_mut().find(|object| object["id"] == id) else {
            return super::missing("customers", id);
        };
        merge(customer, given);
        Reply::new(200, customer)
    }

    fn charge(&mut self, given: &Value) -> Reply {
        for name in ["amount", "currency"] {
            if given[name].is_null() {
                return invalid("parameter_missing", name, &format!("Missing required param: {name}."));
            }
        }
        if given["source"] == "tok_chargeDeclined" {
            self.next += 1;
            return error(
                402,
                &json!({
                    "type": "card_error", "code": "card_declined", "decline_code": "generic_decline",
                    "message": "Your card was declined.", "charge": format!("ch_{}", self.next),
                    "doc_url": "https://stripe.com/docs/error-codes/card-declined",
                }),
            );
        }
        let mut given = given.clone();
        if let Some(members) = given.as_object_mut() {
            members.remove("source");
            members.remove("capture");
        }
        self.add("charges", "ch", charge, &given)
    }

    fn refund(&mut self, given: &Value) -> Reply {
        let charge = given["charge"].as_str().unwrap_or_default();
        let list = self.objects.entry("charges").or_default();
        let Some(found) = list.iter_mut().find(|object| object["id"] == charge) else {
            return invalid("resource_missing", "charge", &format!("No such charge: '{charge}'"));
        };
        let left = found["amount"].as_i64().unwrap_or_default() - found["amount_refunded"].as_i64().unwrap_or_default();
        let amount = given["amount"].as_str().map_or(left, |text| text.parse().unwrap_or_default());
        if amount > left || left == 0 {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
            return invalid(if left == 0 { "charge_already_refunded" } else { "amount_too_large" }, "amount", &message);
        }
        found["amount_refunded"] = json!(found["amount_refunded"].as_i64().unwrap_or_default() + amount);
        found["refunded"] = json!(amount == left);
        let currency = found["currency"].clone();
        let refund = |number: usize| {
            let created = NEW_YEAR + number as i64 * 3_600;
            json!({"object": "refund", "created": created, "payment_intent": null, "reason": null, "status": "succeeded"})
        };
        let mut given = given.clone();
        given["currency"] = currency;
        given["amount"] = json!(amount.to_string());
        self.add("refunds", "re", refund, &given)
    }

    fn subscribe(&mut self, given: &Value) -> Reply {
        let customer = given["customer"].as_str().unwrap_or_default();
        if self.find("customers", customer).is_none() {
            return invalid("resource_missing", "customer", &format!("No such customer: '{customer}'"));
        }
        let items = given["items"].as_array().cloned().unwrap_or_default();
        if items.is_empty() || items.iter().any(|item| !item["price"].is_string()) {
            return invalid("parameter_missing", "items", "Missing required param: items.");
        }
        let quantity = |item: &Value| item["quantity"].as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
        let data: Vec<Value> = items
            .iter()
            .map(|item| json!({"id": "si_new", "quantity": quantity(item), "price": {"id": item["price"]}}))
            .collect();
        let mut given = given.clone();
        given["items"] = json!({"object": "list", "has_more": false, "data": data});
        self.add("subscriptions", "sub", subscription, &given)
    }
}

/// Sets what a form says: whole numbers and booleans are what they are in the object, an empty text takes a value away.
fn merge(object: &mut Value, given: &Value) {
    for (name, value) in given.as_object().into_iter().flatten() {
        if name == "metadata" {
            for (key, value) in value.as_object().into_iter().flatten() {
                object["metadata"][key] = value.clone();
            }
            continue;
        }
        object[name] = match (&object[name], value.as_str()) {
            (_, Some("")) => Value::Null,
            (Value::Number(_), Some(text)) | (Value::Null, Some(text)) if name == "amount" || name == "balance" => {
                text.parse::<i64>().map_or_else(|_| value.clone(), |number| json!(number))
            }
            _ => value.clone(),
        };
    }
}
