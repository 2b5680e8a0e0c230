//! A small engine: spot balances with deposits and withdrawals. Yours takes its place.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PLACES: usize = 18;

/// A request that the engine turns down, under the engine's own name for the reason.
pub struct Refusal(pub &'static str);

pub struct Engine {
    tokens: BTreeSet<String>,
    pub accounts: BTreeMap<String, BTreeMap<String, i128>>,
}

impl Engine {
    pub fn new(genesis: &Value) -> Self {
        let keys = |table: &Value| {
            table
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key.clone())
                .collect()
        };
        let mut tokens: BTreeSet<String> = keys(&genesis["spots"]);
        tokens.insert(genesis["venue"]["quote"].as_str().unwrap().to_owned());
        let mut accounts = BTreeMap::new();
        for (name, account) in genesis["accounts"].as_object().unwrap() {
            let spot = account["spot"].as_object().into_iter().flatten();
            let own = spot
                .map(|(token, amount)| (token.clone(), units(amount.as_str().unwrap())))
                .collect();
            accounts.insert(name.clone(), own);
        }
        Engine { tokens, accounts }
    }

    pub fn deposit(&mut self, account: &str, token: &str, amount: &str) -> Result<(), Refusal> {
        let (known, value) = (self.tokens.contains(token), units(amount));
        let own = self.own(account)?;
        if !known || value <= 0 {
            return Err(Refusal("bad_request"));
        }
        *own.entry(token.to_owned()).or_default() += value;
        Ok(())
    }

    pub fn withdraw(&mut self, account: &str, token: &str, amount: &str) -> Result<(), Refusal> {
        let value = units(amount);
        let own = self.own(account)?;
        if value <= 0 {
            return Err(Refusal("bad_request"));
        }
        match own.get_mut(token) {
            Some(balance) if value <= *balance => *balance -= value,
            _ => return Err(Refusal("insufficient_balance")),
        }
        Ok(())
    }

    pub fn spot(&self, account: &str) -> BTreeMap<&str, String> {
        self.accounts[account]
            .iter()
            .map(|(token, amount)| (token.as_str(), text(*amount)))
            .collect()
    }

    /// The balances of a user; the venue's own accounts take no orders.
    fn own(&mut self, account: &str) -> Result<&mut BTreeMap<String, i128>, Refusal> {
        let house = matches!(account.split(':').next(), Some("vault" | "backstop"));
        self.accounts
            .get_mut(account)
            .filter(|_| !house)
            .ok_or(Refusal("bad_request"))
    }
}

/// A decimal string, or a quotient such as 5/3, as a count of 10^-18; never through a float.
fn units(text: &str) -> i128 {
    if let Some((numerator, denominator)) = text.split_once('/') {
        return units(numerator) / denominator.parse::<i128>().unwrap();
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<PLACES$.PLACES$}").parse().unwrap()
}

fn text(amount: i128) -> String {
    let digits = format!("{:0width$}", amount.unsigned_abs(), width = PLACES + 1);
    let (whole, part) = digits.split_at(digits.len() - PLACES);
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{whole}.{part}")
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}
