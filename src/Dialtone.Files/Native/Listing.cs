using System.Text.Json;

namespace Dialtone.Files;

/// <summary>Writes listings: JSON lines in the order of names' UTF-8 bytes, a folder's content after the folder, page by page without remembering anything.</summary>
internal sealed class Listing(FileSession session, FrameWriter lines, int limit)
{
    private const int MostBytes = NativeLimits.MaxTextBody - (16 * 1024);

    private readonly Stack<Level> _levels = new();
    private int _count;

    /// <summary>One page.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="after">The last path of the page before; null for the first.</param>
    /// <param name="recursive">Whether to go down.</param>
    /// <returns>Whether more follow.</returns>
    public async ValueTask<bool> WriteAsync(VirtualPath folder, string? after, bool recursive)
    {
        await BeginAsync(folder, after, recursive).ConfigureAwait(false);
        while (_levels.TryPeek(out Level? level))
        {
            if (level.Next() is not { } entry)
            {
                if (level.HasMore && await TryReadAsync(level).ConfigureAwait(false))
                    continue;
                _levels.Pop();
                continue;
            }

            if (_count == limit || lines.Length > MostBytes)
                return true;
            Write(level, entry, recursive);
            if (recursive && entry.Kind == FileKind.Folder && level.Folder.Names.Count < VirtualPath.MaxDepth)
                _levels.Push(new Level(level.Folder.Append(entry.Name), level.Prefix + entry.Name + "/", null));
        }

        return false;
    }

    /// <summary>What a kind is called.</summary>
    public static ReadOnlySpan<byte> TypeOf(FileKind kind) => kind switch
    {
        FileKind.File => "file"u8,
        FileKind.Folder => "folder"u8,
        FileKind.Link => "link"u8,
        _ => "other"u8,
    };

    /// <summary>Stands where the last page ended: in each folder on the way after the name that led down.</summary>
    private async ValueTask BeginAsync(VirtualPath folder, string? after, bool recursive)
    {
        var top = new Level(folder, "", recursive ? null : after);
        if (after is null || !recursive)
        {
            await ReadAsync(top).ConfigureAwait(false);
            _levels.Push(top);
            return;
        }

        string prefix = "";
        foreach (string name in VirtualPath.Parse(after).Names)
        {
            _levels.Push(new Level(folder, prefix, name));
            folder = folder.Append(name);
            prefix += name + "/";
        }

        _levels.Push(new Level(folder, prefix, null)); // nothing, unless it is a folder
    }

    private void Write(Level level, FileEntry entry, bool recursive)
    {
        _count++;
        Utf8JsonWriter json = lines.BeginLine();
        if (recursive)
            json.WriteString("path"u8, level.Prefix + entry.Name);
        else
            json.WriteString("name"u8, entry.Name);
        json.WriteString("type"u8, TypeOf(entry.Kind));
        json.WriteNumber("size"u8, entry.Size);
        NativeJson.WriteAttributes(json, entry.Modified, entry.Mode);
        lines.EndLine();
    }

    /// <summary>Reads on in a folder below the top: one that is gone or forbidden is empty.</summary>
    private async ValueTask<bool> TryReadAsync(Level level)
    {
        try
        {
            await ReadAsync(level).ConfigureAwait(false);
            return true;
        }
        catch (FileException e) when (e.Reason is FileError.NotFound or FileError.NotFolder or FileError.NotRegular or FileError.Denied or FileError.LoginRequired)
        {
            return false;
        }
    }

    private async ValueTask ReadAsync(Level level) =>
        level.Take(await session.ListAsync(level.Folder, level.After, Math.Min(limit - _count + 1, NativeLimits.MaxEntries)).ConfigureAwait(false)); // one more than fits tells that there is more

    /// <summary>A folder that is being listed.</summary>
    private sealed class Level(VirtualPath folder, string prefix, string? after)
    {
        private IReadOnlyList<FileEntry> _entries = [];
        private int _next;

        public VirtualPath Folder => folder;

        /// <summary>The path from the top, with a slash at its end.</summary>
        public string Prefix => prefix;

        public string? After { get; private set; } = after;

        public bool HasMore { get; private set; } = true;

        public FileEntry? Next() => _next < _entries.Count ? _entries[_next++] : null;

        public void Take(FilePage page)
        {
            (_entries, _next, HasMore) = (page.Entries, 0, page.HasMore);
            if (page.Entries is [.., var last])
                After = last.Name;
        }
    }
}
