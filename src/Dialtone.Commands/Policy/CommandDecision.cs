namespace Dialtone.Commands;

/// <summary>What a policy says to a request.</summary>
public sealed record CommandDecision
{
    /// <summary>Whether it may be run.</summary>
    public bool IsAllowed { get; init; }

    /// <summary>The rule that decided; null when no rule names the program.</summary>
    public string? Rule { get; init; }

    /// <summary>A sentence that says why, for whoever asked.</summary>
    public required string Message { get; init; }

    /// <summary>What would be run; on the server's side, where it is allowed.</summary>
    internal CommandStart? Start
    {
        get;
        init
        {
            field = value;
            IsAllowed = value is not null;
        }
    }
}
