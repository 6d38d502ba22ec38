namespace Dialtone;

/// <summary>The bounds of a <see cref="FlowServer"/>.</summary>
public sealed record FlowServerOptions
{
    /// <summary>The bounds of each flow.</summary>
    public FlowOptions Flow { get; init; } = new();

    /// <summary>Sessions at a time, those included that were admitted and have not spoken. Default 10,000.</summary>
    public int MaxSessions { get; init => field = Require.Positive(value); } = 10_000;

    /// <summary>A session that has not spoken for so long after it was admitted is dropped. Default 30 s.</summary>
    public TimeSpan FirstDatagram { get; init => field = Require.Positive(value); } = TimeSpan.FromSeconds(30);

    /// <summary>Drives every time limit. Default the system's clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
