using System.Net;

namespace Dialtone;

/// <summary>A conversation that had not finished when a server's drain ran out of time.</summary>
/// <param name="Id">The connection's number, as in the log.</param>
/// <param name="Remote">Who was called.</param>
/// <param name="Activity">What it was doing: <see cref="Connection.Activity"/>, or whether it was reading, writing, in its handler, or still waiting for its turn.</param>
/// <param name="Age">How long the connection had been open.</param>
/// <param name="BytesReceived">What had come in.</param>
/// <param name="BytesSent">What had gone out.</param>
public sealed record Straggler(long Id, EndPoint? Remote, string Activity, TimeSpan Age, long BytesReceived, long BytesSent);

/// <summary>How a server's stop went.</summary>
/// <param name="Duration">From the call to the end.</param>
/// <param name="Finished">Conversations that ended by themselves within the deadline.</param>
/// <param name="Stragglers">Those that were cut.</param>
public sealed record DrainReport(TimeSpan Duration, int Finished, IReadOnlyList<Straggler> Stragglers)
{
    /// <summary>Whether every conversation ended by itself.</summary>
    public bool IsClean => Stragglers.Count == 0;

    /// <summary>One line for a log.</summary>
    public override string ToString() => $"{Finished} finished, {Stragglers.Count} cut, in {Duration.TotalSeconds:0.0} s";
}
