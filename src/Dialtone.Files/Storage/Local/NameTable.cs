using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>The presentable names of a folder at one moment, sorted by their bytes, in two arrays however many they are.</summary>
internal sealed class NameTable
{
    private readonly byte[] _bytes; // every name with its NUL
    private readonly (int Start, int Length)[] _names;

    private NameTable(byte[] bytes, (int, int)[] names, int skipped) => (_bytes, _names, Skipped) = (bytes, names, skipped);

    internal int Count => _names.Length;

    /// <summary>Names that cannot be asked for: not UTF-8, or with characters no path may have.</summary>
    internal int Skipped { get; }

    internal long MemoryBytes => _bytes.Length + (8L * _names.Length);

    /// <summary>A name with its NUL.</summary>
    internal ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_names[index].Start, _names[index].Length);

    /// <param name="calls">Reads it.</param>
    /// <param name="folder">An open folder nobody has read from yet.</param>
    /// <param name="isTop">Leaves out what the server keeps for itself.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    internal static NameTable Read(FileCalls calls, SafeFileHandle folder, bool isTop, CancellationToken cancellationToken)
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        var names = new List<(int Start, int Length)>();
        int skipped = 0;
        using var entries = new FolderEntries(calls, folder);
        while (entries.MoveNext())
        {
            if ((names.Count & 0xFFF) == 0)
                cancellationToken.ThrowIfCancellationRequested();
            if (!NativeName.IsPresentable(entries.Name))
            {
                skipped++;
            }
            else if (!isTop || !VirtualPath.IsPrivate(entries.Name))
            {
                names.Add((bytes.WrittenCount, entries.Current.Length));
                bytes.Write(entries.Current);
            }
        }

        byte[] all = bytes.WrittenSpan.ToArray();
        (int Start, int Length)[] sorted = [.. names];
        sorted.AsSpan().Sort((one, other) => all.AsSpan(one.Start, one.Length - 1).SequenceCompareTo(all.AsSpan(other.Start, other.Length - 1)));
        return new NameTable(all, sorted, skipped);
    }

    /// <summary>The index of the first name behind <paramref name="name"/> (without NUL).</summary>
    internal int After(ReadOnlySpan<byte> name)
    {
        int low = 0, high = _names.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (this[middle][..^1].SequenceCompareTo(name) <= 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
