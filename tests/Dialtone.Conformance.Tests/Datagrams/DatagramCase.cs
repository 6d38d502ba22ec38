namespace Dialtone.Conformance.Datagrams;

/// <summary>Where and how a datagram test runs: every one of these must behave alike.</summary>
internal static class DatagramCase
{
    public static readonly string[] Engines = OperatingSystem.IsLinux() ? ["sockets", "epoll"] : ["sockets"];

    public static readonly string[] Policies = ["sequential", "inline", "task", "thread:8", "pool:4:64"];

    public static readonly string[] Addresses = ["udp://127.0.0.1:0", "udp://[::1]:0", "udp://*:0", "unixgram:"];

    /// <summary>Engine × policy × address.</summary>
    public static TheoryData<string, string, string> All()
    {
        var all = new TheoryData<string, string, string>();
        foreach (string engine in Engines)
        {
            foreach (string policy in Policies)
            {
                foreach (string address in Addresses)
                    all.Add(engine, policy, address);
            }
        }

        return all;
    }

    /// <summary>Engine × policy, over UDP on the loopback.</summary>
    public static TheoryData<string, string> EnginesAndPolicies()
    {
        var all = new TheoryData<string, string>();
        foreach (string engine in Engines)
        {
            foreach (string policy in Policies)
                all.Add(engine, policy);
        }

        return all;
    }

    public static TheoryData<string> EachEngine() => [.. Engines];

    /// <summary>Options for a test; "unixgram:" becomes a path of its own.</summary>
    public static ServerOptions Options(string engine, string policy, string address = "udp://127.0.0.1:0", ServerLimits? limits = null)
    {
        Assert.True(Concurrency.TryParse(policy, out Concurrency? concurrency));
        return new ServerOptions
        {
            Listen = [address == "unixgram:" ? $"unixgram://{Path.Combine(Path.GetTempPath(), $"dg-{Guid.NewGuid():N}.sock")}" : address],
            Concurrency = concurrency,
            Engine = engine == "sockets" ? EngineKind.Sockets : EngineKind.Epoll,
            Limits = limits ?? new ServerLimits(),
            DrainTimeout = TimeSpan.FromSeconds(20),
            Loops = 1,
        };
    }
}
