using System.Numerics;
using System.Runtime.InteropServices;

namespace Dialtone.Commands;

/// <summary>CRC-32C (Castagnoli) of what passes: the processor has an instruction for it.</summary>
internal struct Crc32C
{
    private uint _inverted; // the complement, so that the default is the CRC of nothing

    public readonly uint Value => _inverted;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~_inverted;
        foreach (ulong eight in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? eight : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(eight));
        foreach (byte one in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, one);
        _inverted = ~crc;
    }
}
