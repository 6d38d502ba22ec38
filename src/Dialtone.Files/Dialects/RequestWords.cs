using System.Text;

namespace Dialtone.Files;

/// <summary>The words that begin a dialect's requests, each ending in <c>|</c>. No name in a request can hold a <c>|</c>, so a word ends what stands before it.</summary>
internal sealed class RequestWords(params string[] words)
{
    private readonly byte[][] _words = [.. words.Select(Encoding.ASCII.GetBytes)];

    /// <summary>The length of the word at the start of some bytes: 0 if they may become one, −1 if not.</summary>
    public int Match(ReadOnlySpan<byte> bytes)
    {
        int result = -1;
        foreach (byte[] word in _words)
        {
            if (bytes.StartsWith(word))
                return word.Length;
            if (word.AsSpan().StartsWith(bytes))
                result = 0;
        }

        return result;
    }

    /// <summary>Where the next word begins at or after <paramref name="from"/>; −1 if there is none.</summary>
    public int IndexOf(ReadOnlySpan<byte> bytes, int from)
    {
        int first = -1;
        foreach (byte[] word in _words)
        {
            int index = bytes[from..].IndexOf(word);
            if (index >= 0 && (first < 0 || from + index < first))
                first = from + index;
        }

        return first;
    }

    /// <summary>A request of free text: it ends where the next word begins, or else nobody knows.</summary>
    public Extent UpToNextWord(ReadOnlySpan<byte> bytes, int from, Extent otherwise) =>
        IndexOf(bytes, from) is > 0 and int next ? Extent.WholeAt(next) : otherwise;

    /// <summary>A request whose last field is a size: it ends behind the digits, and what follows them is content.</summary>
    /// <param name="bytes">The request.</param>
    /// <param name="from">Where its NAME|SIZE begins.</param>
    public static Extent UpToSize(ReadOnlySpan<byte> bytes, int from)
    {
        int bar = bytes[from..].IndexOf((byte)'|');
        if (bar < 0)
            return Extent.Patient;
        return UpToDigits(bytes, from + bar + 1);
    }

    /// <summary>A message that ends in digits: certainly where others follow, but for white space at the very end.</summary>
    /// <param name="bytes">The message.</param>
    /// <param name="from">Where its digits begin.</param>
    public static Extent UpToDigits(ReadOnlySpan<byte> bytes, int from)
    {
        int count = bytes[from..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (count < 0)
            return from < bytes.Length ? Extent.Open : Extent.Patient;
        return bytes[(from + count)..].IndexOfAnyExcept(UnframedReader.WhiteSpace) < 0 ? Extent.Open : Extent.WholeAt(from + count);
    }
}
