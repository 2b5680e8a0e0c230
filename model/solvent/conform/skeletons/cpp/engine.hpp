// A small engine: spot balances with deposits and withdrawals. Yours takes its place.

#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>

using Units = __int128;  // a count of 10^-18
constexpr std::size_t PLACES = 18;

// A decimal string, or a quotient such as 5/3; never through a double.
inline Units units(const std::string& text) {
    if (const auto slash = text.find('/'); slash != std::string::npos)
        return units(text.substr(0, slash)) / std::stoll(text.substr(slash + 1));
    const auto point = std::min(text.find('.'), text.size());
    std::string part = text.substr(std::min(point + 1, text.size()), PLACES);
    part.resize(PLACES, '0');
    const bool negative = text[0] == '-';
    Units amount = 0;
    for (const char digit : text.substr(negative, point - negative) + part)
        if (digit < '0' || digit > '9' || __builtin_mul_overflow(amount, 10, &amount)
            || __builtin_add_overflow(amount, digit - '0', &amount))
            throw std::invalid_argument("not a number that this engine can hold: " + text);
    return negative ? -amount : amount;
}

inline std::string text(Units amount) {
    std::string digits;
    for (Units rest = amount < 0 ? -amount : amount; rest || digits.size() <= PLACES; rest /= 10)
        digits.insert(digits.begin(), char('0' + int(rest % 10)));
    digits.insert(digits.size() - PLACES, ".");
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return amount < 0 ? "-" + digits : digits;
}

// A request that the engine turns down, under the engine's own name for the reason.
struct Refusal {
    std::string code;
};

class Engine {
    using Balances = std::map<std::string, Units>;
    std::set<std::string> tokens;
    std::map<std::string, Balances> accounts;

    // The balances of a user; the venue's own accounts take no orders.
    Balances& own(const std::string& account) {
        const std::string kind = account.substr(0, account.find(':'));
        if (kind == "vault" || kind == "backstop" || !accounts.count(account)) throw Refusal{"bad_request"};
        return accounts[account];
    }

public:
    explicit Engine(const nlohmann::json& genesis) : tokens{genesis.at("venue").at("quote")} {
        for (const auto& spot : genesis.at("spots").items()) tokens.insert(spot.key());
        for (const auto& account : genesis.at("accounts").items()) {
            Balances& balances = accounts[account.key()];
            const auto spot = account.value().value("spot", nlohmann::json::object());
            for (const auto& held : spot.items())
                balances[held.key()] = units(held.value());
        }
    }

    void deposit(const std::string& account, const std::string& token, const std::string& amount) {
        Balances& balances = own(account);
        const Units value = units(amount);
        if (!tokens.count(token) || value <= 0) throw Refusal{"bad_request"};
        balances[token] += value;
    }

    void withdraw(const std::string& account, const std::string& token, const std::string& amount) {
        Balances& balances = own(account);
        const Units value = units(amount);
        if (value <= 0) throw Refusal{"bad_request"};
        const auto held = balances.find(token);
        if (held == balances.end() || value > held->second) throw Refusal{"insufficient_balance"};
        held->second -= value;
    }

    nlohmann::json state() const {
        nlohmann::json shown = nlohmann::json::object();
        for (const auto& [name, balances] : accounts) {
            shown[name]["spot"] = nlohmann::json::object();
            for (const auto& [token, amount] : balances) shown[name]["spot"][token] = text(amount);
        }
        return {{"accounts", shown}};
    }
};
