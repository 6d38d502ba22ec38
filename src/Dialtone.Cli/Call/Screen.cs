namespace Dialtone.Cli;

/// <summary>Shows what the peer says on standard output.</summary>
/// <remarks>On a terminal, control characters are shown as <c>\x1b</c>: a peer must not move the cursor or recolour the screen.</remarks>
internal sealed class Screen(Stream output, bool escapes)
{
    private bool _isMidLine;

    public void Show(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return;
        output.Write(escapes ? Escaped(text) : text);
        output.Flush();
        _isMidLine = text[^1] != '\n';
    }

    /// <summary>Adds the newline that is missing.</summary>
    public void EndLine()
    {
        if (_isMidLine)
            Show("\n"u8);
    }

    /// <summary>Shows a message and ends its line, also of an empty one.</summary>
    public void ShowMessage(ReadOnlySpan<byte> message)
    {
        Show(message);
        if (message.IsEmpty)
            Show("\n"u8);
        else
            EndLine();
    }

    private static byte[] Escaped(ReadOnlySpan<byte> text)
    {
        var escaped = new List<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            byte letter = text[i];
            // C0 and DEL; and C1, which UTF-8 writes as C2 80 to C2 9F.
            bool isControl = letter is (< 0x20 and not (byte)'\n' and not (byte)'\t') or 0x7f;
            bool isHighControl = letter == 0xc2 && i + 1 < text.Length && text[i + 1] is >= 0x80 and <= 0x9f;
            if (isHighControl)
                letter = text[++i];
            if (isControl || isHighControl)
                escaped.AddRange([(byte)'\\', (byte)'x', Digit(letter >> 4), Digit(letter & 15)]);
            else
                escaped.Add(letter);
        }

        return [.. escaped];

        static byte Digit(int value) => "0123456789abcdef"u8[value];
    }
}
