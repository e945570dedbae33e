"""The language that specs are written in: typed, bounded state; actions; what must hold.

A spec is plain Python over the types of this module. The same functions are compiled and explored, called on
symbolic values and proved, and called on plain values as an oracle, so they keep to a small part of Python: ints,
bools, `if`, loops over `range`, `all`/`any` over ranges, `assert`, and calls of other such functions.

- The state is a `Record` whose fields are declared once (`Int`, `Bool`, `Id`, `Maybe`, `SetOf`, `Array`, `Nested`,
  `Bag`); `specs.shape` derives everything else from that declaration.
- Bounds (`bound`) and ablations (`ablation`) are module constants that get their values when the spec is
  instantiated, as TLA+ gives CONSTANTS theirs: inside spec functions they read as an int and a bool.
- An action returns False while its guard fails and leaves the state alone; otherwise it changes the state in place and
  returns True. What must never happen is an `assert`.

Source: TLA+ (Lamport, Specifying Systems) for the semantics of actions, fairness and stuttering; stateright for
`reachable` (its `sometimes`).
Left out: unbounded data, real time, probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Self, TypeVar, cast, overload

from specs.bounds import Ablation, Bound, Expect, Expression, Operand, SpecError, ablation, bound, evaluate

if TYPE_CHECKING:
    from specs.shape import Struct

__all__ = [
    "NONE",
    "Ablation",
    "Array",
    "Bag",
    "BagOf",
    "Bool",
    "Bound",
    "Domain",
    "Eventually",
    "Expect",
    "Expression",
    "Fair",
    "FieldType",
    "Finding",
    "Id",
    "Int",
    "Items",
    "Maybe",
    "Nested",
    "Operand",
    "OutOfRange",
    "Predicate",
    "Record",
    "Refinement",
    "SetOf",
    "Spec",
    "SpecError",
    "Variant",
    "ablation",
    "action",
    "add",
    "bound",
    "contains",
    "count",
    "evaluate",
    "insert",
    "is_full",
    "is_subset",
    "remove",
    "take",
]

NONE: Final = -1
"""The absent value of a `Maybe` field; printed as none."""

T = TypeVar("T")
R = TypeVar("R", bound="Record")
F = TypeVar("F", bound=Callable[..., object])
Predicate = Callable[[Any], bool]


class Finding(Exception):  # noqa: N818 - a finding about a spec, not an error of ours
    """Something that a spec's own code must never do, met while running it: a finding, not a disabled action."""


class OutOfRange(Finding):
    """A field or an index left its declared range."""


# --------------------------------------------------------------------------------------------------------- the state


class FieldType(Generic[T]):
    """A declared field. As an attribute of a plain Python record it reads and writes that record's value."""

    name: str

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...
    @overload
    def __get__(self, record: Record, owner: type) -> T: ...
    def __get__(self, record: Record | None, owner: type) -> Self | T:
        """The value of this field in a record; the declaration itself on the class."""
        return self if record is None else cast("T", record.values[self.name])

    def __set__(self, record: Record, value: T) -> None:
        record.store(self.name, value)


class Int(FieldType[int]):
    """An integer from `low` to `high`, both inclusive."""

    def __init__(self, low: Operand, high: Operand) -> None:
        """The ends may be arithmetic over bounds."""
        self.low, self.high = low, high


class Bool(FieldType[bool]):
    """True or False."""


class Id(FieldType[int]):
    """One of `count` interchangeable things, 0 to count - 1; the explorer may rename them (symmetry)."""

    def __init__(self, kind: str, count: Operand) -> None:
        """Two `Id`s of the same kind name the same things."""
        self.kind, self.count = kind, count


class Maybe(FieldType[int]):
    """A value of `inner`, or `NONE`. The inner type must not hold -1."""

    def __init__(self, inner: Int | Id | SetOf) -> None:
        """`inner` is a scalar type."""
        self.inner = inner


class SetOf(FieldType[int]):
    """A set of values of `element`, as a bit mask; see contains, insert, remove, is_subset, count."""

    def __init__(self, element: Int | Id | SetOf) -> None:
        """At most 62 possible elements, the least of them 0."""
        self.element = element


