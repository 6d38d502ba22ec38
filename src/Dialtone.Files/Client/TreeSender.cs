using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>Sends the files of a tree over one connection, many under way at a time; one flow sends, another takes the answers, which may overtake one another.</summary>
internal sealed class TreeSender(FileClient client, NativeChannel channel, string path, LocalFolder top, TransferQueue work, TreeOptions options, TransferMeter meter) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TreeFile> _underWay = []; // under _gate
    private readonly LocalCursor _cursor = new(top, create: false);
    private readonly byte[] _content = System.Buffers.ArrayPool<byte>.Shared.Rent(NativeLimits.SmallFile + 1);
    private readonly string _prefix = path.Length == 0 || path[^1] == '/' ? path : path + "/";
    private long _lastId = long.MaxValue; // of the request that ends the series

    /// <summary>Files whose fate is known.</summary>
    public int Answered { get; private set; }

    /// <summary>Sends until there is nothing left; then asks for a sign of life, which the server gives once all is durable.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        while (work.Take() is { } file)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (file.Size <= NativeLimits.SmallFile)
                    SendSmall(file);
                else
                    await client.SendLargeAsync(channel, _cursor, file, _prefix, options, meter, id => Register(id, file), cancellationToken).ConfigureAwait(false);
            }
            catch (FileException e)
            {
                work.Failed(file.Path, e);
                meter.FileDone();
            }

            if (channel.Output.Length >= FrameWriter.Full)
                await FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        channel.Begin("ping", out long last);
        channel.Output.End();
        Volatile.Write(ref _lastId, last);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes answers until the last.</summary>
    public async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            NativeReply reply = await channel.ReadReplyAsync(cancellationToken).ConfigureAwait(false);
            if (reply.Id == Volatile.Read(ref _lastId))
                return;
            TreeFile? file = null;
            lock (_gate)
            {
                if (reply.Id is { } id && _underWay.Remove(id, out file))
                    Answered++;
            }

            if (file is null)
                throw NativeChannel.Nonsense("answered what nobody asked");
            if (reply.Ok)
                work.Succeeded(file);
            else
                work.Failed(file.Path, reply.ToException());
            meter.FileDone();
        }
    }

    /// <summary>Gives back what nobody knows the fate of. Sending it again does no harm: it becomes the same file.</summary>
    public void PutBack()
    {
        lock (_gate)
        {
            foreach (TreeFile file in _underWay.Values)
                work.PutBack(file);
        }
    }

    public void Dispose()
    {
        _cursor.Dispose();
        System.Buffers.ArrayPool<byte>.Shared.Return(_content);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        int bytes = channel.Output.Length;
        await client.PassAsync(bytes, cancellationToken).ConfigureAwait(false);
        await channel.SendAsync(cancellationToken).ConfigureAwait(false);
        meter.Moved(0);
    }

    private void Register(long id, TreeFile file)
    {
        lock (_gate)
            _underWay.Add(id, file);
    }

    /// <summary>One open, one read, one close; header and content go into what is sent next.</summary>
    private void SendSmall(TreeFile file)
    {
        int count;
        using (SafeFileHandle local = _cursor.Go(file.Folder).OpenFile(file.Name))
            count = ReadAll(local, file);
        Utf8JsonWriter json = channel.Begin("put", out long id);
        json.WriteString("path"u8, _prefix + file.Path);
        json.WriteNumber("size"u8, count);
        ReadOnlySpan<byte> content = _content.AsSpan(0, count);
        if (options.Verify == TransferDigest.Sha256)
            json.WriteString("sha256"u8, file.Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)));
        else if (options.Verify == TransferDigest.Crc32C)
            NativeJson.WriteCrc(json, (file.Crc32C = Crc32C.Compute(content)).Value);
        FileClient.WriteTreeFields(json, file, options);
        channel.Output.End();
        System.Buffers.BuffersExtensions.Write(channel.Output, content);
        Register(id, file);
        meter.Moved(count);
    }

    private int ReadAll(SafeFileHandle local, TreeFile file)
    {
        int count = 0;
        while (count <= file.Size)
        {
            // One byte more than it had: whether it grew shows without asking.
            long got = FileCalls.System.Read(local, _content.AsSpan(count, (int)file.Size + 1 - count), count);
            LocalFolder.Check(got, file.Path);
            count += (int)got;
            if (got == 0 || count == file.Size)
                return count;
        }

        throw new FileException(FileError.Changed, "It grew while it was read (on this side).");
    }
}
