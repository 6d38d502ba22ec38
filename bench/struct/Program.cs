// What StructFormat costs beside the BinaryPrimitives calls one would write by hand for '<IHQ'.
// Every contender once per round, round after round in the same process; what counts is the median round.
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Dialtone;

const int Rounds = 25;
const int Passes = 1000;

Contender[] contenders =
[
    new("pack, by hand", Runs.PackByHand, "pack, by hand"),
    new("pack, <IHQ", Runs.Pack, "pack, by hand"),
    new("pack, <IHQ with int literals", Runs.PackInts, "pack, by hand"),
    new("pack, >IHQ", Runs.PackBigEndian, "pack, by hand"),
    new("pack, @IHQ (aligned)", Runs.PackAligned, "pack, by hand"),
    new("pack, <IHQ from StructValue", Runs.PackValues, "pack, by hand"),
    new("unpack, by hand", Runs.UnpackByHand, "unpack, by hand"),
    new("unpack, <IHQ", Runs.Unpack, "unpack, by hand"),
    new("unpack, <IHQ as longs", Runs.UnpackLongs, "unpack, by hand"),
    new("unpack, <IHQ to StructValue", Runs.UnpackValues, "unpack, by hand"),
];

var nanoseconds = contenders.ToDictionary(contender => contender.Name, _ => new List<double>());
for (int round = -5; round < Rounds; round++)   // the first five warm the JIT's tiers up
{
    foreach (var contender in contenders)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < Passes; pass++)
            contender.Run();
        if (round >= 0)
            nanoseconds[contender.Name].Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds / (Passes * Runs.Records));
    }
}

foreach (var contender in contenders)
{
    double rate = Median(nanoseconds[contender.Base].Zip(nanoseconds[contender.Name], (hand, ours) => hand / ours));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{contender.Name,-32} {Median(nanoseconds[contender.Name]),7:F2} ns   {rate:F2} of by hand"));
}

return Runs.Sum == 0 ? 1 : 0;

static double Median(IEnumerable<double> values)
{
    double[] sorted = [.. values.Order()];
    return sorted[sorted.Length / 2];
}

internal sealed record Contender(string Name, Action Run, string Base);

internal static class Runs
{
    public const int Records = 512;

    private static readonly StructFormat Little = StructFormat.Parse("<IHQ");
    private static readonly StructFormat Big = StructFormat.Parse(">IHQ");
    private static readonly StructFormat Aligned = StructFormat.Parse("@IHQ");
    private static readonly byte[] Buffer = new byte[Records * 16];

    public static ulong Sum { get; private set; }

    public static void PackByHand()
    {
        for (int i = 0; i < Records; i++)
        {
            var record = Buffer.AsSpan(i * 14, 14);
            BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)i);
            BinaryPrimitives.WriteUInt16LittleEndian(record[4..], (ushort)i);
            BinaryPrimitives.WriteUInt64LittleEndian(record[6..], (ulong)i);
        }
    }

    public static void Pack()
    {
        for (int i = 0; i < Records; i++)
            Little.PackInto(Buffer, i * 14, (uint)i, (ushort)i, (ulong)i);
    }

    public static void PackInts()
    {
        for (int i = 0; i < Records; i++)
            Little.PackInto(Buffer, i * 14, i, i, i);
    }

    public static void PackBigEndian()
    {
        for (int i = 0; i < Records; i++)
            Big.PackInto(Buffer, i * 14, (uint)i, (ushort)i, (ulong)i);
    }

    public static void PackAligned()
    {
        for (int i = 0; i < Records; i++)
            Aligned.PackInto(Buffer, i * 16, (uint)i, (ushort)i, (ulong)i);
    }

    public static void PackValues()
    {
        for (int i = 0; i < Records; i++)
            Little.PackInto(Buffer, i * 14, [(uint)i, (ushort)i, (ulong)i]);
    }

    public static void UnpackByHand()
    {
        ulong sum = 0;
        for (int i = 0; i < Records; i++)
        {
            var record = Buffer.AsSpan(i * 14, 14);
            sum += BinaryPrimitives.ReadUInt32LittleEndian(record)
                + BinaryPrimitives.ReadUInt16LittleEndian(record[4..])
                + BinaryPrimitives.ReadUInt64LittleEndian(record[6..]);
        }

        Sum += sum;
    }

    public static void Unpack()
    {
        ulong sum = 0;
        for (int i = 0; i < Records; i++)
        {
            var (id, kind, length) = Little.UnpackFrom<uint, ushort, ulong>(Buffer, i * 14);
            sum += id + kind + length;
        }

        Sum += sum;
    }

    public static void UnpackLongs()
    {
        long sum = 0;
        for (int i = 0; i < Records; i++)
        {
            var (id, kind, length) = Little.UnpackFrom<long, long, ulong>(Buffer, i * 14);
            sum += id + kind + (long)length;
        }

        Sum += (ulong)sum;
    }

    public static void UnpackValues()
    {
        ulong sum = 0;
        for (int i = 0; i < Records; i++)
            sum += Little.UnpackFrom(Buffer, i * 14)[2].AsUInt64();
        Sum += sum;
    }
}
