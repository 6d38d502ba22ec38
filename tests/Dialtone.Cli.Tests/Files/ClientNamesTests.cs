namespace Dialtone.Cli.Tests;

public sealed class ClientNamesTests
{
    [Theory]
    [InlineData("tls://anna@example.org:7443/a/b c", "tls://example.org:7443", "anna", "/a/b c")]
    [InlineData("tls://example.org", "tls://example.org:7070", null, "")]
    [InlineData("tcp://[::1]/x", "tcp://[::1]:7070", null, "/x")]
    [InlineData("tcp://[::1]:1/x", "tcp://[::1]:1", null, "/x")]
    [InlineData("tls://a@b@example.org/x@y:z", "tls://example.org:7070", "a@b", "/x@y:z")]
    [InlineData("unix:///run/d.sock!/a", "unix:///run/d.sock", null, "/a")]
    [InlineData("unix:///run/d.sock", "unix:///run/d.sock", null, "")]
    [InlineData("unix://anna@/run/d.sock!a!b", "unix:///run/d.sock", "anna", "a!b")]
    [InlineData("unix://@abstract!/a", "unix://@abstract", null, "/a")]
    [InlineData("unix://anna@@abstract!/a", "unix://@abstract", "anna", "/a")]
    public void An_address_says_where_who_and_what(string text, string server, string? user, string path)
    {
        var name = RemoteName.Parse(text);
        Assert.Equal((server, user, path), ($"{name.Server}", name.User, name.Path));
    }

    [Theory]
    [InlineData("example.org:a/b", "tls://example.org:7070", null, "a/b")]
    [InlineData("anna@example.org:/a:b", "tls://example.org:7070", "anna", "/a:b")]
    [InlineData("example.org:", "tls://example.org:7070", null, "")]
    [InlineData("anna@[::1]:a", "tls://[::1]:7070", "anna", "a")]
    [InlineData("[::1]:a:b", "tls://[::1]:7070", null, "a:b")]
    public void The_short_form_means_tls_and_the_usual_port(string text, string server, string? user, string path)
    {
        var name = RemoteName.Parse(text);
        Assert.Null(name.Server);
        Assert.Equal((server, user, path), ($"{name.AddressOfHost()}", name.User, name.Path));
    }

    [Theory]
    [InlineData("./a:b")]
    [InlineData("/tmp/a:b")]
    [InlineData("a/b:c")]
    [InlineData("file")]
    [InlineData(":a")]
    [InlineData("-")]
    [InlineData("")]
    public void A_file_of_this_machine_is_no_remote_name(string text) => Assert.Null(RemoteName.Find(text));

    [Theory]
    [InlineData("ftp://example.org/a", "tls://, tcp:// and unix://")]
    [InlineData("tls:///a", "names no host")]
    [InlineData("tls://anna:secret@example.org/", "password never stands in an address")]
    [InlineData("tls://example.org:99999/", "not an address")]
    [InlineData("@example.org:a", "no user")]
    [InlineData("a file", "no place on a server")]
    [InlineData("a b:c", "names no host")]
    public void What_is_nearly_one_is_a_usage_error(string text, string complaint)
    {
        CliException error = Assert.Throws<CliException>(() => RemoteName.Parse(text));
        Assert.Equal(ExitCode.Usage, error.Code);
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message + error.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*.txt", "a.txt", true)]
    [InlineData("*.txt", ".txt", false)]
    [InlineData(".*", ".txt", true)]
    [InlineData("*", "", true)]
    [InlineData("a*b*c", "a-b-b-c", true)]
    [InlineData("a*b*c", "a-b-b-d", false)]
    [InlineData("?", "中", true)]
    [InlineData("?", "🙂", true)]
    [InlineData("[a-c]?", "b1", true)]
    [InlineData("[!a-c]", "b", false)]
    [InlineData("[]x]", "]", true)]
    [InlineData("[中-文]", "体", true)]
    [InlineData("[a", "[a", true)]
    [InlineData(@"\*", "*", true)]
    [InlineData(@"\*", "a", false)]
    [InlineData(@"[a\", @"[a\", true)]
    public void A_pattern_matches_as_in_a_shell(string pattern, string name, bool matches) => Assert.Equal(matches, Wildcard.Parse(pattern).Matches(name));

    [Fact]
    public async Task A_pattern_of_many_stars_costs_no_more_than_it_is_long()
    {
        string pattern = string.Concat(Enumerable.Repeat("a*", 100)) + "b";
        string name = new('a', 255);
        Assert.False(await Task.Run(() => Wildcard.Parse(pattern).Matches(name)).WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(99_949, "99.9 kB")]
    [InlineData(99_951, "100 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.0 MB")]
    [InlineData(long.MaxValue, "9.2 EB")]
    public void A_size_is_shown_in_seven_letters(long bytes, string shown) => Assert.Equal(shown, ByteSize.Format(bytes));
}
