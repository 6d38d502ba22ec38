using System.Net;
using System.Text;

namespace Dialtone.Chat;

/// <summary>The native protocol: a join over TLS, then reliable datagrams. PROTOCOL.md has the bytes.</summary>
internal sealed class NativeTongue : IAsyncDisposable
{
    /// <summary>Bytes a character of a text may become in JSON, and what else a message holds.</summary>
    private const int MostEscaped = 6, AroundText = 2048;

    private readonly ChatHub _hub;
    private readonly Server _server;
    private readonly ChatServerOptions _options;
    private readonly FlowServer _flows;
    private readonly int _maxMessageBytes;
    private CancellationTokenRegistration _closing;
    private int _isRegistered;

    public NativeTongue(ChatHub hub, Server server, ChatServerOptions options)
    {
        (_hub, _server, _options) = (hub, server, options);
        _maxMessageBytes = Math.Max(options.Flow.Flow.MaxMessageBytes, (MostEscaped * hub.Options.Limits.MaxTextBytes) + AroundText);
        FlowServerOptions flow = options.Flow with
        {
            Flow = options.Flow.Flow with { MaxMessageBytes = _maxMessageBytes },
            MaxSessions = Math.Max(options.Flow.MaxSessions, hub.Options.Limits.MaxParticipants),
            Time = hub.Options.Time,
        };
        _flows = new FlowServer(
            static (session, message) => ((NativeSession)session.Tag!).Receive(message),
            session => ((NativeSession)session.Tag!).HasEnded(),
            flow);
    }

    public ChatHub Hub => _hub;

    public PenaltyTable Penalties => _server.Penalties;

