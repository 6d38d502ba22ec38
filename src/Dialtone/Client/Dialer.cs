using System.Runtime.CompilerServices;
using Dialtone.Engines;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone;

/// <summary>The client twin of <see cref="Server"/>: calls an address and gives the same <see cref="Connection"/>.</summary>
public static class Dialer
{
    /// <summary>How long a client that closes takes and drops what the server still sends. Short: it is there only so that our last bytes are not lost to a reset.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(500);

    private static readonly ConditionalWeakTable<TimeProvider, ConnectionHost> Hosts = [];

    /// <summary>Calls a stream address.</summary>
    /// <param name="address">Where: every kind but datagrams. <c>*</c> and <c>0.0.0.0</c> mean this machine; <c>fd:N</c> is a connected socket.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TransportException">There is no connection; see its Reason.</exception>
    /// <exception cref="TrustException">The server's certificate is not trusted.</exception>
    /// <exception cref="NotSupportedException">The address is of a kind that takes no calls, or not on this system.</exception>
    public static async Task<Connection> ConnectAsync(Address address, DialOptions? options = null, CancellationToken cancellationToken = default)
    {
        DialResult result = await TryConnectAsync(address, options, cancellationToken).ConfigureAwait(false);
        return result.Connection ?? throw result.Error!;
    }

    /// <summary>As <see cref="ConnectAsync"/>, but a call that fails is a result, as with Python's <c>connect_ex</c>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="NotSupportedException">The address is of a kind that takes no calls, or not on this system.</exception>
    public static async Task<DialResult> TryConnectAsync(Address address, DialOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        options ??= new DialOptions();
        if (address.IsDatagram)
            throw new NotSupportedException($"{address} takes datagrams, not calls.");
        for (int attempt = 1; ; attempt++)
        {
            DialResult result = await CallOnceAsync(address, options, cancellationToken).ConfigureAwait(false);
            if (result.Error is not TransportException error || options.Retry is not { } retry || attempt >= retry.Attempts
                || !DialRetry.IsWorthwhile(error.Reason))
            {
                return result;
            }

            await Task.Delay(retry.DelayAfter(attempt), options.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<DialResult> CallOnceAsync(Address address, DialOptions options, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return new DialResult(await OpenAsync(address, options, either.Token).ConfigureAwait(false), null);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && timeout.IsCancellationRequested
            && e is OperationCanceledException or TransportException { Reason: TransportError.Aborted })
        {
            return new DialResult(null, new TransportException(TransportError.TimedOut, $"{address} did not answer within {options.Timeout.TotalSeconds} s.", Linux.ETIMEDOUT));
        }
        catch (TransportException e) when (e.Reason == TransportError.Aborted)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception e) when (e is TransportException or TrustException)
        {
            return new DialResult(null, e);
        }
    }

    private static async Task<Connection> OpenAsync(Address address, DialOptions options, CancellationToken cancellationToken)
    {
        Transport transport = address.Scheme == AddressScheme.Memory
            ? MemoryListener.Connect(address)
            : await Connector.For(options).ConnectAsync(address, options, cancellationToken).ConfigureAwait(false);
        ConnectionHost host = Hosts.GetValue(options.Time, static time =>
            new ConnectionHost(time, new ServerLimits { Linger = Linger }, BlockPool.Shared, NullLogger.Instance));
        var connection = new Connection(host, transport, address);
        try
        {
            if (address.IsTls)
                await TlsClient.HandshakeAsync(connection, options.Tls, cancellationToken).ConfigureAwait(false);
            connection.ScheduleDeadline();
            return connection;
        }
        catch
        {
            connection.Abort();
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
