using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Dialtone.Tests;

public sealed record PutHeader(
    [property: JsonPropertyName("cmd")] string? Command,
    [property: JsonPropertyName("filename")] string FileName,
    [property: JsonPropertyName("filesize")] long FileSize) : IJsonHeader<PutHeader>
{
    public static JsonTypeInfo<PutHeader> TypeInfo => TestHeaders.Default.PutHeader;

    long IJsonHeader<PutHeader>.BodyLength => FileSize;
}

public sealed record SizeHeader([property: JsonPropertyName("data_size")] long Size);

[JsonSerializable(typeof(PutHeader))]
[JsonSerializable(typeof(SizeHeader))]
internal sealed partial class TestHeaders : JsonSerializerContext;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SizeHeader))]
internal sealed partial class WebHeaders : JsonSerializerContext;

public sealed class JsonHeaderTests
{
    private static readonly JsonHeaderCodec<PutHeader> Codec = Framing.JsonHeader<PutHeader>();

    [Fact]
    public void A_header_comes_back_under_every_cut_with_the_body_behind_it()
    {
        var header = new PutHeader("put", "a.txt", 5);
        byte[] stream = [.. Wire(header), .. "hello"u8];
        for (int cut = 0; cut <= stream.Length; cut++)
        {
            ReadOnlySequence<byte> input = Splitting.Sequence(stream, cut, cut + ((stream.Length - cut) / 2));
            Assert.Equal(FrameStatus.Whole, Codec.Read(ref input, out PutHeader? read, out long body, out long missing));
            Assert.Equal(header, read);
            Assert.Equal(5, body);
            Assert.Equal(0, missing);
            Assert.Equal("hello"u8, input.ToArray());
        }
    }

    [Fact]
    public void A_part_of_a_header_says_what_is_missing()
    {
        byte[] stream = Wire(new PutHeader(null, "a", 0));
        for (int have = 0; have < stream.Length; have++)
        {
            var input = new ReadOnlySequence<byte>(stream, 0, have);
            Assert.Equal(FrameStatus.NeedMore, Codec.Read(ref input, out _, out _, out long missing));
            Assert.Equal(have < 4 ? 4 - have : stream.Length - have, missing);
            Assert.Equal(have, input.Length);
        }
    }

    [Fact]
    public void A_type_without_the_interface_states_its_length_by_a_function()
    {
        JsonHeaderCodec<SizeHeader> codec = Framing.JsonHeader(TestHeaders.Default.SizeHeader, h => h.Size);
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(7, codec.Write(output, new SizeHeader(7)));
        Assert.Equal("""{"data_size":7}""", Encoding.UTF8.GetString(output.WrittenSpan[4..]));

        var input = new ReadOnlySequence<byte>(output.WrittenMemory);
        codec.Read(ref input, out SizeHeader? header, out long body, out _);
        Assert.Equal(new SizeHeader(7), header);
        Assert.Equal(7, body);
    }

    [Fact]
    public void Pythons_spacing_and_unknown_keys_are_accepted()
    {
        ReadOnlySequence<byte> input = Input("""{"cmd": "put", "filename": "\u00e9.txt", "filesize": 3, "mode": [1, {"x": null}]}""");
        Codec.Read(ref input, out PutHeader? header, out _, out _);
        Assert.Equal(new PutHeader("put", "é.txt", 3), header);
    }

