using System.ComponentModel;
using System.Diagnostics;

namespace Dialtone.Interop.Tests;

/// <summary>A peer written with Python's standard library, from <c>peers/</c>.</summary>
internal sealed class PythonPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Process _process;

    private PythonPeer(Process process) => _process = process;

    /// <summary>Starts a script; the test is skipped where there is no Python.</summary>
    public static PythonPeer Start(string script, params string[] arguments)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "peers", script);
        try
        {
            return new PythonPeer(Process.Start(new ProcessStartInfo("python3", ["-B", "-E", "-s", path, .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!);
        }
        catch (Win32Exception)
        {
            Assert.Skip("python3 is not installed; ./test installs it.");
            throw;
        }
    }

    /// <summary>Runs a script to its end: what it printed, without the last newline.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        using PythonPeer peer = Start(script, arguments);
        return await peer.FinishAsync();
    }

    public async Task<string> ReadLineAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        return await _process.StandardOutput.ReadLineAsync(limit.Token) ?? throw new EndOfStreamException("The peer ended.");
    }

    public async Task<string> FinishAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        string output = await _process.StandardOutput.ReadToEndAsync(limit.Token);
        await _process.WaitForExitAsync(limit.Token);
        Assert.Equal(0, _process.ExitCode);
        return output.TrimEnd('\n');
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
