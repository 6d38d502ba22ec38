using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>
/// The tutorials' authentication at the door: the server sends 32 random bytes, the client answers with their HMAC under a shared key, and
/// whoever does not is closed without a word.
/// </summary>
/// <remarks>The server proves nothing, and the answer is good over any channel: between two ends that are ours prefer <see cref="ChannelBoundChallenge"/>.</remarks>
public sealed class HmacChallenge : IServerStarting
{
    /// <summary>The challenge's length in bytes.</summary>
    public const int ChallengeBytes = 32;

    private readonly HmacChallengeOptions _options;

    private HmacChallenge(HmacChallengeOptions options) => _options = options;

    /// <summary>Middleware for a server: lets in whoever answers with HMAC-SHA-256 under one of the keys.</summary>
    public static ConnectionMiddleware With(params IEnumerable<HmacKey> keys) => With(HmacDigest.Sha256, keys);

    /// <summary>Middleware for a server: lets in whoever answers with this digest's HMAC under one of the keys.</summary>
    public static ConnectionMiddleware With(HmacDigest digest, params IEnumerable<HmacKey> keys) =>
        With(new HmacChallengeOptions { Keys = new HmacKeyring(keys), Digest = digest });

    /// <summary>Middleware for a server.</summary>
    public static ConnectionMiddleware With(HmacChallengeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ = options.Digest.Size();
        return new HmacChallenge(options).RunAsync;
    }

    /// <summary>The client's side: call it first on a new connection. A wrong key shows only in the server's closing afterwards.</summary>
    /// <exception cref="TrustException">The server closed before its challenge, or sent none within the time for handshakes.</exception>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public static ValueTask AnswerAsync(
        Connection connection, HmacKey key, HmacDigest digest = HmacDigest.Sha256, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(key);
        return Door.EnterAsync(connection, (call, token) => AnswerCoreAsync(call, key, digest, token), cancellationToken);
    }

    void IServerStarting.Starting(ILogger logger)
    {
        if (_options.Digest is HmacDigest.Md5)
            logger.WeakDigest(_options.Digest);
    }

    private static async ValueTask AnswerCoreAsync(Connection connection, HmacKey key, HmacDigest digest, CancellationToken cancellationToken)
    {
        var challenge = new byte[ChallengeBytes];
        if (!await Door.ReceiveExactlyAsync(connection, challenge, cancellationToken).ConfigureAwait(false))
            throw new TrustException(TrustError.Refused, "The server closed before it sent its challenge.");
        var answer = new byte[digest.Size()];
        key.Compute(digest, challenge, answer);
        await connection.SendAsync(answer, cancellationToken).ConfigureAwait(false);
    }

    private async Task RunAsync(Connection connection, ConnectionHandler next)
    {
        if (await Door.AdmitAsync(connection, "HMAC challenge", _options.TimeLimit, ChallengeAsync).ConfigureAwait(false))
            await next(connection).ConfigureAwait(false);
    }

    private async ValueTask<DoorOutcome> ChallengeAsync(Connection connection)
    {
        TimeSpan limit = _options.TimeLimit ?? connection.Host.Limits.Handshake;
        long started = connection.Host.Clock.Now;
        byte[] challenge = RandomNumberGenerator.GetBytes(ChallengeBytes);
        await connection.SendAsync(challenge).ConfigureAwait(false);

        var answer = new byte[_options.Digest.Size()];
        if (!await Door.ReceiveExactlyAsync(connection, answer.AsMemory(0, 1), default).ConfigureAwait(false))
            return DoorOutcome.Left;
        TimeSpan left = limit - TimeSpan.FromMilliseconds(connection.Host.Clock.Now - started);
        connection.BeginStage(left < _options.RestLimit ? left : _options.RestLimit);
        try
        {
            return await Door.ReceiveExactlyAsync(connection, answer.AsMemory(1), default).ConfigureAwait(false)
                && _options.Keys.Opens(_options.Digest, challenge, answer) ? DoorOutcome.Proven : DoorOutcome.Wrong;
        }
        catch (TransportException) when (connection.CloseReason == CloseReason.HandshakeTimeout)
        {
            return DoorOutcome.Wrong; // it answered, with too little
        }
    }
}
