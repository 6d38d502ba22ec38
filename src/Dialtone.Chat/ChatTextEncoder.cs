using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Dialtone.Chat;

/// <summary>
/// Writes text into JSON so that people can read it in their language, and no line moves a cursor, hides a part of itself or turns around: such characters
/// stand there as <c>\u001b</c>.
/// </summary>
internal sealed unsafe class ChatTextEncoder : JavaScriptEncoder
{
    private static readonly SearchValues<char> Harmless =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(static each => (char)each).Where(static each => each is not ('"' or '\\'))]);

    private ChatTextEncoder()
    {
    }

    public static ChatTextEncoder Instance { get; } = new();

    public override int MaxOutputCharactersPerInputCharacter => 12;

    public override int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var span = new ReadOnlySpan<char>(text, textLength);
        int at = span.IndexOfAnyExcept(Harmless);
        while (at >= 0 && at < span.Length)
        {
            if (Rune.DecodeFromUtf16(span[at..], out Rune rune, out int length) != OperationStatus.Done || WillEncode(rune.Value))
                return at;
            at += length;
        }

        return -1;
    }

    public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var output = new Span<char>(buffer, bufferLength);
        var rune = new Rune(unicodeScalar);
        if (unicodeScalar is '"' or '\\')
            return output.TryWrite(CultureInfo.InvariantCulture, $"\\{(char)unicodeScalar}", out numberOfCharactersWritten);
        if (rune.IsBmp)
            return output.TryWrite(CultureInfo.InvariantCulture, $"\\u{unicodeScalar:x4}", out numberOfCharactersWritten);
        Span<char> pair = stackalloc char[2];
        rune.EncodeToUtf16(pair);
        return output.TryWrite(CultureInfo.InvariantCulture, $"\\u{(int)pair[0]:x4}\\u{(int)pair[1]:x4}", out numberOfCharactersWritten);
    }

    public override bool WillEncode(int unicodeScalar) => unicodeScalar is '"' or '\\' || Rune.GetUnicodeCategory(new Rune(unicodeScalar)) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned;
}
