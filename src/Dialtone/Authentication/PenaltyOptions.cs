using System.Net;

namespace Dialtone;

/// <summary>How long misbehaviour keeps an address out. The figures are those of OpenSSH's PerSourcePenalties.</summary>
public sealed record PenaltyOptions
{
    /// <summary>For <see cref="Penalty.AuthenticationFailed"/>. Default 5 s.</summary>
    public TimeSpan AuthenticationFailed { get; init => field = NotNegative(value); } = TimeSpan.FromSeconds(5);

    /// <summary>For <see cref="Penalty.GraceExceeded"/>. Default 10 s.</summary>
    public TimeSpan GraceExceeded { get; init => field = NotNegative(value); } = TimeSpan.FromSeconds(10);

    /// <summary>For <see cref="Penalty.NoAuthentication"/>. Default 1 s.</summary>
    public TimeSpan NoAuthentication { get; init => field = NotNegative(value); } = TimeSpan.FromSeconds(1);

    /// <summary>For <see cref="Penalty.Crashed"/>. Default 90 s.</summary>
    public TimeSpan Crashed { get; init => field = NotNegative(value); } = TimeSpan.FromSeconds(90);

    /// <summary>Whether a handler that throws charges its caller <see cref="Penalty.Crashed"/>; what the peer did wrong itself (a
    /// <see cref="ProtocolException"/>, a reset) is no such error. Default false: one bug would keep out everybody who meets it. A worker
    /// process that is lost always charges.</summary>
    public bool ChargeHandlerErrors { get; init; }

    /// <summary>Penalties add up, and bite once they add up to more than this. Default 15 s: the fourth wrong password in a row, not the first.</summary>
    public TimeSpan Threshold { get; init => field = NotNegative(value); } = TimeSpan.FromSeconds(15);

    /// <summary>The longest an address is kept out, and how long it is remembered after that: each further time it is
    /// kept out within its memory counts double the time before. Default 10 min. Longer than 10,000 days counts as that.</summary>
    public TimeSpan Cap { get; init => field = NotNegative(value); } = TimeSpan.FromMinutes(10);

    /// <summary>Addresses remembered, for IPv4 and for IPv6 apart. Default 65,536. At least 1.</summary>
    public int MaxEntries
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 65_536;

    /// <summary>What happens beyond <see cref="MaxEntries"/>. Default <see cref="PenaltyOverflow.Evict"/>.</summary>
    public PenaltyOverflow Overflow { get; init; }

    /// <summary>Networks that are never kept out. Default none.</summary>
    public IReadOnlyList<IPNetwork> Exempt { get; init; } = [];

    internal TimeSpan Of(Penalty penalty) => penalty switch
    {
        Penalty.AuthenticationFailed => AuthenticationFailed,
        Penalty.GraceExceeded => GraceExceeded,
        Penalty.NoAuthentication => NoAuthentication,
        Penalty.Crashed => Crashed,
        _ => throw new ArgumentOutOfRangeException(nameof(penalty)),
    };

    private static TimeSpan NotNegative(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
        return value;
    }
}
