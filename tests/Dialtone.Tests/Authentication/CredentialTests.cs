namespace Dialtone.Tests.Authentication;

public sealed class CredentialTests
{
    [Theory]
    [InlineData("alex", true)]
    [InlineData("Ana María", true)]
    [InlineData("李", true)]
    [InlineData("😀", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData(" alex", false)]
    [InlineData("alex ", false)]
    [InlineData("a  b", false)]
    [InlineData("a\tb", false)]
    [InlineData("a\nb", false)]
    [InlineData("a\0b", false)]
    [InlineData("a\u0085b", false)]
    [InlineData("a\u00a0b", false)]
    [InlineData("a\u202eb", false)]
    [InlineData("a\u200bb", false)]
    [InlineData("a\ue000b", false)]
    public void A_name_is_short_printable_text(string? name, bool good) => Assert.Equal(good, CredentialRules.IsName(name));

    [Fact]
    public void Lone_surrogates_are_no_text()
    {
        Assert.False(CredentialRules.IsName("a\ud800b"));
        Assert.False(CredentialRules.IsName("a\ud800"));
        Assert.False(CredentialRules.IsName("\udc00a"));
        Assert.False(CredentialRules.IsPassword("\ud800\ud800"));
    }

    [Fact] // D30
    public void Lengths_are_counted_in_bytes()
    {
        Assert.True(CredentialRules.IsName(new string('a', 128)));
        Assert.False(CredentialRules.IsName(new string('a', 129)));
        Assert.False(CredentialRules.IsName(new string('é', 65)));
        Assert.True(CredentialRules.IsPassword(new string('a', 1024)));
        Assert.False(CredentialRules.IsPassword(new string('a', 1025)));
        Assert.False(CredentialRules.IsPassword(new string('é', 513)));
        Assert.False(CredentialRules.IsPassword(new string('a', 1024 * 1024)));
        Assert.False(CredentialRules.IsPassword(""));
        Assert.False(CredentialRules.IsPassword("a\0b"));
    }

    [Fact]
    public void A_verifier_survives_its_text_and_knows_its_password()
    {
        var made = ScramVerifier.Create("sésame", 4096);
        Assert.True(ScramVerifier.TryParse(made.Format(), out ScramVerifier? read));
        Assert.Equal(made.Format(), read!.Format());
        Assert.True(read.Verify("sésame"));
        Assert.False(read.Verify("sesame"));
        Assert.False(read.Verify(""));
        Assert.NotEqual(made.Format(), ScramVerifier.Create("sésame", 4096).Format());
        Assert.Equal("SCRAM-SHA-256 verifier, 4096 iterations", made.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("SCRAM-SHA-256$4096:QUJD$QUJD:QUJD")]
    [InlineData("SCRAM-SHA-1$4096:{s}${k}:{k}")]
    [InlineData("SCRAM-SHA-256$4095:{s}${k}:{k}")]
    [InlineData("SCRAM-SHA-256$10000001:{s}${k}:{k}")]
    [InlineData("SCRAM-SHA-256$-4096:{s}${k}:{k}")]
    [InlineData("SCRAM-SHA-256$4096:${k}:{k}")]
    [InlineData("SCRAM-SHA-256$4096:{s}${k}")]
    [InlineData("SCRAM-SHA-256$4096:{s}${k}:{k}$")]
    [InlineData("SCRAM-SHA-256$4096:{s}${k}:!")]
    public void A_text_that_is_no_verifier_is_refused(string? text)
    {
        string? whole = text?.Replace("{s}", Convert.ToBase64String(new byte[16]), StringComparison.Ordinal)
            .Replace("{k}", Convert.ToBase64String(new byte[32]), StringComparison.Ordinal);
        Assert.False(ScramVerifier.TryParse(whole, out _));
    }

    [Fact]
    public void Iterations_out_of_bounds_make_no_verifier()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ScramVerifier.Create("x", 4095));
        Assert.Throws<ArgumentOutOfRangeException>(() => ScramVerifier.Create("x", 10_000_001));
    }
}
