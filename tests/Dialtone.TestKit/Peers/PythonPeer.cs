using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Dialtone;

/// <summary>A python3 process that plays the other side: a script with its arguments, input fed, output collected, never outliving its deadline.</summary>
/// <remarks>The script runs isolated (<c>-I</c>: only the standard library), unbuffered and in UTF-8.</remarks>
public sealed class PythonPeer : IAsyncDisposable
{
    private const int MaxErrorCharacters = 256 * 1024;

    private readonly Process _process;
    private readonly string _name;
    private readonly CancellationTokenSource _deadline;
    private readonly TimeSpan _limit;
    private readonly Task<string> _error;

    private PythonPeer(Process process, string name, TimeSpan limit)
    {
        _process = process;
        _name = name;
        _limit = limit;
        _deadline = new CancellationTokenSource(limit);
        _error = ReadErrorAsync();
    }

    /// <summary>The process's id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>What the peer reads as standard input.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>What the peer writes to standard output, as bytes; not to be mixed with reading lines.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Starts a script.</summary>
    /// <param name="script">The path of a .py file.</param>
    /// <param name="arguments">What the script finds in <c>sys.argv[1:]</c>.</param>
    /// <param name="deadline">How long the peer may live in all. Default 30 s.</param>
    /// <exception cref="TestKitException">There is no python3 (<see cref="TestKitError.PeerUnavailable"/>): skip the test.</exception>
    public static PythonPeer Start(string script, IEnumerable<string>? arguments = null, TimeSpan? deadline = null)
    {
        if (!File.Exists(script))
            throw new FileNotFoundException($"There is no script {script}.", script);
        var start = new ProcessStartInfo("python3", ["-I", "-B", "-u", "-X", "utf8", script, .. arguments ?? []])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        try
        {
            return new PythonPeer(Process.Start(start)!, Path.GetFileName(script), deadline ?? TimeSpan.FromSeconds(30));
        }
        catch (Win32Exception e)
        {
            throw new TestKitException(TestKitError.PeerUnavailable, "python3 is not installed; ./test installs it.", e);
        }
    }

    /// <summary>Runs a script to its end.</summary>
    /// <param name="script">The path of a .py file.</param>
    /// <param name="arguments">What the script finds in <c>sys.argv[1:]</c>.</param>
    /// <param name="input">What it reads as standard input.</param>
    /// <param name="deadline">How long it may take. Default 30 s.</param>
    /// <exception cref="TestKitException">There is no python3, or the deadline passed.</exception>
    public static async Task<PythonResult> RunAsync(string script, IEnumerable<string>? arguments = null, string input = "", TimeSpan? deadline = null)
    {
        await using PythonPeer peer = Start(script, arguments, deadline);
        Task<PythonResult> result = peer.WaitForExitAsync();
        try
        {
            await peer._process.StandardInput.WriteAsync(input.AsMemory(), peer._deadline.Token);
            peer.CloseInput();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It left without reading everything; its result says why.
        }

        return await result;
    }

    /// <summary>Writes a line to the peer's standard input.</summary>
    /// <exception cref="TestKitException">The deadline passed.</exception>
    public Task WriteLineAsync(string line) => WithinDeadline(async token =>
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), token);
        await _process.StandardInput.FlushAsync(token);
        return true;
    });

    /// <summary>Reads a line from the peer's standard output, or null at its end.</summary>
    /// <exception cref="TestKitException">The deadline passed.</exception>
    public Task<string?> ReadLineAsync() => WithinDeadline(async token => await _process.StandardOutput.ReadLineAsync(token));

    /// <summary>Lets the peer read the end of its standard input.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Waits until the peer has left.</summary>
    /// <exception cref="TestKitException">The deadline passed.</exception>
    public Task<PythonResult> WaitForExitAsync() => WithinDeadline(async token =>
    {
        string output = await _process.StandardOutput.ReadToEndAsync(token);
        await _process.WaitForExitAsync(token);
        return new PythonResult(_process.ExitCode, output, await _error);
    });

    /// <summary>Kills the peer, as SIGKILL does.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has left already.
        }
    }

    /// <summary>Kills the peer if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _error;
        _process.Dispose();
        _deadline.Dispose();
    }

    private async Task<T> WithinDeadline<T>(Func<CancellationToken, Task<T>> work)
    {
        try
        {
            return await work(_deadline.Token);
        }
        catch (OperationCanceledException e)
        {
            Kill();
            throw new TestKitException(TestKitError.Deadline, $"{_name} was not done after {_limit.TotalSeconds:0.#} s. It said: {await _error}", e);
        }
    }

    /// <summary>Reads all of it, so that the peer never blocks, and keeps the beginning.</summary>
    private async Task<string> ReadErrorAsync()
    {
        var kept = new StringBuilder();
        var buffer = new char[4096];
        int count;
        while ((count = await _process.StandardError.ReadAsync(buffer.AsMemory())) > 0)
            kept.Append(buffer, 0, Math.Min(count, MaxErrorCharacters - kept.Length));
        return kept.ToString();
    }
}
