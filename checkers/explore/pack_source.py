"""The source of packing and unpacking: the compiled twin of `specs.packing`, and the canonical form under symmetry."""

from __future__ import annotations

from collections.abc import Iterator

from checkers.explore.bits import layout_of
from checkers.explore.symmetry import Symmetry, symmetry_of
from specs.instance import Instance
from specs.packing import BagSlots, Slot
from specs.shape import Path, Scalar, Shape, Struct, Vector, show_path

COLOUR_BITS = 64


class PackSource:
    """Writes pack, unpack and, under symmetry, canonical; names start with `prefix`."""

    def __init__(self, instance: Instance, *, symmetric: bool, prefix: str, storage_bits: int) -> None:
        """`storage_bits` is the width of the integers in memory."""
        self.instance, self.prefix, self.storage_bits = instance, prefix, storage_bits
        self.packing = instance.packing
        self.symmetry = symmetry_of(instance.struct) if symmetric else Symmetry(())
        self.renamings = list(self.symmetry.renamings())

    def word_names(self) -> list[str]:
        """The words of a packed state, as variables."""
        return [f"w{k}" for k in range(self.packing.words)]

    def words(self) -> str:
        """The same, separated by commas."""
        return ", ".join(self.word_names())

    def call(self, state: str) -> str:
        """An expression for the words of a state in canonical form."""
        return f"{self.prefix}canonical({state}, spare, scratch)" if self.symmetry.kinds else self.call_pack(state)

    def call_pack(self, state: str) -> str:
        """An expression for the words of a state as it is."""
        return f"{self.prefix}pack({state}, scratch)"

    def tables(self) -> Iterator[str]:
        """Layouts in memory; for each kind the old name of each new one (OLD), and the new names (NEW, SET)."""
        layout = layout_of(self.instance.struct, self.packing.slots, self.storage_bits)
        yield f"{self.prefix}layout = {layout}"
        yield f"{self.prefix}gather = gatherer({self.prefix}layout, {self.packing.words})"
        yield f"{self.prefix}scatter = scatterer({self.prefix}layout)"
        for number, bag in enumerate(self.packing.bags):
            message = self.message_of(bag)
            yield f"{self.prefix}layout{number} = {layout_of(message, bag.leaves, self.storage_bits)}"
            yield f"{self.prefix}gather{number} = gatherer({self.prefix}layout{number}, 1)"
            yield f"{self.prefix}scatter{number} = scatterer({self.prefix}layout{number})"
        for kind, members in self.symmetry.kinds:
            new = [r[kind] for r in self.renamings]
            old = [[names.index(i) for i in range(members)] for names in new]
            yield f"OLD_{kind} = np.array({old}, dtype=np.int64)"
            yield f"NEW_{kind} = np.array({[[-1, *names] for names in new]}, dtype=np.int64)"
            yield f"SET_{kind} = np.array({[moved_sets(names) for names in new]}, dtype=np.int64)"
            yield from self.colour_tables(kind)

    def message_of(self, bag: BagSlots) -> Shape:
        """The shape of a bag's messages."""
        holder: Shape = self.instance.struct
        for step in bag.path:
            holder = holder.element if isinstance(holder, Vector) else holder.by_name[step]
        return holder.by_name["items"].element

    def functions(self) -> Iterator[str]:
        """All of them."""
        yield self.unpack()
        yield self.pack()
        if self.symmetry.kinds:
            yield self.rename()
            yield self.canonical()

    # -- pack and unpack

    def pack(self) -> str:
        """Packs `s`; raises OverflowError for a field outside its range."""
        lines = [
            "@compiled",
            f"def {self.prefix}pack(s, scratch):",
            f"    bad, {self.words()} = {self.prefix}gather(s)",
            *(line for number, bag in enumerate(self.packing.bags) for line in self.pack_bag(number, bag)),
            "    if bad != 0:",
            "        raise OverflowError",
            f"    return ({self.words()},)",
        ]
        return "\n".join(lines)

    def pack_bag(self, number: int, bag: BagSlots) -> Iterator[str]:
        """Sort the messages' keys and put them into their places. A count out of range is found before it is used."""
        holder = f"s.{show_path(bag.path)}"
        yield f"    for i in range(min({holder}.count, {len(bag.places)})):"
        yield f"        wrong, key = {self.prefix}gather{number}({holder}.items[i])"
        yield "        bad |= wrong"
        yield "        j = i"
        yield "        while j > 0 and scratch[j - 1] > key:"
        yield "            scratch[j] = scratch[j - 1]"
        yield "            j -= 1"
        yield "        scratch[j] = key"
        for index, (word, shift) in enumerate(bag.places):
            yield f"    if {holder}.count > {index}:"
            yield f"        w{word} |= scratch[{index}] << uint64({shift})"

    def unpack(self) -> str:
        """Writes row `i` of `rows` into `s`, which must be blank."""
        words = "".join(f"rows[i, {k}], " for k in range(self.packing.words))
        lines = ["@compiled", f"def {self.prefix}unpack(rows, i, s):", f"    {self.prefix}scatter(({words}), s)"]
        for number, bag in enumerate(self.packing.bags):
            holder = f"s.{show_path(bag.path)}"
            for index, (word, shift) in enumerate(bag.places):
                key = f"rows[i, {word}] >> uint64({shift})"
                lines.append(f"    if {holder}.count > {index}:")
                lines.append(f"        {self.prefix}scatter{number}(({key},), {holder}.items[{index}])")
        return "\n".join(lines)

    # -- symmetry

    def rename(self) -> str:
        """Writes into `t` what `s` is under renaming `g`."""
        lines = ["@compiled", f"def {self.prefix}rename(s, t, g):"]
        lines += [f"    {kind}{i} = OLD_{kind}[g, {i}]" for kind, n in self.symmetry.kinds for i in range(n)]
        lines += self.moves(self.instance.struct, "t", "s")
        for slot in self.packing.slots:
            lines += self.renamed_leaf(slot.scalar, f"t.{show_path(slot.path)}", "    ")
        for bag in self.packing.bags:
            items = f"t.{show_path(bag.path)}.items"
            for index in range(len(bag.places)):
                leaves = [
                    line
                    for leaf in bag.leaves
                    for line in self.renamed_leaf(leaf.scalar, f"{items}[{index}].{show_path(leaf.path)}", "        ")
                ]
                lines += [f"    if t.{show_path(bag.path)}.count > {index}:", *leaves] if leaves else []
        return "\n".join([*lines, "    return 0"])

    def moves(self, shape: Shape, target: str, source: str) -> Iterator[str]:
        """Move the elements of arrays that are indexed by renamed ids."""
        if isinstance(shape, Vector):
            permuted = shape.index in dict(self.symmetry.kinds)
            for index in range(shape.length):
                inner_source = f"{source}[{shape.index}{index}]" if permuted else f"{source}[{index}]"
                if permuted:
                    yield f"    {target}[{index}] = {inner_source}"
                yield from self.moves(shape.element, f"{target}[{index}]", inner_source)
        elif isinstance(shape, Struct):
            for name, inner in shape.fields:
                yield from self.moves(inner, f"{target}.{name}", f"{source}.{name}")

    def renamed_leaf(self, scalar: Scalar, place: str, indent: str) -> Iterator[str]:
        """Rename what a leaf holds, if it holds ids. An id that does not exist is an IndexError."""
        kinds = dict(self.symmetry.kinds)
        element = scalar.element
        if scalar.is_id and scalar.kind in kinds:
            yield f"{indent}{place} = NEW_{scalar.kind}[g, uint64({place} + 1)]"
        elif element is not None and element.is_id and element.kind in kinds:
            yield f"{indent}{place} = SET_{element.kind}[g, uint64({place})]"
        elif element is not None and element.element is not None and element.element.kind in kinds:
            yield f"{indent}{place} = renamed_sets({place}, SET_{element.element.kind}, g)"

    def canonical(self) -> str:
        """The least packed form over the renamings that sort the colours of what they move. Overwrites `spare`."""
        lines = ["@compiled", f"def {self.prefix}canonical(s, spare, scratch):"]
        base = 0
        conditions: list[str] = []
        for kind, members in self.symmetry.kinds:
            if self.coloured(kind) is None:
                continue
            lines += [f"    scratch[{base + i}] = {self.colour(kind, i)}" for i in range(members)]
            old = [f"scratch[{base} + OLD_{kind}[g, {i}]]" for i in range(members)]
            conditions += [f"{old[i]} > {old[i + 1]}" for i in range(members - 1)]
            base += members
        best = [f"best{k}" for k in range(self.packing.words)]
        lines += [f"    {b} = uint64(0)" for b in best]
        lines += ["    found = False", f"    for g in range({len(self.renamings)}):"]
        if conditions:
            lines += [f"        if {' or '.join(conditions)}:", "            continue"]
        lines += [
            "        spare[0] = s",
            f"        {self.prefix}rename(s, spare[0], g)",
            f"        {self.words()}, = {self.prefix}pack(spare[0], scratch[{base}:])",
            f"        if not found or {less(self.word_names(), best)}:",
            "            found = True",
            *(f"            {b} = {w}" for b, w in zip(best, self.word_names(), strict=True)),
            f"    return ({', '.join(best)},)",
        ]
        return "\n".join(lines)

    def coloured(self, kind: str) -> tuple[str, Vector] | None:
        """The first array of the state that is indexed by a kind."""
        arrays = ((name, s) for name, s in self.instance.struct.fields if isinstance(s, Vector) and s.index == kind)
        return next(arrays, None)

    def colour_tables(self, kind: str) -> Iterator[str]:
        """Where the parts of an element lie that no renaming changes."""
        found = self.coloured(kind)
        if found is None or not isinstance(found[1].element, Struct):
            return
        slots, used = [], 0
        for path, scalar in fixed_leaves(found[1].element):
            if not scalar.is_id and scalar.element is None and used + scalar.bits <= COLOUR_BITS:
                slots.append(Slot(path, scalar, 0, used))
                used += scalar.bits
        layout = layout_of(found[1].element, slots, self.storage_bits)
        yield f"colour_{kind} = gatherer({layout}, 1)"

    def colour(self, kind: str, i: int) -> str:
        """A number that element `i` has whatever ids are called: its plain fields, and whether it holds its own id."""
        found = self.coloured(kind)
        assert found is not None
        name, shape = found
        place = f"s.{name}[{i}]"
        if isinstance(shape.element, Scalar):
            return f"uint64({place})" if not shape.element.is_id and shape.element.element is None else "uint64(0)"
        own = [
            f"uint64({place}.{show_path(p)} == {i})"
            for p, s in fixed_leaves(shape.element)
            if s.is_id and s.kind == kind
        ]
        own += [
            f"uint64(({place}.{show_path(p)} >> {i}) & 1)"
            for p, s in fixed_leaves(shape.element)
            if s.element is not None and s.element.is_id and s.element.kind == kind
        ]
        mixed = f"colour_{kind}({place})[1]" if isinstance(shape.element, Struct) else "uint64(0)"
        for bit in own:
            mixed = f"({mixed} * uint64(2) + {bit})"
        return mixed


def moved_sets(names: tuple[int, ...]) -> list[int]:
    """What becomes of every set of members under new names."""
    return [sum(1 << names[m] for m in range(len(names)) if s >> m & 1) for s in range(1 << len(names))]


def fixed_leaves(shape: Shape, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """The leaves that no renaming moves: those outside arrays indexed by ids, and outside bags."""
    if isinstance(shape, Scalar):
        yield path, shape
    elif isinstance(shape, Vector):
        if shape.index is None:
            for index in range(shape.length):
                yield from fixed_leaves(shape.element, (*path, index))
    elif not shape.bag:
        for name, inner in shape.fields:
            yield from fixed_leaves(inner, (*path, name))


def less(left: list[str], right: list[str]) -> str:
    """Lexicographic comparison of words."""
    text = f"{left[-1]} < {right[-1]}"
    for a, b in zip(reversed(left[:-1]), reversed(right[:-1]), strict=True):
        text = f"{a} < {b} or ({a} == {b} and ({text}))"
    return f"({text})"
