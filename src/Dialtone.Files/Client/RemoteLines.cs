using System.Text.Json;

namespace Dialtone.Files;

/// <summary>Listings as they arrive: a page of JSON lines, nothing in it believed.</summary>
internal static class RemoteLines
{
    private const int TreePage = 2000; // entries: a page takes both sides a few milliseconds, many times what asking for it takes

    /// <summary>One page of a listing.</summary>
    /// <returns>Whether more follow.</returns>
    public static async ValueTask<bool> ReadPageAsync(
        NativeChannel channel, string path, bool recursive, string? after, List<RemoteEntry> page, CancellationToken cancellationToken)
    {
        long id = await AskAsync(channel, path, recursive, after, NativeLimits.MaxEntries, cancellationToken).ConfigureAwait(false);
        (ReadOnlyMemory<byte> lines, bool more) = await ReceiveAsync(channel, id, cancellationToken).ConfigureAwait(false);
        Parse(lines.Span, page);
        return more;
    }

    /// <summary>Everything below a folder, page by page in order: the server works on the next page while this one is taken.</summary>
    public static async ValueTask ReadTreeAsync(NativeChannel channel, string path, Action<List<RemoteEntry>> take, CancellationToken cancellationToken)
    {
        long id = await AskAsync(channel, path, recursive: true, after: null, TreePage, cancellationToken).ConfigureAwait(false);
        for (bool more = true; more;)
        {
            (ReadOnlyMemory<byte> lines, more) = await ReceiveAsync(channel, id, cancellationToken).ConfigureAwait(false);
            more &= !lines.IsEmpty;
            if (more)
                id = await AskAsync(channel, path, recursive: true, LastPathOf(lines.Span), TreePage, cancellationToken).ConfigureAwait(false);
            try
            {
                var page = new List<RemoteEntry>();
                Parse(lines.Span, page);
                take(page);
            }
            catch when (more)
            {
                channel.GiveUp(); // nobody will take the page that is on its way
                throw;
            }
        }
    }

    /// <summary>An entry, from a line or from the answer to a stat.</summary>
    public static RemoteEntry ToEntry(NativeReply line, string path, long size) =>
        line is { Type: { } type, Modified: { } modified, Mode: { } mode }
            ? new RemoteEntry(path, KindOf(type), size, modified, mode)
            : throw NativeChannel.Nonsense("described an entry in part only");

    /// <summary>The names of a path that a server sent, each fit for the local disk.</summary>
    /// <exception cref="FileException">One is not: empty, <c>.</c>, <c>..</c>, with a slash, backslash or control character, or too long.</exception>
    public static string[] NamesOf(string path)
    {
        string[] names = path.Split('/');
        foreach (string name in names)
        {
            if (name is "" or "." or ".." || VirtualPath.CheckName(name) is not null)
                throw new FileException(FileError.BadPath, "The server sent a name that must not touch this disk.");
        }

        return names.Length <= VirtualPath.MaxDepth ? names : throw new FileException(FileError.BadPath, "The server sent a path that is too deep.");
    }

    private static async ValueTask<long> AskAsync(NativeChannel channel, string path, bool recursive, string? after, int limit, CancellationToken cancellationToken)
    {
        Utf8JsonWriter json = channel.Begin("list", out long id);
        json.WriteString("path"u8, path);
        json.WriteNumber("limit"u8, limit);
        if (recursive)
            json.WriteBoolean("recursive"u8, true);
        if (after is not null)
            json.WriteString("after"u8, after);
        channel.Output.End();
        await channel.SendAsync(cancellationToken).ConfigureAwait(false);
        return id;
    }

    /// <summary>The lines, good until something more is received.</summary>
    private static async ValueTask<(ReadOnlyMemory<byte> Lines, bool More)> ReceiveAsync(NativeChannel channel, long id, CancellationToken cancellationToken)
    {
        NativeReply reply = await channel.ReadReplyToAsync(id, cancellationToken).ConfigureAwait(false);
        if (!reply.Ok)
            throw reply.ToException();
        if (reply.Size is not { } size || size > NativeLimits.MaxTextBody)
            throw NativeChannel.Nonsense("announced a listing of no length, or too long a one");
        return (await channel.Input.TakeAsync((int)size, cancellationToken).ConfigureAwait(false), reply.More);
    }

    private static string LastPathOf(ReadOnlySpan<byte> lines)
    {
        ReadOnlySpan<byte> whole = lines[..Math.Max(0, lines.LastIndexOf((byte)'\n'))];
        return NativeReply.Parse(whole[(whole.LastIndexOf((byte)'\n') + 1)..]).Path ?? throw NativeChannel.Nonsense("sent an entry without a path");
    }

    private static void Parse(ReadOnlySpan<byte> body, List<RemoteEntry> page)
    {
        while (!body.IsEmpty)
        {
            int end = body.IndexOf((byte)'\n');
            if (end < 0)
                throw NativeChannel.Nonsense("sent a listing without its end");
            NativeReply line = NativeReply.Parse(body[..end]);
            page.Add(ToEntry(line, line.Path ?? line.Name ?? throw NativeChannel.Nonsense("sent an entry without a name"), line.Size ?? 0));
            body = body[(end + 1)..];
        }
    }

    private static FileKind KindOf(string type) => type switch
    {
        "file" => FileKind.File,
        "folder" => FileKind.Folder,
        "link" => FileKind.Link,
        _ => FileKind.Other,
    };
}
