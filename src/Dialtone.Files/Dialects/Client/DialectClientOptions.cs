namespace Dialtone.Files;

/// <summary>How a tutorial's server is called.</summary>
public sealed record DialectClientOptions
{
    /// <summary>How the address is called. Default: the system's roots, no key.</summary>
    public DialOptions Dial { get; init; } = new();

    /// <summary>What to answer at the door, where the server keeps one: <see cref="HmacChallenge.AnswerAsync"/>. Default nothing.</summary>
    public Func<Connection, CancellationToken, ValueTask>? Door { get; init; }

    /// <summary>The account's name, for <see cref="Dialect.Sample"/>. Default empty.</summary>
    public string User { get; init; } = "";

    /// <summary>The account's password, for <see cref="Dialect.Sample"/>: it travels in clear inside the connection. Default empty.</summary>
    public string Password { get; init; } = "";

    /// <summary>How long the server may be silent while something is due from it. Default one minute.</summary>
    public TimeSpan Patience
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(DialectClientOptions)} {{ User = {User} }}"; // never the password
}