    public static TheoryData<string, string> BadHeaders => new()
    {
        { "empty", "" },
        { "null", "null" },
        { "number", "5" },
        { "array", "[]" },
        { "text after", """{"filename":"a","filesize":1} x""" },
        { "two objects", """{"filename":"a","filesize":1}{}""" },
        { "cut", """{"filename":"a","filesize":1""" },
        { "duplicate key", """{"filename":"a","filesize":1,"filesize":2}""" },
        { "duplicate unknown key", """{"filename":"a","filesize":1,"x":1,"x":2}""" },
        { "duplicate inside", """{"filename":"a","filesize":1,"x":[{"y":1,"y":1}]}""" },
        { "duplicate by escape", """{"filename":"a","filesize":1,"x":1,"\u0078":2}""" },
        { "NUL", "{\"filename\":\"a\",\"filesize\":1}\0" },
        { "only NUL", "\0\0\0\0" },
        { "NUL in text", "{\"filename\":\"a\0b\",\"filesize\":1}" },
        { "byte order mark", "\uFEFF{}" },
        { "comment", """{"filename":"a",/**/"filesize":1}""" },
        { "trailing comma", """{"filename":"a","filesize":1,}""" },
        { "NaN", """{"filename":"a","filesize":NaN}""" },
        { "fraction", """{"filename":"a","filesize":1.5}""" },
        { "huge exponent", """{"filename":"a","filesize":1e999}""" },
        { "too many digits", """{"filename":"a","filesize":99999999999999999999}""" },
        { "leading zeros", """{"filename":"a","filesize":007}""" },
        { "plus", """{"filename":"a","filesize":+1}""" },
        { "text for a number", """{"filename":"a","filesize":"1"}""" },
        { "lone surrogate in a value", """{"filename":"\ud800","filesize":1}""" },
        { "lone surrogate in a key", """{"\ud800":1,"filename":"a","filesize":1}""" },
        { "depth 17", $$"""{"x":{{new string('[', 16)}}{{new string(']', 16)}},"filename":"a","filesize":1}""" },
        { "depth 10000", new string('[', 10_000) },
        { "depth 10000 closed", """{"x":""" + new string('[', 10_000) + new string(']', 10_000) + "}" },
    };

