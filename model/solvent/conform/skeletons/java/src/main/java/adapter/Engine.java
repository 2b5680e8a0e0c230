package adapter;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A small engine: spot balances with deposits and withdrawals. Yours takes its place. */
final class Engine {
    /** A request that the engine turns down, under the engine's own name for the reason. */
    static final class Refusal extends RuntimeException {
        Refusal(String code) { super(code); }
    }

    private final Set<String> tokens = new HashSet<>();
    private final Map<String, Map<String, BigDecimal>> balances = new TreeMap<>();

    Engine(JsonObject genesis) {
        tokens.add(genesis.getAsJsonObject("venue").get("quote").getAsString());
        tokens.addAll(genesis.getAsJsonObject("spots").keySet());
        for (Map.Entry<String, JsonElement> account : genesis.getAsJsonObject("accounts").entrySet()) {
            Map<String, BigDecimal> own = new TreeMap<>();
            JsonObject spot = account.getValue().getAsJsonObject().getAsJsonObject("spot");
            if (spot != null) spot.asMap().forEach((token, amount) -> own.put(token, number(amount.getAsString())));
            balances.put(account.getKey(), own);
        }
    }

    void deposit(String account, String token, String amount) {
        BigDecimal value = number(amount);
        if (!tokens.contains(token) || value.signum() <= 0) throw new Refusal("bad_request");
        own(account).merge(token, value, BigDecimal::add);
    }

    void withdraw(String account, String token, String amount) {
        BigDecimal value = number(amount), balance = own(account).getOrDefault(token, BigDecimal.ZERO);
        if (value.signum() <= 0) throw new Refusal("bad_request");
        if (value.compareTo(balance) > 0) throw new Refusal("insufficient_balance");
        own(account).put(token, balance.subtract(value));
    }

    Map<String, Object> state() {
        Map<String, Object> accounts = new TreeMap<>();
        balances.forEach((name, own) -> {
            Map<String, String> spot = new TreeMap<>();
            own.forEach((token, amount) -> spot.put(token, amount.stripTrailingZeros().toPlainString()));
            accounts.put(name, Map.of("spot", spot));
        });
        return Map.of("accounts", accounts);
    }

    /** The balances of a user; the venue's own accounts take no orders. */
    private Map<String, BigDecimal> own(String account) {
        boolean house = Set.of("vault", "backstop").contains(account.split(":")[0]);
        if (house || !balances.containsKey(account)) throw new Refusal("bad_request");
        return balances.get(account);
    }

    /** A decimal string, or a quotient such as 5/3; never through a double. */
    private static BigDecimal number(String text) {
        String[] parts = text.split("/");
        BigDecimal numerator = new BigDecimal(parts[0]);
        return parts.length == 1 ? numerator : numerator.divide(new BigDecimal(parts[1]), 30, RoundingMode.FLOOR);
    }
}
