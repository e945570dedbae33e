"""What compiled specs call: checked stores, the hash of a packed state, cache prefetches.

Source: the finaliser of MurmurHash3 (Appleby) as the mixing step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload


def _fit(bits: int) -> Callable[[Any], Any]:
    """A store that refuses an integer which `bits` bits don't hold, and passes records and arrays through."""
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def fit(value: Any) -> Any:  # noqa: ANN401 - an int or a record
        """Stand-in for the compiled form."""
        return value

    @overload(fit, jit_options={"nogil": True})
    def _compiled(value: Any) -> Any:  # noqa: ANN401 - numba wants the annotations of `fit`
        def as_int(value: Any) -> Any:  # noqa: ANN401
            return np.int8(value)

        def unchecked(value: Any) -> Any:  # noqa: ANN401
            return value

        def checked(value: Any) -> Any:  # noqa: ANN401
            if value < low or value > high:
                raise OverflowError
            return value

        if isinstance(value, types.Boolean):
            return as_int
        return checked if isinstance(value, types.Integer) else unchecked

    return fit


fit8, fit16, fit32, fit64 = (_fit(bits) for bits in (8, 16, 32, 64))


@intrinsic
def prefetch(typing_context: Any, array: types.Array, index: types.Integer) -> Any:  # noqa: ANN401, ARG001
    """Ask for the cache line of a row of an array, ahead of its use."""
    signature = types.void(array, index)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        array_type = signature.args[0]
        view = context.make_array(array_type)(context, builder, arguments[0])
        stride = cgutils.unpack_tuple(builder, view.strides)[0]  # type: ignore[no-untyped-call]
        offset = builder.mul(arguments[1], stride)
        base = builder.bitcast(view.data, ir.IntType(8).as_pointer())
        address = builder.gep(base, [offset])
        int32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), int32, int32, int32])
        name = "llvm.prefetch.p0i8"
        function = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
        builder.call(function, [address, int32(0), int32(3), int32(1)])
        return context.get_dummy_value()

    return signature, generate


@njit(nogil=True, inline="always")
def mix(hashed: np.uint64, word: np.uint64) -> np.uint64:
    """Fold a word into a hash, spreading every bit."""
    hashed = (hashed ^ word) * np.uint64(0xFF51AFD7ED558CCD)
    hashed ^= hashed >> np.uint64(32)
    hashed *= np.uint64(0xC4CEB9FE1A85EC53)
    return hashed ^ (hashed >> np.uint64(29))


LARGEST = (1 << 63) - 1


@njit(nogil=True)
def shift_left(value: int, places: int) -> int:
    """Like Python's <<; OverflowError where 64 bits don't hold the result, or for a negative shift."""
    if places < 0 or places > 62:
        raise OverflowError
    if value > LARGEST >> places or value < -(LARGEST >> places):
        raise OverflowError
    return value << places


@njit(nogil=True)
def shift_right(value: int, places: int) -> int:
    """Like Python's >>, also by more than 63 places; OverflowError for a negative shift."""
    if places < 0:
        raise OverflowError
    return value >> min(places, 63)


@njit(nogil=True)
def times(left: int, right: int) -> int:
    """Like Python's *; OverflowError where 64 bits don't hold the result."""
    # Not by looking at the product: numba tells LLVM that it does not overflow, so such a check is optimised away.
    if left != 0 and abs(right) > LARGEST // abs(left):
        raise OverflowError
    return left * right


@njit(nogil=True, boundscheck=True)
def renamed_sets(members: int, sets: Any, g: int) -> int:  # noqa: ANN401 - an array
    """A set of sets of ids under renaming `g`, given what becomes of each inner set."""
    result = 0
    for member in range(sets.shape[1]):
        if (members >> member) & 1:
            result |= 1 << sets[g, member]
    return result
