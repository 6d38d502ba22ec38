using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace Dialtone.Commands;

/// <summary>A non-blocking descriptor of this side: it tries first, and waits at the shared loop only when there is nothing to be had.</summary>
/// <remarks>One operation at a time; <see cref="Finish"/>, <see cref="Wake"/> and <see cref="Dispose"/> may be called from anywhere.</remarks>
internal sealed class PolledDescriptor : IValueTaskSource, IDisposable
{
    private readonly Lock _gate = new();
    private readonly uint _events;
    private readonly ulong _id;
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private int _descriptor;     // under _gate; −1 once closed
    private bool _isArmed;       // under _gate
    private bool _isWaiting;     // under _gate
    private bool _isFinishing;   // under _gate
    private long _waitingSince;  // a timestamp while somebody waits, otherwise 0

    /// <summary>Takes the descriptor over.</summary>
    public PolledDescriptor(int descriptor, bool forWriting)
    {
        _descriptor = descriptor;
        _events = forWriting ? Calls.EPOLLOUT : Calls.EPOLLIN;
        int flags = Calls.fcntl(descriptor, Calls.F_GETFL, 0);
        _ = Calls.fcntl(descriptor, Calls.F_SETFL, flags | Calls.O_NONBLOCK);
        _id = ReadyLoop.Shared.Register(this);
    }

    /// <summary>When the wait that is under way began, by <see cref="TimeProvider.System"/>; null while nobody waits.</summary>
    public long? WaitingSince => Volatile.Read(ref _waitingSince) is > 0 and long since ? since : null;

    /// <summary>Reads what is there, waiting for it; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryRead(buffer.Span) is >= 0 and int count)
                return count;
            await WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes all of it.</summary>
    /// <returns>False when nobody reads any more.</returns>
    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            int count = TryWrite(buffer.Span);
            if (count == 0)
                return false;
            if (count > 0)
                buffer = buffer[count..];
            else
                await WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Waits until it is ready, finished or closed; may end early.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken = default)
    {
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((PolledDescriptor)state!).Wake(), this);
        await using (registration.ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await BeginWait().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends the wait that is under way, if there is one.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            if (!_isWaiting)
                return;
            _isWaiting = false;
            Volatile.Write(ref _waitingSince, 0);
        }

        _source.SetResult(true);
    }

    /// <summary>From now on what is there may be read, and then it ends: nobody who could add to it is left.</summary>
    public void Finish()
    {
        lock (_gate)
            _isFinishing = true;
        Wake();
    }

    /// <summary>Tells a terminal its size.</summary>
    public unsafe void SetWindow(TerminalSize size)
    {
        var window = new Calls.WindowSize { Rows = (ushort)size.Rows, Columns = (ushort)size.Columns };
        lock (_gate)
        {
            if (_descriptor >= 0)
                _ = Calls.ioctl(_descriptor, Calls.TIOCSWINSZ, &window);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_descriptor < 0)
                return;
            ReadyLoop.Shared.Forget(_id, _descriptor, _isArmed);
            _ = Calls.close(_descriptor);
            _descriptor = -1;
        }

        Wake();
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>The count, 0 at the end, or −1 when there is nothing yet.</summary>
    private unsafe int TryRead(Span<byte> buffer)
    {
        lock (_gate)
        {
            while (_descriptor >= 0)
            {
                nint count;
                fixed (byte* pointer = buffer)
                    count = Calls.read(_descriptor, pointer, buffer.Length);
                if (count >= 0)
                    return (int)count;
                int error = Marshal.GetLastPInvokeError();
                switch (error)
                {
                    case Calls.EINTR:
                        continue;
                    case Calls.EAGAIN:
                        return _isFinishing ? 0 : -1;
                    case Calls.EIO: // a terminal whose other side nobody has open
                        return 0;
                    default:
                        throw Calls.Error("The command's output cannot be read", error);
                }
            }

            return 0;
        }
    }

    /// <summary>The count, 0 when nobody reads any more, or −1 when there is no room yet.</summary>
    private unsafe int TryWrite(ReadOnlySpan<byte> buffer)
    {
        lock (_gate)
        {
            while (_descriptor >= 0)
            {
                nint count;
                fixed (byte* pointer = buffer)
                    count = Calls.write(_descriptor, pointer, buffer.Length);
                if (count >= 0)
                    return (int)count;
                int error = Marshal.GetLastPInvokeError();
                switch (error)
                {
                    case Calls.EINTR:
                        continue;
                    case Calls.EAGAIN:
                        return _isFinishing ? 0 : -1;
                    case Calls.EPIPE or Calls.EIO:
                        return 0;
                    default:
                        throw Calls.Error("The command's input cannot be written", error);
                }
            }

            return 0;
        }
    }

    private ValueTask BeginWait()
    {
        lock (_gate)
        {
            if (_descriptor < 0 || _isFinishing)
                return default;
            _source.Reset();
            ReadyLoop.Shared.Arm(_id, _descriptor, _events, isFirst: !_isArmed);
            _isArmed = _isWaiting = true;
            Volatile.Write(ref _waitingSince, TimeProvider.System.GetTimestamp());
            return new ValueTask(this, _source.Version);
        }
    }
}
