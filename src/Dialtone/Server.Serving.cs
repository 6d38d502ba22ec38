using System.Diagnostics;
using System.Net;
using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

// One caller from the door to the end.
public sealed partial class Server
{
    /// <summary>Outermost first: what the options ask for, then the middleware in the order it was added, then the handler.</summary>
    private ConnectionHandler BuildPipeline()
    {
        ConnectionHandler pipeline = _handler ?? (static _ => Task.CompletedTask); // none is needed where only datagrams come
        foreach (ConnectionMiddleware middleware in Enumerable.Reverse(_middleware))
        {
            pipeline = Wrap(middleware, pipeline);
        }

        if (_options.Tls is not null || _options.Listen.Any(static address => address.IsTls))
            pipeline = Wrap(new TlsServer(_options.Tls, _options.Time, _logger).RunAsync, pipeline);
        if (_options.Verify is not null)
        {
            ConnectionHandler verified = pipeline;
            pipeline = connection => VerifyAndRunAsync(connection, verified);
        }

        if (_options.TrustedProxies.Count > 0)
            pipeline = Wrap(new ProxyProtocol(_proxies, _logger).RunAsync, pipeline);
        return pipeline;

        static ConnectionHandler Wrap(ConnectionMiddleware middleware, ConnectionHandler next) => connection => middleware(connection, next);
    }

    /// <summary>Lets a caller in, or closes it: true when the policy has it now.</summary>
    private bool Admit(StreamListener listener, Transport transport)
    {
        if (_servedOne is not null && Interlocked.Exchange(ref _admitted, 1) == 1)
        {
            transport.Dispose();
            return false;
        }

        // Whoever a trusted proxy speaks for is counted once its header has told; the proxy itself may be all the callers there are.
        bool isProxy = _proxies.Contains(listener.Address, transport.PeerKey);
        if (_connections.TryAdmit(isProxy ? PeerKey.None : transport.PeerKey, Penalties) is { } refusal)
        {
            _rejections.Rejected(transport.RemoteEndPoint, refusal);
            transport.Dispose();
            Volatile.Write(ref _admitted, 0);
            return false;
        }

        var connection = new Connection(_host, transport, listener.Address);
        if (isProxy)
            connection.CountedAs = PeerKey.None;
        _connections.Add(connection);
        Instruments.Shared.Accepted.Add(1);
        Instruments.Shared.Active.Add(1);
        if (_logger.IsEnabled(LogLevel.Debug))
            _logger.Accepted(connection.Id, connection.RemoteEndPoint);
        connection.ScheduleDeadline();
        if (_watchdog is IDeadline { DueTick: 0 } asleep)
            _host.Clock.Schedule(asleep, asleep.OnDue(_host.Clock.Now));
        _dispatcher!.Dispatch(connection);
        return true;
    }

    /// <summary>One caller from the door to the end. Never throws.</summary>
    internal async Task ServeAsync(Connection connection)
    {
        connection.MakeCurrent();
        Exception? error = null;
        try
        {
            await RunPipeline(connection).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = e;
        }

        await FinishAsync(connection, error).ConfigureAwait(false);
    }

    /// <summary>As <see cref="ServeAsync"/> for policies that do not wait for the end: a callback holds half of what an async method would.</summary>
    internal void Serve(Connection connection)
    {
        connection.MakeCurrent();
        try
        {
            connection.Serving = RunPipeline(connection);
        }
        catch (Exception e)
        {
            connection.Serving = Task.FromException(e);
        }
        finally
        {
            Connection.ForgetCurrent();
        }

        if (connection.Serving.IsCompleted)
            Served(connection);
        else
            connection.Serving.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(connection.Served);
    }

    internal void Served(Connection connection)
    {
        Task serving = connection.Serving!;
        _ = FinishAsync(connection, serving.IsCanceled ? new OperationCanceledException() : serving.Exception?.InnerException);
    }

    private async Task ServeInWorkerAsync(Connection connection) =>
        connection.TrySetCloseReason(await _workers!.ServeAsync(connection).ConfigureAwait(false));

    private Task RunPipeline(Connection connection) =>
        Instruments.Shared.Activities.HasListeners() ? TracedAsync(connection) : _pipeline(connection);

