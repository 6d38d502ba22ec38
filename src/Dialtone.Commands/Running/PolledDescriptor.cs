using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace Dialtone.Commands;

/// <summary>A non-blocking descriptor of this side: it tries first, and waits at a shared loop only when there is nothing to be had.</summary>
/// <remarks>One operation at a time; <see cref="Finish"/>, <see cref="Wake"/> and <see cref="Dispose"/> may be called from anywhere.</remarks>
internal sealed class PolledDescriptor : IValueTaskSource, IDisposable
{
    private readonly Lock _gate = new();
    private readonly uint _events;
    private readonly ReadyLoop _loop = ReadyLoop.Next;
    private readonly ulong _id;
    private ManualResetValueTaskSourceCore<bool> _source;
    private int _descriptor;     // under _gate; −1 once closed
    private bool _isArmed;       // under _gate
    private bool _isWaiting;     // under _gate
    private bool _isFinishing;   // under _gate
    private bool _mayBlock = true; // under _gate: whether what goes on after the wait may hold its thread up
    private long _waitingSince;  // a timestamp while somebody waits, otherwise 0

    /// <summary>Takes the descriptor over.</summary>
    public PolledDescriptor(int descriptor, bool forWriting)
    {
        _descriptor = descriptor;
        _events = forWriting ? Calls.EPOLLOUT : Calls.EPOLLIN;
        int flags = Calls.fcntl(descriptor, Calls.F_GETFL, 0);
        _ = Calls.fcntl(descriptor, Calls.F_SETFL, flags | Calls.O_NONBLOCK);
        _id = _loop.Register(this);
    }

    /// <summary>When the wait that is under way began, by <see cref="TimeProvider.System"/>; null while nobody waits.</summary>
    public long? WaitingSince => Volatile.Read(ref _waitingSince) is > 0 and long since ? since : null;

    /// <summary>Reads what is there, waiting for it; 0 at the end.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="mayBlock">Whether the caller may hold up the thread it goes on with; otherwise it goes on with the loop's own, which saves a switch.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, bool mayBlock, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryRead(buffer.Span) is >= 0 and int count)
                return count;
            await WaitAsync(mayBlock, cancellationToken).ConfigureAwait(false);
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
    public ValueTask WaitAsync(CancellationToken cancellationToken = default) => WaitAsync(mayBlock: true, cancellationToken);

    private async ValueTask WaitAsync(bool mayBlock, CancellationToken cancellationToken)
    {
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((PolledDescriptor)state!).Wake(), this);
        await using (registration.ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await BeginWait(mayBlock).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends the wait that is under way, if there is one.</summary>
    /// <param name="isLoop">Whether this thread is the loop's.</param>
    public void Wake(bool isLoop = false)
    {
        lock (_gate)
        {
            if (!_isWaiting)
                return;
            _isWaiting = false;
            _source.RunContinuationsAsynchronously = _mayBlock || !isLoop;
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
            _loop.Forget(_id, _descriptor, _isArmed);
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
                if (IsDone(count, "The command's output cannot be read", out int result))
                    return result;
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
                if (IsDone(count, "The command's input cannot be written", out int result))
                    return result;
            }

            return 0;
        }
    }

    // False: a signal came in between, try again. Under _gate.
    private bool IsDone(nint count, string problem, out int result)
    {
        result = (int)count;
        if (count >= 0)
            return true;
        int error = Marshal.GetLastPInvokeError();
        result = error switch
        {
            Calls.EINTR => 0,
            Calls.EAGAIN => _isFinishing ? 0 : -1,
            Calls.EPIPE or Calls.EIO => 0, // nobody reads any more; a terminal whose other side nobody has open
            _ => throw Calls.Error(problem, error),
        };
        return error != Calls.EINTR;
    }

    private ValueTask BeginWait(bool mayBlock)
    {
        lock (_gate)
        {
            if (_descriptor < 0 || _isFinishing)
                return default;
            _source.Reset();
            _mayBlock = mayBlock;
            _loop.Arm(_id, _descriptor, _events, isFirst: !_isArmed);
            _isArmed = _isWaiting = true;
            Volatile.Write(ref _waitingSince, TimeProvider.System.GetTimestamp());
            return new ValueTask(this, _source.Version);
        }
    }
}
