using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Dialtone.Files;

/// <content>The short requests. Cancelling one leaves the connection usable.</content>
public sealed partial class FileClient
{
    /// <summary>What stands at a path.</summary>
    public async Task<RemoteEntry> StatAsync(string path, CancellationToken cancellationToken = default)
    {
        NativeReply reply = await CallAsync("stat", json => json.WriteString("path"u8, path), cancellationToken).ConfigureAwait(false);
        return RemoteLines.ToEntry(reply, path, reply.Total ?? 0);
    }

    /// <summary>What is in a folder, in the order of names' UTF-8 bytes; with <paramref name="recursive"/> also what is in the folders below, each after its folder.</summary>
    /// <param name="path">The folder; empty for the home folder.</param>
    /// <param name="recursive">Whether to go down. Links are listed and never followed.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public async IAsyncEnumerable<RemoteEntry> ListAsync(
        string path, bool recursive = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        string? after = null;
        bool hasMore = true;
        while (hasMore)
        {
            NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
            var page = new List<RemoteEntry>();
            hasMore = await UseAsync(channel, channel => RemoteLines.ReadPageAsync(channel, path, recursive, after, page, cancellationToken)).ConfigureAwait(false);
            foreach (RemoteEntry entry in page)
                yield return entry;
            after = page is [.., var last] ? last.Path : null;
            hasMore &= after is not null;
        }
    }

    /// <summary>Makes a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="parents">Makes missing parents too, and is content if it exists.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task MakeFolderAsync(string path, bool parents = false, CancellationToken cancellationToken = default) =>
        CallAsync(
            "mkdir",
            json =>
            {
                json.WriteString("path"u8, path);
                json.WriteBoolean("parents"u8, parents);
            },
            cancellationToken);

    /// <summary>Removes a file, a link, or a folder.</summary>
    /// <param name="path">What.</param>
    /// <param name="recursive">Removes a folder with its content; otherwise it must be empty.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task RemoveAsync(string path, bool recursive = false, CancellationToken cancellationToken = default) =>
        CallAsync(
            "remove",
            json =>
            {
                json.WriteString("path"u8, path);
                json.WriteBoolean("recursive"u8, recursive);
            },
            cancellationToken);

    /// <summary>Renames a file or folder.</summary>
    /// <param name="path">What.</param>
    /// <param name="to">Its new path.</param>
    /// <param name="overwrite">Replaces a file that stands there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task RenameAsync(string path, string to, bool overwrite = false, CancellationToken cancellationToken = default) =>
        CallAsync("rename", json => WriteMove(json, path, to, overwrite), cancellationToken);

    /// <summary>Copies a file on the server; its content does not travel.</summary>
    /// <param name="path">What.</param>
    /// <param name="to">The path of the copy.</param>
    /// <param name="overwrite">Replaces a file that stands there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task CopyAsync(string path, string to, bool overwrite = false, CancellationToken cancellationToken = default) =>
        CallAsync("copy", json => WriteMove(json, path, to, overwrite), cancellationToken);

    /// <summary>Sets modification time and permission bits; null leaves them.</summary>
    public Task SetAttributesAsync(string path, DateTimeOffset? modified, UnixFileMode? mode, CancellationToken cancellationToken = default) =>
        CallAsync(
            "set",
            json =>
            {
                json.WriteString("path"u8, path);
                NativeJson.WriteAttributes(json, modified, mode);
            },
            cancellationToken);

    /// <summary>Has the server compute a digest.</summary>
    /// <param name="path">The file.</param>
    /// <param name="digest">Which: not <see cref="TransferDigest.None"/>.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many bytes; null for the rest.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<RemoteSum> SumAsync(
        string path, TransferDigest digest = TransferDigest.Crc32C, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)digest, (int)TransferDigest.None, nameof(digest));
        NativeReply reply = await CallAsync("sum", json => WriteSum(json, path, digest, offset, length), cancellationToken).ConfigureAwait(false);
        return ToSum(reply, digest);
    }

    /// <summary>Asks for the CRC-32C of many files below a folder, with many requests under way at a time.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="files">The files.</param>
    /// <param name="take">Gets each answer, in the order of <paramref name="files"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task SumAllAsync(string path, IReadOnlyList<TreeFile> files, Action<TreeFile, NativeReply> take, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
            return;
        NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
        await UseAsync(channel, AskAsync).ConfigureAwait(false);

        async ValueTask<int> AskAsync(NativeChannel channel)
        {
            var ahead = new Queue<(long Id, int Bytes)>();
            int asked = 0, aheadBytes = 0;
            foreach (TreeFile file in files)
            {
                if (ahead.Count <= MaxAhead / 2 && aheadBytes <= MaxAheadBytes / 2)
                {
                    while (asked < files.Count && ahead.Count < MaxAhead && aheadBytes < MaxAheadBytes)
                    {
                        int before = channel.Output.Length;
                        Utf8JsonWriter json = channel.Begin("sum", out long next);
                        WriteSum(json, Join(path, files[asked++].Path), TransferDigest.Crc32C, 0, null);
                        channel.Output.End();
                        ahead.Enqueue((next, channel.Output.Length - before));
                        aheadBytes += channel.Output.Length - before;
                    }

                    await channel.SendAsync(cancellationToken).ConfigureAwait(false);
                }

                NativeReply reply = await channel.ReadReplyAsync(cancellationToken).ConfigureAwait(false);
                (long id, int bytes) = ahead.Dequeue();
                if (reply.Id != id)
                    throw NativeChannel.Nonsense("answered out of turn");
                aheadBytes -= bytes;
                take(file, reply);
            }

            return asked;
        }
    }

    /// <summary>How much of its quota the account uses.</summary>
    public async Task<RemoteQuota> QuotaAsync(CancellationToken cancellationToken = default)
    {
        NativeReply reply = await CallAsync("quota", static _ => { }, cancellationToken).ConfigureAwait(false);
        return new RemoteQuota(reply.Bytes ?? 0, reply.Files ?? 0, reply.MaxBytes, reply.MaxFiles);
    }

    /// <summary>Who the server takes the caller for, and what that one may do.</summary>
    public async Task<ServerInfo> WhoAmIAsync(CancellationToken cancellationToken = default)
    {
        NativeReply reply = await CallAsync("whoami", static _ => { }, cancellationToken).ConfigureAwait(false);
        FileRights rights = RightsOf(reply);
        return ServerInfo = ServerInfo with { User = reply.User, Rights = rights };
    }

    /// <summary>Asks for a sign of life.</summary>
    public Task PingAsync(CancellationToken cancellationToken = default) => CallAsync("ping", static _ => { }, cancellationToken);

    private static void WriteMove(Utf8JsonWriter json, string path, string to, bool overwrite)
    {
        json.WriteString("path"u8, path);
        json.WriteString("to"u8, to);
        json.WriteBoolean("overwrite"u8, overwrite);
    }

    private static void WriteSum(Utf8JsonWriter json, string path, TransferDigest digest, long offset, long? length)
    {
        json.WriteString("path"u8, path);
        json.WriteString("verify"u8, digest == TransferDigest.Sha256 ? "sha256"u8 : "crc32c"u8);
        json.WriteNumber("offset"u8, offset);
        if (length is { } count)
            json.WriteNumber("length"u8, count);
    }

    private static RemoteSum ToSum(NativeReply reply, TransferDigest digest) =>
        (digest == TransferDigest.Sha256 ? reply.Sha256 : reply.Crc32C is { } crc ? Crc32C.ToText(crc) : null) is { } text && reply is { Total: { } total, Length: { } length, Modified: { } modified }
            ? new RemoteSum(text, length, total, modified)
            : throw NativeChannel.Nonsense("answered without a digest");
}
