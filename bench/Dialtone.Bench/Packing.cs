using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Dialtone.Bench;

/// <summary>Packs records of an unsigned int, short and long, little-endian without padding: Python's <c>&lt;IHQ</c>.</summary>
internal static class Packing
{
    private const int Records = 1024;
    private const int RecordBytes = 14;

    private static readonly StructFormat Format = StructFormat.Parse("<IHQ");

    public static void Run(string how, TimeSpan warmup, TimeSpan time)
    {
        Action<byte[], uint> pack = how switch
        {
            "format" => PackWithFormat,
            "by-hand" => PackByHand,
            _ => throw new ArgumentException($"there is no way to pack called '{how}'", nameof(how)),
        };
        Check(pack);

        var records = new byte[Records * RecordBytes];
        Repeat(pack, records, warmup);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        long calls = Repeat(pack, records, time);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Console.WriteLine(FormattableString.Invariant(
            $"calls_per_s={calls / seconds:F0} ns_per_call={seconds * 1e9 / calls:F3} allocated_bytes={allocated}"));
    }

    private static long Repeat(Action<byte[], uint> pack, byte[] records, TimeSpan time)
    {
        var started = Stopwatch.GetTimestamp();
        uint rounds = 0;
        while (Stopwatch.GetElapsedTime(started) < time)
            pack(records, rounds++);
        return (long)rounds * Records;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PackWithFormat(byte[] records, uint seed)
    {
        for (int i = 0; i < Records; i++)
            Format.PackInto(records, i * RecordBytes, seed + (uint)i, (ushort)i, (ulong)seed << 20);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PackByHand(byte[] records, uint seed)
    {
        for (int i = 0; i < Records; i++)
        {
            var record = records.AsSpan(i * RecordBytes, RecordBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(record, seed + (uint)i);
            BinaryPrimitives.WriteUInt16LittleEndian(record[4..], (ushort)i);
            BinaryPrimitives.WriteUInt64LittleEndian(record[6..], (ulong)seed << 20);
        }
    }

    private static void Check(Action<byte[], uint> pack)
    {
        var expected = new byte[Records * RecordBytes];
        var packed = new byte[Records * RecordBytes];
        PackByHand(expected, 0x12345678);
        pack(packed, 0x12345678);
        if (!packed.AsSpan().SequenceEqual(expected))
            throw new InvalidOperationException("the records are not what packing by hand gives");
    }
}
