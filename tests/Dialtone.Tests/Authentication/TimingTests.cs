using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Dialtone.Tests.Authentication;

/// <summary>What time tells. The bounds are wide, since the machine is shared; what they catch is a step that one side skips.</summary>
public sealed partial class TimingTests
{
    private const int Tries = 101;

    [Fact] // D21
    public void A_login_takes_as_long_for_a_name_that_nobody_has()
    {
        using var hasher = new PasswordHasher(new PasswordHasherOptions { Iterations = 4096 });
        var verifier = ScramVerifier.Create("pencil", 4096);
        Compare(() => hasher.Verify(verifier, "wrong"), () => hasher.Verify(null, "wrong"));
    }

    [Fact] // D21
    public void A_SCRAM_server_does_the_same_for_a_name_that_nobody_has()
    {
        var verifier = ScramVerifier.Create("pencil", 4096);
        var accounts = new ScramAccounts(name => name == "alex" ? verifier : null, new byte[32], 4096);
        Compare(() => Login(accounts, "alex"), () => Login(accounts, "nobd"));
    }

    [Fact] // D11: secrets are compared in one way only
    public void Only_FixedTimeEquals_compares_what_is_secret()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Dialtone.slnx")))
            folder = Path.GetDirectoryName(folder);
        Assert.SkipWhen(folder is null, "the sources are not here");
        string[] sources = Directory.GetFiles(Path.Combine(folder!, "src", "Dialtone", "Authentication"), "*.cs");
        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.DoesNotMatch(LeakyComparison(), File.ReadAllText(source)));
        Assert.Equal(6, sources.Sum(source => FixedTime().Count(File.ReadAllText(source))));
    }

    private static void Login(ScramAccounts accounts, string name)
    {
        var server = new ScramServer(accounts, default, false, "ServerNonceServerNonce");
        server.Receive(Encoding.ASCII.GetBytes($"n,,n={name},r=0123456789abcdefghij"));
        server.Receive(Encoding.ASCII.GetBytes($"c=biws,r=0123456789abcdefghijServerNonceServerNonce,p={Convert.ToBase64String(new byte[32])}"));
    }

    private static void Compare(Action known, Action unknown)
    {
        var times = (Known: new double[Tries], Unknown: new double[Tries]);
        for (int i = -20; i < Tries; i++)
        {
            double a = Time(known);
            double b = Time(unknown);
            if (i >= 0)
                (times.Known[i], times.Unknown[i]) = (a, b);
        }

        Array.Sort(times.Known);
        Array.Sort(times.Unknown);
        double ratio = times.Unknown[Tries / 2] / times.Known[Tries / 2];
        TestContext.Current.TestOutputHelper?.WriteLine($"unknown/known, medians: {ratio:F3}");
        Assert.InRange(ratio, 0.6, 1.6);
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }

    [GeneratedRegex(@"\.SequenceEqual\(|(mac|proof|signature|answer|digest)\s*==\s*[a-z]", RegexOptions.IgnoreCase)]
    private static partial Regex LeakyComparison();

    [GeneratedRegex(@"CryptographicOperations\.FixedTimeEquals\(")]
    private static partial Regex FixedTime();
}
