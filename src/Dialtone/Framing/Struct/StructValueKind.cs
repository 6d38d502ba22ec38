namespace Dialtone;

/// <summary>What a <see cref="StructValue"/> holds.</summary>
public enum StructValueKind
{
    /// <summary>An integer from −2⁶³ to 2⁶⁴ − 1.</summary>
    Integer,

    /// <summary>A floating-point number, held as a double.</summary>
    Float,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Bytes.</summary>
    Bytes,
}
