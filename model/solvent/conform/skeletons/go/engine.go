package main

import (
	"math/big"
	"strings"
)

// engine is a small one: spot balances with deposits and withdrawals. Yours takes its place.
type engine struct {
	tokens   map[string]bool
	balances map[string]map[string]*big.Rat
}

// operation gives the name of the reason for which it refuses, and none where it is done.
type operation func(account, token, amount string) (refusal string)

type genesis struct {
	Venue    struct{ Quote string }
	Spots    map[string]any
	Accounts map[string]struct{ Spot map[string]string }
}

func newEngine(from genesis) engine {
	made := engine{map[string]bool{from.Venue.Quote: true}, map[string]map[string]*big.Rat{}}
	for token := range from.Spots {
		made.tokens[token] = true
	}
	for name, account := range from.Accounts {
		made.balances[name] = map[string]*big.Rat{}
		for token, amount := range account.Spot {
			made.balances[name][token] = number(amount)
		}
	}
	return made
}

func (e engine) deposit(account, token, amount string) (refusal string) {
	own, value := e.own(account), number(amount)
	if own == nil || !e.tokens[token] || value.Sign() <= 0 {
		return "bad_request"
	}
	if own[token] == nil {
		own[token] = new(big.Rat)
	}
	own[token].Add(own[token], value)
	return ""
}

func (e engine) withdraw(account, token, amount string) (refusal string) {
	own, value := e.own(account), number(amount)
	if own == nil || value.Sign() <= 0 {
		return "bad_request"
	}
	if own[token] == nil || value.Cmp(own[token]) > 0 {
		return "insufficient_balance"
	}
	own[token].Sub(own[token], value)
	return ""
}

func (e engine) state() map[string]any {
	accounts := map[string]any{}
	for name, own := range e.balances {
		spot := map[string]string{}
		for token, amount := range own {
			spot[token] = text(amount)
		}
		accounts[name] = map[string]any{"spot": spot}
	}
	return map[string]any{"accounts": accounts}
}

// own is the balances of a user; the venue's own accounts take no orders.
func (e engine) own(account string) map[string]*big.Rat {
	if kind, _, _ := strings.Cut(account, ":"); kind == "vault" || kind == "backstop" {
		return nil
	}
	return e.balances[account]
}

// number is exact: a decimal string, or a quotient such as 5/3.
func number(text string) *big.Rat {
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("not a number: " + text)
	}
	return value
}

func text(amount *big.Rat) string {
	digits := amount.FloatString(30)
	return strings.TrimSuffix(strings.TrimRight(digits, "0"), ".")
}
