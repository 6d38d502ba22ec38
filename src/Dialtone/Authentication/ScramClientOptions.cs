namespace Dialtone;

/// <summary>How a client logs in with SCRAM.</summary>
public sealed record ScramClientOptions
{
    /// <summary>The <c>tls-server-end-point</c> of the certificate the server showed (<see cref="TlsServerEndPoint.Compute"/>); empty without TLS. Default empty.</summary>
    public ReadOnlyMemory<byte> ChannelBinding { get; init; }

    /// <summary>Whether the server offered <see cref="ScramServer.MechanismPlus"/>. Default true: where both sides are
    /// known to bind, there is no offer for anyone to strip.</summary>
    public bool ServerOffersChannelBinding { get; init; } = true;

    /// <summary>Fewest iterations the server may ask for; fewer would let a false server have the password guessed cheaply.
    /// Default and least <see cref="ScramVerifier.MinIterations"/>.</summary>
    public int MinIterations
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, ScramVerifier.MinIterations);
            field = value;
        }
    } = ScramVerifier.MinIterations;

    /// <summary>Most iterations the server may ask for; refused before any hashing. Default and most <see cref="ScramVerifier.MaxIterations"/>.</summary>
    public int MaxIterations
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ScramVerifier.MaxIterations);
            field = value;
        }
    } = ScramVerifier.MaxIterations;
}
