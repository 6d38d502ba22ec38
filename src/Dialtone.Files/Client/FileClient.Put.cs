using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <content>Sending one file.</content>
public sealed partial class FileClient
{
    /// <summary>Sends a stream's content. When this returns, the server has it verified, durable and in place.</summary>
    /// <param name="source">What to send: from where it stands to its end.</param>
    /// <param name="path">Where to.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it has come, a few times a second.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing becomes visible.</param>
    /// <exception cref="FileException">The server refused.</exception>
    public async Task<TransferReport> PutAsync(
        Stream source, string path, PutOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        using IContentSource content = new StreamSource(source);
        return await PutAsync(content, path, options ?? PutOptions.Default, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a local file. When this returns, the server has it verified, durable and in place.</summary>
    /// <param name="localPath">What to send. A link is followed: the user named it.</param>
    /// <param name="path">Where to.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it has come, a few times a second.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing becomes visible.</param>
    /// <exception cref="FileException">The server refused, or the file cannot be read.</exception>
    public async Task<TransferReport> PutAsync(
        string localPath, string path, PutOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= PutOptions.Default;
        using FileSource content = FileSource.Open(localPath);
        if (options.KeepAttributes)
            options = options with { Modified = options.Modified ?? content.Modified, Permissions = options.Permissions ?? content.Mode };
        return await PutAsync(content, path, options, progress, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TransferReport> PutAsync(
        IContentSource content, string path, PutOptions options, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
        return await UseAsync(
            channel,
            async channel =>
            {
                using var check = new ContentCheck(options.Verify);
                var meter = new TransferMeter(progress, _options.Dial.Time, path);
                NativeReply? kept = options.Resume && content.Length is { } whole
                    ? await FindUploadAsync(channel, path, whole, content, check, cancellationToken).ConfigureAwait(false)
                    : null;
                long offset = kept?.Offset ?? 0;
                meter.Begin(content.Length, offset);
                long id = WritePut(channel, path, content.Length, offset, kept?.Upload, options);
                Task<NativeReply> answer = BesideAsync(() => channel.ReadReplyToAsync(id, cancellationToken).AsTask());
                string? sha256 = await SendBodyAsync(channel, id, content, offset, check, meter, options.Verify, answer, cancellationToken).ConfigureAwait(false);
                NativeReply reply = await answer.ConfigureAwait(false);
                if (!reply.Ok)
                    throw reply.ToException();
                meter.FileDone();
                long size = reply.Total ?? meter.Bytes;
                return new TransferReport(reply.Path ?? path, size, size - offset)
                {
                    Crc32C = options.Verify == TransferDigest.Crc32C ? check.Crc : reply.Crc32C,
                    Sha256 = sha256,
                    Modified = options.Modified,
                };
            }).ConfigureAwait(false);
    }

    /// <summary>An upload that was interrupted and whose kept part is the beginning of this content; null if there is none.</summary>
    private static async ValueTask<NativeReply?> FindUploadAsync(
        NativeChannel channel, string path, long size, IContentSource content, ContentCheck check, CancellationToken cancellationToken)
    {
        Utf8JsonWriter json = channel.Begin("resume", out long id);
        json.WriteString("path"u8, path);
        json.WriteNumber("size"u8, size);
        channel.Output.End();
        await channel.SendAsync(cancellationToken).ConfigureAwait(false);
        NativeReply reply = await channel.ReadReplyToAsync(id, cancellationToken).ConfigureAwait(false);
        if (!reply.Ok || reply is not { Offset: { } offset, Crc32C: { } crc, Upload: not null } || offset > size || offset == 0)
            return null;
        uint own = await content.SkipAsync(offset, check, cancellationToken).ConfigureAwait(false);
        return own == crc ? reply : await RewindAsync(content, check).ConfigureAwait(false);
    }

    private static async ValueTask<NativeReply?> RewindAsync(IContentSource content, ContentCheck check)
    {
        await content.RewindAsync().ConfigureAwait(false);
        check.Reset();
        return null;
    }

    private static long WritePut(NativeChannel channel, string path, long? size, long offset, string? upload, PutOptions options)
    {
        Utf8JsonWriter json = channel.Begin("put", out long id);
        json.WriteString("path"u8, path);
        if (size is { } bytes)
            json.WriteNumber("size"u8, bytes - offset);
        else
            json.WriteBoolean("chunked"u8, true);
        if (upload is not null)
        {
            json.WriteString("upload"u8, upload);
            json.WriteNumber("offset"u8, offset);
        }

        if (ContentCheck.NameOf(options.Verify) is { } verify)
            json.WriteString("verify"u8, verify);
        if (options.Mode != PublishMode.Replace)
            json.WriteString("publish"u8, options.Mode == PublishMode.CreateNew ? "new"u8 : "next"u8);
        if (options.MakeParents)
            json.WriteBoolean("parents"u8, true);
        if (options.Resume && size is not null)
            json.WriteBoolean("keep"u8, true);
        NativeJson.WriteAttributes(json, options.Modified, options.Permissions);
        channel.Output.End();
        return id;
    }

    /// <summary>Sends body and trailer after the header that waits; stops early when the server has refused.</summary>
    private async ValueTask<string?> SendBodyAsync(
        NativeChannel channel, long id, IContentSource content, long offset, ContentCheck check, TransferMeter meter,
        TransferDigest verify, Task<NativeReply> answer, CancellationToken cancellationToken)
    {
        byte[] buffer = TransferBuffers.Rent(content.Length - offset ?? TransferBuffers.Large);
        try
        {
            await MoveBodyAsync(channel, content, content.Length - offset, buffer, check, meter, answer, cancellationToken).ConfigureAwait(false);
            string? sha256 = check.FinishSha256();
            if (verify != TransferDigest.None)
            {
                Utf8JsonWriter json = channel.Output.Begin(id);
                if (sha256 is not null)
                    json.WriteString("sha256"u8, sha256);
                else
                    NativeJson.WriteCrc(json, check.Crc);
                channel.Output.End();
            }

            await channel.SendAsync(cancellationToken).ConfigureAwait(false);
            return sha256;
        }
        catch (TransportException) when (!cancellationToken.IsCancellationRequested)
        {
            // The server may have said why before it closed.
            if (await answer.ConfigureAwait(false) is not { Ok: false } refused)
                throw;
            channel.GiveUp();
            throw refused.ToException();
        }
        catch (FileException)
        {
            channel.GiveUp(); // in the middle of a body: what came next would be taken for the rest of it
            throw;
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }

    private async ValueTask MoveBodyAsync(
        NativeChannel channel, IContentSource content, long? left, byte[] buffer, ContentCheck check, TransferMeter meter,
        Task<NativeReply> answer, CancellationToken cancellationToken)
    {
        bool isChunked = left is null;
        int most = _rate is null ? buffer.Length : Math.Min(buffer.Length, _rate.StepBytes);
        while (left != 0)
        {
            int count = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(most, left ?? most)), cancellationToken).ConfigureAwait(false);
            if (count == 0 && !isChunked)
                throw new FileException(FileError.Changed, "The file became shorter while it was sent (on this side).");
            if (isChunked)
            {
                BinaryPrimitives.WriteInt32LittleEndian(channel.Output.GetSpan(sizeof(int)), count);
                channel.Output.Advance(sizeof(int));
                if (count == 0)
                    return;
            }

            check.Append(buffer.AsSpan(0, count));
            if (_rate is not null)
                await _rate.PassAsync(count, cancellationToken).ConfigureAwait(false);
            await channel.SendAsync(cancellationToken).ConfigureAwait(false);
            await channel.Connection.SendAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            left -= count;
            meter.Moved(count);
            if (answer.IsCompleted && (left is null || left > NativeLimits.MaxDropped))
            {
                NativeReply refused = await answer.ConfigureAwait(false);
                channel.GiveUp();
                throw refused.ToException();
            }
        }
    }

    /// <summary>A file too long for one piece, in the middle of a tree.</summary>
    internal async ValueTask SendLargeAsync(
        NativeChannel channel, LocalCursor cursor, TreeFile file, string prefix, TreeOptions options, TransferMeter meter, Action<long> register, CancellationToken cancellationToken)
    {
        using FileSource content = FileSource.Of(cursor.Go(file.Folder).OpenFile(file.Name), file.Path);
        using var check = new ContentCheck(options.Verify);
        long size = content.Length ?? 0;
        Utf8JsonWriter json = channel.Begin("put", out long id);
        json.WriteString("path"u8, prefix + file.Path);
        json.WriteNumber("size"u8, size);
        // Always a trailer: it is how a file that became shorter is taken back.
        json.WriteString("verify"u8, options.Verify == TransferDigest.Sha256 ? "sha256"u8 : "crc32c"u8);
        WriteTreeFields(json, file, options);
        channel.Output.End();
        register(id);
        byte[] buffer = TransferBuffers.Rent(size);
        try
        {
            bool isShort = false;
            uint crc = 0;
            for (long sent = 0; sent < size;)
            {
                int wanted = (int)Math.Min(buffer.Length, size - sent);
                int count = isShort ? 0 : await content.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    isShort = true;
                    count = wanted;
                    buffer.AsSpan(0, count).Clear();
                }

                check.Append(buffer.AsSpan(0, count));
                if (options.Verify == TransferDigest.None)
                    crc = Crc32C.Append(crc, buffer.AsSpan(0, count));
                await PassAsync(count, cancellationToken).ConfigureAwait(false);
                await channel.SendAsync(cancellationToken).ConfigureAwait(false);
                await channel.Connection.SendAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                sent += count;
                meter.Moved(count);
            }

            file.Crc32C = options.Verify == TransferDigest.Crc32C ? check.Crc : null;
            file.Sha256 = check.FinishSha256();
            WriteTreeTrailer(channel, id, file.Sha256, options.Verify == TransferDigest.None ? crc : check.Crc, isShort);
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }

    internal static void WriteTreeFields(Utf8JsonWriter json, TreeFile file, TreeOptions options)
    {
        if (options.MakeParents)
            json.WriteBoolean("parents"u8, true);
        if (options.KeepAttributes)
            NativeJson.WriteAttributes(json, file.Modified, file.Mode);
    }

    internal ValueTask PassAsync(long bytes, CancellationToken cancellationToken) => _rate is null ? default : _rate.PassAsync(bytes, cancellationToken);

    // A digest that cannot be right makes the server drop what is not the file.
    private static void WriteTreeTrailer(NativeChannel channel, long id, string? sha256, uint crc, bool isShort)
    {
        Utf8JsonWriter json = channel.Output.Begin(id);
        if (sha256 is not null)
            json.WriteString("sha256"u8, isShort ? new string('0', sha256.Length) : sha256);
        else
            NativeJson.WriteCrc(json, isShort ? ~crc : crc);
        channel.Output.End();
    }
}
