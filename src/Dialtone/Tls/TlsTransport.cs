using System.Net.Security;
using System.Runtime.CompilerServices;

namespace Dialtone.Engines;

/// <summary>TLS over another transport, once its handshake is done.</summary>
/// <remarks>
/// A read that must wait does so with a zero-byte read, for which SslStream holds no buffer; when that ends, the read that follows has
/// decrypted bytes, or the end, and completes at once.
/// </remarks>
internal sealed class TlsTransport : LayerTransport
{
    private const int Idle = 0, Probing = 1, Probed = 2;

    private readonly SslStream _tls;
    private readonly TransportStream _stream;
    private readonly Action _onProbed;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _probe;
    private IReadyWaiter? _waiter;
    private volatile int _state;

    public TlsTransport(Transport inner, SslStream tls, TransportStream stream)
        : base(inner)
    {
        _tls = tls;
        _stream = stream;
        _onProbed = OnProbed;
    }

    public override bool MayReceive => _state != Probing;

    public override bool HasInput => false;

    public override bool KeepsMessages => false;

    public override bool CanSendFile => false;

    public override int TryReceive(Memory<byte> buffer)
    {
        try
        {
            return IsBlocking || HasProbed() ? Read(buffer) : WouldBlock;
        }
        catch (Exception e) when (e is not TransportException)
        {
            throw Broken(e);
        }
    }

    /// <summary>Whether the next read completes at once; begins a zero-byte read to find out.</summary>
    private bool HasProbed()
    {
        if (_state == Idle)
        {
            _probe = _tls.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false).GetAwaiter();
            if (_probe.IsCompleted)
            {
                _probe.GetResult();
                return true;
            }

            _state = Probing;
            _probe.UnsafeOnCompleted(_onProbed);
        }

        if (_state == Probing)
            return false;
        _state = Idle;
        _probe.GetResult();
        return true;
    }

    private int Read(Memory<byte> buffer)
    {
        ValueTask<int> read = _tls.ReadAsync(buffer);
        if (!read.IsCompleted)
            throw new InvalidOperationException("TLS has nothing decrypted after it said it had.");
        int count = read.GetAwaiter().GetResult();
        if (count == 0 && buffer.Length > 0 && _stream.HasEnded)
            throw new TransportException(TransportError.PeerReset, "The TLS stream ended without its goodbye (close_notify): what was received may be cut short.");
        return count;
    }

    public override void WaitToReceive(IReadyWaiter waiter)
    {
        Volatile.Write(ref _waiter, waiter);
        Interlocked.MemoryBarrier();
        if (_state != Probing)
            Wake();
    }

    private void OnProbed()
    {
        _state = Probed;
        Interlocked.MemoryBarrier();
        Wake();
    }

    private void Wake() => Interlocked.Exchange(ref _waiter, null)?.OnReady();

    /// <summary>A record is sent whole or not at all, so nothing is tried: <see cref="SendAsync"/> completes at once when the socket takes it.</summary>
    public override int TrySend(ReadOnlyMemory<byte> buffer) => WouldBlock;

    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer)
    {
        ValueTask write = _tls.WriteAsync(buffer);
        if (write.IsCompletedSuccessfully)
        {
            write.GetAwaiter().GetResult();
            return default;
        }

        return AwaitAsync(write);

        async ValueTask AwaitAsync(ValueTask writing)
        {
            try
            {
                await writing.ConfigureAwait(false);
            }
            catch (InvalidOperationException e)
            {
                throw new TransportException(TransportError.Closed, "Sending was finished.", e);
            }
            catch (Exception e) when (e is not TransportException)
            {
                throw Broken(e);
            }
        }
    }

    public override async ValueTask FinishSendingAsync()
    {
        try
        {
            await _tls.ShutdownAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // The peer was faster, or it was said before.
        }

        await Inner.FinishSendingAsync().ConfigureAwait(false);
    }

    public override void Dispose()
    {
        // A zero-byte read may still wait down there; this wakes it, so that nothing holds on to the session.
        if (_state == Probing)
            Inner.Abort(reset: false);
        _tls.Dispose();
        Inner.Dispose();
    }

    private static TransportException Broken(Exception error) =>
        new(TransportError.PeerReset, "The TLS stream is broken: " + (error.InnerException ?? error).Message, error);
}
