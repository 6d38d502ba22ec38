using System.Diagnostics;
using System.Globalization;

namespace Dialtone.Cli.Tests;

/// <summary>Two machines and a cable between them, in network namespaces of the kernel. The test is skipped where that is not allowed.</summary>
internal sealed class Lab : IDisposable
{
    private static int Count;
    private readonly string _server, _client;
    private readonly bool _isThere;

    public Lab()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"dt{Environment.ProcessId}x{Interlocked.Increment(ref Count)}");
        (_server, _client) = (name + "s", name + "c");
        bool isMade = Run("ip", "netns", "add", _server).Code == 0;
        Assert.SkipUnless(isMade, "network namespaces need root, the kernel's leave and iproute2");
        _isThere = true;
        Do("ip", "netns", "add", _client);
        Do("ip", "-n", _server, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", _client);
        foreach ((string machine, string address) in ((string, string)[])[(_server, ServerAddress), (_client, "10.231.7.2")])
        {
            Do("ip", "-n", machine, "address", "add", address + "/24", "dev", "cable");
            Do("ip", "-n", machine, "link", "set", "lo", "up");
            Do("ip", "-n", machine, "link", "set", "cable", "up");
        }
    }

    public static string ServerAddress => "10.231.7.1";

    /// <summary>Lets at most so many kilobits a second pass, each way.</summary>
    public void Narrow(int kilobits)
    {
        foreach (string machine in (string[])[_server, _client])
            Do("tc", "-n", machine, "qdisc", "add", "dev", "cable", "root", "tbf", "rate", $"{kilobits}kbit", "burst", "8kb", "latency", "300ms");
    }

    /// <summary>Drops so many packets of a hundred, each way.</summary>
    public void Lose(int percent)
    {
        foreach (string machine in (string[])[_server, _client])
        {
            (int code, string error) = Run("ip", "netns", "exec", machine, "nft", $"add table inet lab; add chain inet lab in {{ type filter hook input priority 0; }}; add rule inet lab in iifname cable numgen random mod 100 < {percent} counter drop");
            Assert.SkipUnless(code == 0, $"nftables is not here: {error}");
        }
    }

    /// <summary>How many packets were dropped.</summary>
    public int Lost => ((string[])[_server, _client]).Sum(machine => int.Parse(
        Output("ip", "netns", "exec", machine, "nft", "list", "table", "inet", "lab").Split("counter packets ")[1].Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>Leaves the client so many ports to call from; one that a call has used is free again a second after it.</summary>
    public void LeavePorts(int count)
    {
        (int code, string error) = Run(
            "ip", "netns", "exec", _client, "sh", "-c", $"cd /proc/sys/net/ipv4 && echo '40000 {40_000 + count - 1}' >ip_local_port_range && echo 1 >tcp_tw_reuse");
        Assert.SkipUnless(code == 0, $"the range of ports cannot be set: {error}");
    }

    /// <summary>Pulls the cable out, or puts it back.</summary>
    public void Cut() => Do("ip", "-n", _server, "link", "set", "cable", "down");

    public void Heal()
    {
        Do("ip", "-n", _server, "link", "set", "cable", "up");

        // What the client still had to send may have begun to ask for the server's hardware address just before: a call made now would share that
        // question's end, "no route to host".
        Do("ip", "-n", _client, "neighbour", "flush", "dev", "cable");
    }

    public ToolProcess OnServer(IReadOnlyDictionary<string, string> environment, params string[] words) => ToolProcess.StartOn(_server, environment, words);

    public ToolProcess OnClient(IReadOnlyDictionary<string, string> environment, params string[] words) => ToolProcess.StartOn(_client, environment, words);

    public void Dispose()
    {
        if (!_isThere)
            return;
        Run("ip", "netns", "delete", _client);
        Run("ip", "netns", "delete", _server);
    }

    private static void Do(string program, params string[] words)
    {
        (int code, string error) = Run(program, words);
        Assert.SkipUnless(code == 0, $"{program} {string.Join(' ', words)}: {error}");
    }

    private static string Output(string program, params string[] words)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    private static (int Code, string Error) Run(string program, params string[] words)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, error.Trim());
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "there is no such program");
        }
    }
}
