"""SASLprep (RFC 4013, stored strings) out of CPython's stringprep and its Unicode 3.2 database: a text a line in and out, its code points in hex.

A text that is prohibited is answered with a minus sign.
"""
import stringprep as s
import sys
import unicodedata

PROHIBITED = (s.in_table_a1, s.in_table_c21_c22, s.in_table_c3, s.in_table_c4, s.in_table_c5, s.in_table_c6, s.in_table_c7, s.in_table_c8, s.in_table_c9)


def prepare(text):
    mapped = "".join(" " if s.in_table_c12(c) else c for c in text if s.in_table_c12(c) or not s.in_table_b1(c))
    normal = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not normal or any(table(c) for c in normal for table in PROHIBITED):
        return None
    if any(map(s.in_table_d1, normal)) and (
            any(map(s.in_table_d2, normal)) or not s.in_table_d1(normal[0]) or not s.in_table_d1(normal[-1])):
        return None
    return normal


for line in sys.stdin:
    prepared = prepare("".join(chr(int(point, 16)) for point in line.split()))
    print("-" if prepared is None else " ".join(f"{ord(c):x}" for c in prepared))
