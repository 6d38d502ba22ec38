"""CPython's struct as the oracle. One JSON question per line in, one JSON answer per line out.

{"format": f}                          -> size
{"format": f, "values": [[kind, text]]} -> size, packed (hex) and unpacked again
{"format": f, "bytes": hex}            -> size and unpacked
Any refusal                            -> {"error": text}
"""
import json
import math
import struct
import sys


def value(kind, text):
    if kind == "int":
        return int(text)
    if kind == "float":
        return struct.unpack("<d", bytes.fromhex(text))[0]
    if kind == "bool":
        return text == "true"
    return bytes.fromhex(text)


def words(value):
    if isinstance(value, bool):
        return ["bool", "true" if value else "false"]
    if isinstance(value, int):
        return ["int", str(value)]
    if isinstance(value, float):
        return ["float", ("-nan" if math.copysign(1, value) < 0 else "nan") if value != value else struct.pack("<d", value).hex()]
    return ["bytes", value.hex()]


def answer(question):
    form = question["format"]
    result = {"size": struct.calcsize(form)}
    if "values" in question:
        packed = struct.pack(form, *(value(*pair) for pair in question["values"]))
        result["packed"] = packed.hex()
    elif "bytes" in question:
        packed = bytes.fromhex(question["bytes"])
    else:
        return result
    result["unpacked"] = [words(one) for one in struct.unpack(form, packed)]
    return result


for line in sys.stdin:
    try:
        print(json.dumps(answer(json.loads(line))))
    except (struct.error, OverflowError, UnicodeEncodeError) as error:
        print(json.dumps({"error": str(error)}))
