using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Tests.Processes;

/// <summary>The program that the workers of these tests run, and callers that speak to it.</summary>
internal static class WorkerProgram
{
    /// <summary>The collection of every test that counts processes or descriptors.</summary>
    public const string OneAtATime = "Worker processes";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Stands beside this program in the artifacts, in the same configuration.</summary>
    public static string Program { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Dialtone.Workers", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "Dialtone.Workers"));

    /// <summary>The policy, with workers that hold conversations as <paramref name="handler"/> says.</summary>
    public static Concurrency Policy(string handler, int max = 4, int prestart = 1, int reuse = 1, params string[] settings) =>
        Concurrency.Process(max, prestart, reuse) with { Worker = [Program, handler, .. settings] };

    /// <summary>A server in this process whose workers run the program; its own handler is never called.</summary>
    public static Server Create(ServerOptions options) => new Server(options)
        .Handle(static _ => throw new InvalidOperationException("This is the parent."))
        .HandleDatagrams(static _ => throw new InvalidOperationException("This is the parent."));

    public static async Task<Server> StartAsync(string handler, ServerOptions? options = null)
    {
        Server server = Create((options ?? new ServerOptions()) with
        {
            Listen = options is { Listen.Count: > 0 } ? options.Listen : ["tcp://127.0.0.1:0"],
            Concurrency = options is { Concurrency.Kind: ConcurrencyKind.Process } ? options.Concurrency : Policy(handler),
            Penalties = options?.Penalties ?? new PenaltyOptions { Exempt = [System.Net.IPNetwork.Parse("127.0.0.0/8")] },
        });
        await server.StartAsync();
        return server;
    }

    /// <summary>The workers of a process that it has not reaped, zombies included.</summary>
    public static int[] Workers(int? parent = null) => [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(static name => char.IsAsciiDigit(name![0]))
        .Select(static name => int.Parse(name!)).Where(pid => StatusOf(pid) is { } status && status.Parent == (parent ?? Environment.ProcessId))];

    public static bool IsRunning(int pid) => StatusOf(pid) is { IsZombie: false };

    private static (int Parent, bool IsZombie)? StatusOf(int pid)
    {
        try
        {
            // pid (comm) state ppid: the name is cut to 15 characters
            string[] words = File.ReadAllText($"/proc/{pid}/stat").Split(' ');
            return words[1] == "(Dialtone.Worker)" ? (int.Parse(words[3]), words[2] == "Z") : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has just gone
        }
    }

    /// <summary>Looks until it is so; the test fails with the words when it is not in time.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what, TimeSpan? within = null)
    {
        TimeSpan limit = within ?? Patience;
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < limit, $"Not within {limit.TotalSeconds} s: {what}.");
            await Task.Delay(10);
        }
    }
}

/// <summary>Someone who calls and speaks in lines.</summary>
internal sealed class Caller : IDisposable
{
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    private Caller(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new StreamReader(_stream);
    }

    public static async Task<Caller> ConnectAsync(Address address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host!, address.Port).WaitAsync(WorkerProgram.Patience);
        return new Caller(socket);
    }

    public async Task SayAsync(string line) => await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>The next line, or null once the other side has closed or reset.</summary>
    public async Task<string?> HearAsync()
    {
        try
        {
            return await _reader.ReadLineAsync().WaitAsync(WorkerProgram.Patience);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public async Task<string?> AskAsync(string line)
    {
        await SayAsync(line);
        return await HearAsync();
    }

    public void FinishSending() => _stream.Socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _stream.Dispose();
}
