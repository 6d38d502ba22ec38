using System.Collections.Concurrent;

namespace Dialtone;

public sealed partial class StructFormat
{
    private const int MostKept = 100;   // CPython's _MAXCACHE

    private static readonly ConcurrentDictionary<string, StructFormat> Kept = new(StringComparer.Ordinal);

    /// <summary>
    /// Compiles a format or finds it among the last ones compiled, for a call in passing:
    /// <c>StructFormat.Of("&lt;I").Pack(5)</c>.
    /// </summary>
    /// <remarks>Keeps at most 100 formats, as CPython does; the next one empties the table.</remarks>
    /// <exception cref="ArgumentNullException">There is no format.</exception>
    /// <exception cref="StructException">It is malformed or describes more bytes than a buffer can hold.</exception>
    public static StructFormat Of(string format)
    {
        ArgumentNullException.ThrowIfNull(format);
        if (Kept.TryGetValue(format, out var kept))
            return kept;

        var compiled = Parse(format);
        if (Kept.Count >= MostKept)
            Kept.Clear();
        Kept[format] = compiled;
        return compiled;
    }
}
