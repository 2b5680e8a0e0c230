"""Every rule is one text: its exact reading and its symbolic reading give the same, and its form keeps it so."""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import textwrap
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import get_args, get_origin

import pytest
import z3
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

import solvent.rules
from solvent.arithmetic import ONE, ZERO, minimum
from solvent.explore import admits, arguments, numbers, tables
from solvent.explore.numbers import kind_of
from solvent.prove import exact, leaves, parameters, real, symbolic_arguments, term
from solvent.rules import all_rules, kinds
from solvent.rules.kinds import Leverage, Price, Ratio, Resting, Size, Tier, Usd
from solvent.rules.numbers import weighted_median
from solvent.rules.perp import maintenance_margin, maintenance_rate

PROFILE = settings(max_examples=60, derandomize=True, deadline=None, database=None)
FUNCTIONS = {
    f"{rule.id}:{name}": function for rule in all_rules().values() for name, function in rule.readings.items()
}
KINDS = {name: kind_of(hint) for name, hint in vars(kinds).items() if hasattr(hint, "__metadata__")}
LEAST = {"PRICE-ORACLE:only": 1}
"""How many items the sequences of a rule have at least, where it is not zero."""


# The two readings


def hold_readings_together(function, least=0):
    """Fail where the exact value of a rule is not that of its symbolic term at the same numbers."""
    terms = {}

    @PROFILE
    @given(arguments(function, least))
    def same(drawn):
        lengths = {name: len(value) for name, value in drawn.items() if isinstance(value, tuple)}
        shape = tuple(lengths.values())
        if shape not in terms:
            symbols = symbolic_arguments(function, **lengths)
            terms[shape] = list(leaves(symbols)), list(map(term, leaves(function(**symbols))))
        symbols, results = terms[shape]
        at = list(zip(symbols, map(term, leaves(drawn)), strict=True))
        for value, result in zip(leaves(function(**drawn)), results, strict=True):
            assert exact(value) == exact(z3.substitute(result, *at))

    same()


@pytest.mark.parametrize("rule", FUNCTIONS)
def test_the_symbolic_reading_of_a_rule_gives_its_exact_value(rule):
    hold_readings_together(FUNCTIONS[rule], LEAST.get(rule, 0))


def test_an_oracle_price_needs_at_least_one_price():
    with pytest.raises(TypeError):
        weighted_median((), ())


# Division


def divisors(root):
    """The terms that a term divides by, wherever in it."""
    seen, todo = {}, [root]
    while todo:
        node = todo.pop()
        if node.get_id() not in seen:
            seen[node.get_id()] = node
            todo += node.children()
    return [node.arg(1) for node in seen.values() if z3.is_div(node)]


def admissible(hint, value):
    """What the annotation of a parameter says of its symbols."""
    match value:
        case tuple():
            return [condition for item in value for condition in admissible(get_args(hint)[0], item)]
        case Tier():
            return [
                *admissible(Leverage, value.max_leverage),
                value.rate == maintenance_rate(value.max_leverage),
            ]
        case Resting():
            return [value.size > 0, value.price > 0]
        case Ratio():
            return [value.denominator > 0]
        case z3.ArithRef():
            return [term(admits(kind_of(hint), value))]
    return []


def zero_division(function):
    """Admissible numbers at which a rule divides by zero; ``None`` where there are proved to be none."""
    hints = parameters(function)
    lengths = {name: 2 for name, hint in hints.items() if get_origin(hint) is Sequence}
    symbols = symbolic_arguments(function, **lengths)
    found = [divisor for result in leaves(function(**symbols)) for divisor in divisors(term(result))]
    solver = z3.Solver()
    solver.set("timeout", 10_000)
    solver.add(*(condition for name in hints for condition in admissible(hints[name], symbols[name])))
    assert solver.check() == z3.sat, "no numbers are admissible"
    solver.add(z3.Or([divisor == 0 for divisor in found]))
    verdict = solver.check()
    assert verdict != z3.unknown
    return solver.model() if verdict == z3.sat else None


@pytest.mark.parametrize("rule", FUNCTIONS)
def test_no_admissible_number_makes_a_rule_divide_by_zero(rule):
    assert zero_division(FUNCTIONS[rule]) is None


# Rules that must not pass


def branching(size: Size) -> Size:
    if size > 0:
        return size
    return -size


def equating(size: Size) -> Size:
    return ONE if size == 0 else size


