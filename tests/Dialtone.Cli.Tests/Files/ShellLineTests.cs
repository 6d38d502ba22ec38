using System.Text;

namespace Dialtone.Cli.Tests;

public sealed class ShellLineTests
{
    [Theory]
    [InlineData("get a b", "get|a|b")]
    [InlineData("  get\ta  ", "get|a")]
    [InlineData("", "")]
    [InlineData("get 'a b' \"c 'd\"", "get|a b|c 'd")]
    [InlineData(@"get a\ b a'b'c", "get|a b|abc")]
    [InlineData("get ''", "get|")]
    [InlineData(@"rm '*' \* ""?"" *", @"rm|\*|\*|\?|*")]
    [InlineData(@"get a\ ", "get|a ")]
    public void A_line_is_split_as_shells_do_and_quoted_stars_mean_themselves(string line, string words) =>
        Assert.Equal(words, string.Join('|', ShellWords.Split(line)));

    [Theory]
    [InlineData("get 'a")]
    [InlineData("get \"a")]
    [InlineData(@"get a\")]
    public void An_open_quote_is_told(string line) => Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => ShellWords.Split(line)).Code);

    [Theory]
    [InlineData("a b")]
    [InlineData("it's \"*\" [x]?")]
    [InlineData(@"back\slash")]
    [InlineData("!x 中文")]
    public void A_quoted_name_reads_back(string name) =>
        Assert.Equal(name, Wildcard.Unescape(Assert.Single(ShellWords.Split(ShellWords.Quote(name)))));

    [Fact]
    public void Keys_are_read_from_what_terminals_send()
    {
        var bytes = new Queue<byte>("\e[A\eOB\e[1;5C\e[3~\e[1~\e[F\x01\x05\x15\x17\x0b\x7f\x04中\x03\r\e[99~"u8.ToArray());
        var names = new List<KeyName>();
        while (bytes.Count > 0)
            names.Add(KeyReader.Read(() => bytes.TryDequeue(out byte next) ? next : -1, () => bytes.Count > 0).Name);
        Assert.Equal(
            [
                KeyName.Up, KeyName.Down, KeyName.Right, KeyName.Delete, KeyName.Home, KeyName.End, KeyName.Home, KeyName.End, KeyName.EraseToStart,
                KeyName.EraseWord, KeyName.EraseToEnd, KeyName.Backspace, KeyName.DeleteOrClose, KeyName.Letter, KeyName.Cancel, KeyName.Enter, KeyName.None,
            ],
            names);
        Assert.Equal(KeyName.Closed, KeyReader.Read(() => -1, () => false).Name);
        Assert.Equal(KeyName.None, KeyReader.Read(() => 0x1b, () => false).Name);
    }

    [Fact]
    public void Letters_are_counted_as_the_cells_they_take()
    {
        Assert.Equal(5, Cells.Of("hello"));
        Assert.Equal(4, Cells.Of("中文"));
        Assert.Equal(2, Cells.Of("🙂"));
        Assert.Equal(1, Cells.Of("e\u0301"));
        Assert.Equal("中…文", Cells.Fit("中间的文", 5));
        Assert.Equal("a", Cells.Fit("a", 1));
        Assert.Equal("…", Cells.Fit("abc", 1));
        Assert.Equal("", Cells.Fit("abc", 0));
    }

    [Fact]
    public void Names_beside_each_other_fit_the_width_and_are_all_there()
    {
        string[] names = [.. Enumerable.Range(1, 40).Select(i => new string((char)('a' + (i % 26)), 1 + (i * 7 % 19)) + (i % 5 == 0 ? "中文" : "") + i)];
        foreach (int width in (int[])[20, 60, 80, 200])
        {
            string shown = Columns.Arrange(names, width);
            Assert.Equal(names.Order(), shown.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Order());
            Assert.All(shown.Split('\n'), line => Assert.True(Cells.Of(line) <= Math.Max(width, names.Max(name => Cells.Of(name)))));
        }
    }

    [Fact]
    public void History_keeps_what_was_typed_for_its_owner_alone()
    {
        using var folder = new Folder();
        string path = folder["sub/history"];
        var history = new History(path);
        foreach (string line in (string[])["ls", "ls", " hidden", "", "get 中文"])
            history.Add(line);
        history.Save();
        Assert.Equal(["ls", "get 中文"], new History(path).Lines);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        for (int i = 0; i < 2000; i++)
            history.Add($"line {i}");
        history.Save();
        Assert.Equal((1000, "line 1999"), (new History(path).Lines.Count, new History(path).Lines[^1]));
        Assert.Equal([path], Directory.GetFiles(folder["sub"]));
    }
}
