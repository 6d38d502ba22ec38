using System.Buffers;

namespace Dialtone.Files;

/// <summary>The buffers bodies pass through: large ones while few transfers run, smaller ones when there are many, so that a hundred clients fit in a small server.</summary>
internal static class TransferBuffers
{
    /// <summary>A buffer of a transfer among few: copying, checksum and system call per byte are level from here on.</summary>
    public const int Large = 256 * 1024;

    private const int Small = 64 * 1024;
    private const int MaxLargeBytes = 8 * 1024 * 1024;

    private static long RentedBytes;

    /// <summary>A buffer for a body of <paramref name="length"/> bytes. It may be shorter or longer than that.</summary>
    public static byte[] Rent(long length)
    {
        int size = Interlocked.Read(ref RentedBytes) < MaxLargeBytes ? Large : Small;
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(length, 1024, size));
        Interlocked.Add(ref RentedBytes, buffer.Length);
        return buffer;
    }

    /// <summary>Another buffer for the same body, to fill while the first is sent; null for a body of one piece, and where many transfers share the memory.</summary>
    public static byte[]? TryRentSecond(long length) => length > Large && Interlocked.Read(ref RentedBytes) < MaxLargeBytes ? Rent(length) : null;

    /// <summary>Gives a buffer back.</summary>
    public static void Return(byte[] buffer)
    {
        Interlocked.Add(ref RentedBytes, -buffer.Length);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
