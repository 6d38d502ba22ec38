using System.Text.Json;

namespace Dialtone.Files;

/// <summary>
/// A client of a Dialtone file server: single files and whole trees, verified by default, resumable, cancellable, with progress.
/// </summary>
/// <remarks>
/// Safe for many callers at a time; each conversation goes over a connection of its own, of which at most <see cref="FileClientOptions.Jobs"/> are kept
/// when idle. A connection that broke is replaced, log-in included, by the next call. What the server refuses is a <see cref="FileException"/>; a line that
/// breaks is a <see cref="TransportException"/>, after which the call may be made again; an answer that is none is a <see cref="ProtocolException"/>.
/// Paths on the server are text: <c>/</c> separates, a leading one is optional.
/// </remarks>
public sealed partial class FileClient : IAsyncDisposable
{
    private readonly Address _address;
    private readonly FileClientOptions _options;
    private readonly RateGate? _rate;
    private readonly Lock _gate = new();
    private readonly Stack<NativeChannel> _idle = [];                            // under _gate
    private Func<NativeChannel, CancellationToken, Task>? _login;                // what every new connection does first
    private bool _isDisposed;                                                    // under _gate

    private FileClient(Address address, FileClientOptions options)
    {
        _address = address;
        _options = options;
        _rate = options.RateLimit is { } rate ? new RateGate(rate, options.Dial.Time) : null;
    }

    /// <summary>What the server said when this client connected or logged in last.</summary>
    public ServerInfo ServerInfo { get; private set; } = new(0, "", null, FileRights.None);

    /// <summary>Where the server is.</summary>
    public Address Address => _address;

    /// <summary>Calls a server and learns what it is.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="options">How to call. Default: the system's trust, one connection.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TransportException">There is no connection.</exception>
    /// <exception cref="TrustException">The server's certificate is not trusted, or the door stays shut.</exception>
    /// <exception cref="FileException">It speaks no version of the protocol that this side does.</exception>
    /// <exception cref="ProtocolException">It is something else.</exception>
    public static async Task<FileClient> ConnectAsync(Address address, FileClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        var client = new FileClient(address, options ?? new FileClientOptions());
        try
        {
            NativeChannel channel = await client.DialAsync(cancellationToken).ConfigureAwait(false);
            client.Return(channel);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Logs in with a password, which never crosses the line: SCRAM-SHA-256, bound to the TLS channel where there is one. The server proves itself too.</summary>
    /// <exception cref="FileException"><see cref="FileError.LoginFailed"/>: name and password do not belong together.</exception>
    /// <exception cref="TrustException">The server did not prove that it knows the account.</exception>
    public Task LoginAsync(string user, string password, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(password);
        return LoginAsync((channel, token) => ScramLogin.RunAsync(channel, user, password, token), cancellationToken);
    }

    /// <summary>Logs in with the key the TLS handshake has proven (<see cref="TlsClientOptions.Key"/>).</summary>
    /// <param name="user">Whose account; null where the key belongs to one account only.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FileException"><see cref="FileError.LoginFailed"/>: no such account lists the key.</exception>
    public Task LoginWithKeyAsync(string? user = null, CancellationToken cancellationToken = default) =>
        LoginAsync(
            async (channel, token) => await channel.CallAsync(
                "login",
                json =>
                {
                    json.WriteBoolean("key"u8, true);
                    if (user is not null)
                        json.WriteString("user"u8, user);
                },
                token).ConfigureAwait(false),
            cancellationToken);

    /// <summary>Closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        NativeChannel[] idle;
        lock (_gate)
        {
            _isDisposed = true;
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (NativeChannel channel in idle)
            await channel.DisposeAsync().ConfigureAwait(false);
    }

    private async Task LoginAsync(Func<NativeChannel, CancellationToken, Task> login, CancellationToken cancellationToken)
    {
        NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await login(channel, cancellationToken).ConfigureAwait(false);
            ServerInfo = await HelloAsync(channel, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            channel.GiveUp();
            await channel.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        // Connections that knew another user, or none, must not serve this one.
        NativeChannel[] old;
        lock (_gate)
        {
            _login = login;
            old = [.. _idle];
            _idle.Clear();
        }

        foreach (NativeChannel other in old)
            await other.DisposeAsync().ConfigureAwait(false);
        Return(channel);
    }

    /// <summary>A connection that is logged in and nobody else uses.</summary>
    internal async ValueTask<NativeChannel> RentAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            NativeChannel? channel;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (!_idle.TryPop(out channel))
                    break;
            }

            if (channel.IsAlive)
                return channel;
            await channel.DisposeAsync().ConfigureAwait(false);
        }

        return await DialAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<NativeChannel> DialAsync(CancellationToken cancellationToken)
    {
        Connection connection = await Dialer.ConnectAsync(_address, _options.Dial, cancellationToken).ConfigureAwait(false);
        var channel = new NativeChannel(connection);
        try
        {
            if (_options.Door is { } door)
                await door(connection, cancellationToken).ConfigureAwait(false);
            connection.ReadTimeout = connection.WriteTimeout = _options.Patience;
            if (_login is { } login)
                await login(channel, cancellationToken).ConfigureAwait(false);
            else
                ServerInfo = await HelloAsync(channel, cancellationToken).ConfigureAwait(false);
            return channel;
        }
        catch
        {
            channel.GiveUp();
            await channel.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<ServerInfo> HelloAsync(NativeChannel channel, CancellationToken cancellationToken)
    {
        NativeReply reply = await channel.CallAsync("hello", static json => json.WriteNumber("version"u8, NativeLimits.Version), cancellationToken).ConfigureAwait(false);
        FileRights rights = RightsOf(reply);
        return new ServerInfo((int)(reply.Version ?? NativeLimits.Version), reply.Server ?? "", reply.User, rights);
    }

    // A newer server may have words this side does not know: then it knows of no rights.
    private static FileRights RightsOf(NativeReply reply) => FileRightsText.TryParse(reply.Rights, out FileRights rights, out _) ? rights : FileRights.None;

    internal void Return(NativeChannel channel)
    {
        lock (_gate)
        {
            if (!_isDisposed && channel.IsAlive && _idle.Count < _options.Jobs)
            {
                _idle.Push(channel);
                return;
            }
        }

        _ = channel.DisposeAsync().AsTask();
    }

    /// <summary>One short request on a connection of its own.</summary>
    private async Task<NativeReply> CallAsync(string command, Action<Utf8JsonWriter> fields, CancellationToken cancellationToken)
    {
        NativeChannel channel = await RentAsync(cancellationToken).ConfigureAwait(false);
        return await UseAsync(channel, channel => channel.CallAsync(command, fields, cancellationToken), keepsWhenCancelled: true).ConfigureAwait(false);
    }

    /// <summary>Begins what goes on beside its caller: on a thread of its own where connections block.</summary>
    private Task<T> BesideAsync<T>(Func<Task<T>> work) => _options.Dial.Blocking
        ? Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap()
        : Task.Run(work);

    /// <summary>Uses a connection and gives it back, unless what happened leaves it in the middle of something.</summary>
    private async Task<T> UseAsync<T>(NativeChannel channel, Func<NativeChannel, ValueTask<T>> use, bool keepsWhenCancelled = false)
    {
        try
        {
            return await use(channel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not FileException && !(e is OperationCanceledException && keepsWhenCancelled))
        {
            channel.GiveUp();
            throw;
        }
        finally
        {
            Return(channel);
        }
    }
}
