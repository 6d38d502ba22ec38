using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>
/// Stands between clients and a UDP server and does to datagrams what networks may do: loses, delays, repeats, reorders, corrupts them, and cuts
/// the line. Listens on a loopback port of its own; the server sees a different port for each client.
/// </summary>
public sealed class ChaosUdpProxy : IAsyncDisposable
{
    private const int MaxDatagramBytes = 65_535;

    private readonly Socket _front;
    private readonly IPEndPoint _target;
    private readonly ChaosUdpOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<IPEndPoint, Client> _clients = []; // under _gate
    private readonly HashSet<ITimer> _underWay = [];               // under _gate
    private readonly Task _receiving;
    private ChaosCounts _counts;                                   // under _gate
    private bool _isDisposed;                                      // under _gate

    private ChaosUdpProxy(Socket front, IPEndPoint target, ChaosUdpOptions options)
    {
        _front = front;
        _target = target;
        _options = options;
        Address = ((IPEndPoint)front.LocalEndPoint!).ToAddress(udp: true);
        _receiving = ReceiveFromClientsAsync();
    }

    internal delegate void Counting(ref ChaosCounts counts);

    /// <summary>Where clients send, instead of to the server.</summary>
    public Address Address { get; }

    /// <summary>What was done so far.</summary>
    public ChaosCounts Counts
    {
        get
        {
            lock (_gate)
                return _counts;
        }
    }

    /// <summary>Starts a proxy in front of <paramref name="target"/>, a <c>udp://</c> address.</summary>
    /// <exception cref="ArgumentException">The target is another machine and <see cref="ChaosUdpOptions.AllowRemote"/> is false, or no address of the kind.</exception>
    public static ChaosUdpProxy Start(Address target, ChaosUdpOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        options ??= new ChaosUdpOptions();
        options.ToServer.Validate();
        options.ToClient.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxClients, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxUnderWay, 1, nameof(options));
        if (target.Scheme != AddressScheme.Udp || SocketAddresses.EndPointOf(target) is not IPEndPoint endPoint)
            throw new ArgumentException($"{target} is not a udp:// address.", nameof(target));
        if (!options.AllowRemote && !IPAddress.IsLoopback(endPoint.Address))
            throw new ArgumentException($"{target} is not on this machine; set AllowRemote if that is meant.", nameof(target));

        var front = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        front.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new ChaosUdpProxy(front, endPoint, options);
    }

    /// <summary>Stops; what is under way is lost.</summary>
    public async ValueTask DisposeAsync()
    {
        Client[] clients;
        ITimer[] timers;
        lock (_gate)
        {
            _isDisposed = true;
            clients = [.. _clients.Values];
            timers = [.. _underWay];
            _underWay.Clear();
        }

        foreach (ITimer timer in timers)
            await timer.DisposeAsync();
        await _stopping.CancelAsync();
        await _receiving;
        await Task.WhenAll(clients.Select(client => client.Receiving));
        _front.Dispose();
        foreach (Client client in clients)
            client.Back.Dispose();
        _stopping.Dispose();
    }

    internal void Count(Counting count)
    {
        lock (_gate)
            count(ref _counts);
    }

    internal void CountLost() => Count(static (ref ChaosCounts counts) => counts = counts with { Lost = counts.Lost + 1 });

    /// <summary>Does something later; false when too much is under way already.</summary>
    internal bool After(TimeSpan delay, TimeProvider time, Action action)
    {
        lock (_gate)
        {
            if (_isDisposed || _underWay.Count >= _options.MaxUnderWay)
                return false;
            ITimer? timer = null;
            timer = time.CreateTimer(
                _ =>
                {
                    lock (_gate)
                    {
                        if (!_underWay.Remove(timer!))
                            return;
                    }

                    timer!.Dispose();
                    action();
                },
                null,
                delay,
                Timeout.InfiniteTimeSpan);
            _underWay.Add(timer);
            return true;
        }
    }

    private async Task ReceiveFromClientsAsync()
    {
        var buffer = new byte[MaxDatagramBytes];
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                SocketReceiveFromResult received =
                    await _front.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stopping.Token);
                if (ClientAt((IPEndPoint)received.RemoteEndPoint) is { } client)
                    client.ToServer.Pass(buffer.AsSpan(0, received.ReceivedBytes));
                else
                    CountLost();
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // A client that is gone (ICMP says so) is no reason to stop.
            }
        }
    }

    private async Task ReceiveFromServerAsync(Client client)
    {
        var buffer = new byte[MaxDatagramBytes];
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                int count = await client.Back.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, _stopping.Token);
                client.ToClient.Pass(buffer.AsSpan(0, count));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // A server that does not listen yet, or no longer.
            }
        }
    }

    private Client? ClientAt(IPEndPoint address)
    {
        lock (_gate)
        {
            if (_clients.TryGetValue(address, out Client? known))
                return known;
            if (_isDisposed || _clients.Count >= _options.MaxClients)
                return null;
            var back = new Socket(_target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            back.Connect(_target);
            int number = _clients.Count;
            var client = new Client(
                back,
                new ChaosDatagramLine(this, _options.ToServer, _options.Time, ChaosRandom.For(_options.Seed, number, 0), bytes => Send(bytes, () => back.Send(bytes))),
                new ChaosDatagramLine(this, _options.ToClient, _options.Time, ChaosRandom.For(_options.Seed, number, 1), bytes => Send(bytes, () => _front.SendTo(bytes, address))));
            _clients.Add(address, client);
            client.Receiving = ReceiveFromServerAsync(client);
            return client;
        }
    }

    private void Send(byte[] bytes, Func<int> send)
    {
        try
        {
            if (send() == bytes.Length)
                Count(static (ref ChaosCounts counts) => counts = counts with { Sent = counts.Sent + 1 });
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            CountLost(); // nobody there, or the proxy has stopped
        }
    }

    private sealed class Client(Socket back, ChaosDatagramLine toServer, ChaosDatagramLine toClient)
    {
        public Socket Back => back;

        public ChaosDatagramLine ToServer => toServer;

        public ChaosDatagramLine ToClient => toClient;

        public Task Receiving { get; set; } = Task.CompletedTask;
    }
}
