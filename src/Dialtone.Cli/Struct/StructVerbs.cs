namespace Dialtone.Cli;

/// <summary>Python's struct formats, to see them.</summary>
internal static class StructVerbs
{
    /// <summary>Most bytes shown: 16 MiB, beyond what anybody reads.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    private const string Negative = "Write -- before a word that begins with a minus and is no number, such as -inf.";

    public static Verb Pack { get; } = new("pack", "Show the bytes of values in a struct format, in hex", PackAsync)
    {
        Operands = ["FORMAT", "[VALUE]…"],
        Details =
        [
            "FORMAT is one of Python's struct formats: i, I3sf, <HQ?, !4h. Each value is a word: numbers as 7, -7, 0x1f, 3.5, 1e9, inf; true and false; text for s, p and c, with \\xHH, \\n and \\0 for bytes.",
            Negative,
        ],
        Examples = ["dialtone pack i 1024              00040000", "dialtone pack '<I3sf' 7 abc 1.5   070000006162630000c03f"],
    };

    public static Verb Unpack { get; } = new("unpack", "Show the values in bytes of a struct format, given in hex", UnpackAsync)
    {
        Operands = ["FORMAT", "[HEX]…"],
        Details = ["The values stand in one line, as 'dialtone pack' takes them. Spaces and colons in HEX are passed over."],
        Examples = ["dialtone unpack i 00040000        1024"],
    };

    private static Task<ExitCode> PackAsync(Arguments arguments)
    {
        StructFormat format = ReadFormat(arguments);
        StructValue[] values = StructText.Parse(format, [.. arguments.Operands.Skip(1)]);
        Terminal.Out.WriteLine(Convert.ToHexStringLower(format.Pack(values)));
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<ExitCode> UnpackAsync(Arguments arguments)
    {
        StructFormat format = ReadFormat(arguments);
        byte[] bytes = StructText.ParseHex(string.Concat(arguments.Operands.Skip(1)));
        Terminal.Out.WriteLine(string.Join(' ', format.Unpack(bytes)));
        return Task.FromResult(ExitCode.Done);
    }

    private static StructFormat ReadFormat(Arguments arguments)
    {
        var format = StructFormat.Parse(arguments.Operands[0]);
        return format.Size <= MaxBytes ? format
            : throw CliException.Usage($"The format is {format.Size} bytes long; the tool shows at most {MaxBytes}.");
    }
}