    [Theory, MemberData(nameof(BadHeaders))]
    public void A_header_that_is_not_one_plain_object_is_refused(string what, string json)
    {
        foreach (bool cut in new[] { false, true })
        {
            byte[] stream = Framed(Encoding.UTF8.GetBytes(json));
            ReadOnlySequence<byte> input = cut ? Splitting.Sequence(stream, stream.Length / 2) : new(stream);
            var e = Assert.Throws<ProtocolException>(() => Codec.Read(ref input, out _, out _, out _));
            Assert.True(e.Reason is ProtocolError.BadHeader, what);
            Assert.DoesNotContain("byte  of", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"filename":"a","filesize":1,"filename":"b"}""", "The JSON header of 44 bytes is refused: ")]
    [InlineData("""{"x":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}""", "The JSON header of 38 bytes is refused at byte 20 of line 0: ")]
    public void A_refused_header_is_named_with_its_place_and_the_bound(string json, string start)
    {
        var input = new ReadOnlySequence<byte>(Framed(Encoding.UTF8.GetBytes(json)));
        var e = Assert.Throws<ProtocolException>(() => Codec.Read(ref input, out _, out _, out _));
        Assert.StartsWith(start, e.Message, StringComparison.Ordinal);
        Assert.EndsWith("nested at most 16 deep, with no key twice.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("80")]
    [InlineData("7B22FF223A317D")]                   // a key
    [InlineData("7B2266696C656E616D65223A22C3227D")] // a value, cut after its first byte
    [InlineData("7B2278223A22EDA080227D")]           // a surrogate, in a value nobody reads
    [InlineData("7B2278223A22C080227D")]             // an overlong NUL
    public void Invalid_utf8_is_refused_wherever_it_stands(string hex)
    {
        var input = new ReadOnlySequence<byte>(Framed(Convert.FromHexString(hex)));
        var e = Assert.Throws<ProtocolException>(() => Codec.Read(ref input, out _, out _, out _));
        Assert.Equal(ProtocolError.BadHeader, e.Reason);
    }

    [Theory]
    [InlineData(-1, ProtocolError.NegativeLength)]
    [InlineData(int.MinValue, ProtocolError.NegativeLength)]
    [InlineData(int.MaxValue, ProtocolError.HeaderTooLarge)]
    [InlineData(10 * 1024 * 1024, ProtocolError.HeaderTooLarge)]
    [InlineData((64 * 1024) + 1, ProtocolError.HeaderTooLarge)]
    public void A_headers_length_is_refused_before_a_byte_of_it_is_awaited(int length, ProtocolError reason)
    {
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, length);
        var input = new ReadOnlySequence<byte>(prefix);
        var e = Assert.Throws<ProtocolException>(() => Codec.Read(ref input, out _, out _, out _));
        Assert.Equal(reason, e.Reason);
        Assert.Contains($"{length}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_as_long_as_allowed_is_read()
    {
        const string Around = """{"filename":"","filesize":1}""";
        byte[] json = CodecCases.Text(Around.Replace(
            "\"\"", $"\"{new string('x', (64 * 1024) - Around.Length)}\"", StringComparison.Ordinal));
        Assert.Equal(64 * 1024, json.Length);
        var input = new ReadOnlySequence<byte>(Framed(json));
        Assert.Equal(FrameStatus.Whole, Codec.Read(ref input, out _, out _, out _));
    }

    [Fact]
    public void A_bodys_length_is_bounded_both_ways()
    {
        JsonHeaderCodec<PutHeader> codec = Framing.JsonHeader<PutHeader>(new JsonHeaderOptions { MaxBodyBytes = 10 });
        foreach ((long size, ProtocolError? reason) in new (long, ProtocolError?)[]
        {
            (10, null), (11, ProtocolError.BodyTooLarge), (long.MaxValue, ProtocolError.BodyTooLarge),
            (-1, ProtocolError.NegativeLength),
        })
        {
            ReadOnlySequence<byte> input = Input($$"""{"filename":"a","filesize":{{size}}}""");
            Exception? reading = Record.Exception(() => codec.Read(ref input, out _, out _, out _));
            Exception? writing = Record.Exception(
                () => codec.Write(new ArrayBufferWriter<byte>(), new PutHeader(null, "a", size)));
            Assert.Equal(reason, (reading as ProtocolException)?.Reason);
            Assert.Equal(reason, (writing as ProtocolException)?.Reason);
        }
    }

    [Fact]
    public void A_header_too_long_to_be_accepted_is_not_written()
    {
        var output = new ArrayBufferWriter<byte>();
        var e = Assert.Throws<ProtocolException>(
            () => Codec.Write(output, new PutHeader(null, new string('x', 70_000), 0)));
        Assert.Equal(ProtocolError.HeaderTooLarge, e.Reason);
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void The_worst_header_within_the_bound_costs_little_memory()
    {
        byte[] stream = Framed(CodecCases.Text("""{"x":[""" + string.Join(',', Enumerable.Repeat("1", 32_000)) + "]}"));
        Assert.InRange(
            Allocations.Least(() =>
            {
                var input = new ReadOnlySequence<byte>(stream);
                Record.Exception(() => Codec.Read(ref input, out _, out _, out _));
            }),
            0,
            64 * 1024);
    }

    [Theory]
    [InlineData("""{"data_size":1,"DATA_SIZE":2}""")]
    [InlineData("""{"data_size":1,"other":0,"data_s\u0049ze":2}""")]
    public void Where_case_does_not_matter_a_key_stands_once_in_any_case(string json)
    {
        JsonHeaderCodec<SizeHeader> codec = Framing.JsonHeader(WebHeaders.Default.SizeHeader, header => header.Size);
        ReadOnlySequence<byte> input = Input(json);
        Assert.Equal(ProtocolError.BadHeader, Assert.Throws<ProtocolException>(() => codec.Read(ref input, out _, out _, out _)).Reason);
        input = Input("""{"DATA_SIZE":2,"other":{"data_size":1}}""");
        Assert.Equal(FrameStatus.Whole, codec.Read(ref input, out _, out long body, out _));
        Assert.Equal(2, body);
    }

    [Fact]
    public void A_refusal_does_not_repeat_what_the_peer_wrote()
    {
        ReadOnlySequence<byte> input = Input("""{"secret-name":1,"secret-name":2}""");
        var e = Assert.Throws<ProtocolException>(() => Codec.Read(ref input, out _, out _, out _));
        Assert.DoesNotContain("secret-name", e.Message, StringComparison.Ordinal);
    }

    private static byte[] Wire(PutHeader header)
    {
        var output = new ArrayBufferWriter<byte>();
        Codec.Write(output, header);
        return output.WrittenSpan.ToArray();
    }

    private static ReadOnlySequence<byte> Input(string json) => new(Framed(Encoding.UTF8.GetBytes(json)));

    private static byte[] Framed(byte[] json) => CodecCases.Write(Framing.Int32Prefix(1 << 24), json);
}
