namespace Dialtone.Files;

/// <summary>How a <see cref="FileClient"/> calls and how hard it works.</summary>
public sealed record FileClientOptions
{
    /// <summary>
    /// How the address is called: timeouts, whom to trust, the client's key, the clock. Default: the system's roots, no key. With
    /// <see cref="DialOptions.Blocking"/>, calls of the client take their thread until they are done, and a second one where they send and receive at a
    /// time: the fastest way for a program that does nothing else.
    /// </summary>
    public DialOptions Dial { get; init; } = new();

    /// <summary>What to answer at the door, where the server keeps one: <see cref="HmacChallenge.AnswerAsync"/> or <see cref="ChannelBoundChallenge.AnswerAsync"/>. Default nothing.</summary>
    public Func<Connection, CancellationToken, ValueTask>? Door { get; init; }

    /// <summary>Connections a tree travels over at the same time. Default 1: one is enough to fill most lines, since nothing waits on it. 1 to 16.</summary>
    public int Jobs
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 16);
            field = value;
        }
    } = 1;

    /// <summary>The most bytes of content per second, both ways and over all connections together; null for as fast as it goes. At least 1. Default null.</summary>
    public long? RateLimit
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? 1, 1);
            field = value;
        }
    }

    /// <summary>How long the server may be silent while something is due from it. Default one minute: a disk may take a while to make much durable.</summary>
    public TimeSpan Patience
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromMinutes(1);
}
