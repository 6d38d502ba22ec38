using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Dialtone.Tests;

public sealed class Crc32CTests
{
    // RFC 3720 B.4, and the check value every catalogue of checksums lists.
    public static TheoryData<byte[], uint> KnownVectors() => new()
    {
        { [], 0 },
        { Encoding.ASCII.GetBytes("123456789"), 0xE3069283 },
        { new byte[32], 0x8A9136AA },
        { [.. Enumerable.Repeat((byte)0xFF, 32)], 0x62A8AB43 },
        { [.. Enumerable.Range(0, 32).Select(value => (byte)value)], 0x46DD794E },
        { [.. Enumerable.Range(0, 32).Select(value => (byte)(31 - value))], 0x113FDB5C },
    };

    [Theory]
    [MemberData(nameof(KnownVectors))]
    public void Known_vectors_come_out(byte[] content, uint expected) => Assert.Equal(expected, Crc32C.Compute(content));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_length_agrees_with_the_definition_bit_by_bit(bool folds)
    {
        Assert.SkipWhen(folds && !Pclmulqdq.V512.IsSupported, "This processor does not multiply polynomials 512 bits at a time.");
        var content = RandomBytes(3 * 4096 + 3 * 256 * 2 + 100, out var seed);
        var slow = 0u;
        for (var length = 0; length <= content.Length; length++)
        {
            Assert.True(slow == Crc32C.Append(0, content.AsSpan(0, length), folds), $"length {length}, seed {seed}");
            if (length < content.Length)
                slow = AppendSlowly(slow, content[length]);
        }
    }

    [Fact]
    public void It_does_not_matter_how_content_is_cut_into_parts()
    {
        var content = RandomBytes(100_000, out var seed);
        var random = new Random(seed);
        var whole = Crc32C.Compute(content);
        for (var round = 0; round < 50; round++)
        {
            var crc = 0u;
            for (var at = 0; at < content.Length;)
            {
                var count = Math.Min(random.Next(1, 30_000), content.Length - at);
                crc = Crc32C.Append(crc, content.AsSpan(at, count));
                at += count;
            }

            Assert.True(whole == crc, $"round {round}, seed {seed}");
        }
    }

    [Fact]
    public void Two_checksums_combine_into_the_checksum_of_both_parts()
    {
        var content = RandomBytes(70_000, out var seed);
        var whole = Crc32C.Compute(content);
        foreach (var cut in (int[])[0, 1, 7, 4096, 12_288, 50_001, 69_999, 70_000])
        {
            var combined = Crc32C.Combine(Crc32C.Compute(content.AsSpan(0, cut)), Crc32C.Compute(content.AsSpan(cut)), content.Length - cut);
            Assert.True(whole == combined, $"cut {cut}, seed {seed}");
        }
    }

    [Fact]
    public void Lengths_beyond_4_GiB_combine_too()
    {
        // A terabyte of zeros, doubled up from 32 bytes of them.
        var (crc, length) = (0x8A9136AAu, 32L);
        for (; length < 1L << 40; length *= 2)
            crc = Crc32C.Combine(crc, crc, length);
        Assert.Equal(crc, Crc32C.Combine(Crc32C.Combine(0x8A9136AA, 0x8A9136AA, 32), ZerosTo(length - 64), length - 64));
    }

    [Fact]
    public void Text_is_eight_lower_case_digits() => Assert.Equal("0000abcd", Crc32C.ToText(0xABCD));

    private static uint ZerosTo(long length)
    {
        var (crc, part, partLength) = (0u, Crc32C.Compute([0]), 1L);
        for (; length != 0; length >>= 1)
        {
            if ((length & 1) != 0)
                crc = Crc32C.Combine(crc, part, partLength);
            part = Crc32C.Combine(part, part, partLength);
            partLength *= 2;
        }
        return crc;
    }

    private static uint AppendSlowly(uint crc, byte value)
    {
        crc = ~crc ^ value;
        for (var bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        return ~crc;
    }

    private static byte[] RandomBytes(int count, out int seed)
    {
        seed = Random.Shared.Next();
        var content = new byte[count];
        new Random(seed).NextBytes(content);
        return content;
    }
}
