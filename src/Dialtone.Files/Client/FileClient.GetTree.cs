using System.Security.Cryptography;

namespace Dialtone.Files;

/// <content>Fetching a tree.</content>
public sealed partial class FileClient
{
    private const int MaxAhead = 512;             // requests under way
    private const int MaxAheadBytes = 32 * 1024;  // their headers: less than any socket buffer, so that sending them never waits for what they ask for

    /// <summary>Fetches a folder and everything below it: a listing first, then only what differs, with nothing waiting between files.</summary>
    /// <param name="path">The folder on the server; its content lands in <paramref name="localFolder"/>.</param>
    /// <param name="localFolder">Where to; made if it is missing. No link in it is followed.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it has come, a few times a second.</param>
    /// <param name="cancellationToken">Ends the transfer between two files; files under way leave nothing behind.</param>
    /// <returns>What came of it. What a single file fails with is in the report, not thrown.</returns>
    /// <exception cref="FileException">The folder itself cannot be listed, or the local one not used.</exception>
    /// <exception cref="TransportException">The line broke, and broke again without a file having come. What had come is in place: call again.</exception>
    public async Task<TreeReport> GetTreeAsync(
        string path, string localFolder, TreeOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= TreeOptions.Default;
        using var plan = new TreeDownloadPlan(localFolder, options);
        await ListTreeAsync(path, plan.Compare, cancellationToken).ConfigureAwait(false);
        if (options is { OnlyDifferent: true, Checksum: true })
            await plan.CompareContentAsync(this, path, cancellationToken).ConfigureAwait(false);
        if (options.Delete)
            plan.DeleteExtras();
        var work = new TransferQueue(plan.Needed);
        var meter = new TransferMeter(progress, _options.Dial.Time, path);
        meter.Begin(plan.Needed.Sum(static file => file.Size), plan.Needed.Count);
        if (!options.DryRun && plan.Top is { } top)
        {
            await RunJobsAsync(
                plan.Needed.Count, channel => FetchAsync(channel, path, new LocalCursor(top, create: true), work, options, meter, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }

        return options.DryRun
            ? new TreeReport(plan.Needed.Count, plan.Skipped, plan.Deleted.Count, meter.TotalBytes ?? 0, plan.Failures)
            {
                Plan = [.. plan.Needed.Select(static file => file.Path), .. plan.Deleted.Select(static gone => "-" + gone)],
            }
            : new TreeReport(work.Done, plan.Skipped, plan.Deleted.Count, work.Bytes, [.. plan.Failures, .. work.Failures]);
    }

    /// <summary>Everything below a folder.</summary>
    private async Task<List<RemoteEntry>> ListWholeAsync(string path, CancellationToken cancellationToken)
    {
        var entries = new List<RemoteEntry>();
        await ListTreeAsync(path, entries.AddRange, cancellationToken).ConfigureAwait(false);
        return entries;
    }

    /// <summary>Everything below a folder, page by page.</summary>
    private async Task ListTreeAsync(string path, Action<List<RemoteEntry>> take, CancellationToken cancellationToken)
    {
        NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
        await UseAsync(
            channel,
            async channel =>
            {
                await RemoteLines.ReadTreeAsync(channel, path, take, cancellationToken).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
    }

    /// <summary>
    /// Runs one worker on each connection. A connection that breaks is replaced as long as each one gets something done: a server ends a conversation
    /// over a long file it refuses, and lines break.
    /// </summary>
    private async Task RunJobsAsync(int files, Func<NativeChannel, Task<bool>> worker, CancellationToken cancellationToken)
    {
        if (files == 0)
            return;
        int jobs = Math.Min(_options.Jobs, files);
        await Task.WhenAll(Enumerable.Range(0, jobs).Select(_ => jobs == 1 ? RunOneAsync() : BesideAsync(RunOneAsync))).ConfigureAwait(false);

        async Task<bool> RunOneAsync()
        {
            bool isDone = false;
            while (!isDone)
            {
                NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
                isDone = await UseAsync(channel, async channel => await worker(channel).ConfigureAwait(false)).ConfigureAwait(false);
            }

            return isDone;
        }
    }

    /// <summary>Fetches files over one connection until there are none: true; or until it breaks after some have come: false.</summary>
    private async Task<bool> FetchAsync(
        NativeChannel channel, string path, LocalCursor cursor, TransferQueue work, TreeOptions options, TransferMeter meter, CancellationToken cancellationToken)
    {
        using LocalCursor place = cursor;
        var ahead = new Queue<(long Id, TreeFile File, int Bytes)>();
        int aheadBytes = 0, done = 0;
        try
        {
            while (true)
            {
                if (ahead.Count <= MaxAhead / 2 && aheadBytes <= MaxAheadBytes / 2)
                    aheadBytes += await AskAsync(channel, path, ahead, aheadBytes, work, options, cancellationToken).ConfigureAwait(false);
                if (ahead.Count == 0)
                    return true;
                cancellationToken.ThrowIfCancellationRequested();
                NativeReply reply = await channel.ReadReplyAsync(cancellationToken).ConfigureAwait(false);
                (long id, TreeFile file, int bytes) = ahead.Peek();
                if (reply.Id != id)
                    throw NativeChannel.Nonsense("answered out of turn");
                await TakeAsync(channel, reply, file, place, work, options, meter, cancellationToken).ConfigureAwait(false);
                ahead.Dequeue();
                aheadBytes -= bytes;
                done++;
            }
        }
        catch (TransportException) when (done > 0 && !cancellationToken.IsCancellationRequested)
        {
            channel.GiveUp();
            foreach ((_, TreeFile file, _) in ahead)
                work.PutBack(file);
            return false;
        }
    }

    private static async ValueTask<int> AskAsync(
        NativeChannel channel, string path, Queue<(long Id, TreeFile File, int Bytes)> ahead, int aheadBytes, TransferQueue work, TreeOptions options, CancellationToken cancellationToken)
    {
        while (ahead.Count < MaxAhead && aheadBytes + channel.Output.Length < MaxAheadBytes && work.Take() is { } file)
        {
            int before = channel.Output.Length;
            long id = WriteGet(channel, Join(path, file.Path), 0, null, options.Verify);
            ahead.Enqueue((id, file, channel.Output.Length - before));
        }

        int asked = channel.Output.Length;
        await channel.SendAsync(cancellationToken).ConfigureAwait(false);
        return asked;
    }

    /// <summary>One answer: the file lands in its place, or in the report.</summary>
    private async ValueTask TakeAsync(
        NativeChannel channel, NativeReply header, TreeFile file, LocalCursor place, TransferQueue work, TreeOptions options, TransferMeter meter, CancellationToken cancellationToken)
    {
        try
        {
            if (!header.Ok)
                throw header.ToException();
            if (header.Size is not { } size)
                throw NativeChannel.Nonsense("sends a file without saying how long it is");
            bool isWhole = options.Verify == TransferDigest.None || header.Crc32C is not null || header.Sha256 is not null;
            if (isWhole && size <= NativeLimits.SmallFile)
            {
                ReadOnlyMemory<byte> content = await channel.Input.TakeAsync((int)size, cancellationToken).ConfigureAwait(false);
                if (_rate is not null)
                    await _rate.PassAsync(size, cancellationToken).ConfigureAwait(false);
                Verify(content.Span, header, options.Verify);
                place.Go(file.Folder).WriteFile(file.Name, content.Span, options.KeepAttributes ? header.Modified : null, options.KeepAttributes ? header.Mode : null);
                meter.Moved(size);
            }
            else
            {
                await TakeLargeAsync(channel, header, file, place, options, meter, cancellationToken).ConfigureAwait(false);
            }

            work.Succeeded(file with { Size = size });
        }
        catch (FileException e)
        {
            work.Failed(file.Path, e);
        }

        meter.Now(file.Path);
        meter.FileDone();
    }

    private async ValueTask TakeLargeAsync(
        NativeChannel channel, NativeReply header, TreeFile file, LocalCursor place, TreeOptions options, TransferMeter meter, CancellationToken cancellationToken)
    {
        using var check = new ContentCheck(options.Verify);
        using var sink = new PartSink(() =>
        {
            LocalPart part = place.Go(file.Folder).NewPart(file.Name);
            part.Reserve(header.Size ?? 0);
            return part;
        });
        await ReceiveBodyAsync(channel, header, sink, check, meter, cancellationToken).ConfigureAwait(false);
        await FinishGetAsync(channel, header, options.Verify, check, cancellationToken).ConfigureAwait(false);
        sink.Finish().Publish(file.Name, options.KeepAttributes ? header.Modified : null, options.KeepAttributes ? header.Mode : null);
    }

    private static void Verify(ReadOnlySpan<byte> content, NativeReply header, TransferDigest digest)
    {
        bool agrees = digest switch
        {
            TransferDigest.Crc32C => header.Crc32C == Crc32C.Compute(content),
            TransferDigest.Sha256 => header.Sha256 == Convert.ToHexStringLower(SHA256.HashData(content)),
            _ => true,
        };
        if (!agrees)
            throw new FileException(FileError.Corrupt, "The content that arrived is not the content that was sent.");
    }

    private static string Join(string folder, string path) => folder.Length == 0 || folder[^1] == '/' ? folder + path : folder + "/" + path;

    /// <summary>A local file that may fail: the rest of the body still has to be read off the line, or the next answer would not be found.</summary>
    private sealed class PartSink : IContentSink, IDisposable
    {
        private readonly LocalPart? _part;
        private FileException? _failure;

        public PartSink(Func<LocalPart> open)
        {
            try
            {
                _part = open();
            }
            catch (FileException e)
            {
                _failure = e;
            }
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            try
            {
                if (_failure is null)
                    _part!.WriteAsync(content, cancellationToken).GetAwaiter().GetResult();
            }
            catch (FileException e)
            {
                _failure = e;
            }

            return default;
        }

        /// <summary>The whole file.</summary>
        public LocalPart Finish() => _failure is null ? _part! : throw _failure;

        public void Dispose() => _part?.Dispose();
    }
}
