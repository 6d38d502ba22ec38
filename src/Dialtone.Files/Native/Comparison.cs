using System.Globalization;
using System.Text;

namespace Dialtone.Files;

/// <summary>Compares a manifest with what the store has: which lines are missing here, or differ.</summary>
internal sealed class Comparison(FileSession session, VirtualPath top)
{
    private const int WorthListing = 16;
    private const int MostListed = 10 * NativeLimits.MaxEntries;

    private readonly List<NativeReply> _lines = [];

    /// <summary>Reads the manifest: JSON lines of path, size, mtime and perhaps crc32c.</summary>
    public void Read(ReadOnlySpan<byte> manifest)
    {
        foreach (Range range in manifest.Split((byte)'\n'))
        {
            if (manifest[range].IsEmpty)
                continue;
            if (_lines.Count == NativeLimits.MaxEntries)
                throw new FileException(FileError.Limit, $"A manifest has at most {NativeLimits.MaxEntries} lines.");
            NativeReply line = NativeReply.Parse(manifest[range]);
            _lines.Add(line is { Path: not null, Size: not null } ? line : throw new FileException(FileError.BadRequest, "A line of the manifest lacks its path or size."));
        }
    }

    /// <summary>The numbers of the lines that differ, in order, as lines of <c>7</c> or <c>7-12</c>.</summary>
    public async ValueTask<byte[]> CompareAsync()
    {
        var text = new StringBuilder();
        int from = -1;
        for (int first = 0; first < _lines.Count;)
        {
            int end = first + 1;
            ReadOnlyMemory<char> folder = FolderOf(_lines[first].Path!);
            while (end < _lines.Count && FolderOf(_lines[end].Path!).Span.SequenceEqual(folder.Span))
                end++;
            Dictionary<string, FileEntry>? listed = end - first >= WorthListing ? await TryListAsync(folder.ToString()).ConfigureAwait(false) : null;
            for (int index = first; index < end; index++)
            {
                bool differs = await DiffersAsync(_lines[index], listed).ConfigureAwait(false);
                if (differs && from < 0)
                    from = index;
                else if (!differs)
                    Write(text, ref from, index);
            }

            first = end;
        }

        Write(text, ref from, _lines.Count);
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static void Write(StringBuilder text, ref int from, int end)
    {
        if (from < 0)
            return;
        text.Append(CultureInfo.InvariantCulture, $"{from}");
        if (end - 1 > from)
            text.Append(CultureInfo.InvariantCulture, $"-{end - 1}");
        text.Append('\n');
        from = -1;
    }

    private static ReadOnlyMemory<char> FolderOf(string path) => path.AsMemory(0, Math.Max(0, path.LastIndexOf('/')));

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private async ValueTask<bool> DiffersAsync(NativeReply line, Dictionary<string, FileEntry>? listed)
    {
        FileEntry? entry = listed is not null ? listed.GetValueOrDefault(NameOf(line.Path!)) : await TryStatAsync(line.Path!).ConfigureAwait(false);
        if (entry is not { Kind: FileKind.File } || entry.Size != line.Size)
            return true;
        if (line.Crc32C is not { } crc)
            return entry.Modified != line.Modified;
        FileSum sum = await session.SumAsync(VirtualPath.Parse(line.Path, top)).ConfigureAwait(false);
        return sum.ToString() != Crc32C.ToText(crc);
    }

    private async ValueTask<FileEntry?> TryStatAsync(string path)
    {
        try
        {
            return await session.StatAsync(VirtualPath.Parse(path, top)).ConfigureAwait(false);
        }
        catch (FileException e) when (e.Reason is FileError.NotFound or FileError.NotFolder or FileError.Denied or FileError.LoginRequired)
        {
            return null; // the put will say
        }
    }

    /// <summary>A whole folder at once: null where it is not there, may not be seen, or is too large for it.</summary>
    private async ValueTask<Dictionary<string, FileEntry>?> TryListAsync(string folder)
    {
        var entries = new Dictionary<string, FileEntry>(StringComparer.Ordinal);
        try
        {
            VirtualPath path = VirtualPath.Parse(folder, top);
            string? after = null;
            while (entries.Count < MostListed)
            {
                FilePage page = await session.ListAsync(path, after, NativeLimits.MaxEntries).ConfigureAwait(false);
                foreach (FileEntry entry in page.Entries)
                    entries[entry.Name] = entry;
                if (!page.HasMore)
                    return entries;
                after = page.Entries[^1].Name;
            }

            return null;
        }
        catch (FileException e) when (e.Reason is FileError.NotFound or FileError.NotFolder)
        {
            return entries; // nothing is there
        }
        catch (FileException e) when (e.Reason is FileError.Denied or FileError.LoginRequired)
        {
            return null;
        }
    }
}
