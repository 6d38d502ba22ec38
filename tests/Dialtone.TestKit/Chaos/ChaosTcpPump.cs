using System.Net.Sockets;
using System.Threading.Channels;

namespace Dialtone;

/// <summary>
/// One direction of a connection. A reader notes when each piece is due, a writer sends it then: so delay costs latency and not bandwidth.
/// What waits in between is bounded; a sender that is faster finds its window closed.
/// </summary>
internal sealed class ChaosTcpPump(ChaosTcpLink link, Socket from, Socket to, ChaosFlow flow, TimeProvider time, Random random)
{
    private const int ReadBytes = 16 * 1024;
    private const int MaxWaiting = 64;

    private readonly Channel<(byte[] Bytes, long Due)> _underWay = Channel.CreateBounded<(byte[], long)>(MaxWaiting);
    private readonly long _cutAt = flow.CutAfter ?? (flow.CutWithin is { } within ? random.Next(within) : long.MaxValue);
    private readonly int _flippedBit = 1 << random.Next(8);
    private readonly Random _pieces = new(random.Next()); // the writer's own: the reader draws at another pace
    private long _offset;     // of the next byte to send
    private long _freeAt;     // when the line is free again, by the bandwidth

    public async Task RunAsync(CancellationToken ending)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ending);
        Task reading = ReadAsync(either.Token);
        try
        {
            await WriteAsync(either.Token);
        }
        catch
        {
            await either.CancelAsync(); // a broken pump breaks the link
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            link.Reset();
            throw;
        }

        await reading;
    }

    private async Task ReadAsync(CancellationToken ending)
    {
        Exception? error = null;
        try
        {
            var buffer = new byte[ReadBytes];
            long due = 0;
            long left = flow.Cut == ChaosCut.Stall ? _cutAt : long.MaxValue; // who stalls does not read ahead
            int count;
            while (left > 0 && (count = await from.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(left, ReadBytes)), SocketFlags.None, ending)) > 0)
            {
                left -= count;
                due = Math.Max(due, time.GetTimestamp() + Ticks(flow.Delay) + Ticks(flow.Jitter * random.NextDouble()));
                await _underWay.Writer.WriteAsync((buffer[..count], due), ending);
            }

            if (left == 0)
                await Task.Delay(Timeout.InfiniteTimeSpan, ending);
        }
        catch (Exception e)
        {
            error = e;
        }

        _underWay.Writer.TryComplete(error);
    }

    private async Task WriteAsync(CancellationToken ending)
    {
        bool isLost = false;
        if (_cutAt == 0)
            isLost = await CutAsync(ending);
        await foreach ((byte[] bytes, long due) in _underWay.Reader.ReadAllAsync(ending))
        {
            if (isLost || link.IsFinished)
                continue;
            await WaitUntilAsync(due, ending);
            for (int at = 0; at < bytes.Length && !isLost && !link.IsFinished;)
            {
                int count = bytes.Length - at;
                if (flow.MaxPieceBytes is { } most)
                    count = Math.Min(count, _pieces.Next(1, most + 1));
                count = (int)Math.Min(count, _cutAt - _offset);
                await SendAsync(bytes.AsMemory(at, count), ending);
                at += count;
                if (_offset == _cutAt)
                    isLost = await CutAsync(ending);
            }
        }

        if (!isLost && !link.IsFinished)
            ChaosTcpLink.Shutdown(to);
    }

    private async ValueTask SendAsync(Memory<byte> piece, CancellationToken ending)
    {
        if (flow.FlipBitAt is { } flip && flip >= _offset && flip < _offset + piece.Length)
            piece.Span[(int)(flip - _offset)] ^= (byte)_flippedBit;
        if (flow.BytesPerSecond is { } rate)
        {
            _freeAt = Math.Max(_freeAt, time.GetTimestamp()) + (piece.Length * time.TimestampFrequency / rate);
            await WaitUntilAsync(_freeAt, ending);
        }

        _offset += piece.Length;
        try
        {
            for (Memory<byte> rest = piece; rest.Length > 0;)
                rest = rest[await to.SendAsync(rest, SocketFlags.None, ending)..];
        }
        catch (SocketException) when (link.IsFinished)
        {
            // The other direction was cut while this piece was on its way: it is dropped like all after it.
        }
    }

    /// <summary>Does what the flow's cut says; returns once, and only if, what still comes is to be dropped.</summary>
    private async ValueTask<bool> CutAsync(CancellationToken ending)
    {
        switch (flow.Cut)
        {
            case ChaosCut.Finish:
                link.Finish();
                return true;
            case ChaosCut.Reset:
                link.Reset();
                ending.ThrowIfCancellationRequested();
                return true;
            case ChaosCut.Stall:
                await Task.Delay(Timeout.InfiniteTimeSpan, ending);
                return true;
            default:
                return true;
        }
    }

    private async ValueTask WaitUntilAsync(long timestamp, CancellationToken ending)
    {
        // A timer may be early by less than its tick.
        for (long left; (left = timestamp - time.GetTimestamp()) > 0;)
        {
            double milliseconds = Math.Ceiling(left * 1000.0 / time.TimestampFrequency);
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, ending);
        }
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
