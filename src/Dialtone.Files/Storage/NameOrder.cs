namespace Dialtone.Files;

/// <summary>Names in the order of their UTF-8 bytes, which differs from UTF-16's where a surrogate meets a character above the surrogates.</summary>
internal sealed class NameOrder : IComparer<string>
{
    internal static NameOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        int common = Math.Min(x!.Length, y!.Length);
        int same = x.AsSpan(0, common).CommonPrefixLength(y.AsSpan(0, common));
        return same == common ? x.Length - y.Length : Weight(x[same]) - Weight(y[same]);
    }

    // Surrogates stand for characters beyond U+FFFF, so they sort after everything else.
    private static int Weight(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
