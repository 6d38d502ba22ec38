using System.Security.Cryptography;
using System.Text.Json;

namespace Dialtone.Files;

/// <content>Downloads.</content>
internal sealed partial class NativeConversation
{
    private const long SendFileStep = 64L * 1024 * 1024;
    private const int Sha256Digits = 64, CrcDigits = 8;

    /// <summary>get: a small file in one piece with its digest in the header, a large one as a stream with its digest after it.</summary>
    public async ValueTask GetAsync(NativeRequest request)
    {
        FileDownload download = await OpenAsync(PathOf(request.Path)).ConfigureAwait(false);
        await using (download.ConfigureAwait(false))
        {
            long offset = request.Offset ?? 0, total = download.Entry.Size;
            if (offset > total)
                throw new FileException(FileError.BadRange, "The offset lies beyond the end of the file.");
            long length = Math.Min(request.Length ?? long.MaxValue, total - offset);
            if (length <= NativeLimits.SmallFile)
                await GetSmallAsync(request, download, offset, (int)length).ConfigureAwait(false);
            else
                await GetLargeAsync(request, download, offset, length).ConfigureAwait(false);
        }
    }

    /// <summary>sum: the digest of a file or of a part of it.</summary>
    public async ValueTask SumAsync(NativeRequest request)
    {
        FileDigest digest = request.Verify == "sha256" ? FileDigest.Sha256 : FileDigest.Crc32C;
        FileSum sum = await Session.SumAsync(PathOf(request.Path), digest, request.Offset ?? 0, request.Length).ConfigureAwait(false);
        Utf8JsonWriter json = _output.BeginYes(request.Id);
        json.WriteNumber("total"u8, sum.Entry.Size);
        json.WriteNumber("length"u8, sum.Length);
        json.WriteNumber("mtime"u8, NativeJson.ToNanoseconds(sum.Entry.Modified));
        json.WriteString(digest == FileDigest.Sha256 ? "sha256"u8 : "crc32c"u8, sum.ToString());
        _output.End();
    }

    private async ValueTask<FileDownload> OpenAsync(VirtualPath path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await Session.OpenAsync(path).ConfigureAwait(false);
            }
            catch (FileException e) when (e.Reason == FileError.Limit && attempt == 1 && _output.Length > 0)
            {
                await _output.SendAsync(connection).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The body is read straight into what is to be sent; the digest's place in the header is filled in afterwards.</summary>
    private async ValueTask GetSmallAsync(NativeRequest request, FileDownload download, long offset, int length)
    {
        int begin = _output.Length;
        WriteGetHeader(request, download.Entry, length, withDigest: true);
        int digits = request.Verify == "sha256" ? Sha256Digits : CrcDigits;
        int digest = _output.LastString(digits);
        int body = _output.Length;
        Memory<byte> target = _output.GetMemory(length)[..length];
        int count = 0;
        try
        {
            while (count < length)
            {
                int got = await download.ReadAsync(offset + count, target[count..]).ConfigureAwait(false);
                if (got == 0)
                    throw Refusals.Changed;
                count += got;
            }
        }
        catch (FileException e)
        {
            _output.Truncate(begin);
            download.Failed(e.Reason);
            throw;
        }

        _output.Advance(length);
        download.Sent(length);
        if (request.Verify == "sha256")
        {
            byte[] hash = SHA256.HashData(_output.At(body, length));
            System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash), _output.At(digest, digits));
            download.Finished(sha256: hash);
        }
        else if (request.Verify is not null)
        {
            uint crc = Crc32C.Compute(_output.At(body, length));
            NativeJson.FormatCrc(crc, _output.At(digest, digits));
            download.Finished(crc);
        }
        else
        {
            download.Finished();
        }
    }

    private async ValueTask GetLargeAsync(NativeRequest request, FileDownload download, long offset, long length)
    {
        WriteGetHeader(request, download.Entry, length, withDigest: false);
        await _output.SendAsync(connection).ConfigureAwait(false);
        if (request.Verify is null && download.Handle is not null && connection.Tls is null)
            await SendFileAsync(download, offset, length).ConfigureAwait(false);
        else
            await SendThroughBufferAsync(request, download, offset, length).ConfigureAwait(false);
    }

    private async ValueTask SendFileAsync(FileDownload download, long offset, long length)
    {
        for (long sent = 0; sent < length;)
        {
            Session.CheckStillWelcome();
            long step = await connection.SendFileAsync(download.Handle!, offset + sent, Math.Min(SendFileStep, length - sent)).ConfigureAwait(false);
            sent += step;
            download.Sent(step);
            if (step == 0)
            {
                download.Failed(FileError.Changed);
                throw EndWithin("The file became shorter while it was sent.");
            }
        }

        download.Finished();
    }

    private async ValueTask SendThroughBufferAsync(NativeRequest request, FileDownload download, long offset, long length)
    {
        var content = new OutgoingContent(download, offset, length, request.Verify);
        await using (content.ConfigureAwait(false))
        {
            for (long sent = 0; sent < length;)
            {
                ReadOnlyMemory<byte> piece = await content.NextAsync().ConfigureAwait(false);
                if (content.Failure is not null && request.Verify is null)
                    throw EndWithin(content.Failure.Message);
                await connection.SendAsync(piece).ConfigureAwait(false);
                sent += piece.Length;
                download.Sent(piece.Length);
            }

            if (content.Failure is { } failure)
            {
                download.Failed(failure.Reason);
                _output.WriteError(request.Id, failure.Reason, failure.Message);
                return;
            }

            byte[]? sha256 = content.FinishSha256();
            download.Finished(content.Crc, sha256);
            if (request.Verify is null)
                return;
            Utf8JsonWriter json = _output.Begin(request.Id);
            if (sha256 is not null)
                json.WriteString("sha256"u8, Convert.ToHexStringLower(sha256));
            else
                NativeJson.WriteCrc(json, content.Crc ?? 0);
            _output.End();
        }
    }

    private void WriteGetHeader(NativeRequest request, FileEntry entry, long length, bool withDigest)
    {
        Utf8JsonWriter json = _output.BeginYes(request.Id);
        json.WriteNumber("size"u8, length);
        json.WriteNumber("total"u8, entry.Size);
        json.WriteNumber("mtime"u8, NativeJson.ToNanoseconds(entry.Modified));
        NativeJson.WriteMode(json, entry.Mode);
        if (withDigest && request.Verify == "crc32c")
            json.WriteString("crc32c"u8, "00000000"u8);
        else if (withDigest && request.Verify == "sha256")
            json.WriteString("sha256"u8, "0000000000000000000000000000000000000000000000000000000000000000"u8);
        _output.End();
    }

    // A body that nobody verifies and that cannot be finished: only the end of the connection tells the caller.
    private TransportException EndWithin(string why)
    {
        logger.Refused(connection.Id, why);
        connection.Abort();
        return new TransportException(TransportError.Aborted, why);
    }
}
