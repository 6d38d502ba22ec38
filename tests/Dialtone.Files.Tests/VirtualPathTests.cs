using System.Text;
using Dialtone.Files.Tests.Native;

namespace Dialtone.Files.Tests;

/// <summary>The one door from text to the disk.</summary>
public sealed class VirtualPathTests(ITestOutputHelper log)
{
    private static readonly string[] Pieces =
    [
        "/", "/", "/", "//", ".", "..", "...", ".. ", "..;", ". .", "a", "b", "é", "e\u0301", "漢字", "🙂", "%2e%2e", "%00", "..%c0%af", "\\", "..\\", "C:", "~", "*",
        "\0", "\r\n", "\t", "\u001b[2J", "\u009b", "\u202e", "\ufeff", "\ud800", "\udc00", ".dialtone", ".Dialtone. ", "dialtone", new('x', 200), new('漢', 80),
    ];

    [Fact] // N04, A01, A02, A05 to A10
    public void Whatever_is_parsed_stays_below_the_root_and_means_the_same_to_the_system()
    {
        int seed = Random.Shared.Next(), parsed = 0;
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        VirtualPath folder = VirtualPath.Parse("/in/side");
        for (int round = 0; round < (Host.IsLong ? 1_000_000 : 30_000); round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, random.Next(20) == 0 ? 200 : 14)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            if (!VirtualPath.TryParse(text, random.Next(2) == 0 ? folder : null, out VirtualPath? path, out string? problem))
            {
                Assert.True(problem.Length > 10 && (text.Length < 3 || !problem.Contains(text, StringComparison.Ordinal)), $"seed {seed}, round {round}: {problem}");
                continue;
            }

            parsed++;
            string there = path.ToString();
            bool isGood = there[0] == '/' && Encoding.UTF8.GetByteCount(there) <= VirtualPath.MaxBytes && path.Names.Count <= VirtualPath.MaxDepth
                && path.Names.All(name => name is not ("" or "." or "..") && Encoding.UTF8.GetByteCount(name) <= 255 && !name.Any(c => c is '/' or '\\' || char.IsControl(c)))
                && Path.GetFullPath("/srv/root" + there) == "/srv/root" + (path.IsRoot ? "/" : there)
                && VirtualPath.Parse(there).Equals(path) && !(path.Names is [var top, ..] && top.TrimEnd('.', ' ').Equals(".dialtone", StringComparison.OrdinalIgnoreCase));
            Assert.True(isGood, $"seed {seed}, round {round}: {Convert.ToHexString(Encoding.UTF8.GetBytes(text))} became {there}");
        }

        Assert.InRange(parsed, 500, int.MaxValue);
    }

    [Fact] // A09
    public async Task What_is_too_long_or_too_deep_is_refused_alike_and_what_is_just_not_is_kept()
    {
        await using NativeShare share = await NativeShare.StartAsync(local: true);
        await using RawCaller call = await share.CallAsync();
        string deepest = string.Concat(Enumerable.Repeat("/d", 63)), longest = string.Concat(Enumerable.Repeat("/" + new string('n', 255), 15)) + "/" + new string('e', 255);
        foreach (string good in (string[])["/" + new string('x', 255), "/" + new string('漢', 85), deepest + "/f", longest])
        {
            Assert.Null(await call.RefusalAsync($$"""{"id":1,"cmd":"put","path":"{{good}}","size":2,"parents":true}""", "ok"u8.ToArray()));
            Assert.Equal("ok"u8.ToArray(), await share.ReadAsync(good));
        }

        Assert.Equal(VirtualPath.MaxBytes, longest.Length);
        await call.AskAsync($$"""{"id":1,"cmd":"remove","path":"{{longest[..256]}}","recursive":true}"""); // .NET's own Delete does not reach that far
        foreach (string bad in (string[])["/" + new string('x', 256), "/" + new string('漢', 86), deepest + "/d/f", longest + "x", longest[..^1] + "/x", "/a\\u0000", "/a\\u001b[2J", "/a\\\\b", "/.dialtone/uploads"])
        {
            foreach (string command in (string[])["\"put\",\"size\":0", "\"get\"", "\"stat\"", "\"mkdir\"", "\"remove\"", "\"list\"", "\"sum\"", "\"copy\",\"to\":\"/z\"", "\"rename\",\"to\":\"/z\""])
                Assert.Equal("bad-path", await call.RefusalAsync($$"""{"id":2,"cmd":{{command}},"path":"{{bad}}"}"""));
            Assert.Equal("bad-path", await call.RefusalAsync($$"""{"id":3,"cmd":"rename","path":"/{{new string('x', 255)}}","to":"{{bad}}"}"""));
        }
    }
}
