// Solvent's adapter protocol around an engine: one JSON object a line in, one reply a line out.

#include "engine.hpp"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

using nlohmann::json;

json hello(const json& message) {
    const json& spoken = message.at("protocol");
    if (std::find(spoken.begin(), spoken.end(), 1) == spoken.end())
        return {{"error", {{"kind", "malformed"}, {"message", "this adapter speaks protocol 1"}}}};
    return json::parse(R"({
        "protocol": 1,
        "engine": {"name": "my-engine", "version": "0.1.0", "language": "cpp"},
        "capabilities": {
            "regimes": ["cross"], "operations": ["deposit", "withdraw"], "fields": ["accounts.spot"],
            "commands": [], "genesis": "empty", "codes": true, "digits": 18
        },
        "errors": {"bad_request": "invalid", "insufficient_balance": "PERP-WITHDRAWABLE"}
    })");
}

json perform(Engine& engine, const json& step) {
    const std::string account = step.at("account"), token = step.at("token"), amount = step.at("amount");
    try {
        if (step.at("op") == "deposit") engine.deposit(account, token, amount);
        else engine.withdraw(account, token, amount);
    } catch (const Refusal& refusal) {
        return {{"ok", false}, {"code", refusal.code}};
    }
    return {{"ok", true}};
}

json run(const json& message) {
    Engine engine(message.at("genesis"));  // a new one for every run: nothing is kept
    const std::string after = message.value("/observe/after"_json_pointer, "each");
    json reply = {{"outcomes", json::array()}};
    if (after == "each") reply["state"] = engine.state();
    for (const json& step : message.value("steps", json::array())) {
        const std::string op = step.at("op");
        if (op != "deposit" && op != "withdraw") return {{"unsupported", "the operation " + op}};
        json outcome = perform(engine, step);
        if (after == "each") outcome["state"] = engine.state();
        reply["outcomes"].push_back(outcome);
    }
    if (after == "last") reply["state"] = engine.state();
    return reply;
}

json answer(const json& message) {
    const std::string command = message.at("cmd");
    try {
        if (command == "hello") return hello(message);
        if (command == "run") return run(message);
    } catch (const std::exception& error) {
        std::cerr << error.what() << std::endl;  // standard output is for replies alone
        return {{"error", {{"kind", "crash"}, {"message", error.what()}}}};
    }
    if (command == "bye") return {{"ok", true}};
    return {{"unsupported", "the command " + command}};
}

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        const json message = json::parse(line);
        json reply = answer(message);
        reply["seq"] = message.at("seq");
        std::cout << reply.dump() << std::endl;
        if (message.at("cmd") == "bye") break;
    }
}
