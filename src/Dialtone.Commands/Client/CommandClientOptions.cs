namespace Dialtone.Commands;

/// <summary>How a <see cref="CommandClient"/> gets in.</summary>
public sealed record CommandClientOptions
{
    /// <summary>How it calls; for <c>tls://</c> also whom it trusts and which client key it shows.</summary>
    public DialOptions Dial { get; init; } = new();

    /// <summary>The key both sides prove to hold, where the server asks for one. Default none.</summary>
    public HmacKey? Key { get; init; }

    /// <summary>The name to log in with, where the server asks for one. Default none.</summary>
    public string? UserName { get; init; }

    /// <summary>The password that goes with the name; it never leaves this process.</summary>
    public string? Password { get; init; }

    /// <summary>How long <see cref="CommandClient.RunAsync"/> waits for the end of a command that it cancelled. Default 10 s.</summary>
    public TimeSpan CancelPatience { get; init => field = Check.Positive(value)!.Value; } = TimeSpan.FromSeconds(10);
}
