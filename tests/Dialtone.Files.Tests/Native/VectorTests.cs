namespace Dialtone.Files.Tests.Native;

/// <summary>Replays PROTOCOL.md's test vectors of the native protocol, byte for byte, in one conversation.</summary>
public sealed class VectorTests
{
    [Fact]
    public async Task The_vectors_are_what_happens()
    {
        await using NativeShare share = await NativeShare.StartAsync();
        await using RawCaller call = await share.CallAsync();
        char side = ' ';
        int answered = 0;
        foreach (string line in await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Native", "vectors.txt")))
        {
            int mark = line.IndexOfAny(['→', '←']);
            side = mark >= 0 ? line[mark] : side;
            byte[] bytes = Convert.FromHexString(line[(mark + 1)..].Replace(" ", "", StringComparison.Ordinal));
            if (side == '→')
                await call.SendAsync(bytes);
            else
                Assert.Equal(Convert.ToHexStringLower(bytes), Convert.ToHexStringLower(await call.ExactlyAsync(bytes.Length)));
            answered += side == '←' ? 1 : 0;
        }

        await call.FinishAsync();
        await call.ExpectEndAsync();
        Assert.Equal("hello"u8.ToArray(), await share.ReadAsync("/d"));
        Assert.Equal(7, answered);
    }
}
