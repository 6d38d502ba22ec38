#!/usr/bin/env python3
"""Writes src/Dialtone/Authentication/SaslPrep.bin: the Unicode 3.2 tables that SASLprep (RFC 4013) is made of.

Everything comes from CPython's own unicodedata (its 3.2 database) and stringprep (RFC 3454), so nothing is downloaded. Raw deflate over
unsigned LEB128 numbers; every table begins with its length, and sorted numbers are written as differences:

    decompositions   code point, length, code points of its whole compatibility decomposition (Hangul left out: it is arithmetic)
    classes          code point, canonical combining class, where that is not 0
    compositions     composite, its two code points
    prohibited, unassigned, right-to-left (D.1), left-to-right (D.2)    the code points at which membership changes
"""
import pathlib
import stringprep
import unicodedata
import zlib

ucd = unicodedata.ucd_3_2_0
hangul = range(0xAC00, 0xD7A4)
every = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and c not in hangul]
out = bytearray()


def number(n):
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)


def table(rows):
    number(len(rows))
    last = 0
    for key, *rest in rows:
        number(key - last)
        last = key
        for n in rest:
            number(n)


def changes(belongs):
    member = [False, *(belongs(chr(c)) for c in range(0x110000)), False]
    table([(c,) for c in range(0x110001) if member[c] != member[c + 1]])


def prohibited(c):
    return (stringprep.in_table_c21_c22(c) or stringprep.in_table_c3(c) or stringprep.in_table_c4(c) or stringprep.in_table_c5(c)
            or stringprep.in_table_c6(c) or stringprep.in_table_c7(c) or stringprep.in_table_c8(c) or stringprep.in_table_c9(c))


whole = {c: ucd.normalize("NFKD", c) for c in every}
table([(ord(c), len(d), *map(ord, d)) for c, d in whole.items() if d != c])
table([(ord(c), ucd.combining(c)) for c in every if ucd.combining(c)])
pairs = {c: ucd.decomposition(c).split() for c in every if ucd.normalize("NFC", c) == c}
table([(ord(c), *(int(n, 16) for n in pair)) for c, pair in pairs.items() if len(pair) == 2 and not pair[0].startswith("<")])
changes(prohibited)
changes(stringprep.in_table_a1)
changes(stringprep.in_table_d1)
changes(stringprep.in_table_d2)

pack = zlib.compressobj(9, zlib.DEFLATED, -15)
path = pathlib.Path(__file__).parent.parent / "src/Dialtone/Authentication/SaslPrep.bin"
path.write_bytes(pack.compress(bytes(out)) + pack.flush())
print(path.name, len(out), "bytes, packed", path.stat().st_size)
