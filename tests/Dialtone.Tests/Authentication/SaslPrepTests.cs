using System.Globalization;
using System.Text;

namespace Dialtone.Tests.Authentication;

// The tests run, as the tool does, with invariant globalization: string.Normalize does nothing here.
public sealed class SaslPrepTests
{
    private readonly int _seed = Random.Shared.Next();
    private readonly Random _random;

    public SaslPrepTests() => _random = new Random(_seed);

    [Theory] // RFC 4013 §3
    [InlineData("I\u00adX", "IX")]
    [InlineData("user", "user")]
    [InlineData("USER", "USER")]
    [InlineData("\u00aa", "a")]
    [InlineData("\u2168", "IX")]
    [InlineData("\u0007", null)]
    [InlineData("\u06271", null)]
    public void The_examples_of_RFC_4013_come_out(string text, string? expected)
    {
        Assert.Equal(expected is not null, SaslPrep.TryPrepare(text, out string prepared));
        Assert.Equal(expected ?? "", prepared);
    }

    [Theory]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("a\u0323\u0307", "a\u0307\u0323")]
    [InlineData("\u1112\u1161\u11ab", "한")]
    [InlineData("ｐａｓｓ１", "pass1")]
    [InlineData("a\u00a0b\u3000c", "a b c")]
    [InlineData("\u212b", "Å")]
    [InlineData("ﬁ", "fi")]
    public void What_is_typed_in_two_ways_is_one(string one, string other) =>
        Assert.Equal(CredentialRules.Prepare(one), CredentialRules.Prepare(other));

    [Theory]
    [InlineData("correct horse battery staple")]
    [InlineData("зажигалка é Å 한")]
    [InlineData("\U0001f511\U0001f40e e\u0301")] // younger than Unicode 3.2: prohibited, and left as it is
    [InlineData("\u0627b")]
    [InlineData("\u00ad")]
    [InlineData("\ue000")]
    [InlineData("")]
    public void What_it_prohibits_or_finds_prepared_stays_as_it_is(string text) => Assert.Equal(text, CredentialRules.Prepare(text));

    [Fact]
    public void Stored_verifiers_of_ASCII_passwords_are_as_they_were()
    {
        Assert.True(ScramVerifier.TryParse(
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=", out ScramVerifier? pencil));
        Assert.True(pencil!.Verify("pencil"));
    }

    [Theory]
    [InlineData("zoë", "zoe\u0308")]
    [InlineData("ｚｏｅ", "zoe")]
    public async Task Either_spelling_logs_in_as_the_same_user(string one, string other)
    {
        foreach ((string stored, string typed) in new[] { (one, other), (other, one) })
        {
            var verifier = ScramVerifier.Create(stored, ScramVerifier.MinIterations);
            using var hasher = new PasswordHasher(new PasswordHasherOptions { Iterations = ScramVerifier.MinIterations });
            Assert.Equal(PasswordCheck.Right, await hasher.VerifyAsync(verifier, typed));

            var accounts = new ScramAccounts(name => name == CredentialRules.Prepare(stored) ? verifier : null, new byte[32], ScramVerifier.MinIterations);
            var server = new ScramServer(accounts);
            var client = new ScramClient(typed, typed);
            ScramStep answer = client.Receive(server.Receive(client.Start().Span).Reply.Span);
            Assert.Equal(ScramStatus.Succeeded, client.Receive(server.Receive(answer.Reply.Span).Reply.Span).Status);
            Assert.Equal(CredentialRules.Prepare(stored), server.UserName);
        }
    }

    [Fact] // a client that does not prepare what it sends
    public void A_name_as_it_was_typed_finds_its_account_and_an_unknown_one_always_the_same_salt()
    {
        var verifier = ScramVerifier.Create("secret", ScramVerifier.MinIterations);
        var accounts = new ScramAccounts(name => name == "zoë" ? verifier : null, new byte[32], ScramVerifier.MinIterations);
        Assert.Contains(Salt(accounts, "zoë"), verifier.Format(), StringComparison.Ordinal);
        Assert.Equal(Salt(accounts, "zoë"), Salt(accounts, "zoe\u0308"));
        Assert.Equal(Salt(accounts, "noë"), Salt(accounts, "noe\u0308"));
        Assert.NotEqual(Salt(accounts, "noë"), Salt(accounts, "noe"));
    }

    [Fact]
    public async Task Every_character_and_random_texts_are_prepared_as_CPythons_tables_say()
    {
        string[] texts =
        [
            .. Enumerable.Range(1, 0xFFFF).Where(point => point is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32),
            .. Enumerable.Range(0, 20_000).Select(_ => char.ConvertFromUtf32(_random.Next(0x10000, 0x110000))),
            .. Enumerable.Range(0x1D100, 0x700).Concat(Enumerable.Range(0x2F800, 0x220)).Select(char.ConvertFromUtf32),
            .. Enumerable.Range(0, 20_000).Select(_ => RandomText()),
        ];
        string[] answers = await PythonOracle.AskAsync("Authentication/saslprep_oracle.py", [.. texts.Select(Hex)]);
        for (int i = 0; i < texts.Length; i++)
        {
            string ours = SaslPrep.TryPrepare(texts[i], out string prepared) ? Hex(prepared) : "-";
            Assert.True(answers[i] == ours, $"seed {_seed}: {Hex(texts[i])}: Python says {answers[i]}, we say {ours}");
        }

        Assert.InRange(answers.Skip(texts.Length - 20_000).Count(answer => answer == "-"), 1000, 19_000);
    }

    private static string Salt(ScramAccounts accounts, string name)
    {
        string challenge = Encoding.UTF8.GetString(new ScramServer(accounts).Receive(Encoding.UTF8.GetBytes($"n,,n={name},r=0123456789abcdefghij")).Reply.Span);
        return challenge.Split(',')[1][2..];
    }

    // Letters and their marks, Hangul, compatibility forms, both directions, and what is mapped away.
    private string RandomText() => string.Concat(Enumerable.Range(0, _random.Next(1, 8)).Select(_ => char.ConvertFromUtf32(_random.Next(12) switch
    {
        0 or 1 => _random.Next('A', 'z'),
        2 or 3 or 4 => _random.Next(0x300, 0x370),
        5 => _random.Next(0x1100, 0x1200),
        6 => _random.Next(0xAC00, 0xD7A4),
        7 => _random.Next(0x5B0, 0x660),
        8 => _random.Next(0x900, 0x0E00),
        9 => _random.Next(0x1E00, 0x2100),
        10 => _random.Next(0xF900, 0x10000),
        _ => _random.Next(0xA0, 0x250),
    })));

    private static string Hex(string text) =>
        string.Join(' ', text.EnumerateRunes().Select(rune => rune.Value.ToString("x", CultureInfo.InvariantCulture)));
}