def floating(size: Size) -> Size:
    return size * 0.5


def halving(size: Size) -> Size:
    return size * (1 / 2)


def calling(amount: Usd) -> Usd:
    return math.floor(amount) * ONE


def dividing(value: Usd, size: Size) -> Usd:
    return value / size


def choosing(prices: Sequence[Price]) -> Price:
    return minimum(*sorted(prices)[1:], ONE)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (branching, z3.Z3Exception),
        (equating, AssertionError),
        (floating, TypeError),
        (halving, TypeError),
        (calling, TypeError),
        (dividing, ZeroDivisionError),
        (choosing, z3.Z3Exception),
    ],
)
def test_a_rule_with_two_different_readings_is_caught(rule, fault):
    with pytest.raises(fault):
        hold_readings_together(rule)


def test_a_rule_that_may_divide_by_zero_is_refuted():
    assert exact(zero_division(dividing)[real("size")]) == 0


# The form of a rule

FORMS = (
    *(ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.For, ast.Expr),
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.Tuple, ast.Starred),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.UnaryOp, ast.USub),
    *(ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
    *(ast.Call, ast.keyword, ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.expr_context),
)
"""What the body of a rule consists of: arithmetic, comparisons, calls, and loops over concrete structure."""
CHAPTERS = sorted({Path(inspect.getfile(inspect.unwrap(function))) for function in FUNCTIONS.values()})
MODULES = sorted(Path(solvent.rules.__file__).parent.glob("*.py"))
IMPORTS_OF_A_CHAPTER = {
    *("__future__", "collections.abc", "attrs"),
    *("solvent.arithmetic", "solvent.rules.kinds", "solvent.rules.registry"),
}


