namespace Dialtone;

// How one item stands in the buffer. The low byte of a shape (see StructTag) is one of these.
internal enum StructType : byte
{
    None,
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Pointer,        // as UInt64, but takes negative integers too
    Half,
    Single,
    NativeSingle,   // as Single, but what is too large becomes infinity: CPython casts there and does not look
    Double,
    Boolean,
    Pad,
    Char,
    Bytes,
    Pascal,
}
