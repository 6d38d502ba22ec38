namespace Dialtone.Cli.Tests;

public sealed class StructVerbTests
{
    [Theory] // as CPython's struct.pack(…).hex()
    [InlineData("00040000", "i", "1024")]
    [InlineData("fbffffff", "i", "--", "-5")]
    [InlineData("fbffffff", "i", "-5")]
    [InlineData("070000006162630000c03f", "<I3sf", "7", "abc", "1.5")]
    [InlineData("07000000616263000000c03f", "I3sf", "7", "abc", "1.5")]
    [InlineData("0000040068656c6c6f", "!I5s", "1024", "hello")]
    [InlineData("0100020000000000000001", "<HQ?", "1", "2", "true")]
    [InlineData("c3a4", "2s", "ä")]
    [InlineData("ff0a", "2s", @"\xff\n")]
    [InlineData("000080ff", "<f", "--", "-inf")]
    [InlineData("", "")]
    public async Task Packing_prints_the_bytes_in_hex(string hex, params string[] words)
    {
        ToolResult end = await ToolProcess.RunAsync(["pack", .. words]);
        Assert.Equal((0, hex + "\n", ""), (end.ExitCode, end.Output, end.Error));
    }

    [Theory]
    [InlineData("1024", "i", "00040000")]
    [InlineData("-5", "i", "fb:ff:ff:ff")]
    [InlineData("7 'abc' 1.5", "<I3sf", "07 00 00 00 616263", "0000c03f")]
    [InlineData("1 2 true", "<HQ?", "0x0100020000000000000001")]
    [InlineData(@"'\xff\n'", "2s", "ff0a")]
    public async Task Unpacking_prints_the_values_as_packing_takes_them(string values, params string[] words)
    {
        ToolResult end = await ToolProcess.RunAsync(["unpack", .. words]);
        Assert.Equal((0, values + "\n", ""), (end.ExitCode, end.Output, end.Error));
    }

    [Theory]
    [InlineData("2147483647", "pack", "i", "2147483648")]
    [InlineData("cannot be read", "pack", "i", "seven")]
    [InlineData("1 given", "unpack", "i", "00")]
    [InlineData("hexadecimal", "unpack", "i", "0g000000")]
    [InlineData("'!'", "pack", "i!", "7")]
    [InlineData("2 values", "pack", "ii", "7")]
    [InlineData("at most 16777216", "pack", "2000000000x")]
    [InlineData("at most 16777216", "unpack", "2000000000s", "00")]
    public async Task What_does_not_fit_is_a_usage_error_that_says_why(string why, params string[] words)
    {
        ToolResult end = await ToolProcess.RunAsync(words);
        Assert.Equal((2, ""), (end.ExitCode, end.Output));
        Assert.Contains(why, end.Error, StringComparison.Ordinal);
    }

}
