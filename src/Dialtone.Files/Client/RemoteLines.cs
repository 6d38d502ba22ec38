using System.Text.Json;

namespace Dialtone.Files;

/// <summary>Listings as they arrive: a page of JSON lines, nothing in it believed.</summary>
internal static class RemoteLines
{
    /// <summary>One page of a listing.</summary>
    /// <returns>Whether more follow.</returns>
    public static async ValueTask<bool> ReadPageAsync(
        NativeChannel channel, string path, bool recursive, string? after, List<RemoteEntry> page, CancellationToken cancellationToken)
    {
        Utf8JsonWriter json = channel.Begin("list", out long id);
        json.WriteString("path"u8, path);
        json.WriteNumber("limit"u8, NativeLimits.MaxEntries);
        if (recursive)
            json.WriteBoolean("recursive"u8, true);
        if (after is not null)
            json.WriteString("after"u8, after);
        channel.Output.End();
        await channel.SendAsync(cancellationToken).ConfigureAwait(false);
        NativeReply reply = await channel.ReadReplyToAsync(id, cancellationToken).ConfigureAwait(false);
        if (!reply.Ok)
            throw reply.ToException();
        if (reply.Size is not { } size || size > NativeLimits.MaxTextBody)
            throw NativeChannel.Nonsense("announced a listing of no length, or too long a one");
        ReadOnlyMemory<byte> body = await channel.Input.TakeAsync((int)size, cancellationToken).ConfigureAwait(false);
        Parse(body.Span, page);
        return reply.More;
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
