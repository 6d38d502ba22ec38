using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Dialtone.Tests;

/// <summary>
/// Random and half-valid bytes for every decoder. DIALTONE_FUZZ_SECONDS (default 2) and DIALTONE_FUZZ_SEED steer it; an
/// input that breaks a rule is kept in <c>corpus/</c>, and every input there is run again each time.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper log)
{
    private const int InputMemory = 1024 * 1024;   // bytes a single input may cost, header bounds and exception included

    private static readonly JsonHeaderCodec<PutHeader> Json = Framing.JsonHeader<PutHeader>();
    private static readonly AcknowledgedLength Acknowledged = Framing.AcknowledgedLength(1000);
    private static readonly string[] Targets = [.. CodecCases.Names.Select(row => row.Data), "json", "acknowledged"];

    [Fact]
    public void Hostile_bytes_give_frames_or_the_documented_error_and_nothing_else()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("DIALTONE_FUZZ_SEED"), out int given)
            ? given
            : Random.Shared.Next();
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("DIALTONE_FUZZ_SECONDS"), out double s) ? s : 2;
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        long started = TimeProvider.System.GetTimestamp();
        int inputs = 0;
        while (TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds)
        {
            string target = Targets[random.Next(Targets.Length)];
            byte[] input = Mutate(Seed(target, random), random);
            int splits = random.Next();
            if (Fault(target, input, splits) is { } fault)
            {
                string file = $"{target.Replace(' ', '_')}-{seed}-{inputs}.bin";
                File.WriteAllBytes(Path.Combine(Corpus(), file), input);
                Assert.Fail($"seed {seed} input {inputs} target {target}, kept as corpus/{file}: {fault}");
            }

            inputs++;
        }

        log.WriteLine($"{inputs} inputs");
        Assert.True(inputs > 0);
    }

    [Fact]
    public void Every_input_that_once_broke_a_decoder_is_harmless_to_all()
    {
        foreach (string file in Directory.EnumerateFiles(Corpus(), "*.bin"))
        {
            byte[] input = File.ReadAllBytes(file);
            foreach (string target in Targets)
            {
                string? fault = Fault(target, input, splits: 1);
                Assert.True(fault is null, $"{Path.GetFileName(file)} as {target}: {fault}");
            }
        }
    }

    /// <summary>Which rule the decoder broke on this input, if any.</summary>
    private static string? Fault(string target, byte[] input, int splits)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            switch (target)
            {
                case "json":
                    ReadJson(new ReadOnlySequence<byte>(input));
                    break;
                case "acknowledged":
                    var digits = new ReadOnlySequence<byte>(input);
                    AcknowledgedLength.ReadAcknowledgement(ref digits);
                    Acknowledged.ReadLength(ref digits, out _);
                    break;
                default:
                    return DecodeFault(CodecCases.Get(target), input, splits);
            }
        }
        catch (ProtocolException)
        {
        }
        catch (Exception e)
        {
            return e.ToString();
        }

        long cost = GC.GetAllocatedBytesForCurrentThread() - before;
        return cost > InputMemory ? $"{cost} bytes of memory for {input.Length} of input" : null;
    }

    private static string? DecodeFault(FrameCodec codec, byte[] input, int splits)
    {
        Splitting.Outcome whole = Splitting.Decode(codec, input);
        Splitting.Outcome cut = Splitting.Decode(
            codec, input, Splitting.RandomSplit(new Random(splits), input.Length));
        if (whole.ToString() != cut.ToString())
        {
            return $"whole {whole}, cut {cut}";
        }

        // What was read can be written, and is then read again as the same.
        byte[] again = CodecCases.Write(codec, whole.Frames.Select(Convert.FromHexString).Where(CanBeWritten));
        Splitting.Outcome echo = Splitting.Decode(codec, again);
        return echo.Error is null && echo.Left == 0 ? null : $"echo {echo}";

        bool CanBeWritten(byte[] frame)
        {
            try
            {
                codec.CheckContent(frame);
                return true;
            }
            catch (ProtocolException)
            {
                return false;   // "a\r" is a line that a peer may end with CRLF, but that LF cannot carry
            }
        }
    }

    private static void ReadJson(ReadOnlySequence<byte> input)
    {
        while (Json.Read(ref input, out PutHeader? header, out long body, out long missing) is FrameStatus.Whole)
        {
            Assert.NotNull(header);
            Assert.True(body >= 0);
            Assert.Equal(0, missing);
        }
    }

    private static byte[] Seed(string target, Random random) => random.Next(4) == 0
        ? RandomBytes(random)
        : target switch
        {
            "json" => CodecCases.Write(Framing.Int32Prefix(1 << 20), CodecCases.Text(random.Next(3) switch
            {
                0 => """{"cmd":"put","filename":"a.txt","filesize":12}""",
                1 => """{"filename":"\u00e9\ud83d\ude00","filesize":0,"x":[1,2.5e3,{"y":[[[]]]},true,null]}""",
                _ => """{"a":{"a":{"a":{}}},"filename":"b","filesize":9223372036854775807}""",
            })),
            "acknowledged" => CodecCases.Text("recv_ready123"),
            _ => CodecCases.Write(
                CodecCases.Get(target),
                Enumerable.Range(0, random.Next(1, 4)).Select(_ => CodecCases.Content(CodecCases.Get(target), random))),
        };

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(64)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Mutate(byte[] input, Random random)
    {
        var bytes = new List<byte>(input);
        for (int times = random.Next(4); times > 0; times--)
        {
            int at = random.Next(bytes.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(8), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Boundary(random));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count + 1)).Take(random.Next(40)).ToArray());
                    break;
                case 4 when bytes.Count >= 4:
                    Boundary(random).Take(bytes.Count).Index().ToList().ForEach(b => bytes[b.Index] = b.Item);
                    break;
                default:
                    bytes.InsertRange(at, "\r\n\0\"{}[],:\uFEFF"u8.ToArray().Take(random.Next(14)));
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Boundary(Random random)
    {
        long[] values =
        [
            0, 1, -1, 254, 255, 256, CodecCases.Max - 1, CodecCases.Max, CodecCases.Max + 1, short.MaxValue, ushort.MaxValue,
            int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue,
        ];
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, values[random.Next(values.Length)]);
        if (random.Next(3) == 0)
        {
            bytes.AsSpan().Reverse();
        }

        return bytes[..(1 << random.Next(4))];
    }

    private static string Corpus([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "corpus");
}
