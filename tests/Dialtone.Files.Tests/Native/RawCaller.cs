using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Dialtone.Files.Tests.Native;

/// <summary>The other side of the native protocol, written from PROTOCOL.md and nothing else: headers as text, bodies as bytes.</summary>
internal sealed class RawCaller(Connection connection) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public Connection Connection => connection;

    public static byte[] Frame(string json, ReadOnlySpan<byte> body = default)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        var frame = new byte[sizeof(int) + header.Length + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, header.Length);
        header.CopyTo(frame, sizeof(int));
        body.CopyTo(frame.AsSpan(sizeof(int) + header.Length));
        return frame;
    }

    public async Task SendAsync(string json, byte[]? body = null) => await connection.SendAsync(Frame(json, body));

    public async Task SendAsync(byte[] bytes) => await connection.SendAsync(bytes);

    /// <summary>The next header and, where it states a size, the body.</summary>
    public async Task<(JsonElement Header, byte[] Body)> ReceiveAsync()
    {
        byte[] prefix = await ExactlyAsync(sizeof(int));
        byte[] json = await ExactlyAsync(BinaryPrimitives.ReadInt32LittleEndian(prefix));
        JsonElement header = JsonDocument.Parse(json).RootElement;
        return (header, header.TryGetProperty("size", out JsonElement size) ? await ExactlyAsync((int)size.GetInt64()) : []);
    }

    /// <summary>A request and its answer's header.</summary>
    public async Task<JsonElement> AskAsync(string json, byte[]? body = null)
    {
        await SendAsync(json, body);
        return (await ReceiveAsync()).Header;
    }

    /// <summary>A request that is refused: the code.</summary>
    public async Task<string?> RefusalAsync(string json, byte[]? body = null)
    {
        JsonElement answer = await AskAsync(json, body);
        return answer.TryGetProperty("error", out JsonElement error) ? error.GetString() : null;
    }

    /// <summary>Completes when the server has closed without another word.</summary>
    public async Task ExpectEndAsync()
    {
        try
        {
            Assert.Equal(0, await connection.ReceiveAsync(new byte[1]).AsTask().WaitAsync(Patience));
        }
        catch (TransportException)
        {
            // A reset is an end as well.
        }
    }

    public async Task FinishAsync() => await connection.FinishSendingAsync();

    public async Task<byte[]> ExactlyAsync(int count)
    {
        var bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int got = await connection.ReceiveAsync(bytes.AsMemory(at)).AsTask().WaitAsync(Patience);
            Assert.True(got > 0, $"the server closed with {count - at} of {count} bytes missing");
            at += got;
        }

        return bytes;
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