class Array(FieldType["Items[T]"]):
    """`length` values of one type; indexed from 0, or by an `Id` when `length` is one (it is permuted with them)."""

    @overload
    def __init__(self: Array[int], element: Int | Id | Bool | Maybe | SetOf, length: Operand | Id) -> None: ...
    @overload
    def __init__(self, element: type[T], length: Operand | Id) -> None: ...
    def __init__(self, element: Any, length: Operand | Id) -> None:
        """`element` is a scalar type or a Record class."""
        self.element, self.length = element, length


class Nested(FieldType[R]):
    """A record inside a record."""

    def __init__(self, record: type[R]) -> None:
        """`record` is the class of the inner record."""
        self.record = record


class Bag(FieldType["BagOf[R]"]):
    """A network: at most `size` messages in no order. The library keeps them in one canonical order."""

    def __init__(self, message: type[R], size: Operand) -> None:
        """`message` is a Record class without bags inside."""
        self.message, self.size = message, size


RESERVED: Final = ("fields", "store", "struct", "values")
"""What every record has besides its fields."""


class Record:
    """A typed, bounded record; a subclass declares its fields. Instances are the plain Python states.

    Assigning a record copies it into the field's own, as the compiled form does; two fields never share one.
    """

    fields: ClassVar[dict[str, FieldType[Any]]] = {}

    def __init_subclass__(cls) -> None:
        """Collect the declared fields, each with a descriptor of its own."""
        for name in RESERVED:
            if isinstance(vars(cls).get(name), FieldType):
                message = f"{cls.__name__}.{name}: a field can't have this name; it means something in every record"
                raise SpecError(message)
        cls.fields = dict(cls.fields)
        for name, value in list(vars(cls).items()):
            if isinstance(value, FieldType):
                own = object.__new__(type(value))
                own.__dict__.update(value.__dict__)
                own.name = name
                setattr(cls, name, own)
                cls.fields[name] = own

    def __init__(self, struct: Struct) -> None:
        """Made by the shape of an instance, with every field at its default."""
        self.struct = struct
        self.values: dict[str, Any] = {name: shape.default() for name, shape in struct.fields}

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401
            """Refuse what is not a field, as the compiled form does."""
            if name not in self.fields and name not in RESERVED:
                message = f"{type(self).__name__} has no field {name!r}; it has {', '.join(self.fields) or 'none'}"
                raise SpecError(message)
            object.__setattr__(self, name, value)

    def store(self, name: str, value: Any) -> None:  # noqa: ANN401 - a field holds an int, a record or an array
        """Write a scalar, or copy a record or an array into the field, which stays the same object."""
        stored = self.struct.shape_of(name).stored(value, f"{self.struct.name}.{name}")
        if not copied_into(self.values[name], stored):
            self.values[name] = stored

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and type(self) is type(other) and self.values == other.values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self.struct.show(self)


class Items(Generic[T]):
    """The plain Python value of an `Array`: fixed length, no negative index."""

    def __init__(self, values: list[T], store: Callable[[Any, str], T]) -> None:
        """`store` turns an assigned value into the stored one (a copy, for a record)."""
        self.values, self._store = values, store

    def _check(self, index: int) -> int:
        if not 0 <= index < len(self.values):
            message = f"index {index} is outside 0..{len(self.values) - 1}"
            raise OutOfRange(message)
        return index

    def __getitem__(self, index: int) -> T:
        return self.values[self._check(index)]

    def __setitem__(self, index: int, value: T) -> None:
        place, stored = self.values[self._check(index)], self._store(value, f"[{index}]")
        if not copied_into(place, stored):
            self.values[index] = stored

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Items) and self.values == other.values

    __hash__ = None  # type: ignore[assignment]


def copied_into(place: object, copy: Any) -> bool:  # noqa: ANN401 - of the place's type
    """Write a copy that nothing else refers to into a record or an array; False if the place holds a scalar.

    As in the compiled form, whoever refers to the place then sees what was written.
    """
    if isinstance(place, Record):
        for name, value in copy.values.items():
            if not copied_into(place.values[name], value):
                place.values[name] = value
    elif isinstance(place, Items):
        for index, value in enumerate(copy.values):
            if not copied_into(place.values[index], value):
                place.values[index] = value
    else:
        return False
    return True


class BagOf(Record, Generic[R]):
    """The value of a `Bag`: `items[0]` to `items[count - 1]` are the messages; the last slot always stays blank."""

    count = Int(0, 0)

    @property
    def items(self) -> Items[R]:
        """The slots."""
        return cast("Items[R]", self.values["items"])


