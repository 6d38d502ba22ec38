using System.Security.Cryptography;

namespace Dialtone;

// record  = ack / more / last / many / ping / close
// ack     = %x01 next:u32le bits:u64le credit:u8 newest:u32le
//           ; all segments before next have arrived, and next+1+i where bit i is set; credit more may be sent from next on;
//           ; newest is the number of the latest packet that arrived (its low 32 bits), by which the peer measures the round trip
// more    = %x02 id:u32le length:u16le content     ; a segment of a message that goes on in the next
// last    = %x03 id:u32le length:u16le content     ; the last or only segment of a message
// many    = %x06 id:u32le length:u16le *(size:u16le message)   ; a segment of several whole messages
// ping    = %x04                                   ; asks for an ack at once
// close   = %x05 reason:u8
/// <summary>
/// One end of a reliable flow: messages in order, each delivered once, over datagrams that may be lost, doubled, reordered, altered or forged.
/// Pure: datagrams and the time go in, datagrams and messages come out.
/// </summary>
/// <remarks>Not thread-safe; its owner holds a lock. Times are microseconds of any clock that only goes forward.</remarks>
internal sealed partial class Flow(FlowKeys keys, bool isServer, FlowOptions options, long now)
{
    public const int Window = 64;
    private const int AckBytes = 1 + 4 + 8 + 1 + 4;
    private const int SegmentHeaderBytes = 1 + 4 + 2;
    private const int LeastCongestionWindow = 8; // datagrams; within the first window of RFC 6928, and enough to talk over a line that loses at random
    private const int ResentAfterPassed = 3; // segments sent later that have arrived (RFC 5681's three duplicates)
    private const int TimedPackets = 16;
    private const int LossyFor = 32;         // segments acknowledged without another loss until the line counts as good again
    private const int MaxCopyBytes = 512;    // of a segment that is worth sending along once more on a bad line
    private const int MaxManyBytes = 512;    // of short messages that share a segment when several wait: then the window is no bound on them
    private const int SizeBytes = 2;         // before each of them
    private const int AckDelay = 25_000;     // microseconds; RFC 9000's max_ack_delay

    private enum Record : byte
    {
        Ack = 1,
        More = 2,
        Last = 3,
        Ping = 4,
        Close = 5,
        Many = 6,
    }

    private sealed class Segment
    {
        public required uint Id { get; init; }
        public required ReadOnlyMemory<byte> Content { get; init; }
        public FlowMessage? Message { get; init; }      // the one it is of
        public FlowMessage[]? Messages { get; init; }   // or all that it holds
        public required Record Kind { get; init; }
        public long SentAt { get; set; }
        public int Passed { get; set; }
        public bool HasArrived { get; set; }
    }

    // Idle flows are many: what only a busy one needs is made when it is, and given up by Rest.
    private sealed class Busy
    {
        public Queue<FlowMessage>? Queue;      // to be cut into segments
        public List<Segment>? Outstanding;     // in the order of their ids, at most Window
        public Segment?[]? Early;              // received before those in front of them, by id % Window
        public ulong EarlyBits;                // bit i: _next + 1 + i is there
        public MemoryStream? Partial;          // the message whose last segment has not come
        public Queue<byte[]>? Arrived;
        public List<FlowMessage>? Finished;
        public AesGcm? Sealer;
        public AesGcm? Opener;
        public long[]? TimesSent;              // of the last packets, by number; 0 when answered
        public int QueuedBytes;
        public int BytesUnderWay;              // of segments that are not known to have arrived
        public int Offset;                     // into the first message of the queue
        public uint RecoveredAt;               // losses before this id have been paid for
        public int Resent;
        public int Unasked;                    // segments sent since an ack was asked for
        public int Unacked;                    // segments received since an ack was sent
        public long AckAt = long.MaxValue;     // when one is due at the latest
        public long ProgressAt;                // of the last acknowledgement of something new, or of the first segment after none

        public bool IsQuiet => QueuedBytes == 0 && Outstanding is not { Count: > 0 } && AckAt == long.MaxValue && Arrived is null && Finished is null;
    }

    private Busy? _busy;
    private ReplayWindow _replay;
    private RoundTrip _roundTrip;
    private ulong _nextNumber;
    private uint _nextId;                    // of the next new segment
    private uint _next;                      // the first segment that has not arrived
    private int _unreadBytes;
    private long _heardAt = now;
    private long _sentAt = now;
    private byte _congestionWindow = LeastCongestionWindow;
    private byte _cleanAcks;
    private byte _lossy;
    private byte _credit = Window;
    private byte? _closeDue;
    private bool _ackDue;
    private bool _pingDue;
    private bool _toldToPause;
    private bool _isGreeting;

    public FlowKeys Keys => keys;

    public FlowEnd End { get; private set; }

    /// <summary>Bytes of messages that wait or are on their way.</summary>
    public int QueuedBytes => _busy?.QueuedBytes ?? 0;

    /// <summary>The measured round trip in microseconds; 0 before the first.</summary>
    public int RoundTripMicroseconds => _roundTrip.Smoothed;

    /// <summary>When the peer was last heard; before that, when the flow was made.</summary>
    public long HeardAt => _heardAt;

    /// <summary>Whether there is a message or an outcome to be taken.</summary>
    public bool HasNews => _busy is { } busy && (busy.Arrived is not null || busy.Finished is not null);

    /// <summary>Segments sent again since the flow was last at rest, for statistics.</summary>
    public int Resent => _busy?.Resent ?? 0;