def faults_of_form(text: str) -> list[str]:
    """What stands in the functions of a rule text that a rule must not contain."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [
        f"line {getattr(node, 'lineno', function.lineno)}: {fault}"
        for function in functions
        for node in ast.walk(function)
        for fault in _faults(node)
    ]


def _faults(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=value) if not isinstance(value, int | str):
            yield f"the literal {value!r}"
        case ast.Compare(ops=ops) if len(ops) > 1:
            yield "a chain of comparisons"
        case ast.comprehension(ifs=ifs) if ifs:
            yield "a condition in a comprehension"
        case ast.Name(id=name) if hasattr(builtins, name) and name != "zip":
            yield f"the builtin {name}"
        case _ if not isinstance(node, FORMS):
            yield type(node).__name__


def imports(path: Path) -> set[str]:
    """The modules that a module imports, anywhere in its text."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {f"{'.' * n.level}{n.module or ''}" for n in nodes if isinstance(n, ast.ImportFrom)}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_consists_of_rules_in_one_arithmetic(path):
    assert faults_of_form(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("method", [Ratio.above, Ratio.at_least])
def test_a_ratio_compares_in_one_arithmetic(method):
    assert faults_of_form(textwrap.dedent(inspect.getsource(method))) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("    if a > 0:\n        return a\n    return b", "If"),
        ("    return a if a > 0 else b", "IfExp"),
        ("    return a > 0 and b > 0", "BoolOp"),
        ("    return not a > 0", "Not"),
        ("    return a == b", "Eq"),
        ("    return 0 < a < b", "a chain of comparisons"),
        ("    return total(x for x in a if x > b)", "a condition in a comprehension"),
        ("    return a * 0.5", "the literal 0.5"),
        ("    return a // b", "FloorDiv"),
        ("    return a**b", "Pow"),
        ("    return max(a, b)", "the builtin max"),
        ("    import math\n    return a", "Import"),
        ("    while a > b:\n        a = a - b\n    return a", "While"),
    ],
)
def test_a_text_that_is_no_rule_is_caught(text, fault):
    assert any(found.endswith(fault) for found in faults_of_form(f"def rule(a, b):\n{text}\n"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_imports_the_words_the_kinds_and_the_registry_alone(path):
    assert imports(path) <= IMPORTS_OF_A_CHAPTER


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_rules_know_nobody_but_arithmetic(path):
    ours = {name for name in imports(path) if name.startswith((".", "solvent"))}
    beyond = {name for name in ours if not name.startswith("solvent.rules")}
    assert beyond <= {"solvent.arithmetic"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_float_stands_among_the_rules(path):
    constants = [
        n.value for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Constant)
    ]
    assert not [value for value in constants if isinstance(value, float | complex)]


# What is drawn


@pytest.mark.parametrize("name", [name for name in KINDS if name != "Flag"])
def test_every_number_drawn_is_of_its_kind(name):
    @PROFILE
    @given(numbers(KINDS[name]))
    def of_its_kind(value):
        assert admits(KINDS[name], value) is True
        assert isinstance(value, Fraction)

    of_its_kind()


def test_what_a_kind_excludes_is_not_admitted():
    assert not admits(KINDS["SizeHeld"], ZERO)
    assert not admits(KINDS["Price"], ZERO)
    assert not admits(KINDS["Share"], Fraction(-1, 10))
    assert not admits(KINDS["Share"], Fraction(11, 10))


def is_drawn(strategy, condition):
    """Whether a strategy draws a value of which the condition holds."""
    try:
        find(strategy, condition, settings=settings(PROFILE, max_examples=2_000, phases=[Phase.generate]))
    except NoSuchExample:
        return False
    return True


@pytest.mark.parametrize("size", [Fraction(1, 10**6), ONE, 10**12 * ONE])
@pytest.mark.parametrize("sign", [1, -1])
def test_small_and_large_amounts_of_either_sign_are_drawn(size, sign):
    assert is_drawn(numbers(KINDS["Usd"]), lambda value: 0 < value * sign < size * 10)
    assert is_drawn(numbers(KINDS["Usd"]), lambda value: size < value * sign)


@PROFILE
@given(tables())
def test_a_margin_table_has_no_jump_in_maintenance_margin(tiers):
    for place, tier in enumerate(tiers[1:], start=1):
        below = maintenance_margin(tier.lower_bound, tiers[:place])
        assert maintenance_margin(tier.lower_bound, tiers[: place + 1]) == below


@PROFILE
@given(tables())
def test_bounds_rise_from_zero_and_leverages_fall(tiers):
    bounds, leverages = [t.lower_bound for t in tiers], [t.max_leverage for t in tiers]
    assert bounds[0] == 0
    assert bounds == sorted(set(bounds))
    assert leverages == sorted(set(leverages), reverse=True)


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_notionals_are_drawn_at_tier_bounds_and_one_step_beside(step):
    beside = step * Fraction(1, 10**6)
    assert is_drawn(
        arguments(maintenance_margin),
        lambda drawn: drawn["notional"] in [tier.lower_bound + beside for tier in drawn["tiers"][1:]],
    )


def test_marks_are_drawn_where_a_position_reaches_a_tier():
    assert is_drawn(
        arguments(FUNCTIONS["LIQPX-ROOT:frozen-tier"]),
        lambda drawn: abs(drawn["size"]) * drawn["mark"] in [tier.lower_bound for tier in drawn["tiers"][1:]],
    )


@pytest.mark.parametrize("sides", [(0, 2), (3, 1)])
def test_each_side_of_resting_orders_has_its_own_length(sides):
    assert is_drawn(
        arguments(FUNCTIONS["PERP-ORDER:both-sides"]),
        lambda drawn: (len(drawn["buys"]), len(drawn["sells"])) == sides,
    )


# Symbols


def test_symbols_are_named_after_what_they_stand_for():
    symbols = symbolic_arguments(maintenance_margin, tiers=2)

    assert str(symbols["notional"]) == "notional"
    assert str(symbols["tiers"][1].deduction) == "tiers[1].deduction"


def test_every_parameter_has_symbols_of_its_own():
    symbols = symbolic_arguments(FUNCTIONS["PERP-ORDER:both-sides"], buys=2, sells=1)

    names = [str(symbol) for symbol in leaves(symbols)]
    assert len(set(names)) == len(names) == 8


def test_a_number_keeps_its_value_as_a_term():
    @PROFILE
    @given(numbers(KINDS["Usd"]) | st.booleans())
    def kept(value):
        assert exact(term(value)) == value

    kept()


@pytest.mark.parametrize("value", [0.5, "1", None])
def test_what_is_not_exact_is_no_term(value):
    with pytest.raises(TypeError, match="no exact number"):
        term(value)


@pytest.mark.parametrize("open_term", [z3.Real("x"), z3.Bool("p"), z3.Real("x") / 0, term(1) / 0])
def test_a_term_without_a_value_has_no_exact_value(open_term):
    with pytest.raises(ValueError, match="not a closed term"):
        exact(open_term)
