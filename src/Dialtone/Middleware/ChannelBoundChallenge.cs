namespace Dialtone;

/// <summary>
/// Authentication at the door by a shared key, both ways: client and server prove that they hold it, over fresh nonces of both and over the TLS channel
/// between them, so that neither replay, nor reflection, nor relay helps. PROTOCOL.md has the bytes.
/// </summary>
public sealed class ChannelBoundChallenge
{
    /// <summary>Shortest key, in bytes.</summary>
    public const int MinKeyBytes = ChannelBoundProof.MinKeyBytes;

    private const int MaxMessageBytes = 1024;
    private readonly ChannelBoundChallengeOptions _options;

    private ChannelBoundChallenge(ChannelBoundChallengeOptions options) => _options = options;

    /// <summary>Middleware for a server: lets in whoever proves one of the keys under its id. <see cref="Connection.User"/> becomes the key's id, if it has one.</summary>
    /// <exception cref="TrustException">A key is shorter than <see cref="MinKeyBytes"/>.</exception>
    public static ConnectionMiddleware With(params IEnumerable<HmacKey> keys) =>
        With(new ChannelBoundChallengeOptions { Keys = new HmacKeyring(keys) });

    /// <summary>Middleware for a server.</summary>
    /// <exception cref="TrustException">A key is shorter than <see cref="MinKeyBytes"/>.</exception>
    public static ConnectionMiddleware With(ChannelBoundChallengeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        CheckLength(options.Keys.ShortestKey);
        return new ChannelBoundChallenge(options).RunAsync;
    }

    /// <summary>The client's side: call it first on a new connection. When it returns, both sides have proven themselves.</summary>
    /// <exception cref="TrustException">The key is too short; the server closed (the key is wrong, or unknown, or somebody stands between), did not
    /// prove itself, did not speak this handshake, or took too long.</exception>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public static ValueTask AnswerAsync(Connection connection, HmacKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(key);
        CheckLength(key.Length);
        return Door.EnterAsync(connection, (call, token) => AnswerCoreAsync(call, key, token), cancellationToken);
    }

    private static async ValueTask AnswerCoreAsync(Connection connection, HmacKey key, CancellationToken cancellationToken)
    {
        var client = new ChannelBoundClient(key, Door.BindingOf(connection));
        byte[] hello = await Door.ReceiveMessageAsync(connection, MaxMessageBytes, cancellationToken).ConfigureAwait(false);
        if (client.Answer(hello) is not { } proof)
        {
            throw connection.PeerHasFinished
                ? new TrustException(TrustError.Refused, "The server closed before it said hello.")
                : new TrustException(TrustError.HandshakeMalformed, "The server does not speak the channel-bound handshake.");
        }

        await Door.SendMessageAsync(connection, proof, cancellationToken).ConfigureAwait(false);
        byte[] own = await Door.ReceiveMessageAsync(connection, MaxMessageBytes, cancellationToken).ConfigureAwait(false);
        if (own.Length == 0 && connection.PeerHasFinished)
            throw new TrustException(TrustError.Refused, "The server refused the key, or sees another TLS channel than this side does.");
        if (!client.IsProof(own))
            throw new TrustException(TrustError.ServerNotProven, "The server did not prove that it holds the key.");
    }

    private static void CheckLength(int keyBytes)
    {
        if (keyBytes < MinKeyBytes)
            throw new TrustException(TrustError.KeyUnusable, $"A key for this handshake has at least {MinKeyBytes} bytes.");
    }

    private async Task RunAsync(Connection connection, ConnectionHandler next)
    {
        if (await Door.AdmitAsync(connection, "channel-bound HMAC", _options.TimeLimit, ProveAsync).ConfigureAwait(false))
            await next(connection).ConfigureAwait(false);
    }

    private async ValueTask<DoorOutcome> ProveAsync(Connection connection)
    {
        var server = new ChannelBoundServer(_options.Keys, Door.BindingOf(connection));
        await Door.SendMessageAsync(connection, server.Hello(), default).ConfigureAwait(false);
        byte[] proof = await Door.ReceiveMessageAsync(connection, MaxMessageBytes, default).ConfigureAwait(false);
        if (proof.Length == 0 && connection.PeerHasFinished)
            return DoorOutcome.Left;
        if (server.Receive(proof) is not { } own)
            return DoorOutcome.Wrong;
        await Door.SendMessageAsync(connection, own, default).ConfigureAwait(false);
        if (server.Key!.Id.Length > 0)
            connection.User = server.Key.Id;
        return DoorOutcome.Proven;
    }
}
