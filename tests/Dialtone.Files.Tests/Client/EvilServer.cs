using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Dialtone.Files.Tests.Client;

/// <summary>Answers each request with whatever the test says; <c>ID</c> in a frame becomes the request's.</summary>
internal sealed class EvilServer : IAsyncDisposable
{
    private static int Count;
    private readonly Server _server;

    private EvilServer(Server server) => _server = server;

    public Address Address => _server.Addresses[0];

    public static async Task<EvilServer> StartAsync(Func<string, byte[][]> answer)
    {
        Server server = new Server(new ServerOptions { Listen = [Address.Memory($"evil-{Interlocked.Increment(ref Count)}")] }).Handle(call => ServeAsync(call, answer));
        await server.StartAsync();
        return new EvilServer(server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task ServeAsync(Connection call, Func<string, byte[][]> answer)
    {
        while (true)
        {
            byte[]? prefix = await ReadAsync(call, sizeof(int));
            if (prefix is null || await ReadAsync(call, BinaryPrimitives.ReadInt32LittleEndian(prefix)) is not { } header)
                return;
            JsonElement request = JsonDocument.Parse(header).RootElement;
            foreach (byte[] frame in answer(request.GetProperty("cmd").GetString()!))
                await call.SendAsync(WithId(frame, request.GetProperty("id").GetInt64()));
        }
    }

    private static byte[] WithId(byte[] frame, long id)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(frame);
        string header = Encoding.UTF8.GetString(frame, sizeof(int), length).Replace("ID", id.ToString(), StringComparison.Ordinal);
        return Native.RawCaller.Frame(header, frame.AsSpan(sizeof(int) + length));
    }

    private static async Task<byte[]?> ReadAsync(Connection call, int count)
    {
        var bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int got = await call.ReceiveAsync(bytes.AsMemory(at));
            if (got == 0)
                return null;
            at += got;
        }

        return bytes;
    }
}
