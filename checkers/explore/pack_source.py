"""The source of packing and unpacking: the compiled twin of `specs.packing`, and the canonical form under symmetry."""

from __future__ import annotations

from collections.abc import Iterator

from checkers.explore.symmetry import Symmetry, symmetry_of
from specs.instance import Instance
from specs.packing import BagSlots, Slot
from specs.shape import Path, Scalar, Shape, Vector, show_path


class PackSource:
    """Writes pack, unpack and, under symmetry, canonical; names start with `prefix`."""

    def __init__(self, instance: Instance, *, symmetric: bool, prefix: str) -> None:
        self.instance, self.prefix = instance, prefix
        self.packing = instance.packing
        self.symmetry = symmetry_of(instance.struct) if symmetric else Symmetry(())
        self.renamings = list(self.symmetry.renamings())
        self.entry = f"{prefix}canonical" if self.symmetry.kinds else f"{prefix}pack"

    def word_names(self) -> list[str]:
        """The words of a packed state, as variables."""
        return [f"w{k}" for k in range(self.packing.words)]

    def tables(self) -> Iterator[str]:
        """For each kind: the old name of each new one (OLD), the new one of none and each old one (NEW), sets (SET)."""
        for kind, members in self.symmetry.kinds:
            new = [r[kind] for r in self.renamings]
            old = [[names.index(i) for i in range(members)] for names in new]
            sets = [
                [sum(1 << names[m] for m in range(members) if s >> m & 1) for s in range(1 << members)] for names in new
            ]
            yield f"OLD_{kind} = np.array({old}, dtype=np.int64)"
            yield f"NEW_{kind} = np.array({[[-1, *names] for names in new]}, dtype=np.int64)"
            yield f"SET_{kind} = np.array({sets}, dtype=np.int64)"

    def functions(self) -> Iterator[str]:
        """All of them."""
        yield self.unpack()
        yield self.pack_function(f"{self.prefix}pack", renamed=False)
        if self.symmetry.kinds:
            yield self.pack_function(f"{self.prefix}pack_as", renamed=True)
            yield self.canonical()

    # -- pack

    def pack_function(self, name: str, *, renamed: bool) -> str:
        """Packs `s`, renamed by renaming number `g` if `renamed`; raises OverflowError for a field outside its range.

        Words are put together as signed integers, whose bits are the same: numba types calls slowly, and would need one
        for each conversion. `bad` is negative once some value is below its range or above.
        """
        lines = ["@compiled", f"def {name}(s, {'g, ' if renamed else ''}scratch):", "    bad = 0"]
        lines += [f"    {word} = 0" for word in self.word_names()]
        if renamed:
            lines += [f"    {kind}{i} = OLD_{kind}[g, {i}]" for kind, n in self.symmetry.kinds for i in range(n)]
        holders = Holders()
        for slot in self.packing.slots:
            source = self.source_path(slot.path, holders, renamed=renamed)
            lines += holders.new_lines()
            lines += self.pack_slot(slot, source, f"w{slot.word}", renamed=renamed)
        for bag in self.packing.bags:
            lines += self.pack_bag(bag, holders, renamed=renamed)
        lines += ["    if bad < 0:", "        raise OverflowError"]
        lines.append(f"    return ({', '.join(f'uint64({word})' for word in self.word_names())},)")
        return "\n".join(lines)

    def source_path(self, path: Path, holders: Holders, *, renamed: bool) -> str:
        """Where the value for a place of the (renamed) packed state comes from."""
        text, shape = "s", self.instance.struct
        for step in path[:-1]:
            shape, text = self.descend(shape, text, step, renamed=renamed)
            text = holders.name(text)
        return self.descend(shape, text, path[-1], renamed=renamed)[1]

    def descend(self, shape: Shape, text: str, step: str | int, *, renamed: bool) -> tuple[Shape, str]:
        """One step of a path."""
        if isinstance(shape, Vector):
            permuted = renamed and shape.index in dict(self.symmetry.kinds)
            return shape.element, f"{text}[{shape.index}{step}]" if permuted else f"{text}[{step}]"
        return shape.by_name[step], f"{text}.{step}"

    def renamed_value(self, scalar: Scalar, value: str) -> str:
        """An expression for the value under renaming `g`."""
        kinds = dict(self.symmetry.kinds)
        if scalar.is_id and scalar.kind in kinds:
            return f"NEW_{scalar.kind}[g, uint64({value} + 1)]"
        element = scalar.element
        if element is None:
            return value
        if element.is_id and element.kind in kinds:
            return f"SET_{element.kind}[g, uint64({value})]"
        if element.element is not None and element.element.is_id and element.element.kind in kinds:
            return f"renamed_sets({value}, SET_{element.element.kind}, g)"
        return value

    def pack_slot(self, slot: Slot, source: str, word: str, *, renamed: bool, indent: str = "    ") -> Iterator[str]:
        """Check one leaf's range and put it into its place."""
        value = self.renamed_value(slot.scalar, source) if renamed else source
        low, span = slot.scalar.low, slot.scalar.high - slot.scalar.low
        yield f"{indent}v = {value} - ({low})"
        yield f"{indent}bad |= v | ({span} - v)"
        yield f"{indent}{word} |= v << {slot.shift}"

    def pack_bag(self, bag: BagSlots, holders: Holders, *, renamed: bool) -> Iterator[str]:
        """Sort the messages' keys and put them into their places."""
        holder = holders.name(self.source_path(bag.path, holders, renamed=renamed))
        yield from holders.new_lines()
        yield f"    n = {holder}.count"
        for index in range(len(bag.places)):
            yield f"    if n > {index}:"
            yield f"        m = {holder}.items[{index}]"
            yield "        key = 0"
            for leaf in bag.leaves:
                source = f"m.{show_path(leaf.path)}"
                yield from self.pack_slot(leaf, source, "key", renamed=renamed, indent="        ")
            yield "        sorted_key = uint64(key)"
            yield f"        j = {index}"
            yield "        while j > 0 and scratch[j - 1] > sorted_key:"
            yield "            scratch[j] = scratch[j - 1]"
            yield "            j -= 1"
            yield "        scratch[j] = sorted_key"
        for index, (word, shift) in enumerate(bag.places):
            yield f"    if n > {index}:"
            yield f"        w{word} |= int64(scratch[{index}]) << {shift}"

    # -- unpack

    def unpack(self) -> str:
        """Writes row `i` of `rows` into `s`, which must be blank."""
        lines = ["@compiled", f"def {self.prefix}unpack(rows, i, s):"]
        lines += [f"    w{k} = int64(rows[i, {k}])" for k in range(self.packing.words)]
        holders = Holders()
        for slot in self.packing.slots:
            target = self.source_path(slot.path, holders, renamed=False)
            lines += holders.new_lines()
            lines.append(self.unpack_slot(slot, target, f"w{slot.word}", "    "))
        for bag in self.packing.bags:
            holder = holders.name(self.source_path(bag.path, holders, renamed=False))
            lines += holders.new_lines()
            for index, (word, shift) in enumerate(bag.places):
                lines.append(f"    if {holder}.count > {index}:")
                lines.append(f"        m = {holder}.items[{index}]")
                lines.append(f"        key = w{word} >> {shift}")
                lines += [self.unpack_slot(leaf, f"m.{show_path(leaf.path)}", "key", "        ") for leaf in bag.leaves]
        lines.append("    return 0")
        return "\n".join(lines)

    @staticmethod
    def unpack_slot(slot: Slot, target: str, word: str, indent: str) -> str:
        """Read one leaf. The mask takes off what an arithmetic shift brings in."""
        mask = (1 << slot.scalar.bits) - 1
        low = f" + ({slot.scalar.low})" if slot.scalar.low else ""
        return f"{indent}{target} = (({word} >> {slot.shift}) & {mask}){low}"

    # -- canonical

    def canonical(self) -> str:
        """The least packed form over the renamings that sort the colours of the elements they move."""
        words = self.word_names()
        lines = ["@compiled", f"def {self.prefix}canonical(s, scratch):"]
        base = 0
        conditions: list[str] = []
        for kind, members in self.symmetry.kinds:
            colour = self.colour(kind)
            if not colour:
                continue
            for i in range(members):
                lines.append("    key = uint64(0)")
                lines += [line.format(i=i) for line in colour]
                lines.append(f"    scratch[{base + i}] = key")
            conditions += [
                f"scratch[{base} + OLD_{kind}[g, {i}]] > scratch[{base} + OLD_{kind}[g, {i + 1}]]"
                for i in range(members - 1)
            ]
            base += members
        best = [f"best{k}" for k in range(len(words))]
        lines += [f"    {b} = uint64(0)" for b in best]
        lines += ["    found = False", f"    for g in range({len(self.renamings)}):"]
        if conditions:
            lines += [f"        if {' or '.join(conditions)}:", "            continue"]
        lines.append(f"        {', '.join(words)}, = {self.prefix}pack_as(s, g, scratch[{base}:])")
        lines.append(f"        if not found or {less(words, best)}:")
        lines.append("            found = True")
        lines += [f"            {b} = {w}" for b, w in zip(best, words, strict=True)]
        lines.append(f"    return ({', '.join(best)},)")
        return "\n".join(lines)

    def colour(self, kind: str) -> list[str]:
        """Lines that fold into `key` what no renaming changes of element `{i}` of the first array indexed by a kind."""
        vector = next(
            ((name, s) for name, s in self.instance.struct.fields if isinstance(s, Vector) and s.index == kind), None
        )
        if vector is None:
            return []
        name, shape = vector
        lines: list[str] = []
        used = 0
        for path, scalar in self.fixed_leaves(shape.element):
            source = f"int64(s.{name}[{{i}}].{show_path(path)})" if path else f"int64(s.{name}[{{i}}])"
            bits, expression = self.invariant_part(kind, scalar, source)
            if bits and used + bits <= 64:
                lines.append(f"    key = key << uint64({bits}) | uint64({expression})")
                used += bits
        return lines

    def fixed_leaves(self, shape: Shape, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
        """The leaves that no renaming moves: those outside arrays indexed by ids, and outside bags."""
        if isinstance(shape, Scalar):
            yield path, shape
        elif isinstance(shape, Vector):
            if shape.index is None:
                for index in range(shape.length):
                    yield from self.fixed_leaves(shape.element, (*path, index))
        elif not shape.bag:
            for name, inner in shape.fields:
                yield from self.fixed_leaves(inner, (*path, name))

    @staticmethod
    def invariant_part(kind: str, scalar: Scalar, source: str) -> tuple[int, str]:
        """What of a leaf no renaming changes, with its bits: a value, whether an id or a member of a set is its own."""
        if scalar.is_id:
            return (1, f"{source} == {{i}}") if scalar.kind == kind else (0, "")
        element = scalar.element
        if element is None:
            return scalar.bits, f"{source} - ({scalar.low})"
        if element.is_id and element.kind == kind:
            return 1, f"({source} >> {{i}}) & 1"
        return 0, ""


class Holders:
    """Local variables for the records and arrays on the way to leaves, each fetched once."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.pending: list[str] = []

    def name(self, text: str) -> str:
        """The variable that holds what an expression leads to."""
        if text not in self.names:
            self.names[text] = f"h{len(self.names)}"
            self.pending.append(f"    {self.names[text]} = {text}")
        return self.names[text]

    def new_lines(self) -> list[str]:
        """The assignments of the variables that are new since the last call."""
        lines, self.pending = self.pending, []
        return lines


def less(left: list[str], right: list[str]) -> str:
    """Lexicographic comparison of words."""
    text = f"{left[-1]} < {right[-1]}"
    for a, b in zip(reversed(left[:-1]), reversed(right[:-1]), strict=True):
        text = f"{a} < {b} or ({a} == {b} and ({text}))"
    return f"({text})"
