using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>
/// Stands between a client and a server over TCP and does to their bytes what bad networks do: cuts, resets, delays, splits, stalls, throttles,
/// turns bits over, swallows. Listens on a loopback port of its own.
/// </summary>
public sealed class ChaosTcpProxy : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly EndPoint _target;
    private readonly ChaosTcpOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<ChaosTcpLink, Task> _links = []; // under _gate
    private readonly Task _accepting;
    private int _accepted;

    private ChaosTcpProxy(Socket listener, EndPoint target, ChaosTcpOptions options)
    {
        _listener = listener;
        _target = target;
        _options = options;
        Address = ((IPEndPoint)listener.LocalEndPoint!).ToAddress(udp: false);
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect, instead of to the server.</summary>
    public Address Address { get; }

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Connections passing through now.</summary>
    public int Active
    {
        get
        {
            lock (_gate)
                return _links.Count;
        }
    }

    /// <summary>Starts a proxy in front of <paramref name="target"/>, a <c>tcp://</c>, <c>tls://</c> or <c>unix://</c> address.</summary>
    /// <exception cref="ArgumentException">The target is another machine and <see cref="ChaosTcpOptions.AllowRemote"/> is false, or no address of the kind.</exception>
    public static ChaosTcpProxy Start(Address target, ChaosTcpOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        options ??= new ChaosTcpOptions();
        options.ToServer.Validate();
        options.ToClient.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConnections, 1, nameof(options));
        EndPoint endPoint = SocketAddresses.EndPointOf(target);
        if (!options.AllowRemote && endPoint is IPEndPoint ip && !IPAddress.IsLoopback(ip.Address))
            throw new ArgumentException($"{target} is not on this machine; set AllowRemote if that is meant.", nameof(target));

        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(Math.Min(options.MaxConnections, 1024));
        return new ChaosTcpProxy(listener, endPoint, options);
    }

    /// <summary>Resets every connection that passes through now; new ones are welcome.</summary>
    public void ResetAll()
    {
        ChaosTcpLink[] links;
        lock (_gate)
            links = [.. _links.Keys];
        foreach (ChaosTcpLink link in links)
            link.Reset();
    }

    /// <summary>Resets what passes through, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        ResetAll();
        Task[] running;
        lock (_gate)
            running = [.. _links.Values];
        await Task.WhenAll(running);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_stopping.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                if (_stopping.IsCancellationRequested)
                    return;
                continue; // the caller was gone before it was accepted
            }

            if (Active >= _options.MaxConnections)
            {
                ChaosTcpLink.Reset(client);
                continue;
            }

            var link = new ChaosTcpLink(client, _options, Interlocked.Increment(ref _accepted) - 1, _stopping.Token);
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
                _links.Add(link, done.Task);
            _ = RunAsync(link, done);
        }
    }

    private async Task RunAsync(ChaosTcpLink link, TaskCompletionSource done)
    {
        await link.RunAsync(_target);
        lock (_gate)
            _links.Remove(link);
        done.SetResult();
    }
}
