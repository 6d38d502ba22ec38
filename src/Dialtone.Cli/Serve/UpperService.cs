using System.Numerics;

namespace Dialtone.Cli;

/// <summary>Answers in upper case, as Python's <c>bytes.upper()</c>: ASCII letters only, everything else untouched.</summary>
internal sealed class UpperService(FrameCodec? codec) : ReplyService(codec)
{
    protected override void Transform(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        const byte CaseBit = 'a' ^ 'A';
        int i = 0;
        for (; i <= source.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            var letters = new Vector<byte>(source[i..]);
            Vector<byte> isLower = Vector.LessThan(letters - new Vector<byte>((byte)'a'), new Vector<byte>(26));
            (letters ^ (isLower & new Vector<byte>(CaseBit))).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
            destination[i] = source[i] is >= (byte)'a' and <= (byte)'z' ? (byte)(source[i] ^ CaseBit) : source[i];
    }
}
