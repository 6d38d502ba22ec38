using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dialtone;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds what disks and networks break by accident, never what somebody changes on purpose.</summary>
/// <remarks>
/// Values are finished ones, as every other implementation prints them: <c>Append(0, "123456789")</c> is <c>e3069283</c>. The instruction that computes it
/// takes three cycles and can start one each cycle, so long spans run as three chains whose results are joined afterwards: 3 times the speed of one.
/// Where the processor multiplies polynomials 512 bits at a time, long spans are folded first, at twice the speed of that or more.
/// </remarks>
public static class Crc32C
{
    private const uint Polynomial = 0x82F63B78;
    private const int LongLane = 4096;
    private const int ShortLane = 256;
    private const int FoldBytes = 256;
    private const int LeastFolded = 1024; // below, what is left after folding takes as long as the whole

    private static readonly uint[] PowersOfTwo = BuildPowers();
    private static readonly uint[] LongShift = BuildShift(LongLane);
    private static readonly uint[] ShortShift = BuildShift(ShortLane);
    private static readonly Vector128<ulong> FoldFactors = Vector128.Create((ulong)PowerOfX(FoldBytes + 4) << 1, (ulong)PowerOfX(FoldBytes - 4) << 1);

    /// <summary>The checksum of <paramref name="content"/>.</summary>
    public static uint Compute(ReadOnlySpan<byte> content) => Append(0, content);

    /// <summary>The checksum of what <paramref name="crc"/> stands for, followed by <paramref name="content"/>. Begin with 0.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> content) => Append(crc, content, folds: Pclmulqdq.V512.IsSupported);

    internal static uint Append(uint crc, ReadOnlySpan<byte> content, bool folds)
    {
        crc = ~crc;
        if (folds && content.Length >= LeastFolded)
            crc = AppendFolded(crc, ref content);
        crc = AppendLanes(crc, ref content, LongLane, LongShift);
        crc = AppendLanes(crc, ref content, ShortLane, ShortShift);
        crc = AppendLane(crc, ref MemoryMarshal.GetReference(content), content.Length & ~7);
        foreach (byte value in content[(content.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    /// <summary>The checksum of two parts one after the other, from the checksum of each and the length of the second.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="secondLength"/> is negative.</exception>
    public static uint Combine(uint first, uint second, long secondLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(secondLength);
        return Multiply(PowerOfX(secondLength), first) ^ second;
    }

    /// <summary>The checksum as the wire and listings show it: 8 lower-case hex digits.</summary>
    public static string ToText(uint crc) => crc.ToString("x8", System.Globalization.CultureInfo.InvariantCulture);

    // Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009): each 128 bits are multiplied by what moves
    // them on by 256 bytes, modulo the polynomial, and added to what stands there. The last 256 bytes so made have the checksum of everything.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint AppendFolded(uint crc, ref ReadOnlySpan<byte> content)
    {
        ref byte start = ref MemoryMarshal.GetReference(content);
        var factors = Vector512.Create(Vector256.Create(FoldFactors));
        Vector512<ulong> first = Load(ref start, 0) ^ Vector512.CreateScalar((ulong)crc);
        Vector512<ulong> second = Load(ref start, 64), third = Load(ref start, 128), fourth = Load(ref start, 192);
        int at = FoldBytes;
        for (; at <= content.Length - FoldBytes; at += FoldBytes)
        {
            first = Fold(first, factors) ^ Load(ref start, at);
            second = Fold(second, factors) ^ Load(ref start, at + 64);
            third = Fold(third, factors) ^ Load(ref start, at + 128);
            fourth = Fold(fourth, factors) ^ Load(ref start, at + 192);
        }

        Span<ulong> folded = stackalloc ulong[FoldBytes / sizeof(ulong)];
        first.CopyTo(folded);
        second.CopyTo(folded[8..]);
        third.CopyTo(folded[16..]);
        fourth.CopyTo(folded[24..]);
        content = content[at..];
        return AppendLane(0, ref MemoryMarshal.GetReference(MemoryMarshal.AsBytes(folded)), FoldBytes);
    }

    private static Vector512<ulong> Load(ref byte start, nint at) => Vector512.LoadUnsafe(ref Unsafe.Add(ref start, at)).AsUInt64();

    private static Vector512<ulong> Fold(Vector512<ulong> value, Vector512<ulong> factors) =>
        Pclmulqdq.V512.CarrylessMultiply(value, factors, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(value, factors, 0x11);

    // Never compiled with counters in its loop: long content would pay for every eight bytes of it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint AppendLanes(uint crc, ref ReadOnlySpan<byte> content, int lane, uint[] shift)
    {
        while (content.Length >= 3 * lane)
        {
            uint second = 0, third = 0;
            ref byte start = ref MemoryMarshal.GetReference(content);
            for (nint at = 0; at < lane; at += sizeof(ulong))
            {
                crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at)));
                second = BitOperations.Crc32C(second, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at + lane)));
                third = BitOperations.Crc32C(third, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at + (2 * lane))));
            }
            crc = Shift(shift, Shift(shift, crc) ^ second) ^ third;
            content = content[(3 * lane)..];
        }
        return crc;
    }

    private static uint AppendLane(uint crc, ref byte start, int length)
    {
        for (nint at = 0; at < length; at += sizeof(ulong))
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at)));
        return crc;
    }

    // Appending n zero bytes multiplies by x^(8n) modulo the polynomial; that is linear, so four tables of 256 answer it a byte of the value at a time.
    private static uint Shift(uint[] table, uint crc) =>
        table[crc & 0xFF] ^ table[0x100 + ((crc >> 8) & 0xFF)] ^ table[0x200 + ((crc >> 16) & 0xFF)] ^ table[0x300 + (crc >> 24)];

    private static uint[] BuildShift(int bytes)
    {
        uint factor = PowerOfX(bytes);
        var table = new uint[4 * 256];
        for (int index = 0; index < table.Length; index++)
            table[index] = Multiply(factor, (uint)(index & 0xFF) << (8 * (index >> 8)));
        return table;
    }

    // x^(2^k) for every k below 67: enough for x^(8n) with any long n.
    private static uint[] BuildPowers()
    {
        var powers = new uint[67];
        powers[0] = 1u << 30;
        for (int k = 1; k < powers.Length; k++)
            powers[k] = Multiply(powers[k - 1], powers[k - 1]);
        return powers;
    }

    private static uint PowerOfX(long bytes)
    {
        uint power = 1u << 31;
        for (int k = 3; bytes != 0; bytes >>= 1, k++)
        {
            if ((bytes & 1) != 0)
                power = Multiply(PowersOfTwo[k], power);
        }
        return power;
    }

    // The product of two polynomials modulo the CRC's; bit 31 is the coefficient of x^0.
    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (; a != 0; a <<= 1)
        {
            if ((a & 0x8000_0000) != 0)
                product ^= b;
            b = (b & 1) != 0 ? (b >> 1) ^ Polynomial : b >> 1;
        }
        return product;
    }
}