# ------------------------------------------------------------------------- sets and bags, as spec functions themselves


def contains(members: int, member: int) -> bool:
    """Whether a set holds `member`; False for NONE."""
    return member >= 0 and (members >> member) & 1 == 1


def insert(members: int, member: int) -> int:
    """The set with `member` in it."""
    return members | (1 << member)


def remove(members: int, member: int) -> int:
    """The set without `member`."""
    return members & ~(1 << member)


def is_subset(members: int, others: int) -> bool:
    """Whether every member is among the others."""
    return members & ~others == 0


def count(members: int) -> int:
    """How many members a set has."""
    total = 0
    rest = members
    for _ in range(62):
        if rest == 0:
            return total
        rest = rest & (rest - 1)
        total += 1
    return total


def is_full(bag: BagOf[R]) -> bool:
    """Whether a bag can take no more."""
    return bag.count == len(bag.items) - 1


def add(bag: BagOf[R]) -> R:
    """A new message in a bag that is not full, every field at its default, to be filled in by the caller."""
    assert bag.count < len(bag.items) - 1
    message: R = bag.items[bag.count]
    bag.count = bag.count + 1
    return message


def take(bag: BagOf[R], index: int) -> None:
    """Take a message out of a bag; the last one moves into its place."""
    assert index < bag.count
    bag.count = bag.count - 1
    bag.items[index] = bag.items[bag.count]
    bag.items[bag.count] = bag.items[len(bag.items) - 1]


# -------------------------------------------------------------------------------------------------- the parts of a spec

Domain = Int | Id | Bool | Maybe | SetOf


def action(**domains: Domain) -> Callable[[F], F]:
    """Declare the domains that an action's parameters range over; the function stays a plain function."""

    def declare(function: F) -> F:
        function.domains = domains  # type: ignore[attr-defined]
        return function

    return declare


@dataclass(frozen=True, slots=True)
class Fair:
    """Fairness of actions taken together (or, with `each`, of every binding of their parameters apart).

    Weak: not enabled forever without being taken. Strong: not enabled again and again without being taken.
    """

    actions: tuple[Callable[..., bool], ...]
    strong: bool = False
    each: bool = False


@dataclass(frozen=True, slots=True)
class Eventually:
    """A liveness property under fairness: whenever `trigger` held, `goal` holds then or later.

    Without a trigger: always eventually `goal`.
    """

    name: str
    goal: Predicate
    fairness: tuple[Fair, ...]
    trigger: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Refinement:
    """Every step maps to a step of `upper`, or to a stutter.

    `mapping(lower_state, upper_state)` writes the upper state; `bounds` gives the upper spec's bounds.
    """

    upper: Spec
    mapping: Callable[[Any, Any], None]
    bounds: Mapping[str, Operand]

    @property
    def name(self) -> str:
        """What verdicts call it."""
        return f"refines {self.upper.name}"


@dataclass(frozen=True, slots=True)
class Variant:
    """A historic or broken version of a spec: guards switched off, actions replaced (old -> new) or added."""

    name: str
    doc: str
    ablations: tuple[bool, ...] = ()
    replaces: tuple[tuple[Callable[..., bool], Callable[..., bool]], ...] = ()
    adds: tuple[Callable[..., bool], ...] = ()
    expects: tuple[Expect, ...] = ()


@dataclass(frozen=True)
class Spec:
    """A specification: one value that is explored, proved, run as an oracle, judged against and generated from."""

    name: str
    doc: str
    state: type[Record]
    initial: Callable[..., object]
    actions: tuple[Callable[..., bool], ...]
    bounds: tuple[int, ...] = ()
    invariants: tuple[Predicate, ...] = ()
    step_properties: tuple[Callable[[Any, Any], bool], ...] = ()
    reachable: tuple[Predicate, ...] = ()
    liveness: tuple[Eventually, ...] = ()
    refines: tuple[Refinement, ...] = ()
    ablations: tuple[bool, ...] = ()
    variants: tuple[Variant, ...] = ()
    needs: tuple[tuple[Callable[..., bool], int], ...] = ()
    """Actions and `reachable` predicates that a bound of 0 rules out, each with the bound: not vacuous then."""
    columns: str | None = None
    """The array of the state that a drawing gives a column an element, such as "replicas"."""
