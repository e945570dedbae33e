"""Gathering the bits of a record's fields into words, and scattering them back: the inner loop of packing.

Fields lie in memory one after the other, in the order of the packed form, so eight bytes at a time are enough: take the
lowest values off, compare with the spans, and pull the bits that carry the values together (PEXT; PDEP for the way
back). Where the processor lacks these instructions the same is done field by field.

Source: Intel 64 and IA-32 manual, BMI2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from specs.packing import Slot
from specs.shape import Path, Scalar, Shape, Vector

CHUNK_BYTES = 8
I64 = ir.IntType(64)
Layout = tuple[tuple[int, int, int, int, tuple[tuple[int, int, int], ...]], ...]
"""A chunk a row: storage bits, offset in bytes, word, shift, for each field its lane, lowest value and span."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where a leaf lies, in memory and in the packed form."""

    offset: int
    slot: Slot


def offsets(shape: Shape, bits: int, path: Path = (), offset: int = 0) -> Iterator[tuple[Path, int]]:
    """The paths of all scalars in memory, blank slots of bags included, with their offsets in bytes."""
    if isinstance(shape, Scalar):
        yield path, offset
        return
    steps = range(shape.length) if isinstance(shape, Vector) else [name for name, _ in shape.fields]
    for step in steps:
        inner = shape.element if isinstance(shape, Vector) else shape.by_name[step]
        yield from offsets(inner, bits, (*path, step), offset)
        offset += size(inner, bits)


def size(shape: Shape, bits: int) -> int:
    """The bytes that a value takes in memory."""
    if isinstance(shape, Scalar):
        return bits // 8
    if isinstance(shape, Vector):
        return shape.length * size(shape.element, bits)
    return sum(size(inner, bits) for _, inner in shape.fields)


def layout_of(shape: Shape, slots: Sequence[Slot], bits: int) -> Layout:
    """The chunks that cover the given leaves of a record."""
    where = dict(offsets(shape, bits))
    fields = sorted((Field(where[slot.path], slot) for slot in slots), key=lambda field: field.offset)
    chunks: list[list[Field]] = []
    for field in fields:
        if chunks and fits(chunks[-1], field, bits):
            chunks[-1].append(field)
        else:
            chunks.append([field])
    return tuple(chunk_row(chunk, bits) for chunk in chunks)


def fits(chunk: Sequence[Field], field: Field, bits: int) -> bool:
    """Whether a field can join a chunk: near enough in memory, and next in the same word."""
    first, last = chunk[0], chunk[-1]
    near = field.offset + bits // 8 <= first.offset + CHUNK_BYTES
    return near and field.slot.word == last.slot.word and field.slot.shift == last.slot.shift + last.slot.scalar.bits


