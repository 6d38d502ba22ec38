namespace Dialtone.Tests;

public sealed class StructFormatTests
{
    [Theory] // as struct.pack('<d', *struct.unpack('<e', …)) of CPython 3.11
    [InlineData("017c", "000000000000f87f")]
    [InlineData("ff7f", "000000000000f87f")]
    [InlineData("ffe2", "ffe2")]
    [InlineData("01fc", "000000000000f8ff")]
    public void A_NaN_of_two_bytes_keeps_its_sign_alone(string half, string expected)
    {
        StructValue[] values = StructFormat.Parse("<e").Unpack(Convert.FromHexString(half));

        string format = expected.Length == 4 ? "<e" : "<d";
        Assert.Equal(expected, Convert.ToHexStringLower(StructFormat.Parse(format).Pack(values)));
    }

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("<IHQ", 14, 3)]
    [InlineData("@IHQ", 16, 3)]
    [InlineData("I3sf", 12, 3)]
    [InlineData("<I3sf", 11, 3)]
    [InlineData("ci0l", 8, 2)]
    [InlineData("b0l", 8, 1)]
    [InlineData("<b0l", 1, 1)]
    [InlineData("=lL", 8, 2)]
    [InlineData("lL", 16, 2)]
    [InlineData("nNP", 24, 3)]
    [InlineData("0s", 0, 1)]
    [InlineData("10s", 10, 1)]
    [InlineData("3h 2x\t4c", 12, 7)]
    [InlineData("!e?d", 11, 3)]
    public void Size_and_item_count_are_those_of_calcsize(string text, int size, int items)
    {
        var format = StructFormat.Parse(text);

        Assert.Equal(size, format.Size);
        Assert.Equal(items, format.ItemCount);
        Assert.Equal(text, format.Text);
    }

    [Theory]
    [InlineData("z", StructError.BadCharacter, 0)]
    [InlineData(" <i", StructError.BadCharacter, 1)]
    [InlineData("i<", StructError.BadCharacter, 1)]
    [InlineData("3 i", StructError.BadCharacter, 1)]
    [InlineData("<ié", StructError.BadCharacter, 2)]
    [InlineData("i\0", StructError.BadCharacter, 1)]
    [InlineData("i12", StructError.CountWithoutCode, 2)]
    [InlineData("<in", StructError.NativeOnly, 2)]
    [InlineData("!N", StructError.NativeOnly, 1)]
    [InlineData("=P", StructError.NativeOnly, 1)]
    [InlineData("b2147483648x", StructError.TooLarge, 1)]
    [InlineData("2000000000i", StructError.TooLarge, 10)]
    [InlineData("99999999999999999999i", StructError.TooLarge, 0)]
    public void A_malformed_format_is_refused_at_its_position(string text, StructError reason, int position)
    {
        var error = Assert.Throws<StructException>(() => StructFormat.Parse(text));

        Assert.Equal(reason, error.Reason);
        Assert.Equal(position, error.Position);
    }

    [Fact]
    public void A_huge_repeat_count_costs_no_memory_before_it_is_packed()
    {
        _ = StructFormat.Parse("1B");
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(2_000_000_000, StructFormat.Parse("2000000000B").ItemCount);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    [Fact]
    public void Every_code_packs_and_unpacks()
    {
        var format = StructFormat.Parse(">xcbB?hHiIlLqQefd3s4p");
        byte[] packed = format.Pack(
            "A"u8, -1, 255, true, -2, 65535, -3, 4294967295, -4, 5, long.MinValue, ulong.MaxValue, 1.5, -2.5f, 0.1, "ab"u8, "xyz!"u8);

        Assert.Equal(
            "0041ffff01fffefffffffffffdfffffffffffffffc0000000580000000000000"
            + "00ffffffffffffffff3e00c02000003fb999999999999a6162000378797a",
            Convert.ToHexStringLower(packed));
        Assert.Equal(
            ["'A'", "-1", "255", "true", "-2", "65535", "-3", "4294967295", "-4", "5", "-9223372036854775808",
                "18446744073709551615", "1.5", "-2.5", "0.1", @"'ab\x00'", "'xyz'"],
            format.Unpack(packed).Select(value => value.ToString()));
    }

    [Fact]
    public void The_long_pascal_string_of_CPython_keeps_its_bytes_and_a_length_of_255()
    {
        var format = StructFormat.Parse("300p");
        byte[] packed = format.Pack(Enumerable.Repeat((byte)'a', 290).ToArray());

        Assert.Equal(255, packed[0]);
        Assert.Equal(290, packed.Count(value => value == 'a'));
        Assert.Equal(255, format.Unpack<byte[]>(packed).Length);
    }

    [Fact]
    public void A_pascal_string_of_no_bytes_takes_a_value_and_gives_an_empty_one()
    {
        var format = StructFormat.Parse("0p");

        Assert.Empty(format.Pack("abc"u8));
        Assert.Equal([StructValue.Utf8("")], format.Unpack([]));
    }

    [Fact]
    public void A_native_float_too_large_becomes_infinity_and_a_standard_one_is_refused_as_in_CPython()
    {
        Assert.Equal(float.PositiveInfinity, StructFormat.Parse("f").Unpack<float>(StructFormat.Parse("f").Pack(1e40)));
        Assert.Equal(StructError.OutOfRange, Assert.Throws<StructException>(() => StructFormat.Parse("<f").Pack(1e40)).Reason);
    }

    [Theory]
    [InlineData("<IHQ", 70000, "Format '<IHQ', value 2: 'H' at index 2 takes an integer from 0 to 65535; 70000 does not fit.")]
    [InlineData("<I2Q", -1, "Format '<I2Q', value 2: 'Q' at index 3 takes an integer from 0 to 18446744073709551615; -1 does not fit.")]
    [InlineData("<IH", 2, "Format '<IH' takes 2 values; 3 given.")]
    [InlineData("I5s?", 70000, "Format 'I5s?', value 2: 's' at index 2 takes bytes, not 70000.")]
    public void An_error_names_the_item_its_place_and_its_bounds(string text, int second, string message)
    {
        var error = Assert.Throws<StructException>(() => StructFormat.Parse(text).Pack(1, second, 3));

        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Bytes_are_never_quoted_in_an_error()
    {
        var error = Assert.Throws<StructException>(() => StructFormat.Parse("i").Pack("secret"u8));

        Assert.Equal(StructError.WrongType, error.Reason);
        Assert.DoesNotContain("secret", error.Message);
        Assert.Contains("6 bytes", error.Message);
    }

    [Fact]
    public void Hostile_formats_are_quoted_short_and_printable()
    {
        var error = Assert.Throws<StructException>(() => StructFormat.Parse("\u001b[2J" + new string('i', 10_000)));

        Assert.DoesNotContain('\u001b', error.Message);
        Assert.True(error.Message.Length < 500);
    }

    [Fact]
    public void Packing_into_a_buffer_zeroes_the_gaps_and_leaves_the_rest_alone()
    {
        byte[] buffer = [9, 9, 9, 9, 9, 9, 9, 9, 9, 9];

        StructFormat.Parse("bh2x").PackInto(buffer, 2, 1, 2);

        Assert.Equal([9, 9, 1, 0, 2, 0, 0, 0, 9, 9], buffer);
    }

    [Theory]
    [InlineData(-1, StructError.OffsetOutOfRange)]
    [InlineData(int.MinValue, StructError.OffsetOutOfRange)]
    [InlineData(5, StructError.OffsetOutOfRange)]
    [InlineData(int.MaxValue, StructError.OffsetOutOfRange)]
    [InlineData(1, StructError.WrongLength)]
    [InlineData(4, StructError.WrongLength)]
    public void A_record_outside_its_buffer_is_refused(int offset, StructError reason)
    {
        var format = StructFormat.Parse("<i");
        byte[] buffer = [1, 2, 3, 4];

        Assert.Equal(reason, Assert.Throws<StructException>(() => format.PackInto(buffer, offset, 1)).Reason);
        Assert.Equal(reason, Assert.Throws<StructException>(() => format.PackInto(buffer, offset, (short)1)).Reason);
        Assert.Equal(reason, Assert.Throws<StructException>(() => format.PackInto(buffer, offset, [1])).Reason);
        Assert.Equal(reason, Assert.Throws<StructException>(() => format.UnpackFrom(buffer, offset)).Reason);
        Assert.Equal(reason, Assert.Throws<StructException>(() => format.UnpackFrom<int>(buffer, offset)).Reason);
        Assert.Equal([1, 2, 3, 4], buffer);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Unpack_takes_exactly_its_size(int length)
    {
        var format = StructFormat.Parse("<i");

        Assert.Equal(StructError.WrongLength, Assert.Throws<StructException>(() => format.Unpack(new byte[length])).Reason);
        Assert.Equal(StructError.WrongLength, Assert.Throws<StructException>(() => format.Unpack<int>(new byte[length])).Reason);
    }

    [Fact]
    public void Records_are_stepped_through()
    {
        var format = StructFormat.Parse(">HB");
        var seen = new List<string>();

        foreach (var (number, letter) in format.IterUnpack<ushort, byte>([0, 1, 2, 3, 4, 5]))
            seen.Add($"{number}/{letter}");
        foreach (var values in format.IterUnpack([0, 7, 8]))
            seen.Add(string.Join('/', values));

        Assert.Equal(["1/2", "772/5", "7/8"], seen);
    }

    [Fact]
    public void Records_that_do_not_come_out_even_or_have_no_length_are_refused()
    {
        Assert.Equal(StructError.WrongLength,
            Assert.Throws<StructException>(() => { StructFormat.Parse("i").IterUnpack(new byte[5]); }).Reason);
        Assert.Equal(StructError.EmptyRecord,
            Assert.Throws<StructException>(() => { StructFormat.Parse("").IterUnpack([]); }).Reason);
    }

    [Fact]
    public void One_format_serves_many_threads()
    {
        var format = StructFormat.Of(">IHQ");

        Parallel.For(0, 10_000, i =>
        {
            Span<byte> buffer = stackalloc byte[14];
            format.PackInto(buffer, 0, (uint)i, (ushort)i, (ulong)i);
            Assert.Equal(((uint)i, (ushort)i, (ulong)i), format.Unpack<uint, ushort, ulong>(buffer));
        });
    }

    [Fact]
    public void Formats_in_passing_are_kept_up_to_a_bound()
    {
        Assert.Same(StructFormat.Of("<IHQ7x"), StructFormat.Of("<IHQ7x"));

        var first = StructFormat.Of("1x");
        for (int i = 2; i < 300; i++)
            StructFormat.Of($"{i}x");
        Assert.NotSame(first, StructFormat.Of("1x"));
    }
}
