using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Dialtone.Tests;

// The examples of docs/struct.md, compiled and run. What the page shows must stand here, and what it quotes be said.
public sealed partial class StructDocTests
{
    [Fact]
    public void The_examples_do_what_the_page_says()
    {
        var header = StructFormat.Parse("<IHQ");

        byte[] packed = header.Pack(1, 2, 3);
        var (id, kind, length) = header.Unpack<uint, ushort, ulong>(packed);
        Assert.Equal((1u, (ushort)2, 3UL), (id, kind, length));

        Span<byte> buffer = stackalloc byte[64];
        header.PackInto(buffer, 8, 1u, (ushort)2, 3UL);
        (id, kind, length) = header.UnpackFrom<uint, ushort, ulong>(buffer, 8);

        var record = StructFormat.Parse("!4sH");
        record.PackInto(buffer, 0, "GET "u8, 80);
        var (verb, port) = record.UnpackFrom<byte[], int>(buffer);
        Assert.Equal((1u, (ushort)2, 3UL), (id, kind, length));
        Assert.Equal(("GET ", 80), (System.Text.Encoding.ASCII.GetString(verb), port));
    }

    [Fact]
    public void Records_are_stepped_through_as_the_page_says()
    {
        int seen = 0;
        foreach (var (number, letter) in StructFormat.Parse("<HB").IterUnpack<ushort, byte>([1, 0, 65]))
            seen += number + letter;
        Assert.Equal(66, seen);
    }

    [Fact]
    public void Values_are_read_as_the_page_says()
    {
        byte[] bytes = StructFormat.Parse("I3s?d").Pack(1, "ab"u8, true, 2.5);

        StructValue[] values = StructFormat.Parse("I3s?d").Unpack(bytes);
        long first = values[0].AsInt64();
        string text = values[1].AsText();      // UTF-8, without the NULs at the end
        bool flag = values[2].AsBoolean();
        double number = values[3].AsDouble();
        Assert.Equal((1, "ab", true, 2.5), (first, text, flag, number));

        var words = StructText.Parse(StructFormat.Parse("<Hd4s"), ["0x10", "3.5", @"ab\x00"]);
        Assert.Equal([16, 3.5, "ab\0"u8], words);
    }

    [Fact]
    public void Every_line_of_an_example_on_the_page_is_compiled_here()
    {
        string[] compiled = [.. File.ReadLines(ThisFile()).Select(line => line.Trim())];
        string[] shown = [.. Examples().Matches(Page()).SelectMany(match => match.Groups[1].Value.Split('\n')).Where(line => line.Length > 0)];

        Assert.NotEmpty(shown);
        Assert.All(shown, line => Assert.Contains(line.Trim(), compiled));
    }

    [Fact]
    public void The_errors_read_as_the_page_quotes_them()
    {
        var header = StructFormat.Parse("<IHQ");
        Action[] mistakes =
        [
            () => header.Pack(1, 70000, 3),
            () => StructFormat.Parse("<i").Pack(2.5),
            () => header.Pack(1, 2),
            () => header.Unpack(new byte[13]),
            () => StructFormat.Parse("<i").UnpackFrom(new byte[4], 5),
            () => StructFormat.Parse("<iz"),
            () => StructFormat.Parse("<i3"),
            () => StructFormat.Parse("<n"),
            () => StructFormat.Parse("2000000000i"),
            () => StructFormat.Parse("").IterUnpack([]),
            () => StructText.Parse(StructFormat.Parse("<b"), ["many"]),
        ];
        var rows = ErrorRows().Matches(Page()).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);

        Assert.Equal(Enum.GetNames<StructError>().Order(), rows.Keys.Order());
        foreach (var mistake in mistakes)
        {
            var error = Assert.Throws<StructException>(mistake);
            Assert.StartsWith(rows[error.Reason.ToString()].TrimEnd('…', ' '), error.Message);
        }

        Assert.Equal(rows.Count, mistakes.Length);
    }

    private static string Page() =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "docs", "struct.md"));

    private static string ThisFile([CallerFilePath] string file = "") => file;

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Examples();

    [GeneratedRegex(@"^\| `(\w+)` \| (Format .*) \|$", RegexOptions.Multiline)]
    private static partial Regex ErrorRows();
}
