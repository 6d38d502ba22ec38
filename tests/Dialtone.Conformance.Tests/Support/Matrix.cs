namespace Dialtone.Conformance.Tests;

/// <summary>What the suites run over. The memory listener has no engine: it appears once.</summary>
internal static class Matrix
{
    public const string Blocking = "/blocking";

    private static readonly string[] AllPolicies =
        ["sequential", "inline", "task", "thread:8", "pool:4:8", "sequential/blocking", "task/blocking", "thread:8/blocking", "pool:4:8/blocking"];

    private static readonly EngineKind[] AllEngines = OperatingSystem.IsLinux() ? [EngineKind.Epoll, EngineKind.Sockets] : [EngineKind.Sockets];

    public static TheoryData<EngineKind> Engines { get; } = [.. AllEngines];

    /// <summary>Every engine over TCP, and memory: where an ending can differ.</summary>
    public static TheoryData<EngineKind, Place> Transports { get; } = Over([Place.Tcp4]);

    /// <summary>Every kind of listener.</summary>
    public static TheoryData<EngineKind, Place> Listeners { get; } = Over([Place.Tcp4, Place.Tcp6, Place.Unix, Place.UnixSequenced]);

    /// <summary>As <see cref="Transports"/>, with the reads and writes of a thread that blocks beside those that wait.</summary>
    public static TheoryData<EngineKind, Place, string> Endings { get; } = Times(Over([Place.Tcp4, Place.Unix]), ["inline", "task", "thread:8"]);

    public static TheoryData<EngineKind, Place, string> PolicyAndListener { get; } =
        Times(Over([Place.Tcp4, Place.Tcp6, Place.Unix, Place.UnixSequenced]), AllPolicies);

    public static TheoryData<EngineKind, string> PolicyAndEngine { get; } = Policies();

    private static TheoryData<EngineKind, Place> Over(Place[] places)
    {
        var data = new TheoryData<EngineKind, Place>();
        foreach (EngineKind engine in AllEngines)
        {
            foreach (Place place in places.Where(static place => OperatingSystem.IsLinux() || place != Place.UnixSequenced))
                data.Add(engine, place);
        }

        data.Add(EngineKind.Auto, Place.Memory);
        return data;
    }

    private static TheoryData<EngineKind, Place, string> Times(TheoryData<EngineKind, Place> listeners, string[] policies)
    {
        var data = new TheoryData<EngineKind, Place, string>();
        foreach (TheoryDataRow<EngineKind, Place> row in listeners)
        {
            foreach (string policy in policies)
                data.Add(row.Data.Item1, row.Data.Item2, policy);
        }

        return data;
    }

    private static TheoryData<EngineKind, string> Policies()
    {
        var data = new TheoryData<EngineKind, string>();
        foreach (EngineKind engine in AllEngines)
        {
            foreach (string policy in AllPolicies)
                data.Add(engine, policy);
        }

        return data;
    }
}
