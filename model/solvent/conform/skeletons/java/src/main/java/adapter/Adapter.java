package adapter;

import com.google.gson.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

/** Solvent's adapter protocol around an engine: one JSON object a line in, one reply a line out. */
public final class Adapter {
    static final Map<String, Object> CAPABILITIES = Map.of(
        "regimes", List.of("cross"), "operations", List.of("deposit", "withdraw"), "fields", List.of("accounts.spot"),
        "commands", List.of(), "genesis", "empty", "codes", true, "digits", 18);
    static final Map<String, String> ERRORS = Map.of("bad_request", "invalid", "insufficient_balance", "PERP-WITHDRAWABLE");

    static Map<String, Object> hello(JsonObject message) {
        if (!message.getAsJsonArray("protocol").contains(new JsonPrimitive(1)))
            return error("malformed", "this adapter speaks protocol 1");
        var engine = Map.of("name", "my-engine", "version", "0.1.0", "language", "java");
        return Map.of("protocol", 1, "engine", engine, "capabilities", CAPABILITIES, "errors", ERRORS);
    }

    static Map<String, Object> run(JsonObject message) {
        var engine = new Engine(message.getAsJsonObject("genesis")); // a new one for every run: nothing is kept
        var observe = message.has("observe") ? message.getAsJsonObject("observe") : new JsonObject();
        String after = observe.has("after") ? observe.get("after").getAsString() : "each";
        var reply = new HashMap<String, Object>();
        if (after.equals("each")) reply.put("state", engine.state());
        var outcomes = new ArrayList<Map<String, Object>>();
        for (JsonElement step : message.has("steps") ? message.getAsJsonArray("steps") : new JsonArray()) {
            var outcome = new HashMap<>(perform(engine, step.getAsJsonObject()));
            if (outcome.containsKey("unsupported")) return outcome;
            if (after.equals("each")) outcome.put("state", engine.state());
            outcomes.add(outcome);
        }
        if (after.equals("last")) reply.put("state", engine.state());
        reply.put("outcomes", outcomes);
        return reply;
    }

    static Map<String, Object> perform(Engine engine, JsonObject step) {
        try {
            switch (text(step, "op")) {
                case "deposit" -> engine.deposit(text(step, "account"), text(step, "token"), text(step, "amount"));
                case "withdraw" -> engine.withdraw(text(step, "account"), text(step, "token"), text(step, "amount"));
                default -> { return Map.of("unsupported", "the operation " + text(step, "op")); }
            }
        } catch (Engine.Refusal refusal) {
            return Map.of("ok", false, "code", refusal.getMessage());
        }
        return Map.of("ok", true);
    }

    static Map<String, Object> answer(JsonObject message) {
        try {
            return switch (text(message, "cmd")) {
                case "hello" -> hello(message);
                case "run" -> run(message);
                case "bye" -> Map.of("ok", true);
                default -> Map.of("unsupported", "the command " + text(message, "cmd"));
            };
        } catch (RuntimeException crash) {
            crash.printStackTrace(); // on standard error: standard output is for replies alone
            return error("crash", crash.toString());
        }
    }

    static String text(JsonObject from, String key) { return from.get(key).getAsString(); }

    static Map<String, Object> error(String kind, String message) {
        return Map.of("error", Map.of("kind", kind, "message", message));
    }

    public static void main(String[] arguments) throws IOException {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var replies = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonObject message = JsonParser.parseString(line).getAsJsonObject();
            var reply = new HashMap<>(answer(message));
            reply.put("seq", message.get("seq"));
            replies.print(new Gson().toJson(reply) + "\n");
            replies.flush();
            if (text(message, "cmd").equals("bye")) return;
        }
    }
}
