namespace Dialtone.Files;

/// <content>Uploads.</content>
internal sealed partial class NativeConversation
{
    /// <summary>put: content in, verified, then published beside the reading of what comes next.</summary>
    public async ValueTask PutAsync(NativeRequest request)
    {
        if (request.IsTutorial)
        {
            await PutTutorialAsync(request).ConfigureAwait(false);
            return;
        }

        if (request.Size is null != request.Chunked)
            throw new FileException(FileError.BadRequest, "A put states its size, or that it comes in chunks.");
        // From here to the last answer, what is sent is the window's to send.
        await _output.SendAsync(connection).ConfigureAwait(false);
        _commits ??= new CommitWindow(connection, logger);
        await _commits.EnterAsync().ConfigureAwait(false);
        FileUpload? upload = null;
        try
        {
            upload = await StartAsync(request).ConfigureAwait(false);
            await ReceiveAsync(upload).ConfigureAwait(false);
            upload.Sender?.Wait();
            NativeRequest? trailer = await _body.ReadTrailerAsync(upload.Sender?.Ending ?? default).ConfigureAwait(false);
            upload.Sender?.Moved();
            ExpectedDigests? expected = Expected(request, trailer);
            _ = _commits.FinishAsync(upload, request, expected);
        }
        catch (Exception e)
        {
            if (upload is not null)
                await upload.DisposeAsync().ConfigureAwait(false);
            _commits.Leave();
            if (e is not OperationCanceledException || upload?.Sender is not { Ending.IsCancellationRequested: true })
                throw;
            logger.Continued(connection.Id);
            throw new FileException(FileError.NoSuchUpload, "Nothing came for a while, and another connection of this account continues the upload.", e);
        }
    }

    /// <summary>resume: what an interrupted put left here.</summary>
    public async ValueTask ResumeAsync(NativeRequest request)
    {
        KeptUpload kept = await Session.FindUploadAsync(PathOf(request.Path), request.Size).ConfigureAwait(false)
            ?? throw new FileException(FileError.NoSuchUpload, "There is no such interrupted upload.");
        System.Text.Json.Utf8JsonWriter json = _output.BeginYes(request.Id);
        json.WriteString("upload"u8, kept.Id);
        json.WriteNumber("offset"u8, kept.Length);
        NativeJson.WriteCrc(json, kept.Crc32C);
        _output.End();
    }

    private async ValueTask<FileUpload> StartAsync(NativeRequest request)
    {
        try
        {
            return await StartOnceAsync(request).ConfigureAwait(false);
        }
        catch (FileException e) when (e.Reason == FileError.Limit)
        {
            // The limit may be of this connection's own making: it clears as the puts before this one end.
            await _commits!.WhenAtMostAsync(1).ConfigureAwait(false);
            return await StartOnceAsync(request).ConfigureAwait(false);
        }
    }

    private ValueTask<FileUpload> StartOnceAsync(NativeRequest request)
    {
        bool sha256 = request.Verify == "sha256" || request.Sha256 is not null;
        if (request.Upload is { } id)
            return Session.ResumeUploadAsync(id, request.Offset, sha256);
        if (request.Offset is > 0)
            throw new FileException(FileError.BadRange, "Only an interrupted upload can be continued.");
        return Session.StartUploadAsync(new UploadRequest
        {
            Path = PathOf(request.Path),
            Size = request.Size,
            Mode = request.Publish switch
            {
                "new" => PublishMode.CreateNew,
                "next" => PublishMode.NextFreeName,
                _ => PublishMode.Replace,
            },
            MakeParents = request.Parents,
            Modified = request.Modified,
            Permissions = request.Mode,
            Keep = request.Keep,
            Sha256 = sha256,
        });
    }

    private async ValueTask ReceiveAsync(FileUpload upload)
    {
        if (!_body.IsChunked && _body.Left <= NativeLimits.SmallFile)
        {
            if (_input.Buffered < _body.Left)
                BePatient(Options.StalledTransfer);
            ReadOnlyMemory<byte> content = await _body.TakeAsync().ConfigureAwait(false);
            if (content.Length > 0)
                await upload.AppendAsync(content).ConfigureAwait(false);
            return;
        }

        BePatient(Options.StalledTransfer);
        SenderWatch? sender = upload.Sender;
        byte[] buffer = TransferBuffers.Rent(_body.IsChunked ? TransferBuffers.Large : _body.Left);
        try
        {
            while (true)
            {
                // Fill it: checksum, disk and quota have their price per call. What came before a break is kept too.
                int count = 0, got = 1;
                try
                {
                    while (got > 0 && count < buffer.Length)
                    {
                        sender?.Wait();
                        got = await _body.ReadAsync(buffer.AsMemory(count), sender?.Ending ?? default).ConfigureAwait(false);
                        sender?.Moved();
                        count += got;
                    }
                }
                finally
                {
                    if (count > 0)
                        await upload.AppendAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
                }

                if (got == 0)
                    return;
            }
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }

    /// <summary>What the sender says the content is: in the header, or in the trailer where it did not know before.</summary>
    private static ExpectedDigests? Expected(NativeRequest request, NativeRequest? trailer)
    {
        NativeRequest source = trailer ?? request;
        if (trailer is not null && (trailer.Id != request.Id || trailer.Problem is not null || (trailer.Crc32C is null && trailer.Sha256 is null)))
            throw new ProtocolException(ProtocolError.BadHeader, "A trailer with the digest is due, and something else came.");
        if (trailer?.Sha256 is not null && request.Verify != "sha256")
            throw new ProtocolException(ProtocolError.BadHeader, "The trailer has another digest than the one announced.");
        return source.Crc32C is null && source.Sha256 is null
            ? null
            : new ExpectedDigests { Crc32C = source.Crc32C, Sha256 = source.Sha256 is { } hex ? Convert.FromHexString(hex) : default(ReadOnlyMemory<byte>) };
    }

    /// <summary>The tutorials' put: the name's last component, at the top of the share, in place of what is there; no answer, and a log line if it fails.</summary>
    private async ValueTask PutTutorialAsync(NativeRequest request)
    {
        string text = request.TutorialName!;
        string name = text[(text.LastIndexOfAny(['/', '\\']) + 1)..];
        if ((request.TutorialSize ?? request.Size) is not { } size)
            throw new FileException(FileError.BadRequest, "The put does not state its size.");
        FileUpload upload = await Session.StartUploadAsync(new UploadRequest
        {
            Path = VirtualPath.Root.Append(name),
            Size = size,
            Md5 = request.Md5 is not null,
        }).ConfigureAwait(false);
        await using (upload.ConfigureAwait(false))
        {
            await ReceiveAsync(upload).ConfigureAwait(false);
            ExpectedDigests? expected = request.Md5 is { } md5 ? new ExpectedDigests { Md5 = Convert.FromHexString(md5) } : null;
            await upload.CommitAsync(expected).ConfigureAwait(false);
        }
    }
}
