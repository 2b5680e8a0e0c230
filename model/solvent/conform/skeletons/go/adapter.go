// Solvent's adapter protocol around an engine: one JSON object a line in, one reply a line out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

type object = map[string]any

type message struct {
	Cmd      string
	Seq      int
	Protocol []int
	Genesis  genesis
	Steps    []struct{ Op, Account, Token, Amount string }
	Observe  struct{ After string }
}

func hello(asked message) object {
	if !slices.Contains(asked.Protocol, 1) {
		return object{"error": object{"kind": "malformed", "message": "this adapter speaks protocol 1"}}
	}
	return object{
		"protocol": 1,
		"engine":   object{"name": "my-engine", "version": "0.1.0", "language": "go"},
		"capabilities": object{
			"regimes": []string{"cross"}, "operations": []string{"deposit", "withdraw"},
			"fields": []string{"accounts.spot"}, "commands": []string{},
			"genesis": "empty", "codes": true, "digits": 18,
		},
		"errors": object{"bad_request": "invalid", "insufficient_balance": "PERP-WITHDRAWABLE"},
	}
}

func run(asked message) object {
	engine := newEngine(asked.Genesis) // a new one for every run: nothing is kept
	operations := map[string]operation{"deposit": engine.deposit, "withdraw": engine.withdraw}
	after := asked.Observe.After
	see := func(reply object, wanted bool) object {
		if wanted {
			reply["state"] = engine.state()
		}
		return reply
	}
	each, outcomes := after == "each" || after == "", []object{}
	reply := see(object{}, each)
	for _, step := range asked.Steps {
		perform, known := operations[step.Op]
		if !known {
			return object{"unsupported": "the operation " + step.Op}
		}
		outcome := object{"ok": true}
		if refusal := perform(step.Account, step.Token, step.Amount); refusal != "" {
			outcome = object{"ok": false, "code": refusal}
		}
		outcomes = append(outcomes, see(outcome, each))
	}
	reply["outcomes"] = outcomes
	return see(reply, after == "last")
}

func bye(message) object { return object{"ok": true} }

var commands = map[string]func(message) object{"hello": hello, "run": run, "bye": bye}

func answer(asked message) (reply object) {
	defer func() {
		if crash := recover(); crash != nil {
			fmt.Fprintln(os.Stderr, crash) // standard output is for replies alone
			reply = object{"error": object{"kind": "crash", "message": fmt.Sprint(crash)}}
		}
		reply["seq"] = asked.Seq
	}()
	command, known := commands[asked.Cmd]
	if !known {
		return object{"unsupported": "the command " + asked.Cmd}
	}
	return command(asked)
}

func main() {
	questions, replies := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for asked := (message{}); asked.Cmd != "bye"; {
		asked = message{}
		if questions.Decode(&asked) != nil || replies.Encode(answer(asked)) != nil {
			return
		}
	}
}
