using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Conformance.Tests;

/// <summary>A large body goes from the socket into a file through one buffer.</summary>
[Collection(Alone.Name)]
public sealed class JsonBodyTests
{
    private const long BodyBytes = 64 * 1024 * 1024 + 12345;

    /// <summary>Everything this process may allocate meanwhile, the caller's buffer and two pooled ones included.</summary>
    private const long MaxAllocated = 4 * 1024 * 1024;

    public static readonly TheoryData<EngineKind, string> Cases = new(
        from engine in Engines.All
        from policy in new[] { "task", "thread:8" }
        select (engine.Data, policy));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_body_arrives_in_a_file_as_it_was_sent_and_costs_little_memory(EngineKind engine, string policy)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            byte[] sent;
            await using (Rig rig = await Rig.StartAsync(engine, Place.Tcp4, policy, call => StoreAsync(call, path)))
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(IPAddress.Loopback, rig.Address.Port);
                sent = await Task.Run(() => Send(socket)).SoonAsync();
                Assert.Equal(CloseReason.PeerClosed, await rig.NextEndingAsync());
            }

            long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            Assert.True(allocated <= MaxAllocated, $"{allocated} bytes");
            await using FileStream stored = File.OpenRead(path);
            Assert.Equal(BodyBytes, stored.Length);
            Assert.Equal(sent, await SHA256.HashDataAsync(stored));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task StoreAsync(Connection call, string path)
    {
        while (await call.ReceiveAsync<BodyHeader>() is { } message)
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
            Assert.Equal(message.Header.Size, await message.Body.CopyToAsync(file));
            await call.SendAsync(new BodyHeader(0));
        }
    }

    private static byte[] Send(Socket socket)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var head = new ArrayBufferWriter<byte>();
        Dialtone.Framing.JsonHeader<BodyHeader>().Write(head, new BodyHeader(BodyBytes));
        socket.Send(head.WrittenSpan);
        var chunk = new byte[100_003];
        for (long sent = 0; sent < BodyBytes; sent += chunk.Length)
        {
            chunk.AsSpan().Fill((byte)(sent / chunk.Length * 31));
            ReadOnlySpan<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, BodyBytes - sent));
            digest.AppendData(part);
            while (!part.IsEmpty)
                part = part[socket.Send(part)..];
        }

        socket.Receive(chunk); // the answer: the file is whole
        socket.Shutdown(SocketShutdown.Send);
        return digest.GetHashAndReset();
    }
}

internal sealed record BodyHeader([property: JsonPropertyName("size")] long Size) : IJsonHeader<BodyHeader>
{
    public static JsonTypeInfo<BodyHeader> TypeInfo => BodyHeaders.Default.BodyHeader;

    long IJsonHeader<BodyHeader>.BodyLength => Size;
}

[JsonSerializable(typeof(BodyHeader))]
internal sealed partial class BodyHeaders : JsonSerializerContext;
