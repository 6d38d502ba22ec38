namespace Dialtone;

/// <summary>The order in which the bytes of an integer stand on the wire.</summary>
public enum ByteOrder
{
    /// <summary>Least significant byte first: Python's <c>&lt;</c>, and its default on x86-64 and ARM.</summary>
    LittleEndian,

    /// <summary>Most significant byte first: network order, Python's <c>&gt;</c> and <c>!</c>.</summary>
    BigEndian,
}
