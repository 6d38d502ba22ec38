namespace Dialtone;

/// <summary>Why a <see cref="StructException"/> was thrown.</summary>
public enum StructError
{
    /// <summary>The format holds a character that is no format code, prefix, digit or white space in its place.</summary>
    BadCharacter,

    /// <summary>The format ends after a repeat count.</summary>
    CountWithoutCode,

    /// <summary><c>n</c>, <c>N</c> or <c>P</c> in a format with standard sizes; they exist only with native ones.</summary>
    NativeOnly,

    /// <summary>The format describes more bytes than one .NET buffer can hold.</summary>
    TooLarge,

    /// <summary>More or fewer values than the format has items.</summary>
    WrongItemCount,

    /// <summary>A value of a kind the item does not take, or a .NET type the item cannot be read as.</summary>
    WrongType,

    /// <summary>A value outside the range of its item, or of the .NET type it is read as.</summary>
    OutOfRange,

    /// <summary>The buffer is not as long as the format asks.</summary>
    WrongLength,

    /// <summary>The offset is negative or past the end of the buffer.</summary>
    OffsetOutOfRange,

    /// <summary>A format of no bytes, which would yield records without end.</summary>
    EmptyRecord,

    /// <summary>A word that cannot be read as the value its item takes, or digits that are not hexadecimal.</summary>
    BadText,
}
