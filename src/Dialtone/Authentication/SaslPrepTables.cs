using System.IO.Compression;

namespace Dialtone;

/// <summary>The Unicode 3.2 tables of SASLprep. contrib/saslprep_tables.py writes them and says how they stand in the resource.</summary>
/// <remarks>Our own, because .NET's are the system's: they are of a later Unicode, and a program with invariant globalization has none.</remarks>
internal sealed class SaslPrepTables
{
    private readonly byte[] _packed;
    private readonly int[] _decomposed;    // code points, sorted
    private readonly int[][] _decompositions;
    private readonly int[] _combining;     // code points, sorted
    private readonly int[] _classes;
    private readonly Dictionary<long, int> _compositions;
    private readonly int[] _prohibited;    // where membership changes, sorted; the same of the next three
    private readonly int[] _unassigned;
    private readonly int[] _rightToLeft;
    private readonly int[] _leftToRight;
    private int _at;

    private SaslPrepTables()
    {
        using Stream resource = typeof(SaslPrepTables).Assembly.GetManifestResourceStream("Dialtone.SaslPrep.bin")!;
        using var unpack = new DeflateStream(resource, CompressionMode.Decompress);
        using var whole = new MemoryStream();
        unpack.CopyTo(whole);
        _packed = whole.ToArray();

        _decompositions = new int[Number()][];
        _decomposed = Sorted(_decompositions.Length, i => _decompositions[i] = [.. Enumerable.Range(0, Number()).Select(_ => Number())]);
        _classes = new int[Number()];
        _combining = Sorted(_classes.Length, i => _classes[i] = Number());
        int count = Number();
        _compositions = new Dictionary<long, int>(count);
        var pairs = new long[count];
        int[] composites = Sorted(count, i => pairs[i] = Pair(Number(), Number()));
        for (int i = 0; i < count; i++)
            _compositions.Add(pairs[i], composites[i]);
        _prohibited = Sorted(Number());
        _unassigned = Sorted(Number());
        _rightToLeft = Sorted(Number());
        _leftToRight = Sorted(Number());
        _packed = [];
    }

    /// <summary>Unpacked when the first text that is not ASCII comes.</summary>
    internal static SaslPrepTables Shared => Lazily.Tables;

    /// <summary>The whole compatibility decomposition; empty when a code point stands for itself.</summary>
    internal ReadOnlySpan<int> Decompose(int codePoint) =>
        Array.BinarySearch(_decomposed, codePoint) is >= 0 and var i ? _decompositions[i] : [];

    internal int Class(int codePoint) => Array.BinarySearch(_combining, codePoint) is >= 0 and var i ? _classes[i] : 0;

    internal bool TryCompose(int first, int second, out int composite) => _compositions.TryGetValue(Pair(first, second), out composite);

    internal bool IsProhibited(int codePoint) => IsIn(_prohibited, codePoint) || IsIn(_unassigned, codePoint);

    internal bool IsRightToLeft(int codePoint) => IsIn(_rightToLeft, codePoint);

    internal bool IsLeftToRight(int codePoint) => IsIn(_leftToRight, codePoint);

    // Changes at even places are into the set, those at odd ones out of it.
    private static bool IsIn(int[] changes, int codePoint)
    {
        int found = Array.BinarySearch(changes, codePoint);
        return ((found >= 0 ? found + 1 : ~found) & 1) == 1;
    }

    private static long Pair(int first, int second) => ((long)first << 32) | (uint)second;

    private int[] Sorted(int count, Action<int>? rest = null)
    {
        var keys = new int[count];
        for (int i = 0, last = 0; i < count; i++)
        {
            keys[i] = last += Number();
            rest?.Invoke(i);
        }
        return keys;
    }

    private int Number()
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = _packed[_at++];
            value |= (part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
    }

    private static class Lazily
    {
        internal static readonly SaslPrepTables Tables = new();
    }
}
