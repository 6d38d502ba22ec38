namespace Dialtone.Tests.Authentication;

public sealed class HmacKeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory] // D06. RFC 4231 test case 2, RFC 2202 test case 2
    [InlineData(HmacDigest.Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    [InlineData(HmacDigest.Sha512, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")]
    [InlineData(HmacDigest.Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")]
    [InlineData(HmacDigest.Md5, "750c783e6ab0b503eaa86e310a5db738")]
    public void The_published_vectors_come_out(HmacDigest digest, string expected)
    {
        var mac = new byte[digest.Size()];
        Assert.Equal(mac.Length, HmacKey.FromText("Jefe").Compute(digest, "what do ya want for nothing?"u8, mac));
        Assert.Equal(expected, Convert.ToHexStringLower(mac));
    }

    [Fact] // D06. RFC 4231 test case 6: a key longer than the block
    public void A_long_key_is_hashed_first()
    {
        var key = new HmacKey(Enumerable.Repeat((byte)0xaa, 131).ToArray());
        var mac = new byte[32];
        key.Compute(HmacDigest.Sha256, "Test Using Larger Than Block-Size Key - Hash Key First"u8, mac);
        Assert.Equal("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", Convert.ToHexStringLower(mac));
    }

    [Fact]
    public void Any_key_of_the_ring_opens_and_no_other()
    {
        HmacKey[] keys = [HmacKey.Random(), HmacKey.Random(), HmacKey.Random()];
        var ring = new HmacKeyring(keys);
        byte[] challenge = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        foreach (HmacKey key in keys)
            Assert.True(ring.Opens(HmacDigest.Sha256, challenge, Mac(key, challenge)));
        Assert.False(ring.Opens(HmacDigest.Sha256, challenge, Mac(HmacKey.Random(), challenge)));
    }

    [Fact] // D11
    public void One_wrong_bit_or_a_wrong_length_is_refused()
    {
        HmacKey key = HmacKey.Random();
        var ring = new HmacKeyring(key);
        byte[] challenge = new byte[32];
        byte[] right = Mac(key, challenge);
        for (int bit = 0; bit < right.Length * 8; bit++)
        {
            byte[] wrong = [.. right];
            wrong[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(ring.Opens(HmacDigest.Sha256, challenge, wrong));
        }
        Assert.False(ring.Opens(HmacDigest.Sha256, challenge, right.AsSpan(..^1)));
        Assert.False(ring.Opens(HmacDigest.Sha256, challenge, [.. right, 0]));
        Assert.False(ring.Opens(HmacDigest.Sha256, challenge, []));
        Assert.True(ring.Opens(HmacDigest.Sha256, challenge, right));
    }

    [Fact] // D12
    public void No_guess_of_three_thousand_opens()
    {
        var ring = new HmacKeyring(HmacKey.Random());
        var random = new Random(12);
        byte[] guess = new byte[32];
        for (int i = 0; i < 3000; i++)
        {
            random.NextBytes(guess);
            Assert.False(ring.Opens(HmacDigest.Sha256, new byte[32], guess));
        }
    }

    [Theory]
    [InlineData("secret", "secret")]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData("secret\n\n", "secret\n")]
    [InlineData(" secret ", " secret ")]
    public void A_key_files_final_newline_is_not_part_of_the_key(string content, string key)
    {
        string path = _folder.Write("key", content);
        Assert.Equal(Mac(HmacKey.FromText(key), "x"u8), Mac(HmacKey.FromFile(path), "x"u8));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_file_open_to_others_is_refused(UnixFileMode extra)
    {
        string path = _folder.Write("key", "secret", UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);
        TrustException e = Assert.Throws<TrustException>(() => HmacKey.FromFile(path));
        Assert.Equal(TrustError.FileTooOpen, e.Reason);
        Assert.Contains("chmod 600", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_empty_or_endless_key_file_is_refused()
    {
        Assert.Equal(TrustError.FileUnusable, Assert.Throws<TrustException>(() => HmacKey.FromFile(_folder.Path("none"))).Reason);
        Assert.Equal(TrustError.KeyUnusable, Assert.Throws<TrustException>(() => HmacKey.FromFile(_folder.Write("empty", "\n"))).Reason);
        Assert.Equal(TrustError.FileMalformed, Assert.Throws<TrustException>(() => HmacKey.FromFile(
            _folder.Write("long", new string('k', HmacKey.MaxBytes + 3)))).Reason);
    }

    [Fact]
    public void A_key_comes_from_the_environment()
    {
        const string Variable = "DIALTONE_TEST_HMAC_KEY";
        Assert.Equal(TrustError.KeyUnusable, Assert.Throws<TrustException>(() => HmacKey.FromEnvironment(Variable)).Reason);
        Environment.SetEnvironmentVariable(Variable, "sésame");
        try
        {
            Assert.Equal(Mac(HmacKey.FromText("sésame"), "x"u8), Mac(HmacKey.FromEnvironment(Variable), "x"u8));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [Fact] // D33
    public void A_key_never_prints_itself()
    {
        HmacKey key = HmacKey.FromText("MARKER-secret", "office");
        Assert.DoesNotContain("MARKER", key.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("MARKER", $"{key}", StringComparison.Ordinal);
        Assert.All(typeof(HmacKey).GetProperties(), p => Assert.DoesNotContain("MARKER", $"{p.GetValue(key)}", StringComparison.Ordinal));
    }

    [Theory] // D13
    [InlineData("sha256", true)]
    [InlineData("md5", true)]
    [InlineData("SHA256", false)]
    [InlineData("sha-256", false)]
    [InlineData("none", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void An_unknown_digest_name_is_refused_not_replaced(string? name, bool known) =>
        Assert.Equal(known, HmacDigests.TryParse(name, out _));

    private static byte[] Mac(HmacKey key, ReadOnlySpan<byte> message)
    {
        var mac = new byte[32];
        key.Compute(HmacDigest.Sha256, message, mac);
        return mac;
    }
}
