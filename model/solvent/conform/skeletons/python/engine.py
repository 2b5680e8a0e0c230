"""A small engine: spot balances with deposits and withdrawals. Yours takes its place."""

from decimal import Decimal, getcontext
from typing import Any

getcontext().prec = 60


class Refusal(Exception):
    """A request that the engine turns down, under the engine's own name for the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Engine:
    def __init__(self, genesis: dict[str, Any]) -> None:
        self.tokens = {genesis["venue"]["quote"], *genesis["spots"]}
        self.accounts = {
            name: {token: number(amount) for token, amount in account.get("spot", {}).items()}
            for name, account in genesis["accounts"].items()
        }

    def deposit(self, account: str, token: str, amount: str) -> None:
        balances, value = self._own(account), number(amount)
        if token not in self.tokens or value <= 0:
            raise Refusal("bad_request")
        balances[token] = balances.get(token, Decimal(0)) + value

    def withdraw(self, account: str, token: str, amount: str) -> None:
        balances, value = self._own(account), number(amount)
        if value <= 0:
            raise Refusal("bad_request")
        if value > balances.get(token, Decimal(0)):
            raise Refusal("insufficient_balance")
        balances[token] -= value

    def spot(self, account: str) -> dict[str, str]:
        return {token: f"{amount.normalize():f}" for token, amount in self.accounts[account].items()}

    def _own(self, account: str) -> dict[str, Decimal]:
        """The balances of a user; the venue's own accounts take no orders."""
        if account not in self.accounts or account.partition(":")[0] in ("vault", "backstop"):
            raise Refusal("bad_request")
        return self.accounts[account]


def number(text: str) -> Decimal:
    """A decimal string, or a quotient such as 5/3; never through a float."""
    numerator, _, denominator = text.partition("/")
    return Decimal(numerator) / Decimal(denominator or "1")
