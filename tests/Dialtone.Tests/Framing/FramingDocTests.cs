using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Dialtone.Tests.Docs;

public sealed record Upload(string Name, long Size) : IJsonHeader<Upload>
{
    public static JsonTypeInfo<Upload> TypeInfo => Headers.Default.Upload;
    long IJsonHeader<Upload>.BodyLength => Size;
}

[JsonSerializable(typeof(Upload))]
internal sealed partial class Headers : JsonSerializerContext;

/// <summary>docs/framing.md: every line of its examples stands in this file and so compiles.</summary>
public sealed class FramingDocTests
{
    [Fact]
    public void Every_line_of_the_pages_examples_compiles()
    {
        string source = ThisFile();
        string page = Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "..", "docs", "framing.md");
        HashSet<string> compiled = [.. File.ReadLines(source).Select(line => line.Trim())];
        bool isCode = false;
        int count = 0;
        foreach (string line in File.ReadLines(page).Select(line => line.Trim()))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isCode = line == "```csharp";
            }
            else if (isCode)
            {
                count++;
                Assert.Contains(line, compiled);
            }
        }

        Assert.InRange(count, 15, 60);
    }

    internal static async Task LinesAsync(Connection call)
    {
        await foreach (string line in call.ReadLinesAsync())
            await call.WriteLineAsync(line.ToUpperInvariant());
    }

    internal static void BlockingLines(Connection call)
    {
        while (call.ReadLine() is { } line)
            call.WriteLine(line.ToUpperInvariant());
    }

    internal static async Task<byte[]?> FramesAsync(Connection call)
    {
        FrameCodec codec = Framing.Int32Prefix(1024 * 1024);
        await foreach (ReadOnlySequence<byte> frame in call.ReadFramesAsync(codec))
            await call.WriteFrameAsync(codec, frame);
        await foreach (ReadOnlySequence<byte> frame in call.ReadFramesAsync(codec, flushBeforeWait: true))
            call.WriteFrame(codec, frame);
        byte[]? answer = await call.ReadFrameAsync(codec);
        return answer;
    }

    internal static async Task<object?> MessagesAsync(Connection call, Stream file)
    {
        while (await call.ReceiveAsync<Upload>() is { } message)
            await message.Body.CopyToAsync(file);
        await call.SendAsync(new Upload("a.txt", 5), "hello"u8.ToArray());
        JsonHeaderCodec<Upload> strict = Framing.JsonHeader(Upload.TypeInfo, upload => upload.Size, new JsonHeaderOptions { MaxBodyBytes = 1 << 30 });
        JsonMessage<Upload>? next = await call.ReceiveAsync(strict);
        return next;
    }

    private static string ThisFile([CallerFilePath] string file = "") => file;
}
