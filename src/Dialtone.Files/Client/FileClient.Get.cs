using System.Text.Json;

namespace Dialtone.Files;

/// <content>Fetching one file.</content>
public sealed partial class FileClient
{
    /// <summary>Fetches a file, or a part of it, into a stream.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">Where to. What arrives before an error is in it already.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it has come, a few times a second.</param>
    /// <param name="cancellationToken">Ends the transfer.</param>
    /// <exception cref="FileException">The server refused; or <see cref="FileError.Corrupt"/>: what arrived is not what was sent.</exception>
    public async Task<TransferReport> GetAsync(
        string path, Stream target, GetOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        return await GetAsync(path, new StreamSink(target), options ?? GetOptions.Default, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fetches a file into a local one, which is whole and verified before it takes its name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="localPath">Where to. A file that stands there is replaced, a device or a pipe written into; its folder must exist.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it has come, a few times a second.</param>
    /// <param name="cancellationToken">Ends the transfer.</param>
    /// <exception cref="FileException">The server refused, or the local disk did.</exception>
    public async Task<TransferReport> GetAsync(
        string path, string localPath, GetOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= GetOptions.Default;
        ArgumentException.ThrowIfNullOrEmpty(localPath);
        using LocalDevice? device = LocalDevice.TryOpen(localPath);
        if (device is not null)
            return await GetAsync(path, device, options with { Offset = 0, Length = null }, progress, cancellationToken).ConfigureAwait(false);
        using LocalFolder folder = LocalFolder.OpenParent(localPath, out string name);
        NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
        return await UseAsync(
            channel,
            channel => GetIntoAsync(channel, path, folder, name, localPath, options, new TransferMeter(progress, _options.Dial.Time, path), cancellationToken)).ConfigureAwait(false);
    }

    private async Task<TransferReport> GetAsync(
        string path, IContentSink target, GetOptions options, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
        return await UseAsync(
            channel,
            async channel =>
            {
                using var check = new ContentCheck(options.Verify);
                var meter = new TransferMeter(progress, _options.Dial.Time, path);
                NativeReply header = await BeginGetAsync(channel, path, options.Offset, options.Length, options.Verify, cancellationToken).ConfigureAwait(false);
                meter.Begin(header.Size);
                await ReceiveBodyAsync(channel, header, target, check, meter, cancellationToken).ConfigureAwait(false);
                string? sha256 = await FinishGetAsync(channel, header, options.Verify, check, cancellationToken).ConfigureAwait(false);
                meter.FileDone();
                return Report(path, header, header.Size ?? 0, options.Verify == TransferDigest.Crc32C ? check.Crc : null, sha256);
            }).ConfigureAwait(false);
    }

    private async ValueTask<TransferReport> GetIntoAsync(
        NativeChannel channel, string path, LocalFolder folder, string name, string localPath, GetOptions options, TransferMeter meter, CancellationToken cancellationToken)
    {
        using LocalPart part = options.Resume ? folder.OpenPart(name, localPath) : folder.NewPart(localPath);
        using var check = new ContentCheck(options.Verify);
        RemoteSum? sum = part.Length > 0 ? await FindKeptAsync(channel, path, part, cancellationToken).ConfigureAwait(false) : null;
        NativeReply header = await BeginGetAsync(channel, path, sum?.Size ?? 0, null, options.Verify, cancellationToken).ConfigureAwait(false);
        if (sum is not null && (header.Total != sum.Total || header.Modified != sum.Modified))
            throw new FileException(FileError.Changed, "The file changed while it was continued; fetch it again.");
        long kept = sum?.Size ?? 0;
        if (kept < part.Length)
            part.Truncate(kept);
        meter.Begin(header.Total, kept);
        if (part.Length == 0)
            part.Reserve(header.Size ?? 0);
        await ReceiveBodyAsync(channel, header, part, check, meter, cancellationToken).ConfigureAwait(false);
        string? sha256;
        try
        {
            sha256 = await FinishGetAsync(channel, header, options.Verify, check, cancellationToken).ConfigureAwait(false);
        }
        catch (FileException)
        {
            part.Discard(); // what is there is wrong somewhere: nothing to continue from
            throw;
        }

        part.Publish(name, options.KeepAttributes ? header.Modified : null, options.KeepAttributes ? header.Mode : null);
        meter.FileDone();
        return Report(path, header, header.Size ?? 0, options.Verify == TransferDigest.Crc32C && kept == 0 ? check.Crc : null, sha256);
    }

    /// <summary>How much of what an interrupted fetch left is the beginning of what the server has: all of it, or nothing.</summary>
    private static async ValueTask<RemoteSum?> FindKeptAsync(
        NativeChannel channel, string path, LocalPart part, CancellationToken cancellationToken)
    {
        Utf8JsonWriter json = channel.Begin("sum", out long id);
        WriteSum(json, path, TransferDigest.Crc32C, 0, part.Length);
        channel.Output.End();
        await channel.SendAsync(cancellationToken).ConfigureAwait(false);
        NativeReply reply = await channel.ReadReplyToAsync(id, cancellationToken).ConfigureAwait(false);
        if (!reply.Ok)
            return null; // it is shorter now, or may not be read: the fetch itself will say
        RemoteSum sum = ToSum(reply, TransferDigest.Crc32C);
        return sum.Digest == Crc32C.ToText(part.ComputeCrc()) && sum.Size == part.Length ? sum : null;
    }

    private static async ValueTask<NativeReply> BeginGetAsync(
        NativeChannel channel, string path, long offset, long? length, TransferDigest verify, CancellationToken cancellationToken)
    {
        long id = WriteGet(channel, path, offset, length, verify);
        await channel.SendAsync(cancellationToken).ConfigureAwait(false);
        NativeReply header = await channel.ReadReplyToAsync(id, cancellationToken).ConfigureAwait(false);
        if (!header.Ok)
            throw header.ToException();
        return header.Size is not null ? header : throw NativeChannel.Nonsense("sends a file without saying how long it is");
    }

    /// <summary>Writes a request for a file; it is sent with whatever else waits.</summary>
    internal static long WriteGet(NativeChannel channel, string path, long offset, long? length, TransferDigest verify)
    {
        Utf8JsonWriter json = channel.Begin("get", out long id);
        json.WriteString("path"u8, path);
        if (offset > 0)
            json.WriteNumber("offset"u8, offset);
        if (length is { } count)
            json.WriteNumber("length"u8, count);
        if (ContentCheck.NameOf(verify) is { } name)
            json.WriteString("verify"u8, name);
        channel.Output.End();
        return id;
    }

    /// <summary>Moves a body from the line to where it belongs, straight through one large buffer.</summary>
    internal async ValueTask ReceiveBodyAsync(
        NativeChannel channel, NativeReply header, IContentSink sink, ContentCheck check, TransferMeter meter, CancellationToken cancellationToken)
    {
        long left = header.Size ?? 0;
        byte[] buffer = TransferBuffers.Rent(left);
        try
        {
            int most = _rate is null ? buffer.Length : Math.Min(buffer.Length, _rate.StepBytes);
            while (left > 0)
            {
                // Fill it: the kernel's and the disk's price is per call.
                int count = 0, wanted = (int)Math.Min(most, left);
                while (count < wanted)
                    count += await channel.Input.ReadAsync(buffer.AsMemory(count, wanted - count), cancellationToken).ConfigureAwait(false);
                if (_rate is not null)
                    await _rate.PassAsync(count, cancellationToken).ConfigureAwait(false);
                check.Append(buffer.AsSpan(0, count));
                await sink.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                left -= count;
                meter.Moved(count);
            }
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }

    /// <summary>Reads the trailer, where there is one, and verifies.</summary>
    internal static async ValueTask<string?> FinishGetAsync(
        NativeChannel channel, NativeReply header, TransferDigest verify, ContentCheck check, CancellationToken cancellationToken)
    {
        if (verify == TransferDigest.None)
            return null;
        NativeReply digests = header;
        if (header.Crc32C is null && header.Sha256 is null)
        {
            digests = await channel.ReadReplyAsync(cancellationToken).ConfigureAwait(false);
            if (digests.Id != header.Id)
                throw NativeChannel.Nonsense("did not say what it sent");
            if (digests.Error is not null)
                throw digests.ToException();
        }

        string? own = check.FinishSha256();
        check.Verify(digests.Crc32C, digests.Sha256, own);
        return own;
    }

    private static TransferReport Report(string path, NativeReply header, long moved, uint? crc, string? sha256) =>
        new(path, header.Total ?? moved, moved) { Crc32C = crc, Sha256 = sha256, Modified = header.Modified };
}
