using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Dialtone.Bench;

/// <summary>A server that takes one message of a JSON header and a body from each caller, and writes the body into a file.</summary>
internal static class Receiving
{
    public static async Task RunAsync(string path, CancellationToken stopping)
    {
        var options = new ServerOptions { Listen = [Address.Parse("tcp://127.0.0.1:0")], Concurrency = Concurrency.Task };
        await using var server = new Server(options).Handle(async call =>
        {
            if (await call.ReceiveAsync<PutHeader>() is not { } message)
                return;
            using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
            await message.Body.CopyToAsync(file);
        });
        await server.StartAsync();
        Console.WriteLine($"listening {server.Addresses[0]}");
        var stopped = new TaskCompletionSource();
        await using var registration = stopping.Register(stopped.SetResult);
        await stopped.Task;
        await server.StopAsync();
    }
}

internal sealed record PutHeader(
    [property: JsonPropertyName("cmd")] string Command,
    [property: JsonPropertyName("filename")] string FileName,
    [property: JsonPropertyName("filesize")] long FileSize) : IJsonHeader<PutHeader>
{
    public static JsonTypeInfo<PutHeader> TypeInfo => Headers.Default.PutHeader;

    public long BodyLength => FileSize;
}

[JsonSerializable(typeof(PutHeader))]
internal sealed partial class Headers : JsonSerializerContext;
