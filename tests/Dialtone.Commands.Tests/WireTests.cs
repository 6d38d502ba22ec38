using System.Buffers;

namespace Dialtone.Commands.Tests;

/// <summary>The test vectors of PROTOCOL.md.</summary>
public sealed class WireTests
{
    public static readonly TheoryData<string, string> Vectors = new()
    {
        { "run", "280000007B2274797065223A2272756E222C226964223A312C22636F6D6D616E64223A5B2274727565225D7D" },
        { "stdin", "2B0000007B2274797065223A22737464696E222C226964223A312C2273697A65223A322C22656E64223A747275657D" },
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
}
