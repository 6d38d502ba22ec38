using System.Net;
using System.Net.Sockets;
using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>What became of a datagram on its way out.</summary>
internal enum SendOutcome
{
    Sent,

    /// <summary>The system's queue, or the peer's, is full: a later attempt may work.</summary>
    QueueFull,

    /// <summary>The peer is gone, or the socket closed.</summary>
    Failed,
}

/// <summary>
/// One datagram socket and the thread that receives from it: a blocking loop, the fastest way there is, with never an await inside.
/// </summary>
/// <remarks>
/// The loop owns its buffers and the datagrams over them, and lends them out for a handler's turn. The socket is closed when both the loop
/// and the server are done with it, so that a descriptor number is never used after it was given back.
/// </remarks>
internal abstract class DatagramListener : IDatagramWork
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly BoundSocket _socket;
    private int _holders = 2; // the loop and the server
    private int _loopThread;
    private TimeSpan _pause;
    private volatile bool _isStopped;
    private volatile bool _isClosed;

    protected DatagramListener(DatagramService service, BoundSocket socket)
    {
        Service = service;
        _socket = socket;
    }

    public Address Address => _socket.Address;

    public DatagramService Service { get; }

    /// <summary>The datagram whose handler runs in the loop now; set by the loop only.</summary>
    public Datagram? Current { get; set; }

    public Socket Socket => _socket.Socket;

    protected bool IsUnix => Socket.AddressFamily == AddressFamily.Unix;

    protected bool IsStopped => _isStopped;

    protected bool IsClosed => _isClosed;

    /// <summary>Begins to receive.</summary>
    public void Start()
    {
        Service.Work.Add(this);
        SmallThread.Start($"dialtone {Address.Scheme.ToString().ToLowerInvariant()}", Run);
    }

    /// <summary>Receives no more. Sending still works.</summary>
    public void Stop()
    {
        _isStopped = true;
        // To shut an inherited socket down would do so for everybody who holds it: systemd hands it to the next server too.
        if (_socket.IsInherited || !OperatingSystem.IsLinux())
            CallOneself();
        else
            Wake();
    }

    /// <summary>Sends no more either, and closes the socket once the loop is out of it.</summary>
    public void Close()
    {
        _isClosed = true;
        Release();
    }

    /// <summary>Closes a listener that never started.</summary>
    public void Discard()
    {
        ReturnBuffers();
        Release();
        Close();
    }

    /// <summary>Answers a datagram; the loop may gather what its own turn answers.</summary>
    public virtual SendOutcome Reply(Datagram datagram, ReadOnlySpan<byte> payload) => Send(payload, datagram.Peer);

    /// <summary>Sends now, from any thread.</summary>
    /// <exception cref="TransportException">The payload is longer than a datagram may be.</exception>
    public abstract SendOutcome Send(ReadOnlySpan<byte> payload, SocketAddress peer);

    /// <summary>Sends a batch, from any thread. What cannot leave is counted.</summary>
    public virtual unsafe void SendMany(DatagramBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
            DatagramDrops.Counted(Send(new ReadOnlySpan<byte>(batch.Bytes(i), batch.Length(i)), batch.Peer(i).Peer));
    }

    /// <summary>Sends what was gathered. Called by the loop before it waits for anything.</summary>
    public virtual void Flush()
    {
    }

    /// <summary>Receives and delivers until stopped. Returns on errors too: it is called again after a pause.</summary>
    /// <exception cref="TransportException">Receiving failed.</exception>
    protected abstract void ReceiveUntilStopped();

    /// <summary>Ends receiving on the socket, which makes a waiting receive return. Linux only.</summary>
    protected abstract void Wake();

    protected abstract void ReturnBuffers();

    /// <summary>Whether this is the loop's own turn with this datagram.</summary>
    protected bool IsTurnOf(Datagram datagram) => Environment.CurrentManagedThreadId == _loopThread && ReferenceEquals(Current, datagram);

    /// <summary>Something arrived: the next failure is a new one.</summary>
    protected void ReceivedSome() => _pause = TimeSpan.Zero;

    Straggler? IDatagramWork.Describe() => Current?.Describe();

    private void Run()
    {
        _loopThread = Environment.CurrentManagedThreadId;
        try
        {
            while (!_isStopped)
                ReceiveOrPause();
        }
        catch (OperationCanceledException)
        {
            // The server stops, and what this loop waited for will not come.
        }
        finally
        {
            Flush();
            ReturnBuffers();
            Service.Work.Remove(this);
            Release();
        }
    }

    private void ReceiveOrPause()
    {
        try
        {
            ReceiveUntilStopped();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever it is, the listener must outlive it; the pause keeps an error that stays from taking the processor.
            Instruments.Shared.Errors.Add(1, Instruments.ErrorType(e));
            bool isFirst = _pause == TimeSpan.Zero;
            _pause = isFirst ? ShortestPause : TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, LongestPause.Ticks));
            if (isFirst)
                Service.Host.Logger.ReceiveFailed(Address, _pause.TotalMilliseconds, e);
            Service.Stopping.WaitHandle.WaitOne(_pause);
        }
    }

    /// <summary>Wakes the loop with a datagram.</summary>
    private void CallOneself()
    {
        EndPoint? own = Socket.LocalEndPoint;
        if (own is IPEndPoint { Address: var address, Port: var port })
        {
            if (address.Equals(IPAddress.Any))
                own = new IPEndPoint(IPAddress.Loopback, port);
            else if (address.Equals(IPAddress.IPv6Any))
                own = new IPEndPoint(IPAddress.IPv6Loopback, port);
        }

        if (own is null || Send([], own.Serialize()) == SendOutcome.Failed)
            Wake();
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            _socket.Dispose();
    }
}
