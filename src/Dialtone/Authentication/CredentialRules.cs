using System.Globalization;
using System.Text;

namespace Dialtone;

/// <summary>What a user name and a password may be, before anything is looked up or hashed.</summary>
/// <remarks>
/// Text is compared after <see cref="Prepare"/>, as its UTF-8 bytes: a name or password that is typed in two ways, an é of one character
/// or of two, is one. All of printable ASCII stands for itself.
/// </remarks>
public static class CredentialRules
{
    /// <summary>Longest user name, in UTF-8 bytes.</summary>
    public const int MaxNameBytes = 128;

    /// <summary>Longest password, in UTF-8 bytes. Longer ones are refused before any hashing.</summary>
    public const int MaxPasswordBytes = 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether this can be a user name: 1 to <see cref="MaxNameBytes"/> bytes, no control, formatting, private
    /// or separator characters except single inner spaces, and no lone surrogates.</summary>
    public static bool IsName(string? name)
    {
        if (string.IsNullOrEmpty(name) || !IsText(name, MaxNameBytes))
            return false;
        if (name[0] == ' ' || name[^1] == ' ' || name.Contains("  ", StringComparison.Ordinal))
            return false;
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (rune.Value != ' ' && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.PrivateUse
                or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned)
                return false;
        }
        return true;
    }

    /// <summary>Whether this can be a password: 1 to <see cref="MaxPasswordBytes"/> bytes, no control characters, no lone surrogates.</summary>
    public static bool IsPassword(string? password) =>
        !string.IsNullOrEmpty(password) && IsText(password, MaxPasswordBytes);

    /// <summary>A name or password as it is compared and hashed: SASLprep (RFC 4013, as RFC 5802 asks), with the Unicode 3.2 tables of its own.</summary>
    /// <returns>The text unchanged where SASLprep prohibits it: with characters younger than Unicode 3.2 (most emoji) or private ones, in mixed
    /// directions, or when nothing would be left. PostgreSQL and its clients do the same.</returns>
    public static string Prepare(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SaslPrep.Prepare(text);
    }

    internal static bool IsText(string text, int maxBytes)
    {
        if (text.Length > maxBytes)
            return false;
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
                return false;
            if (char.IsSurrogate(text[i]) && (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i])))
                return false;
        }
        return Strict.GetByteCount(text) <= maxBytes;
    }

    internal static bool TryDecode(ReadOnlySpan<byte> utf8, out string text)
    {
        try
        {
            text = Strict.GetString(utf8);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }
}
