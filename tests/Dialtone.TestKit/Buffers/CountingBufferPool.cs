using System.Buffers;

namespace Dialtone;

/// <summary>
/// A pool that catches what is done wrong with its buffers: not returned, returned twice, used after return. Hand it to
/// <see cref="ServerOptions.BufferPool"/>, and end the test with <see cref="AssertCleanAsync"/>.
/// </summary>
/// <remarks>
/// No buffer is ever handed out twice. A returned one is filled with <see cref="PoisonByte"/> and kept aside, so that a later write is found,
/// and its <see cref="Memory{T}"/> throws when touched. A fresh one is filled with <see cref="FreshByte"/>: nobody may count on zeros.
/// </remarks>
public sealed class CountingBufferPool : MemoryPool<byte>
{
    /// <summary>What a buffer holds when it is rented.</summary>
    public const byte FreshByte = 0xCD;

    /// <summary>What a buffer holds once it is returned.</summary>
    public const byte PoisonByte = 0xDD;

    private const int KeptAside = 1024;

    private readonly Lock _gate = new();
    private readonly HashSet<CountedBuffer> _rented = [];    // under _gate
    private readonly Queue<CountedBuffer> _returned = [];    // under _gate
    private readonly List<TestKitException> _violations = []; // under _gate
    private readonly int _defaultBytes;
    private readonly bool _traces;
    private TaskCompletionSource? _whenNoneIsRented;          // under _gate
    private long _totalRents;                                 // under _gate
    private long _rentedBytes;                                // under _gate

    /// <summary>Makes a pool.</summary>
    /// <param name="defaultBytes">The length of a buffer rented without one, in bytes. Default 4,096. At least 1.</param>
    /// <param name="traces">Whether to remember who rented each buffer; slow, and worth it when one is leaked. Default false.</param>
    public CountingBufferPool(int defaultBytes = 4096, bool traces = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(defaultBytes, 1);
        _defaultBytes = defaultBytes;
        _traces = traces;
    }

    /// <inheritdoc/>
    public override int MaxBufferSize => Array.MaxLength;

    /// <summary>Buffers rented now.</summary>
    public int Rented
    {
        get
        {
            lock (_gate)
                return _rented.Count;
        }
    }

    /// <summary>Bytes in the buffers rented now.</summary>
    public long RentedBytes
    {
        get
        {
            lock (_gate)
                return _rentedBytes;
        }
    }

    /// <summary>Buffers rented so far, the returned ones included.</summary>
    public long TotalRents
    {
        get
        {
            lock (_gate)
                return _totalRents;
        }
    }

    /// <summary>What was done wrong so far; a leak is one only at the end.</summary>
    public IReadOnlyList<TestKitException> Violations
    {
        get
        {
            lock (_gate)
                return [.. _violations];
        }
    }

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minBufferSize, -1);
        var buffer = new CountedBuffer(this, Math.Max(minBufferSize, minBufferSize < 0 ? _defaultBytes : 1), _traces ? Environment.StackTrace : null);
        lock (_gate)
        {
            _totalRents++;
            _rentedBytes += buffer.Length;
            _rented.Add(buffer);
        }

        return buffer;
    }

    /// <summary>Waits until every buffer is returned, then fails on anything that was done wrong.</summary>
    /// <param name="within">How long to wait. Default 5 s.</param>
    /// <exception cref="TestKitException">The first violation, or the leak.</exception>
    public async Task AssertCleanAsync(TimeSpan? within = null)
    {
        try
        {
            await WhenNoneIsRented().WaitAsync(within ?? TimeSpan.FromSeconds(5));
        }
        catch (TimeoutException)
        {
            throw Leak();
        }

        lock (_gate)
        {
            foreach (CountedBuffer buffer in _returned)
                Inspect(buffer);
            if (_violations.Count > 0)
                throw _violations[0];
        }
    }

    internal void Return(CountedBuffer buffer)
    {
        lock (_gate)
        {
            if (!_rented.Remove(buffer))
            {
                Record(TestKitError.DoubleReturn, $"{buffer} was returned twice.");
                return;
            }

            buffer.Poison();
            _rentedBytes -= buffer.Length;
            _returned.Enqueue(buffer);
            if (_returned.Count > KeptAside)
                Inspect(_returned.Dequeue());
            if (_rented.Count == 0)
                _whenNoneIsRented?.TrySetResult();
        }
    }

    internal TestKitException UsedAfterReturn(CountedBuffer buffer)
    {
        lock (_gate)
            return Record(TestKitError.UseAfterReturn, $"{buffer} was used after its return.");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Nothing to free; AssertCleanAsync is what ends a test.
    }

    private Task WhenNoneIsRented()
    {
        lock (_gate)
        {
            if (_rented.Count == 0)
                return Task.CompletedTask;
            _whenNoneIsRented = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _whenNoneIsRented.Task;
        }
    }

    private TestKitException Leak()
    {
        lock (_gate)
        {
            return new TestKitException(
                TestKitError.Leak, $"{_rented.Count} of {_totalRents} buffers ({_rentedBytes} bytes) were not returned, such as {_rented.FirstOrDefault()}.");
        }
    }

    private void Inspect(CountedBuffer buffer)
    {
        if (!buffer.IsPoisonIntact)
            Record(TestKitError.UseAfterReturn, $"{buffer} was written to after its return.");
    }

    private TestKitException Record(TestKitError reason, string message)
    {
        var violation = new TestKitException(reason, message);
        _violations.Add(violation);
        return violation;
    }
}
