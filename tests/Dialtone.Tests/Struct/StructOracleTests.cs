using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Dialtone.Tests;

// CPython is asked the same questions and must give the same answers, refusals included.
public sealed class StructOracleTests
{
    private const int Cases = 6000;
    private const string Codes = "xcbB?hHiIlLqQnNefdspP";

    private readonly int _seed = Random.Shared.Next();
    private readonly Random _random;

    public StructOracleTests()
    {
        _random = new Random(_seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {_seed}");
    }

    [Fact]
    public async Task Random_values_pack_to_the_same_bytes_and_are_refused_in_the_same_cases()
    {
        var cases = Enumerable.Range(0, Cases).Select(_ => RandomPacking()).ToArray();
        var answers = await PythonStruct.AskAsync(
            [.. cases.Select(it => new PythonStruct.Question(it.Format, [.. it.Values.Select(Exactly)]))]);

        for (int i = 0; i < Cases; i++)
        {
            var (format, values) = cases[i];
            var ours = Attempt(() => StructFormat.Parse(format).Pack(values));
            string about = About(format, string.Join(' ', values), answers[i]);

            if (answers[i].Error is { } error)
            {
                Assert.True(ours.Reason is not null, about);
                Assert.True(Means(error, ours.Reason!.Value), $"{about}, we say {ours.Reason}");
                continue;
            }

            Assert.True(ours.Reason is null, $"{about}, we say {ours.Reason}");
            Assert.True(answers[i].Packed == Convert.ToHexStringLower(ours.Result!), $"{about}, we pack {Convert.ToHexStringLower(ours.Result!)}");
            AssertSameValues(answers[i].Unpacked!, StructFormat.Parse(format).Unpack(ours.Result!), about);
        }

        int refused = answers.Count(answer => answer.Error is not null);
        Assert.InRange(refused, Cases / 20, Cases * 19 / 20);   // or one side of the comparison has gone to sleep
    }

    [Fact]
    public async Task Random_bytes_unpack_to_the_same_values()
    {
        var cases = Enumerable.Range(0, Cases).Select(_ => RandomUnpacking()).ToArray();
        var answers = await PythonStruct.AskAsync(
            [.. cases.Select(it => new PythonStruct.Question(it.Format, Bytes: Convert.ToHexStringLower(it.Bytes)))]);

        for (int i = 0; i < Cases; i++)
        {
            var (format, bytes) = cases[i];
            var ours = Attempt(() => StructFormat.Parse(format).Unpack(bytes));
            string about = About(format, Convert.ToHexStringLower(bytes), answers[i]);

            Assert.True(answers[i].Error is null == ours.Reason is null, about);
            if (ours.Result is not null)
                AssertSameValues(answers[i].Unpacked!, ours.Result, about);
            else
                Assert.True(ours.Reason is StructError.WrongLength, about);
        }
    }

    [Fact]
    public async Task Random_texts_are_the_same_formats_or_none()
    {
        string[] texts = [.. Enumerable.Range(0, Cases).Select(_ => RandomText())];
        var answers = await PythonStruct.AskAsync([.. texts.Select(text => new PythonStruct.Question(text))]);

        for (int i = 0; i < Cases; i++)
        {
            var ours = Attempt(() => StructFormat.Parse(texts[i]));
            string about = About(texts[i], "", answers[i]);

            // Our bound is a .NET array's, Python's is 2⁶³ − 1: past ours, Python may find fault with what follows.
            if (ours.Reason is StructError.TooLarge)
                Assert.True(answers[i].Error is not null || answers[i].Size > Array.MaxLength, about);
            else if (answers[i].Error is { } error)
                Assert.True(ours.Reason is { } reason && Means(error, reason), $"{about}, we say {ours.Reason}");
            else
                Assert.True(answers[i].Size == ours.Result?.Size, $"{about}, we say {ours.Reason}");
        }
    }

    private string About(string format, string rest, PythonStruct.Answer answer) =>
        $"seed {_seed}: '{format}' {rest}: Python says {answer.Error ?? answer.Packed ?? "fine"}";

    private static (T? Result, StructError? Reason) Attempt<T>(Func<T> act)
        where T : class
    {
        try
        {
            return (act(), null);
        }
        catch (StructException e)
        {
            return (null, e.Reason);
        }
    }

    private static bool Means(string error, StructError reason) => reason switch
    {
        _ when error.Contains("embedded null") || error.Contains("ascii") => true,   // found before anything is parsed
        StructError.BadCharacter or StructError.NativeOnly => error.Contains("bad char"),
        StructError.CountWithoutCode => error.Contains("without format specifier"),
        StructError.TooLarge => error.Contains("size too long"),
        StructError.WrongItemCount => error.Contains("items for packing"),
        StructError.WrongType => error.Contains("not an integer") || error.Contains("not a float") || error.Contains("bytes object"),
        StructError.OutOfRange => error.Contains("range") || error.Contains("<= number <=") || error.Contains("too large to pack")
            || error.Contains("too large to convert") || error.Contains("bytes object of length 1"),
        _ => false,
    };

    private static void AssertSameValues(string[][] theirs, StructValue[] ours, string about)
    {
        string[] expected = [.. theirs.Select(pair => string.Join(':', pair))];
        string[] actual = [.. ours.Select(value => string.Join(':', Words(value)))];
        Assert.True(expected.SequenceEqual(actual),
            $"{about}: Python reads {string.Join(' ', expected)}, we read {string.Join(' ', actual)}");
    }

    private static string[] Words(StructValue value) => value.Kind switch
    {
        StructValueKind.Integer => ["int", value.ToString()],
        StructValueKind.Boolean => ["bool", value.ToString()],
        StructValueKind.Bytes => ["bytes", Convert.ToHexStringLower(value.AsBytes().Span)],
        _ when double.IsNaN(value.AsDouble()) => ["float", double.IsNegative(value.AsDouble()) ? "-nan" : "nan"],
        _ => ["float", Hex(value.AsDouble())],
    };

    private static string[] Exactly(StructValue value) =>
        value.Kind is StructValueKind.Float ? ["float", Hex(value.AsDouble())] : Words(value);

    private static string Hex(double value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return Convert.ToHexStringLower(bytes);
    }

    private (string Format, StructValue[] Values) RandomPacking()
    {
        var (format, codes) = RandomFormat();
        var values = codes.Select(RandomValue).ToList();
        if (_random.Next(20) == 0)
            values.Add(1);
        if (_random.Next(20) == 0 && values.Count > 0)
            values.RemoveAt(values.Count - 1);
        return (format, [.. values]);
    }

    private (string Format, byte[] Bytes) RandomUnpacking()
    {
        string format = RandomFormat().Format;
        byte[] bytes = new byte[StructFormat.Parse(format).Size + (_random.Next(10) == 0 ? 1 : 0)];
        _random.NextBytes(bytes);
        return (format, bytes);
    }

    // "0p" is left out: CPython 3.11 writes and reads outside the buffer there.
    private (string Format, string Codes) RandomFormat()
    {
        string prefix = Pick("", "@", "=", "<", ">", "!");
        var format = new StringBuilder(prefix);
        var values = new StringBuilder();
        for (int items = _random.Next(9); items > 0; items--)
        {
            char code = Codes[_random.Next(Codes.Length)];
            if (code is 'n' or 'N' or 'P' && prefix is not ("" or "@"))
                continue;

            int? count = _random.Next(3) == 0 ? _random.Next(code is 'p' ? 1 : 0, code is 's' or 'p' && _random.Next(4) == 0 ? 300 : 5) : null;
            format.Append(count).Append(code).Append(Pick("", "", "", " ", "\t", " \n\v\f\r"));
            values.Append(code, code is 'x' ? 0 : code is 's' or 'p' ? 1 : count ?? 1);
        }

        return (format.ToString(), values.ToString());
    }

    private string RandomText() => string.Concat(Enumerable.Range(0, _random.Next(1, 10)).Select(_ => _random.Next(12) switch
    {
        0 => Pick("@", "=", "<", ">", "!"),
        1 => Pick(" ", "\t", "\n", "\0", "\x1f", "\u00a0", "é"),
        2 => Pick("z", "S", "C", "F", "-", "_", "a"),
        3 or 4 => _random.Next(10).ToString(CultureInfo.InvariantCulture),
        5 => Pick("12345", "2147483647", "2147483648", "9223372036854775807", "99999999999999999999"),
        _ => Codes[_random.Next(Codes.Length)].ToString(),
    }));

    private StructValue RandomValue(char code)
    {
        if (_random.Next(40) == 0)
            code = Codes[_random.Next(Codes.Length)];

        return code switch
        {
            's' or 'p' => RandomBytes(_random.Next(4) == 0 ? 300 : 6),
            'c' => RandomBytes(_random.Next(20) == 0 ? 3 : 1, least: _random.Next(20) == 0 ? 0 : 1),
            '?' => _random.Next(5) switch
            {
                0 => RandomBytes(2),
                1 => RandomFloat(),
                2 => RandomInteger(8),
                _ => _random.Next(2) == 0,
            },
            'e' or 'f' or 'd' => _random.Next(8) == 0 ? RandomInteger(_random.Next(1, 9)) : RandomFloat(),
            'b' or 'B' => RandomInteger(1),
            'h' or 'H' => RandomInteger(2),
            'i' or 'I' => RandomInteger(4),
            _ => RandomInteger(8),
        };
    }

    private StructValue RandomBytes(int most, int least = 0)
    {
        byte[] bytes = new byte[_random.Next(least, most + 1)];
        _random.NextBytes(bytes);
        return bytes;
    }

    // Mostly inside the smaller of the signed and the unsigned range, often on an edge, sometimes past it.
    private StructValue RandomInteger(int bytes)
    {
        ulong edge = 1UL << (8 * bytes - 1);
        ulong bits = (ulong)_random.NextInt64() & (edge - 1);
        return _random.Next(16) switch
        {
            0 => edge - 1,
            1 => edge,
            2 => unchecked((long)(0 - edge)),
            3 => bytes == 8 ? ulong.MaxValue : 2 * edge - 1,
            4 => bytes == 8 ? long.MinValue : 2 * edge,
            5 => bytes == 8 ? -1L : unchecked(-(long)edge - 1),
            6 => -1,
            7 => 0,
            8 => true,
            9 => -(long)bits,
            _ => bits,
        };
    }

    private StructValue RandomFloat() => _random.Next(12) switch
    {
        0 => BitConverter.Int64BitsToDouble(_random.NextInt64(long.MinValue, long.MaxValue)),
        1 => BitConverter.UInt32BitsToSingle((uint)_random.NextInt64(1L << 32)),
        2 => BitConverter.UInt16BitsToHalf((ushort)_random.Next(1 << 16)),
        3 => double.NaN,
        4 => _random.Next(2) == 0 ? double.PositiveInfinity : double.NegativeInfinity,
        5 => _random.Next(2) == 0 ? 65519.999 : 65520,
        6 => _random.Next(2) == 0 ? 3.4028235677973362e38 : 3.4028235677973366e38,
        7 => _random.Next(2) == 0 ? -0.0 : 5e-324,
        8 => (_random.NextDouble() - 0.5) * 1e-7,
        _ => (_random.NextDouble() - 0.5) * 2000,
    };

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
