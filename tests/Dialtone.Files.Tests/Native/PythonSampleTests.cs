namespace Dialtone.Files.Tests.Native;

/// <summary>samples/python/dialtone_files.py: written from PROTOCOL.md in forty lines, and works.</summary>
public sealed class PythonSampleTests
{
    [Fact]
    public async Task Forty_lines_of_Python_put_get_and_list()
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0", local: true);
        string source = share.ScratchFile("in", NativeShare.RandomBytes(300_000));
        string target = Path.Combine(share.Scratch, "out");
        Assert.Contains("'ok': True", await RunAsync(share, "put", source, "/sub/file"), StringComparison.Ordinal);
        Assert.Equal("300000", (await RunAsync(share, "get", "/sub/file", target)).Trim());
        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(target));
        Assert.Contains("'name': 'file'", await RunAsync(share, "list", "/sub"), StringComparison.Ordinal);
    }

    [Fact]
    public void It_has_at_most_forty_lines() => Assert.InRange(File.ReadAllLines(Script).Length, 1, 40);

    private static string Script => Path.Combine(AppContext.BaseDirectory, "samples", "dialtone_files.py");

    private static async Task<string> RunAsync(NativeShare share, params string[] arguments)
    {
        PythonResult result = await PythonPeer.RunAsync(Script, ["127.0.0.1", share.Address.Port.ToString(), .. arguments]);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }
}
