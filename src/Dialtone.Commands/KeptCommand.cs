namespace Dialtone.Commands;

/// <summary>A command that the server keeps for a caller who may come back.</summary>
public sealed record KeptCommand
{
    /// <summary>The run's name, to attach by.</summary>
    public required string RunId { get; init; }

    /// <summary>What was asked for, on one line and cut where it is long.</summary>
    public required string Command { get; init; }

    /// <summary>How long ago it was started.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>What it has written, in bytes, both streams together.</summary>
    public long OutputBytes { get; init; }

    /// <summary>Whether a connection is attached to it now.</summary>
    public bool IsAttached { get; init; }

    /// <summary>How it ended; null while it runs. Over the wire only <see cref="CommandReport.Reason"/>, <see cref="CommandReport.Status"/> and <see cref="CommandReport.Signal"/> are told.</summary>
    public CommandReport? Report { get; init; }
}
