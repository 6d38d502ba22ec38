namespace Dialtone;

/// <summary>How <see cref="ScramAuthentication"/> asks.</summary>
public sealed record ScramAuthenticationOptions
{
    /// <summary>Who may log in.</summary>
    public required ScramAccounts Accounts { get; init; }

    /// <summary>The time for the whole login. Default <see cref="ServerLimits.Handshake"/> (10 s); clients hash the password within it.</summary>
    public TimeSpan? TimeLimit { get; init => field = Require.Positive(value); }

    /// <summary>Let in clients that do not bind to the TLS channel: needed only behind a proxy that ends TLS. Default false.</summary>
    public bool AllowUnbound { get; init; }
}