    /// <summary>Whether nothing waits: no acknowledgement, no datagram, no message to be taken.</summary>
    public bool IsQuiet => !_ackDue && !_pingDue && _closeDue is null && (_busy?.IsQuiet ?? true);

    /// <summary>Takes a message to be sent; the caller has checked its length.</summary>
    public void Send(FlowMessage message, long now)
    {
        Busy busy = MakeBusy();
        if (busy.QueuedBytes == 0)
            busy.ProgressAt = now;
        busy.QueuedBytes += Math.Max(1, message.Content.Length);
        (busy.Queue ??= new Queue<FlowMessage>(4)).Enqueue(message);
    }

    /// <summary>Takes the next message that has arrived, with all before it.</summary>
    /// <returns>Null if there is none. The bytes are the caller's.</returns>
    public byte[]? Take()
    {
        if (_busy?.Arrived is not { } arrived)
            return null;
        byte[] message = arrived.Dequeue();
        if (arrived.Count == 0)
            _busy.Arrived = null;
        return message;
    }

    /// <summary>Takes the messages whose outcome is known now and somebody wants to know; null if there are none.</summary>
    public List<FlowMessage>? TakeFinished()
    {
        List<FlowMessage>? finished = _busy?.Finished;
        if (finished is not null)
            _busy!.Finished = null;
        return finished;
    }

    /// <summary>The application has done with so many bytes of messages it was given.</summary>
    public void Taken(int bytes)
    {
        _unreadBytes -= bytes;
        if (_toldToPause && Credit() >= Window / 2)
            _ackDue = true;
    }

    /// <summary>Pings until the peer answers: it learns where this end is, and this end that it has.</summary>
    public void Greet() => _isGreeting = _pingDue = true;

    /// <summary>Tells the peer on the next datagram that this is the end; everything not acknowledged is reported as failed.</summary>
    public void Close()
    {
        if (End != FlowEnd.None)
            return;
        _closeDue = 0;
        Finish(FlowEnd.Closed);
    }

    /// <summary>When <see cref="Next"/> is to be asked again though nothing has arrived and nothing was sent.</summary>
    public long WakeAt()
    {
        if (End != FlowEnd.None)
            return _closeDue is null ? long.MaxValue : 0;
        if (_ackDue || _pingDue)
            return 0;
        long wake = isServer ? long.MaxValue : _sentAt + (_isGreeting ? _roundTrip.Timeout : Microseconds(options.KeepAlive));
        wake = Math.Min(wake, _heardAt + Microseconds(options.Idle));
        if (_busy is not { } busy)
            return wake;
        wake = Math.Min(wake, busy.AckAt);
        if (busy.Outstanding is { Count: > 0 } outstanding)
        {
            wake = Math.Min(wake, busy.ProgressAt + Microseconds(options.GiveUp));
            foreach (Segment segment in outstanding)
            {
                if (!segment.HasArrived)
                    wake = Math.Min(wake, segment.SentAt + _roundTrip.Timeout);
            }
        }

        if (busy.Queue is { Count: > 0 })
            wake = Math.Min(wake, HasRoom(busy) ? 0 : _sentAt + _roundTrip.Timeout);
        return wake;
    }

    /// <summary>Lets go of what only a busy flow needs; it comes back when the flow is used again.</summary>
    public void Rest()
    {
        if (_busy is not { } busy)
            return;
        (busy.Sealer, AesGcm? sealer) = (null, busy.Sealer);
        (busy.Opener, AesGcm? opener) = (null, busy.Opener);
        sealer?.Dispose();
        opener?.Dispose();
        if (IsQuiet && busy.EarlyBits == 0 && busy.Partial is null)
            _busy = null;
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private Busy MakeBusy() => _busy ??= new Busy { RecoveredAt = _nextId };

    private void CheckTime(long now)
    {
        if (End != FlowEnd.None)
            return;
        if (now - _heardAt >= Microseconds(options.Idle))
        {
            Finish(FlowEnd.Idle);
            return;
        }

        if (_busy is { Outstanding.Count: > 0 } waiting && now - waiting.ProgressAt >= Microseconds(options.GiveUp))
            Finish(FlowEnd.Unanswered);
        else if (!isServer && now - _sentAt >= (_isGreeting ? _roundTrip.Timeout : Microseconds(options.KeepAlive)))
            _pingDue = true;
        else if (_busy is { Queue.Count: > 0 } paused && _credit == 0 && paused.Outstanding is not { Count: > 0 } && now - _sentAt >= _roundTrip.Timeout)
            _pingDue = true; // the ack that would lift the pause may have been lost
    }

    private void Finish(FlowEnd reason)
    {
        End = reason;
        if (_busy is not { } busy)
            return;
        foreach (FlowMessage message in (busy.Outstanding ?? []).SelectMany(segment => segment.Messages ?? [segment.Message!]).Concat(busy.Queue ?? []).Distinct())
            Finish(busy, message, reason);
        (busy.QueuedBytes, busy.BytesUnderWay) = (0, 0);
        busy.AckAt = long.MaxValue;
        (busy.Queue, busy.Outstanding, busy.Early, busy.Partial, busy.EarlyBits) = (null, null, null, null, 0);
        (_ackDue, _pingDue) = (false, false);
    }

    private static void Finish(Busy busy, FlowMessage message, FlowEnd end)
    {
        message.End = end;
        if (message.HasListener)
            (busy.Finished ??= new List<FlowMessage>(4)).Add(message);
    }
}
