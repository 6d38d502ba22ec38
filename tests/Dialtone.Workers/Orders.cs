using System.Diagnostics;
using System.Net;

namespace Dialtone.Workers;

/// <summary>Does what each line says, and answers with a line.</summary>
internal sealed class Orders(Server server) : StreamHandler
{
    private static int Conversations;

    protected override async ValueTask HandleAsync()
    {
        Interlocked.Increment(ref Conversations);
        using var reader = new StreamReader(Connection.Stream);
        while (await reader.ReadLineAsync() is { } line)
        {
            string answer = await ObeyAsync(line.Split(' '));
            await Connection.Stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer + "\n"));
        }
    }

    private async Task<string> ObeyAsync(string[] words)
    {
        switch (words[0])
        {
            case "pid":
                return $"{Environment.ProcessId}";
            case "conversations":
                return $"{Conversations}";
            case "id":
                return $"{Connection.Id} {Connection.Address} {Connection.RemoteEndPoint} {Connection.Items["middleware"]}";
            case "inherited":
                return Inherited();
            case "variable":
                return Environment.GetEnvironmentVariable("DIALTONE_WORKER") ?? "none";
            case "crash":
                Environment.FailFast(null);
                return "";
            case "exit":
                Environment.Exit(3);
                return "";
            case "throw":
                throw new InvalidOperationException("As ordered.");
            case "block":
                Connection.Activity = "blocked for good";
                await Connection.SendAsync("blocking\n"u8.ToArray());
                new ManualResetEvent(false).WaitOne();
                return "";
            case "charge":
                return $"{server.Penalties.Charge(IPAddress.Parse(words[1]), Penalty.AuthenticationFailed)}";
            case "closing":
                await Task.Delay(Timeout.Infinite, Connection.Closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return "closing";
            case "stop":
                DrainReport report = await server.StopAsync();
                return $"{report.Finished}";
            case "child":
                using (var child = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "echo $DIALTONE_WORKER; ls /proc/self/fd"]) { RedirectStandardOutput = true })!)
                    return (await child.StandardOutput.ReadToEndAsync()).ReplaceLineEndings(" ").Trim();
            default:
                return "?";
        }
    }

    /// <summary>What the descriptors from 3 on, that the runtime did not open itself, lead to.</summary>
    private static string Inherited() => string.Join(' ', Directory.GetFiles("/proc/self/fd")
        .Select(path => File.ResolveLinkTarget(path, false)?.FullName ?? "").Where(name => name.Contains("dialtone-inherit", StringComparison.Ordinal)));
}
