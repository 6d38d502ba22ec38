using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Dialtone.Files;

/// <summary>Puts files to the tutorials' server with the JSON header: one connection for each, since that server reads past the end of a body.</summary>
internal sealed class JsonDialectClient(Address address, DialectClientOptions options) : IDialectClient
{
    /// <summary>How long a server that never answers is waited for once everything has left.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(2);

    public async Task PutAsync(Stream source, long size, string path, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        byte[] header = Header(DialectClient.Field(path), size);
        await using Connection call = await DialectClient.DialAsync(address, options, cancellationToken).ConfigureAwait(false);
        await call.SendAsync(header, cancellationToken).ConfigureAwait(false);
        await DialectClient.SendContentAsync(call, source, size, progress, cancellationToken).ConfigureAwait(false);
        await DialectClient.LeaveAsync(call, LastWait, cancellationToken).ConfigureAwait(false);
    }

    public Task<long> GetAsync(string path, Stream destination, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        Task.FromException<long>(Unsupported());

    public Task<string> ListAsync(string path = "", CancellationToken cancellationToken = default) => Task.FromException<string>(Unsupported());

    public Task RemoveAsync(string path, CancellationToken cancellationToken = default) => Task.FromException(Unsupported());

    public Task<string> ChangeFolderAsync(string path = "", CancellationToken cancellationToken = default) => Task.FromException<string>(Unsupported());

    public ValueTask DisposeAsync() => default;

    private static byte[] Header(string name, long size)
    {
        var bytes = new ArrayBufferWriter<byte>();
        bytes.Write(new byte[sizeof(int)]); // room for the length
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("cmd", "put");
            json.WriteString("filename", name);
            json.WriteNumber("filesize", size);
            json.WriteEndObject();
        }

        byte[] header = bytes.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(header, header.Length - sizeof(int));
        return header;
    }

    private static FileException Unsupported() => new(FileError.Unsupported, "The json dialect can only put.");
}