    /// <summary>Holds the conversation that joins, within its time. What goes wrong costs what it costs at every door.</summary>
    public async Task RunAsync(Connection connection)
    {
        using var limit = new CancellationTokenSource(_options.JoinTime, _hub.Options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.Closing);
        Penalty? penalty;
        try
        {
            penalty = await JoinAsync(connection, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            connection.Abort();
            penalty = Penalty.GraceExceeded;
        }
        catch (TransportException e) when (e.Reason == TransportError.PeerReset)
        {
            penalty = Penalty.NoAuthentication;
        }

        if (penalty is { } cost)
            Penalties.Charge((connection.RemoteEndPoint as IPEndPoint)?.Address, cost);
    }

    /// <summary>Takes a datagram of this protocol.</summary>
    /// <returns>False if it is something else.</returns>
    public bool Receive(Datagram datagram)
    {
        if (_isRegistered == 0 && Interlocked.Exchange(ref _isRegistered, 1) == 0)
            _closing = datagram.Closing.Register(_flows.CloseAll); // while datagrams still leave: nobody waits for a server that has gone
        return _flows.Receive(datagram);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.DisposeAsync().ConfigureAwait(false);
        await _flows.DisposeAsync().ConfigureAwait(false);
    }

    // What the caller is to pay, if anything.
    private async ValueTask<Penalty?> JoinAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (await ReadAsync(connection, cancellationToken).ConfigureAwait(false) is not { } join)
            return Penalty.NoAuthentication;
        if (join.Chat != JoinRequest.Version)
            return await RefuseAsync(connection, null, ChatError.BadRequest).ConfigureAwait(false);
        if (_options.Accounts is { } accounts)
        {
            if (join.Scram is null)
                return await RefuseAsync(connection, Penalty.NoAuthentication, ChatError.LoginRequired).ConfigureAwait(false);
            if (!await LoginAsync(connection, accounts, join.Scram, cancellationToken).ConfigureAwait(false))
                return Penalty.AuthenticationFailed;
            if (await ReadAsync(connection, cancellationToken).ConfigureAwait(false) is not { } after)
                return null;
            join = after;
        }
        else if (join.Scram is not null)
        {
            return await RefuseAsync(connection, null, ChatError.BadRequest, "There are no accounts here; join without a login.").ConfigureAwait(false);
        }

        return await EnterAsync(connection, join, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<bool> LoginAsync(Connection connection, ScramAccounts accounts, string message, CancellationToken cancellationToken)
    {
        var scram = new ScramServer(accounts, connection.ChannelBinding, requireChannelBinding: !connection.ChannelBinding.IsEmpty);
        while (true)
        {
            ScramStep step = scram.Receive(Encoding.UTF8.GetBytes(message));
            await SendAsync(connection, NativeJson.Scram(step.Reply.Span)).ConfigureAwait(false);
            if (step.Status == ScramStatus.Succeeded)
                connection.User = scram.UserName;
            if (step.Status != ScramStatus.Continue)
                return step.Status == ScramStatus.Succeeded;
            if (await ReadAsync(connection, cancellationToken).ConfigureAwait(false) is not { Scram: { } next })
                return false;
            message = next;
        }
    }

    private async ValueTask<Penalty?> EnterAsync(Connection connection, JoinRequest join, CancellationToken cancellationToken)
    {
        var session = new NativeSession(this, connection.RemoteEndPoint);
        if (PortFor(connection) is not { } port || !_flows.TryAdmit(session, out FlowSession? flow, out byte[]? secret))
            return await RefuseAsync(connection, null, ChatError.Full).ConfigureAwait(false);
        bool hasJoined = false;
        try
        {
            session.Begin(flow!);
            ChatError error = _hub.TryJoin(join.Name ?? connection.User ?? "", connection.User, session, out ChatParticipant? participant);
            if (participant is null)
                return await RefuseAsync(connection, null, error).ConfigureAwait(false);
            session.Begin(participant);
            foreach ((string room, string? password) in join.Rooms)
            {
                error = await _hub.EnterAsync(participant, room, password, cancellationToken).ConfigureAwait(false);
                if (error == ChatError.WrongPassword)
                    return await RefuseAsync(connection, password is null ? null : Penalty.AuthenticationFailed, error, null, room).ConfigureAwait(false);
                if (error != ChatError.None)
                    return await RefuseAsync(connection, null, error, null, room).ConfigureAwait(false);
            }

            await SendAsync(connection, NativeJson.Joined(flow!, secret!, port, participant, _hub.Options.Limits, _maxMessageBytes)).ConfigureAwait(false);
            session.HasJoined();
            hasJoined = true;
            return null;
        }
        finally
        {
            if (!hasJoined)
                flow!.Close(); // and with it whoever was let in
        }
    }

    // The datagram port beside the one that was called, or the only one there is.
    private int? PortFor(Connection connection)
    {
        int called = (connection.LocalEndPoint as IPEndPoint)?.Port ?? connection.Address.Port;
        Address[] datagrams = [.. _server.Addresses.Where(static address => address.Scheme == AddressScheme.Udp)];
        return (datagrams.FirstOrDefault(address => address.Port == called) ?? datagrams.FirstOrDefault())?.Port;
    }

    /// <summary>The next line; null if the peer finished before it. What is no request is one that asks for no version of this protocol.</summary>
    private static async ValueTask<JoinRequest?> ReadAsync(Connection connection, CancellationToken cancellationToken) =>
        await connection.ReadLineAsync(JoinRequest.MaxBytes, cancellationToken: cancellationToken).ConfigureAwait(false) is { } line ? JoinRequest.Read(line) ?? new JoinRequest() : null;

    private static async ValueTask<Penalty?> RefuseAsync(Connection connection, Penalty? penalty, ChatError error, string? sentence = null, string? room = null)
    {
        await SendAsync(connection, NativeJson.Refusal(error, room, sentence)).ConfigureAwait(false);
        return penalty;
    }

    private static ValueTask SendAsync(Connection connection, byte[] json) => connection.SendAsync((byte[])[.. json, (byte)'\n']);
}