def chunk_row(chunk: Sequence[Field], bits: int) -> tuple[int, int, int, int, tuple[tuple[int, int, int], ...]]:
    """A chunk as plain numbers, which generated source can hold."""
    first = chunk[0]
    lanes = tuple(
        ((f.offset - first.offset) * 8 // bits, f.slot.scalar.low, f.slot.scalar.high - f.slot.scalar.low)
        for f in chunk
    )
    return bits, first.offset, first.slot.word, first.slot.shift, lanes


def gatherer(layout: Layout, words: int) -> Any:  # noqa: ANN401 - an intrinsic
    """A compiled function from a record to (0 or not 0 if some field is outside its range, word, ..., word)."""

    @intrinsic
    def gather(typing_context: Any, record: types.Record) -> Any:  # noqa: ANN401, ARG001
        result = types.UniTuple(types.uint64, words + 1)  # type: ignore[no-untyped-call]

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            values = [I64(0)] * (words + 1)
            for bits, offset, word, shift, lanes in layout:
                vector = lanes_type(bits)
                chunk = builder.load(address(builder, arguments[0], offset), align=1)
                lows = spread(vector, {lane: low for lane, low, _ in lanes}, 0)
                coded = builder.sub(builder.bitcast(chunk, vector), lows)
                spans = spread(vector, {lane: span for lane, _, span in lanes}, -1)
                wrong = builder.icmp_unsigned(">", coded, spans)
                wrong = builder.zext(builder.bitcast(wrong, ir.IntType(vector.count)), I64)
                values[0] = builder.or_(values[0], wrong)
                code = compress(builder, builder.bitcast(coded, I64), bits, lanes)
                values[word + 1] = builder.or_(values[word + 1], builder.shl(code, I64(shift)))
            return cgutils.pack_array(builder, values)  # type: ignore[no-untyped-call]

        return result(record), generate

    return gather


def scatterer(layout: Layout) -> Any:  # noqa: ANN401 - an intrinsic
    """A compiled function (words, record) that writes the fields of a record."""

    @intrinsic
    def scatter(typing_context: Any, words: types.UniTuple, record: types.Record) -> Any:  # noqa: ANN401, ARG001
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            for bits, offset, word, shift, lanes in layout:
                vector = lanes_type(bits)
                code = builder.lshr(builder.extract_value(arguments[0], word), I64(shift))
                spread_out = builder.bitcast(expand(builder, code, bits, lanes), vector)
                lows = spread(vector, {lane: low for lane, low, _ in lanes}, 0)
                fresh = builder.bitcast(builder.add(spread_out, lows), I64)
                mine = sum(((1 << bits) - 1) << (lane * bits) for lane, _, _ in lanes)
                target = address(builder, arguments[1], offset)
                others = builder.and_(builder.load(target, align=1), I64(~mine & (1 << 64) - 1))
                builder.store(builder.or_(others, builder.and_(fresh, I64(mine))), target, align=1)
            return context.get_dummy_value()

        return types.void(words, record), generate

    return scatter


def lanes_type(bits: int) -> Any:  # noqa: ANN401 - llvmlite
    """A chunk as a vector of stored integers."""
    return ir.VectorType(ir.IntType(bits), 64 // bits)


def spread(vector: Any, values: dict[int, int], default: int) -> Any:  # noqa: ANN401 - llvmlite
    """A constant vector with given lanes."""
    return ir.Constant(vector, [ir.Constant(vector.element, values.get(k, default)) for k in range(vector.count)])


def address(builder: Any, record: Any, offset: int) -> Any:  # noqa: ANN401 - llvmlite
    """Where a chunk of a record begins."""
    base = builder.bitcast(record, ir.IntType(8).as_pointer())
    return builder.bitcast(builder.gep(base, [I64(offset)]), I64.as_pointer())


def carried(bits: int, lanes: Sequence[tuple[int, int, int]]) -> int:
    """The bits of a chunk that carry values."""
    return sum(((1 << span.bit_length()) - 1) << (lane * bits) for lane, _, span in lanes)


def has_bit_instructions() -> bool:
    """Whether this machine has PEXT and PDEP."""
    return bool(binding.get_host_cpu_features().get("bmi2"))


def instruction(builder: Any, name: str, value: Any, mask: int) -> Any:  # noqa: ANN401 - llvmlite
    """PEXT or PDEP."""
    kind = ir.FunctionType(I64, [I64, I64])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.bmi.{name}.64")  # type: ignore[no-untyped-call]
    return builder.call(function, [value, I64(mask)])


def compress(builder: Any, chunk: Any, bits: int, lanes: Sequence[tuple[int, int, int]]) -> Any:  # noqa: ANN401
    """Pull the bits that carry values together."""
    if has_bit_instructions():
        return instruction(builder, "pext", chunk, carried(bits, lanes))
    code, shift = I64(0), 0
    for lane, _, span in lanes:
        width = span.bit_length()
        value = builder.and_(builder.lshr(chunk, I64(lane * bits)), I64((1 << width) - 1))
        code, shift = builder.or_(code, builder.shl(value, I64(shift))) if width else code, shift + width
    return code


def expand(builder: Any, code: Any, bits: int, lanes: Sequence[tuple[int, int, int]]) -> Any:  # noqa: ANN401
    """Push them apart again."""
    if has_bit_instructions():
        return instruction(builder, "pdep", code, carried(bits, lanes))
    chunk, shift = I64(0), 0
    for lane, _, span in lanes:
        width = span.bit_length()
        value = builder.and_(builder.lshr(code, I64(shift)), I64((1 << width) - 1)) if width else I64(0)
        chunk, shift = builder.or_(chunk, builder.shl(value, I64(lane * bits))), shift + width
    return chunk
