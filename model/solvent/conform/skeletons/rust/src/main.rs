//! Solvent's adapter protocol around an engine: one JSON object a line in, one reply a line out.

mod engine;

use engine::{Engine, Refusal};
use serde_json::{json, Map, Value};
use std::io::{stdin, stdout, Write};
use std::panic::catch_unwind;

fn hello(message: &Value) -> Value {
    let spoken = message["protocol"].as_array();
    if !spoken.is_some_and(|versions| versions.contains(&json!(1))) {
        return json!({"error": {"kind": "malformed", "message": "this adapter speaks protocol 1"}});
    }
    json!({
        "protocol": 1,
        "engine": {"name": "my-engine", "version": "0.1.0", "language": "rust"},
        "capabilities": {
            "regimes": ["cross"],
            "operations": ["deposit", "withdraw"],
            "fields": ["accounts.spot"],
            "commands": [],
            "genesis": "empty",
            "codes": true,
            "digits": 18,
        },
        "errors": {"bad_request": "invalid", "insufficient_balance": "PERP-WITHDRAWABLE"},
    })
}

fn run(message: &Value) -> Value {
    let mut engine = Engine::new(&message["genesis"]); // a new one for every run: nothing is kept
    let after = message["observe"]["after"].as_str().unwrap_or("each");
    let (mut reply, mut outcomes) = (json!({}), Vec::new());
    if after == "each" {
        reply["state"] = state(&engine);
    }
    for step in message["steps"].as_array().unwrap_or(&Vec::new()) {
        let [op, account, token, amount] =
            ["op", "account", "token", "amount"].map(|key| step[key].as_str().unwrap_or_default());
        let done = match op {
            "deposit" => engine.deposit(account, token, amount),
            "withdraw" => engine.withdraw(account, token, amount),
            _ => return json!({"unsupported": format!("the operation {op}")}),
        };
        let mut outcome = match done {
            Ok(()) => json!({"ok": true}),
            Err(Refusal(code)) => json!({"ok": false, "code": code}),
        };
        if after == "each" {
            outcome["state"] = state(&engine);
        }
        outcomes.push(outcome);
    }
    if after == "last" {
        reply["state"] = state(&engine);
    }
    reply["outcomes"] = json!(outcomes);
    reply
}

fn state(engine: &Engine) -> Value {
    let spot = |name: &String| (name.clone(), json!({"spot": engine.spot(name)}));
    json!({"accounts": engine.accounts.keys().map(spot).collect::<Map<_, _>>()})
}

fn main() {
    for line in stdin().lines() {
        let message: Value = serde_json::from_str(&line.expect("UTF-8")).expect("JSON");
        let answered = catch_unwind(|| match message["cmd"].as_str().unwrap_or_default() {
            "hello" => hello(&message),
            "run" => run(&message),
            "bye" => json!({"ok": true}),
            other => json!({"unsupported": format!("the command {other}")}),
        }); // the reason of a panic is on standard error: standard output is for replies alone
        let mut reply =
            answered.unwrap_or_else(|_| json!({"error": {"kind": "crash", "message": "a panic"}}));
        reply["seq"] = message["seq"].clone();
        writeln!(stdout(), "{reply}")
            .and_then(|()| stdout().flush())
            .expect("standard output");
        if message["cmd"] == "bye" {
            return;
        }
    }
}
