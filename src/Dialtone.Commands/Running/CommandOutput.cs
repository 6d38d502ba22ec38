namespace Dialtone.Commands;

/// <summary>What a command writes to one of its streams, counted and summed as it is read. Nothing is read ahead: who reads slowly slows the command.</summary>
internal sealed class CommandOutput : ReadOnlyStream
{
    private readonly PolledDescriptor? _source;
    private readonly OutputBudget _budget;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private uint _sum; // under _gate, as the next two
    private long _bytes;
    private bool _isCut;

    /// <param name="source">The pipe; null for a stream that does not exist, and has ended.</param>
    /// <param name="budget">What both streams may write together.</param>
    public CommandOutput(PolledDescriptor? source, OutputBudget budget)
    {
        (_source, _budget) = (source, budget);
        if (source is null)
            _ended.SetResult();
    }

    /// <summary>Done when its end was read, or it was cut.</summary>
    public Task Ended => _ended.Task;

    public StreamReport Report
    {
        get
        {
            lock (_gate)
                return new StreamReport(_bytes, _sum);
        }
    }

    private bool IsCut
    {
        get
        {
            lock (_gate)
                return _isCut;
        }
    }

    /// <summary>Whether a reader has waited for so long, and nothing came.</summary>
    public bool IsQuiet(TimeSpan quiet) =>
        _ended.Task.IsCompleted || (_source!.WaitingSince is { } since && TimeProvider.System.GetElapsedTime(since) >= quiet);

    /// <summary>Nobody is left who could write: what is there may be read, and then it ends.</summary>
    public void Finish() => _source?.Finish();

    /// <summary>Ends it here, whatever is still to come.</summary>
    public void Cut()
    {
        lock (_gate)
            _isCut = true;
        _source?.Dispose();
        _ended.TrySetResult();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ReadAsync(buffer, mayBlock: true, cancellationToken);

    /// <summary>Reads for a caller that never holds its thread up: it may go on with the loop's own.</summary>
    public ValueTask<int> ReadForPumpAsync(Memory<byte> buffer) => ReadAsync(buffer, mayBlock: false, default);

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, bool mayBlock, CancellationToken cancellationToken)
    {
        if (_source is null || buffer.IsEmpty || IsCut)
            return 0;
        int count = await _source.ReadAsync(buffer, mayBlock, cancellationToken).ConfigureAwait(false);
        bool isOver = false;
        if (count > 0)
            count = _budget.Take(count, out isOver);
        lock (_gate)
        {
            // What the report does not count is given to nobody.
            if (_isCut)
                count = 0;
            _sum = Crc32C.Append(_sum, buffer.Span[..count]);
            _bytes += count;
        }

        if (isOver)
            _budget.Exceeded();
        if (count == 0)
            Cut();
        return count;
    }

    protected override void Dispose(bool disposing) => Cut();
}

/// <summary>How much a command may still write, over both streams.</summary>
internal sealed class OutputBudget(long? limit, Action exceeded)
{
    private long _taken;

    /// <summary>How many of the bytes just read are within the bound.</summary>
    public int Take(int count, out bool isOver)
    {
        long over = limit is { } most ? Interlocked.Add(ref _taken, count) - most : 0;
        isOver = over > 0;
        return isOver ? (int)Math.Max(0, count - over) : count;
    }

    /// <summary>Ends the command; called when what was within the bound has been counted.</summary>
    public void Exceeded() => exceeded();
}
