using System.Text.Json;

namespace Dialtone.Files;

/// <content>Listings and comparisons.</content>
internal sealed partial class NativeConversation
{
    private const int UsualPage = 1000;

    /// <summary>list: a page of a folder, or of all below it.</summary>
    public async ValueTask ListAsync(NativeRequest request)
    {
        if (request.Limit == 0)
            throw new FileException(FileError.BadRequest, "A page has at least one entry.");
        int limit = (int)Math.Min(request.Limit ?? UsualPage, NativeLimits.MaxEntries);
        using var lines = new FrameWriter();
        bool hasMore = await new Listing(Session, lines, limit).WriteAsync(PathOf(request.Path), request.After, request.Recursive).ConfigureAwait(false);
        Utf8JsonWriter json = _output.BeginYes(request.Id);
        json.WriteNumber("size"u8, lines.Length);
        if (hasMore)
            json.WriteBoolean("more"u8, true);
        _output.End();
        await _output.SendAsync(connection).ConfigureAwait(false);
        await lines.SendAsync(connection).ConfigureAwait(false);
    }

    /// <summary>differ: which files of a manifest are missing here or not the same.</summary>
    public async ValueTask DifferAsync(NativeRequest request)
    {
        if (request.Size is null or > NativeLimits.MaxTextBody)
            throw new FileException(FileError.BadRequest, $"A manifest states its size, of at most {NativeLimits.MaxTextBody} bytes.");
        VirtualPath top = PathOf(request.Path);
        byte[] manifest = System.Buffers.ArrayPool<byte>.Shared.Rent((int)_body.Left);
        try
        {
            int count = 0;
            while (_body.Left > 0)
                count += await _body.ReadAsync(manifest.AsMemory(count)).ConfigureAwait(false);
            var comparison = new Comparison(Session, top);
            comparison.Read(manifest.AsSpan(0, count));
            byte[] differing = await comparison.CompareAsync().ConfigureAwait(false);
            _output.BeginYes(request.Id).WriteNumber("size"u8, differing.Length);
            _output.End();
            System.Buffers.BuffersExtensions.Write<byte>(_output, differing);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(manifest);
        }
    }
}
