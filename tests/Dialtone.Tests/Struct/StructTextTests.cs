namespace Dialtone.Tests;

public sealed class StructTextTests
{
    [Theory]
    [InlineData("i", "-5", "-5")]
    [InlineData("i", "+5", "5")]
    [InlineData("I", "0x10", "16")]
    [InlineData("I", "0XfF", "255")]
    [InlineData("b", "-0x80", "-128")]
    [InlineData("H", "0b101", "5")]
    [InlineData("H", "0o17", "15")]
    [InlineData("H", "007", "7")]
    [InlineData("Q", "18446744073709551615", "18446744073709551615")]
    [InlineData("q", "-9223372036854775808", "-9223372036854775808")]
    [InlineData("d", "3.5", "3.5")]
    [InlineData("d", "3", "3.0")]
    [InlineData("d", "1e300", "1e+300")]
    [InlineData("d", "-inf", "-inf")]
    [InlineData("d", "NaN", "nan")]
    [InlineData("?", "true", "true")]
    [InlineData("?", "False", "false")]
    [InlineData("?", "0", "false")]
    [InlineData("5s", "ab", @"'ab\x00\x00\x00'")]
    [InlineData("4s", @"\x00\n\\'", @"'\x00\n\\\x27'")]
    [InlineData("3p", "é", @"'\xc3\xa9'")]
    [InlineData("c", " ", "' '")]
    [InlineData("2s", "😀", @"'\xf0\x9f'")]
    public void A_word_becomes_a_value_and_is_printed(string text, string word, string printed)
    {
        var format = StructFormat.Parse(text);

        var values = format.Unpack(format.Pack(StructText.Parse(format, [word])));

        Assert.Equal([printed], values.Select(value => value.ToString()));
    }

    [Theory]
    [InlineData("i", "3.5", StructError.WrongType)]
    [InlineData("Q", "18446744073709551616", StructError.OutOfRange)]
    [InlineData("H", "70000", StructError.OutOfRange)]
    [InlineData("c", "ab", StructError.OutOfRange)]
    [InlineData("i", "", StructError.BadText)]
    [InlineData("i", "-", StructError.BadText)]
    [InlineData("i", "0x", StructError.BadText)]
    [InlineData("i", "0b12", StructError.BadText)]
    [InlineData("i", "twelve", StructError.BadText)]
    [InlineData("?", "yes", StructError.BadText)]
    [InlineData("4s", @"\x1", StructError.BadText)]
    [InlineData("4s", @"\", StructError.BadText)]
    [InlineData("4s", @"\q", StructError.BadText)]
    public void A_word_that_is_no_such_value_is_refused(string text, string word, StructError reason)
    {
        var format = StructFormat.Parse(text);

        Assert.Equal(reason, Assert.Throws<StructException>(() => format.Pack(StructText.Parse(format, [word]))).Reason);
    }

    [Fact]
    public void A_refused_word_is_named_with_its_place()
    {
        var error = Assert.Throws<StructException>(() => StructText.Parse(StructFormat.Parse("<2xHb"), ["1", "many"]));

        Assert.Equal("Format '<2xHb', value 2: 'b' at index 4 takes an integer from -128 to 127; 'many' cannot be read as that.", error.Message);
    }

    [Fact]
    public void A_number_beyond_every_integer_is_out_of_range_as_it_was_written()
    {
        var format = StructFormat.Parse("i");
        var error = Assert.Throws<StructException>(() => StructText.Parse(format, ["-99999999999999999999999"]));

        Assert.EndsWith("2147483647; -99999999999999999999999 does not fit.", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<StructException>(() => StructText.Parse(format, [new string('9', 5000)]));
        Assert.InRange(error.Message.Length, 100, 300);
    }

    [Fact]
    public void There_must_be_a_word_for_each_item()
    {
        var error = Assert.Throws<StructException>(() => StructText.Parse(StructFormat.Parse("<2H"), ["1"]));

        Assert.Equal("Format '<2H' takes 2 values; 1 given.", error.Message);
    }

    [Fact]
    public void What_is_printed_can_be_typed_again()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        var format = StructFormat.Parse("<8sdq");
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[format.Size];
            random.NextBytes(bytes);
            var values = format.Unpack(bytes);
            string[] words = [.. values.Select(value => value.ToString().Trim('\''))];
            Assert.True(values.SequenceEqual(StructText.Parse(format, words)), $"seed {seed}: {string.Join(' ', words)}");
        }
    }

    [Theory]
    [InlineData("0a1b", new byte[] { 10, 27 })]
    [InlineData("0x0A 1B", new byte[] { 10, 27 })]
    [InlineData("0a:1b", new byte[] { 10, 27 })]
    [InlineData("", new byte[0])]
    public void Bytes_are_read_from_hexadecimal_digits(string digits, byte[] bytes) =>
        Assert.Equal(bytes, StructText.ParseHex(digits));

    [Theory]
    [InlineData("abc")]
    [InlineData("zz")]
    [InlineData("0x0x")]
    public void Anything_but_pairs_of_digits_is_refused(string digits) =>
        Assert.Equal(StructError.BadText, Assert.Throws<StructException>(() => StructText.ParseHex(digits)).Reason);
}
