using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <content>Sending a tree.</content>
public sealed partial class FileClient
{
    private const int MaxManifestBytes = NativeLimits.MaxTextBody - (16 * 1024);

    /// <summary>Sends a folder and everything below it: a manifest first, then only what differs, with nothing waiting between files.</summary>
    /// <param name="localFolder">The folder; its content lands in <paramref name="path"/>. Links in it are reported, not followed.</param>
    /// <param name="path">Where to; made if it is missing.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it has come, a few times a second.</param>
    /// <param name="cancellationToken">Ends the transfer; files under way do not become visible.</param>
    /// <returns>What came of it; every file counted in it is durable. What a single file fails with is in the report, not thrown.</returns>
    /// <exception cref="FileException">The server refuses the folder itself, or the local one cannot be read.</exception>
    /// <exception cref="TransportException">The line broke, and broke again without a file having got through. Call again.</exception>
    public async Task<TreeReport> PutTreeAsync(
        string localFolder, string path, TreeOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= TreeOptions.Default;
        using LocalFolder top = LocalFolder.Open(localFolder);
        LocalTree tree = LocalTree.Scan(top, cancellationToken);
        List<string> deleted = options.Delete ? await DeleteExtrasAsync(path, tree, options, cancellationToken).ConfigureAwait(false) : [];
        List<TreeFile> needed = options.OnlyDifferent ? await FindDifferingAsync(top, tree, path, options, cancellationToken).ConfigureAwait(false) : tree.Files;
        int skipped = tree.Files.Count - needed.Count;
        var meter = new TransferMeter(progress, _options.Dial.Time, path);
        meter.Begin(needed.Sum(static file => file.Size), needed.Count);
        if (options.DryRun)
        {
            return new TreeReport(needed.Count, skipped, deleted.Count, meter.TotalBytes ?? 0, tree.Others)
            {
                Plan = [.. needed.Select(static file => file.Path), .. deleted.Select(static gone => "-" + gone)],
            };
        }

        var work = new TransferQueue(needed);
        await MakeFoldersAsync(path, tree, work, cancellationToken).ConfigureAwait(false);
        await RunJobsAsync(needed.Count, channel => SendAsync(channel, path, top, work, options, meter, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new TreeReport(work.Done, skipped, deleted.Count, work.Bytes, [.. tree.Others, .. work.Failures]);
    }

    /// <summary>Sends some files of one folder with nothing waiting between them. They travel whatever stands there.</summary>
    /// <param name="localFolder">The folder they are in.</param>
    /// <param name="names">Their names in it. A link is reported, not followed.</param>
    /// <param name="path">The folder on the server they land in; it exists.</param>
    /// <param name="options">How to verify, and whether times and permissions go along; the rest is for trees.</param>
    /// <param name="progress">Told how far it has come, a few times a second.</param>
    /// <param name="cancellationToken">Ends the transfer; files under way do not become visible.</param>
    /// <returns>What came of it; every file counted in it is durable. What a single file fails with is in the report, not thrown.</returns>
    /// <exception cref="FileException">The local folder cannot be read.</exception>
    /// <exception cref="TransportException">The line broke, and broke again without a file having got through. Call again.</exception>
    public async Task<TreeReport> PutFilesAsync(
        string localFolder, IReadOnlyList<string> names, string path, TreeOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(path);
        options = (options ?? TreeOptions.Default) with { MakeParents = false };
        using LocalFolder folder = LocalFolder.Open(localFolder);
        LocalTree found = LocalTree.Look(folder, names);
        var meter = new TransferMeter(progress, _options.Dial.Time, path);
        meter.Begin(found.Files.Sum(static file => file.Size), found.Files.Count);
        var work = new TransferQueue(found.Files);
        await RunJobsAsync(found.Files.Count, channel => SendAsync(channel, path, folder, work, options, meter, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new TreeReport(work.Done, 0, 0, work.Bytes, [.. found.Others, .. work.Failures])
        {
            Arrived =
            [
                .. work.Arrived.Select(file => new TransferReport(Join(path, file.Path), file.Size, file.Size)
                {
                    Crc32C = file.Crc32C,
                    Sha256 = file.Sha256,
                    Modified = options.KeepAttributes ? file.Modified : null,
                }),
            ],
        };
    }

    /// <summary>Asks the server which files it lacks, or has otherwise: ten thousand lines at a time.</summary>
    private async Task<List<TreeFile>> FindDifferingAsync(LocalFolder top, LocalTree tree, string path, TreeOptions options, CancellationToken cancellationToken)
    {
        var needed = new List<TreeFile>();
        NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
        return await UseAsync(
            channel,
            async channel =>
            {
                using LocalCursor? cursor = options.Checksum ? new LocalCursor(top, create: false) : null;
                using var manifest = new FrameWriter();
                for (int first = 0; first < tree.Files.Count;)
                {
                    int next = WriteManifest(manifest, tree.Files, first, cursor);
                    await CompareAsync(channel, path, manifest, tree.Files, first, next, needed, cancellationToken).ConfigureAwait(false);
                    first = next;
                }

                return needed;
            }).ConfigureAwait(false);
    }

    private static int WriteManifest(FrameWriter manifest, List<TreeFile> files, int first, LocalCursor? cursor)
    {
        int next = first;
        while (next < files.Count && next - first < NativeLimits.MaxEntries && manifest.Length < MaxManifestBytes)
        {
            TreeFile file = files[next++];
            Utf8JsonWriter json = manifest.BeginLine();
            json.WriteString("path"u8, file.Path);
            json.WriteNumber("size"u8, file.Size);
            json.WriteNumber("mtime"u8, NativeJson.ToNanoseconds(file.Modified));
            if (cursor is not null && TryComputeCrc(cursor, file) is { } crc)
                NativeJson.WriteCrc(json, crc);
            manifest.EndLine();
        }

        return next;
    }

    private static uint? TryComputeCrc(LocalCursor cursor, TreeFile file)
    {
        try
        {
            using SafeFileHandle local = cursor.Go(file.Folder).OpenFile(file.Name);
            return LocalPart.ComputeCrc(local, file.Size, file.Path);
        }
        catch (FileException)
        {
            return null; // sending it will say why
        }
    }

    private static async Task CompareAsync(
        NativeChannel channel, string path, FrameWriter manifest, List<TreeFile> files, int first, int next, List<TreeFile> needed, CancellationToken cancellationToken)
    {
        Utf8JsonWriter json = channel.Begin("differ", out long id);
        json.WriteString("path"u8, path);
        json.WriteNumber("size"u8, manifest.Length);
        channel.Output.End();
        await channel.SendAsync(cancellationToken).ConfigureAwait(false);
        await manifest.SendAsync(channel.Connection, cancellationToken).ConfigureAwait(false);
        NativeReply reply = await channel.ReadReplyToAsync(id, cancellationToken).ConfigureAwait(false);
        if (!reply.Ok)
            throw reply.ToException();
        if (reply.Size is not { } size || size > NativeLimits.MaxTextBody)
            throw NativeChannel.Nonsense("compares at no length, or too great a one");
        ReadOnlyMemory<byte> body = await channel.Input.TakeAsync((int)size, cancellationToken).ConfigureAwait(false);
        foreach (string line in System.Text.Encoding.ASCII.GetString(body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = line.Split('-');
            if (!int.TryParse(ends[0], out int from) || !int.TryParse(ends[^1], out int to) || ends.Length > 2 || from < 0 || to < from || to >= next - first)
                throw NativeChannel.Nonsense("compares with lines nobody sent");
            needed.AddRange(files.GetRange(first + from, to - from + 1));
        }
    }

    /// <summary>Removes what the server has and the local tree does not.</summary>
    private async Task<List<string>> DeleteExtrasAsync(string path, LocalTree tree, TreeOptions options, CancellationToken cancellationToken)
    {
        var deleted = new List<string>();
        List<RemoteEntry> remote;
        try
        {
            remote = await ListWholeAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (FileException e) when (e.Reason == FileError.NotFound)
        {
            return deleted;
        }

        var files = tree.Files.Select(static file => file.Path).Concat(tree.Others.Select(static other => other.Path)).ToHashSet(StringComparer.Ordinal);
        var folders = tree.Folders.ToHashSet(StringComparer.Ordinal);
        foreach (RemoteEntry entry in remote)
        {
            bool isWanted = entry.Kind == FileKind.Folder ? folders.Contains(entry.Path) : files.Contains(entry.Path);
            if (isWanted || (deleted is [.., var gone] && entry.Path.StartsWith(gone + "/", StringComparison.Ordinal)))
                continue;
            if (!options.DryRun)
                await RemoveAsync(Join(path, entry.Path), recursive: true, cancellationToken).ConfigureAwait(false);
            deleted.Add(entry.Path);
        }

        return deleted;
    }

    /// <summary>The top, and the folders that no file would make.</summary>
    private async Task MakeFoldersAsync(string path, LocalTree tree, TransferQueue work, CancellationToken cancellationToken)
    {
        if (tree.Files.Count == 0 || path.Trim('/').Length > 0)
            await MakeFolderAsync(path, parents: true, cancellationToken).ConfigureAwait(false);
        foreach (string folder in tree.EmptyFolders)
        {
            try
            {
                await MakeFolderAsync(Join(path, folder), parents: true, cancellationToken).ConfigureAwait(false);
            }
            catch (FileException e)
            {
                work.Failed(folder, e);
            }
        }
    }

    /// <summary>Sends files over one connection until there are none: true; or until it breaks after some got through: false.</summary>
    private async Task<bool> SendAsync(
        NativeChannel channel, string path, LocalFolder top, TransferQueue work, TreeOptions options, TransferMeter meter, CancellationToken cancellationToken)
    {
        using var sender = new TreeSender(this, channel, path, top, work, options, meter);
        // Answers are read beside the sending: a server that nobody listens to stops listening.
        Task<bool> receiving = BesideAsync(async () =>
        {
            await sender.ReceiveAsync(cancellationToken).ConfigureAwait(false);
            return true;
        });
        try
        {
            await sender.SendAsync(cancellationToken).ConfigureAwait(false);
            await receiving.ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            bool isBroken = e is TransportException && !cancellationToken.IsCancellationRequested;
            // What was answered before the end still counts; the reading ends by itself when the line is broken.
            if (!isBroken)
                channel.GiveUp();
            await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            channel.GiveUp();
            if (!isBroken || sender.Answered == 0)
                throw;
            sender.PutBack();
            return false;
        }
    }
}
