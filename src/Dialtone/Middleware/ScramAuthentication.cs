namespace Dialtone;

/// <summary>Login at the door by name and password with SCRAM-SHA-256, bound to the TLS channel where there is one. PROTOCOL.md has the bytes.</summary>
public sealed class ScramAuthentication
{
    private readonly ScramAuthenticationOptions _options;

    private ScramAuthentication(ScramAuthenticationOptions options) => _options = options;

    /// <summary>Middleware for a server: lets in whoever proves the password of an account. <see cref="Connection.User"/> becomes the account's name.</summary>
    public static ConnectionMiddleware With(ScramAccounts accounts) => With(new ScramAuthenticationOptions { Accounts = accounts });

    /// <summary>Middleware for a server.</summary>
    public static ConnectionMiddleware With(ScramAuthenticationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ScramAuthentication(options).RunAsync;
    }

    /// <summary>The client's side: call it first on a new connection. When it returns, both sides have proven themselves.</summary>
    /// <exception cref="ArgumentException">The name or password breaks <see cref="CredentialRules"/>.</exception>
    /// <exception cref="TrustException">The server refused, did not prove itself, asks for iterations out of bounds, or took too long.</exception>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public static ValueTask LoginAsync(Connection connection, string userName, string password, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return LoginAsync(connection, userName, password, new ScramClientOptions { ChannelBinding = Door.BindingOf(connection) }, cancellationToken);
    }

    /// <summary>As <see cref="LoginAsync(Connection, string, string, CancellationToken)"/>, bound to what <paramref name="options"/> say and to nothing else: without a
    /// binding it passes a proxy that ends TLS, and whoever stands there instead.</summary>
    /// <exception cref="ArgumentException">The name or password breaks <see cref="CredentialRules"/>.</exception>
    /// <exception cref="TrustException">The server refused, did not prove itself, asks for iterations out of bounds, or took too long.</exception>
    /// <exception cref="TransportException">The connection broke or was ended by this side.</exception>
    public static ValueTask LoginAsync(
        Connection connection, string userName, string password, ScramClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        var client = new ScramClient(userName, password, options);
        return Door.EnterAsync(connection, (call, token) => LoginCoreAsync(call, client, options, token), cancellationToken);
    }

    private static async ValueTask LoginCoreAsync(Connection connection, ScramClient client, ScramClientOptions options, CancellationToken cancellationToken)
    {
        await Door.SendMessageAsync(connection, client.Start(), cancellationToken).ConfigureAwait(false);
        while (true)
        {
            byte[] message = await Door.ReceiveMessageAsync(connection, ScramMessage.MaxBytes, cancellationToken).ConfigureAwait(false);
            if (message.Length == 0 && connection.PeerHasFinished)
                throw new TrustException(TrustError.Refused, "The server closed during the login.");
            // Hashing takes a good part of a second: on a thread that may block, or on the pool, but not on an event loop.
            ScramStep step = connection.IsBlocking
                ? client.Receive(message)
                : await Task.Run(() => client.Receive(message), cancellationToken).ConfigureAwait(false);
            if (step.Status == ScramStatus.Succeeded)
                return;
            if (step.Status == ScramStatus.Failed)
                throw Failure(step.Error, options);
            await Door.SendMessageAsync(connection, step.Reply, cancellationToken).ConfigureAwait(false);
        }
    }

    private static TrustException Failure(ScramError error, ScramClientOptions options) => error switch
    {
        ScramError.Refused => new TrustException(TrustError.Refused, "The server refused the name or the password."),
        ScramError.ServerNotProven => new TrustException(TrustError.ServerNotProven, "The server did not prove that it knows the account."),
        ScramError.Iterations => new TrustException(TrustError.HandshakeMalformed,
            $"The server asks for fewer than {options.MinIterations} or more than {options.MaxIterations} iterations."),
        _ => new TrustException(TrustError.HandshakeMalformed, $"The server does not speak SCRAM-SHA-256 as agreed ({error})."),
    };

    private async Task RunAsync(Connection connection, ConnectionHandler next)
    {
        if (await Door.AdmitAsync(connection, "SCRAM", _options.TimeLimit, LoginAsync).ConfigureAwait(false))
            await next(connection).ConfigureAwait(false);
    }

    private async ValueTask<DoorOutcome> LoginAsync(Connection connection)
    {
        ReadOnlyMemory<byte> binding = Door.BindingOf(connection);
        var server = new ScramServer(_options.Accounts, binding, requireChannelBinding: !binding.IsEmpty && !_options.AllowUnbound);
        for (bool isFirst = true; ; isFirst = false)
        {
            byte[] message = await Door.ReceiveMessageAsync(connection, ScramMessage.MaxBytes, default).ConfigureAwait(false);
            if (message.Length == 0 && connection.PeerHasFinished)
                return isFirst ? DoorOutcome.Left : DoorOutcome.Wrong;
            ScramStep step = server.Receive(message);
            if (!step.Reply.IsEmpty)
                await Door.SendMessageAsync(connection, step.Reply, default).ConfigureAwait(false);
            if (step.Status == ScramStatus.Failed)
                return DoorOutcome.Wrong;
            if (step.Status == ScramStatus.Succeeded)
            {
                connection.User = server.UserName;
                return DoorOutcome.Proven;
            }
        }
    }
}