    private async Task FinishAsync(Connection connection, Exception? error)
    {
        if (Instruments.Shared.HandlerSeconds.Enabled)
            Instruments.Shared.HandlerSeconds.Record((_host.Clock.Now - connection.StartedAt) / 1000.0);
        CloseReason reason = error is not null ? ReasonFor(connection, error)
            : connection.PeerHasFinished ? CloseReason.PeerClosed
            : CloseReason.HandlerFinished;
        await connection.CloseAsync(reason).ConfigureAwait(false);
        Ended(connection);
    }

    private async Task TracedAsync(Connection connection)
    {
        using Activity? activity = Instruments.Shared.Activities.StartActivity("dialtone.connection", ActivityKind.Server);
        if (activity is not null)
        {
            var peer = connection.RemoteEndPoint as IPEndPoint;
            activity.SetTag("network.peer.address", peer?.Address.ToString() ?? connection.RemoteEndPoint?.ToString()).SetTag("network.peer.port", peer?.Port);
        }

        await _pipeline(connection).ConfigureAwait(false);
    }

    /// <summary>A trusted proxy has said for whom it calls: why that one may not come in, or null.</summary>
    internal CloseReason? AdmitCaller(Connection connection, IPEndPoint caller)
    {
        connection.SetProxiedRemote(caller);
        CloseReason? refusal = _connections.TryAdmitCaller(connection, PeerKey.From(caller), Penalties);
        if (refusal is { } reason)
            _rejections.Rejected(caller, reason);
        return refusal;
    }

    /// <summary>The policy has no room for it.</summary>
    internal void Reject(Connection connection, CloseReason reason)
    {
        _rejections.Rejected(connection.RemoteEndPoint, reason);
        connection.Abort(reason);
        _ = RejectAsync(connection, reason);
    }

    private async Task RejectAsync(Connection connection, CloseReason reason)
    {
        await connection.CloseAsync(reason).ConfigureAwait(false);
        Ended(connection);
    }

    private async Task VerifyAndRunAsync(Connection connection, ConnectionHandler next)
    {
        if (await VerifyAsync(connection).ConfigureAwait(false))
            await next(connection).ConfigureAwait(false);
        else
            connection.Abort(CloseReason.Refused);
    }

    private async ValueTask<bool> VerifyAsync(Connection connection)
    {
        try
        {
            return await _options.Verify!(connection).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Instruments.Shared.Errors.Add(1, Instruments.ErrorType(e));
            _logger.HookFailed(nameof(ServerOptions.Verify), e);
            return false;
        }
    }

    private CloseReason ReasonFor(Connection connection, Exception error)
    {
        switch (error)
        {
            case TransportException { Reason: TransportError.Aborted } aborted:
                return aborted.CloseReason == CloseReason.None ? CloseReason.Aborted : aborted.CloseReason;
            case TransportException { Reason: TransportError.PeerReset } when connection.CloseReason == CloseReason.None:
                return CloseReason.PeerReset;
            case ProtocolException broken when connection.CloseReason == CloseReason.None:
                _logger.ProtocolBroken(connection.Id, broken.Message);
                return CloseReason.ProtocolError;
            case OperationCanceledException when connection.Closing.IsCancellationRequested:
                return CloseReason.HandlerFinished; // the handler took the hint to stop
            case var _ when connection.CloseReason != CloseReason.None:
                return connection.CloseReason; // whatever it says, it is the echo of an end that is already on record
        }

        Instruments.Shared.Errors.Add(1, Instruments.ErrorType(error));
        _logger.HandlerFailed(connection.Id, error);
        if (_options.Penalties is { ChargeHandlerErrors: true } && connection.CountedAs is { IsNone: false } caller)
            Penalties.Charge(caller.ToAddress(), Penalty.Crashed);
        try
        {
            _options.HandlerFailed?.Invoke(connection, error);
        }
        catch (Exception e)
        {
            _logger.HookFailed(nameof(ServerOptions.HandlerFailed), e);
        }

        return CloseReason.HandlerError;
    }

    internal void Ended(Connection connection)
    {
        Instruments metrics = Instruments.Shared;
        CloseReason reason = connection.CloseReason;
        metrics.Active.Add(-1);
        metrics.Closed.Add(1, Instruments.Reason(reason));
        metrics.Received.Add(connection.BytesReceived);
        metrics.Sent.Add(connection.BytesSent);
        if (_logger.IsEnabled(LogLevel.Debug))
            _logger.Ended(connection.Id, reason, connection.BytesReceived, connection.BytesSent);
        _connections.Remove(connection);
        _servedOne?.TrySetResult();
    }
}
