using System.Buffers;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;

namespace Dialtone.Commands.Tests;

/// <summary>The test vectors of PROTOCOL.md.</summary>
public sealed class WireTests
{
    public static readonly TheoryData<string, string> Vectors = new()
    {
        { "run", "280000007B2274797065223A2272756E222C226964223A312C22636F6D6D616E64223A5B2274727565225D7D" },
        { "stdin", "2B0000007B2274797065223A22737464696E222C226964223A312C2273697A65223A322C22656E64223A747275657D" },
        { "flow", "160000007B2274797065223A22666C6F77222C226964223A317D" },
        { "keys", "8B0000007B2274797065223A22666C6F77222C226964223A312C2273657373696F6E223A2230313032303330343035303630373038222C22736563726574223A2230303031303230333034303530363037303830393061306230633064306530663130313131323133313431353136313731383139316131623163316431653166222C22706F7274223A373037317D" },
        { "attach", "310000007B2274797065223A22617474616368222C226964223A312C2272756E223A2230313233343536373839616263646566227D" },
        { "credit", "280000007B2274797065223A22637265646974222C226964223A312C227374646F7574223A3236323134347D" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Frames_are_the_bytes_that_are_published(string which, string hex)
    {
        CommandFrame frame = which switch
        {
            "run" => new CommandFrame { Type = CommandFrame.Run, Id = 1, Command = ["true"] },
            "stdin" => new CommandFrame { Type = CommandFrame.Stdin, Id = 1, Size = 2, End = true },
            "flow" => new CommandFrame { Type = CommandFrame.Flow, Id = 1 },
            "keys" => new CommandFrame
            {
                Type = CommandFrame.Flow,
                Id = 1,
                Session = "0102030405060708",
                Secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                Port = 7071,
            },
            "attach" => new CommandFrame { Type = CommandFrame.Attach, Id = 1, RunId = "0123456789abcdef" },
            _ => new CommandFrame { Type = CommandFrame.Credit, Id = 1, StdoutCredit = CommandFrame.InputCredit },
        };
        var written = new ArrayBufferWriter<byte>();
        Assert.Equal(frame.Size, CommandFrame.Codec.Write(written, frame));
        Assert.Equal(hex, Convert.ToHexString(written.WrittenSpan));
        var input = new ReadOnlySequence<byte>(Convert.FromHexString(hex));
        Assert.Equal(FrameStatus.Whole, CommandFrame.Codec.Read(ref input, out CommandFrame? read, out long body, out _));
        Assert.Equal((frame.Type, 1, frame.Size), (read!.Type, read.Id, (int)body));
        Assert.Equal(frame.Command, read.Command);
    }

    [Fact]
    public void Every_field_arrives_as_it_was_sent()
    {
        var frame = new CommandFrame
        {
            Command = ["a", "\"\u00e9\n"],
            Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "" },
            Terminal = new TerminalFrame(80, 24, "xterm"),
            Kept = [new KeptFrame("r", "c", 1.5, 1L << 40, true, "finished", 0, "TERM"), new KeptFrame("", "", 0, 0, false, null, null, null)],
            Output = new StreamFrame(1L << 40, "0123abcd"),
            Error = new StreamFrame(0, ""),
            Status = 0, // which is not the same as none
        };
        foreach (PropertyInfo field in typeof(CommandFrame).GetProperties().Where(field => field.CanWrite))
        {
            Type type = Nullable.GetUnderlyingType(field.PropertyType) ?? field.PropertyType;
            object? value = type == typeof(string) ? field.Name
                : type == typeof(bool) ? true
                : type == typeof(double) ? 0.25
                : type == typeof(int) || type == typeof(long) ? Convert.ChangeType(field.Name.Length, type, CultureInfo.InvariantCulture)
                : null;
            if (value is not null && field.GetValue(frame) is null or 0 or 0L or false or "")
                field.SetValue(frame, value);
        }

        CommandFrame read = Read(JsonSerializer.Serialize(frame, CommandJson.Default.CommandFrame));
        foreach (PropertyInfo field in typeof(CommandFrame).GetProperties().Where(field => field.CanWrite))
        {
            Assert.NotNull(field.GetValue(read));
            Assert.Equivalent(field.GetValue(frame), field.GetValue(read), strict: true);
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"type":null,"command":null,"environment":null,"terminal":null,"kept":null,"output":null,"timeLimit":null,"status":null}""")]
    [InlineData("""{"later":{"type":[1,{"id":2}]},"Type":"x","terminal":null}""")]
    public void Fields_may_be_absent_null_or_unknown(string json) => Assert.Equal(new CommandFrame(), Read(json));

    [Theory]
    [InlineData("""{"type":1}""")]
    [InlineData("""{"id":"1"}""")]
    [InlineData("""{"id":null}""")]
    [InlineData("""{"id":1.5}""")]
    [InlineData("""{"id":2147483648}""")]
    [InlineData("""{"end":1}""")]
    [InlineData("""{"end":null}""")]
    [InlineData("""{"command":"true"}""")]
    [InlineData("""{"command":{}}""")]
    [InlineData("""{"command":[1]}""")]
    [InlineData("""{"environment":["A"]}""")]
    [InlineData("""{"environment":{"A":1}}""")]
    [InlineData("""{"terminal":80}""")]
    [InlineData("""{"terminal":{"columns":"80"}}""")]
    [InlineData("""{"kept":[null]}""")]
    [InlineData("""{"output":[]}""")]
    [InlineData("""{"maxMemoryBytes":9223372036854775808}""")]
    [InlineData("""[]""")]
    public void A_field_of_another_type_is_refused(string json) =>
        Assert.Equal(ProtocolError.BadHeader, Assert.Throws<ProtocolException>(() => Read(json)).Reason);

    private static CommandFrame Read(string json)
    {
        byte[] text = Encoding.UTF8.GetBytes(json);
        var input = new ReadOnlySequence<byte>([.. BitConverter.GetBytes(text.Length), .. text]);
        Assert.Equal(FrameStatus.Whole, CommandFrame.Codec.Read(ref input, out CommandFrame? frame, out _, out _));
        return frame!;
    }
}
