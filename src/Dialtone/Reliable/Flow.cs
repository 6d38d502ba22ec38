using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Dialtone;

// record  = ack / more / last / ping / close / note
// ack     = %x01 next:u32le bits:u64le credit:u8 newest:u32le
//           ; all segments before next have arrived, and next+1+i where bit i is set; credit more may be sent from next on;
//           ; newest is the number of the latest packet that arrived (its low 32 bits), by which the peer measures the round trip
// more    = %x02 id:u32le length:u16le content     ; a segment of a message that goes on in the next
// last    = %x03 id:u32le length:u16le content     ; the last or only segment of a message
// ping    = %x04                                   ; asks for an ack
// close   = %x05 reason:u8
// note    = %x06 length:u16le content              ; neither acknowledged nor repeated
/// <summary>
/// One end of a reliable flow: messages in order, each delivered once, over datagrams that may be lost, doubled, reordered, altered or forged.
/// Pure: datagrams and the time go in, datagrams and messages come out.
/// </summary>
/// <remarks>Not thread-safe; its owner holds a lock. Times are microseconds of any clock that only goes forward.</remarks>
internal sealed class Flow(FlowKeys keys, bool isServer, FlowOptions options, long now)
{
    public const int Window = 64;
    private const int AckBytes = 1 + 4 + 8 + 1 + 4;
    private const int SegmentHeaderBytes = 1 + 4 + 2;
    private const int LeastCongestionWindow = 8; // segments; within the first window of RFC 6928, and enough to talk over a line that loses at random
    private const int ResentAfterPassed = 3; // segments sent later that have arrived (RFC 5681's three duplicates)
    private const int TimedPackets = 16;
    private const int LossyFor = 32;         // segments acknowledged without another loss until the line counts as good again
    private const int MaxCopyBytes = 256;    // of a segment that is worth sending along once more on a bad line

    private enum Record : byte
    {
        Ack = 1,
        More = 2,
        Last = 3,
        Ping = 4,
        Close = 5,
        Note = 6,
    }

    private sealed class Segment
    {
        public required uint Id { get; init; }
        public required ReadOnlyMemory<byte> Content { get; init; }
        public required FlowMessage Message { get; init; }
        public required bool IsLast { get; init; }
        public long SentAt { get; set; }
        public int Passed { get; set; }
        public bool HasArrived { get; set; }
    }

    // Idle flows are many: what only a busy one needs is made when it is.
    private Queue<FlowMessage>? _queue;      // to be cut into segments
    private List<Segment>? _outstanding;     // in the order of their ids, at most Window
    private Segment[]? _early;               // received before those in front of them, by id % Window
    private ulong _earlyBits;                // bit i: _next + 1 + i is there
    private MemoryStream? _partial;          // the message whose last segment has not come
    private AesGcm? _sealer;
    private AesGcm? _opener;
    private ReplayWindow _replay;
    private RoundTrip _roundTrip;
    private ulong _nextNumber;
    private ulong _newestNumber;             // that arrived
    private long[]? _timesSent;              // of the last packets, by number; 0 when answered
    private int _lossy;
    private uint _nextId;                    // of the next new segment
    private uint _next;                      // the first segment that has not arrived
    private int _offset;                     // into the first message of the queue
    private int _congestionWindow = LeastCongestionWindow;
    private int _cleanAcks;
    private int _credit = Window;
    private int _unreadBytes;
    private uint _recoveredAt;               // losses before this id have been paid for
    private long _heardAt = now;
    private long _sentAt = now;
    private long _progressAt = now;          // of the last acknowledgement of something new, or of the first segment after none
    private bool _ackDue;
    private bool _pingDue;
    private byte? _closeDue;
    private bool _toldToPause;

    /// <summary>Called with each message when it and all before it have arrived. It owns the bytes.</summary>
    public Action<byte[]>? Received { get; set; }

    /// <summary>Called with each note that arrives: unreliable, of the moment.</summary>
    public Action<ReadOnlyMemory<byte>>? NoteReceived { get; set; }

    public FlowKeys Keys => keys;

    public FlowEnd End { get; private set; }

    /// <summary>Bytes of messages that wait or are on their way.</summary>
    public int QueuedBytes { get; private set; }

    /// <summary>The measured round trip in microseconds; 0 before the first.</summary>
    public int RoundTripMicroseconds => _roundTrip.Smoothed;

    /// <summary>Segments sent again, for statistics.</summary>
    public long Resent { get; private set; }

    /// <summary>Whether nothing waits for an acknowledgement and no datagram is due.</summary>
    public bool IsQuiet => QueuedBytes == 0 && (_outstanding?.Count ?? 0) == 0 && !_ackDue && !_pingDue && _closeDue is null;

    /// <summary>Takes a message to be sent; the caller has checked its length.</summary>
    public void Send(FlowMessage message, long now)
    {
        if ((_outstanding?.Count ?? 0) == 0 && QueuedBytes == 0)
            _progressAt = now;
        QueuedBytes += Math.Max(1, message.Content.Length);
        (_queue ??= new Queue<FlowMessage>()).Enqueue(message);
    }

    /// <summary>Tells the peer on the next datagram that this is the end; everything not acknowledged is reported as failed.</summary>
    public void Close()
    {
        if (End != FlowEnd.None)
            return;
        _closeDue = 0;
        Finish(FlowEnd.Closed);
    }

    /// <summary>The application has taken so many bytes of messages it was given.</summary>
    public void Taken(int bytes)
    {
        _unreadBytes -= bytes;
        if (_toldToPause && Credit() >= Window / 2)
            _ackDue = true;
    }

    /// <summary>Takes a datagram.</summary>
    /// <param name="packet">All of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="isNewest">Whether no later one has arrived: then its sender is where the peer is now.</param>
    /// <returns>Whether it was the peer's, fresh and unaltered; otherwise nothing has changed.</returns>
    public bool Receive(ReadOnlySpan<byte> packet, long now, out bool isNewest)
    {
        isNewest = false;
        if (!FlowPacket.TryReadHeader(packet, out ulong session, out ulong number) || session != keys.SessionId || !_replay.IsFresh(number))
            return false;
        int length = packet.Length - FlowPacket.HeaderBytes - FlowPacket.TagBytes;
        Span<byte> opened = length <= 2048 ? stackalloc byte[2048] : new byte[length];
        if (FlowPacket.Open(_opener ??= keys.Opener(isServer), number, packet, opened) < 0)
            return false;
        isNewest = _replay.Accept(number);
        if (isNewest)
            _newestNumber = number;
        _heardAt = now;
        if (End == FlowEnd.None && !ReadRecords(opened[..length], now) && End == FlowEnd.None)
        {
            _closeDue = 1;
            Finish(FlowEnd.ProtocolError);
        }

        return true;
    }

    /// <summary>Writes the next datagram that is due, if one is.</summary>
    /// <param name="packet">At least <see cref="FlowOptions.MaxDatagramBytes"/> long.</param>
    /// <param name="now">The time.</param>
    /// <returns>Its length, or 0.</returns>
    public int Next(Span<byte> packet, long now)
    {
        CheckTime(now);
        Span<byte> records = packet[FlowPacket.HeaderBytes..(options.MaxDatagramBytes - FlowPacket.TagBytes)];
        int length = 0;
        if (_closeDue is { } reason)
        {
            records[length++] = (byte)Record.Close;
            records[length++] = reason;
            _closeDue = null;
        }
        else if (End == FlowEnd.None)
        {
            int segments = WriteSegments(records[AckBytes..], now);
            if (_ackDue || segments > 0)
            {
                WriteAck(records);
                length = AckBytes + segments;
                _ackDue = false;
            }

            if (_pingDue && length < records.Length)
            {
                records[length++] = (byte)Record.Ping;
                _pingDue = false;
            }
        }

        return length == 0 ? 0 : Seal(packet, length, now);
    }

    /// <summary>Writes a datagram that carries a note and is not repeated.</summary>
    /// <returns>Its length; 0 if the note is too long or the flow has ended.</returns>
    public int Note(Span<byte> packet, ReadOnlySpan<byte> content, long now)
    {
        if (End != FlowEnd.None || content.Length > options.MaxDatagramBytes - FlowPacket.HeaderBytes - FlowPacket.TagBytes - 3)
            return 0;
        Span<byte> records = packet[FlowPacket.HeaderBytes..];
        records[0] = (byte)Record.Note;
        BinaryPrimitives.WriteUInt16LittleEndian(records[1..], (ushort)content.Length);
        content.CopyTo(records[3..]);
        return Seal(packet, 3 + content.Length, now);
    }

    /// <summary>When <see cref="Next"/> is to be asked again though nothing has arrived and nothing was sent.</summary>
    public long WakeAt()
    {
        if (End != FlowEnd.None)
            return _closeDue is null ? long.MaxValue : 0;
        if (_ackDue || _pingDue)
            return 0;
        long wake = isServer ? long.MaxValue : _sentAt + Microseconds(options.KeepAlive);
        wake = Math.Min(wake, _heardAt + Microseconds(options.Idle));
        if (_outstanding is { Count: > 0 })
        {
            wake = Math.Min(wake, _progressAt + Microseconds(options.GiveUp));
            foreach (Segment segment in _outstanding)
            {
                if (!segment.HasArrived)
                    wake = Math.Min(wake, segment.SentAt + _roundTrip.Timeout);
            }
        }

        if (_queue is { Count: > 0 })
            wake = Math.Min(wake, HasRoom() ? 0 : _sentAt + _roundTrip.Timeout);
        return wake;
    }

    /// <summary>Lets go of the ciphers; they come back when the flow is used again.</summary>
    public void Rest()
    {
        _sealer?.Dispose();
        _opener?.Dispose();
        (_sealer, _opener) = (null, null);
        if (IsQuiet)
            (_queue, _outstanding, _timesSent) = (null, null, null);
        if (_earlyBits == 0)
            _early = null;
    }

    private static long Microseconds(TimeSpan time) => (long)time.TotalMicroseconds;

    private int Seal(Span<byte> packet, int recordBytes, long now)
    {
        _sentAt = now;
        (_timesSent ??= new long[TimedPackets])[_nextNumber % TimedPackets] = now + 1;
        return FlowPacket.Seal(_sealer ??= keys.Sealer(isServer), keys.SessionId, _nextNumber++, packet, recordBytes);
    }

    private void CheckTime(long now)
    {
        if (End != FlowEnd.None)
            return;
        if (now - _heardAt >= Microseconds(options.Idle))
            Finish(FlowEnd.Idle);
        else if (_outstanding is { Count: > 0 } && now - _progressAt >= Microseconds(options.GiveUp))
            Finish(FlowEnd.Unanswered);
        else if (!isServer && now - _sentAt >= Microseconds(options.KeepAlive))
            _pingDue = true;
        else if (_queue is { Count: > 0 } && _credit == 0 && (_outstanding?.Count ?? 0) == 0 && now - _sentAt >= _roundTrip.Timeout)
            _pingDue = true; // the ack that would lift the pause may have been lost
    }

    private void Finish(FlowEnd reason)
    {
        End = reason;
        foreach (FlowMessage message in (_outstanding ?? []).Select(segment => segment.Message).Concat(_queue ?? []).Distinct())
            message.Failed(reason);
        QueuedBytes = 0;
        (_queue, _outstanding, _early, _partial, _earlyBits) = (null, null, null, null, 0);
    }

    private bool HasRoom()
    {
        int outstanding = _outstanding?.Count ?? 0;
        if (outstanding == 0)
            return _credit > 0;
        // The peer keeps at most Window segments from the first it lacks.
        return outstanding < Math.Min(_congestionWindow, Window) && _nextId - _outstanding![0].Id < (uint)Math.Min(Window, _credit);
    }

    private int WriteSegments(Span<byte> records, long now)
    {
        int length = 0;
        bool hasLost = false;
        foreach (Segment segment in _outstanding ?? [])
        {
            if (segment.HasArrived)
                continue;
            bool isLate = now - segment.SentAt >= _roundTrip.Timeout;
            if (!isLate && segment.Passed < ResentAfterPassed)
                continue;
            if (length + SegmentHeaderBytes + segment.Content.Length > records.Length)
                return length;
            if (segment.Id - _recoveredAt < int.MaxValue)
            {
                // One loss per window counts, as in RFC 5681.
                _congestionWindow = Math.Max(LeastCongestionWindow, _congestionWindow / 2);
                _lossy = LossyFor;
                _cleanAcks = 0;
                _recoveredAt = _nextId;
            }

            hasLost |= isLate;
            length += Write(records[length..], segment, now);
            Resent++;
        }

        if (hasLost)
            _roundTrip.BackOff();
        int firstNew = _outstanding?.Count ?? 0;
        while (_queue is { Count: > 0 } && HasRoom())
        {
            int room = records.Length - length - SegmentHeaderBytes;
            FlowMessage message = _queue.Peek();
            int rest = message.Content.Length - _offset;
            // What fits whole shares a datagram; what does not begins one of its own.
            if (room < Math.Min(rest, records.Length - SegmentHeaderBytes))
                break;
            int count = Math.Min(rest, room);
            bool isLast = count == rest;
            var segment = new Segment { Id = _nextId++, Content = message.Content.Slice(_offset, count), Message = message, IsLast = isLast };
            if (isLast)
                (_offset, _) = (0, _queue.Dequeue());
            else
                _offset += count;
            if ((_outstanding ??= new List<Segment>(4)).Count == 0)
                _progressAt = now;
            _outstanding.Add(segment);
            length += Write(records[length..], segment, now);
        }

        return _lossy > 0 && length > 0 ? length + WriteCopies(records[length..], firstNew, now) : length;
    }

    // On a line that loses, short segments still unanswered ride along with new ones: it costs no packet and saves a timeout.
    private int WriteCopies(Span<byte> records, int count, long now)
    {
        int length = 0;
        foreach (Segment segment in _outstanding!.Take(count))
        {
            int bytes = SegmentHeaderBytes + segment.Content.Length;
            if (!segment.HasArrived && bytes <= Math.Min(MaxCopyBytes, records.Length - length) && now - segment.SentAt >= _roundTrip.Smoothed / 4)
                length += WriteRecord(records[length..], segment);
        }

        return length;
    }

    private static int Write(Span<byte> records, Segment segment, long now)
    {
        segment.SentAt = now;
        segment.Passed = 0;
        return WriteRecord(records, segment);
    }

    private static int WriteRecord(Span<byte> records, Segment segment)
    {
        records[0] = (byte)(segment.IsLast ? Record.Last : Record.More);
        BinaryPrimitives.WriteUInt32LittleEndian(records[1..], segment.Id);
        BinaryPrimitives.WriteUInt16LittleEndian(records[5..], (ushort)segment.Content.Length);
        segment.Content.Span.CopyTo(records[SegmentHeaderBytes..]);
        return SegmentHeaderBytes + segment.Content.Length;
    }

    private void WriteAck(Span<byte> records)
    {
        int credit = Credit();
        records[0] = (byte)Record.Ack;
        BinaryPrimitives.WriteUInt32LittleEndian(records[1..], _next);
        BinaryPrimitives.WriteUInt64LittleEndian(records[5..], _earlyBits);
        records[13] = (byte)credit;
        BinaryPrimitives.WriteUInt32LittleEndian(records[14..], (uint)_newestNumber);
        _toldToPause = credit < Window / 2;
    }

    private int Credit()
    {
        long free = options.MaxUnreadBytes - (long)_unreadBytes - (_partial?.Length ?? 0);
        // A long message must be able to end, whatever else is unread.
        return _partial is { Length: > 0 } ? Window : (int)Math.Clamp(free / options.MaxDatagramBytes, 0, Window);
    }

    private bool ReadRecords(ReadOnlySpan<byte> records, long now)
    {
        while (records.Length > 0)
        {
            var kind = (Record)records[0];
            int length = kind switch
            {
                Record.Ack => AckBytes,
                Record.More or Record.Last when records.Length >= SegmentHeaderBytes =>
                    SegmentHeaderBytes + BinaryPrimitives.ReadUInt16LittleEndian(records[5..]),
                Record.Ping => 1,
                Record.Close => 2,
                Record.Note when records.Length >= 3 => 3 + BinaryPrimitives.ReadUInt16LittleEndian(records[1..]),
                _ => int.MaxValue,
            };
            if (length > records.Length)
                return false;
            ReadOnlySpan<byte> record = records[..length];
            records = records[length..];
            switch (kind)
            {
                case Record.Ack:
                    ReadAck(record, now);
                    break;
                case Record.More or Record.Last:
                    if (!ReadSegment(record, kind == Record.Last))
                        return false;
                    break;
                case Record.Ping:
                    _ackDue = true;
                    break;
                case Record.Close:
                    Finish(FlowEnd.ClosedByPeer);
                    return true;
                case Record.Note:
                    NoteReceived?.Invoke(record[3..].ToArray());
                    break;
            }
        }

        return true;
    }

    private void ReadAck(ReadOnlySpan<byte> record, long now)
    {
        uint next = BinaryPrimitives.ReadUInt32LittleEndian(record[1..]);
        ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(record[5..]);
        uint first = _outstanding is { Count: > 0 } ? _outstanding[0].Id : _nextId;
        // A late ack says nothing new, and one beyond what was sent nothing true.
        if (next - first > _nextId - first)
            return;
        _credit = Math.Min((int)record[13], Window);
        Time(BinaryPrimitives.ReadUInt32LittleEndian(record[14..]), now);
        if (_outstanding is null)
            return;
        uint newest = 0;
        bool hasNew = false;
        foreach (Segment segment in _outstanding)
        {
            bool has = (int)(segment.Id - next) < 0 || (segment.Id - next - 1 < 64 && (bits >> (int)(segment.Id - next - 1) & 1) != 0);
            if (!has || segment.HasArrived)
                continue;
            segment.HasArrived = true;
            (hasNew, newest) = (true, segment.Id);
            _lossy = Math.Max(0, _lossy - 1);
        }

        if (!hasNew)
            return;
        _progressAt = now;
        foreach (Segment segment in _outstanding)
        {
            if (!segment.HasArrived && (int)(newest - segment.Id) > 0 && now - segment.SentAt >= _roundTrip.Smoothed * 3L / 4)
                segment.Passed++;
        }

        Grow();
        Retire();
    }

    // A packet has a number of its own however often its content was sent, so the first answer that names it is a true sample.
    private void Time(uint newest, long now)
    {
        uint age = (uint)_nextNumber - newest;
        if (_timesSent is null || age is 0 or > TimedPackets)
            return;
        ref long sent = ref _timesSent[newest % TimedPackets];
        if (sent != 0)
            _roundTrip.Sample(now + 1 - sent);
        sent = 0;
    }

    private void Grow()
    {
        if (++_cleanAcks >= _congestionWindow / 2 && _congestionWindow < Window)
        {
            _congestionWindow++;
            _cleanAcks = 0;
        }
    }

    private void Retire()
    {
        int count = 0;
        while (count < _outstanding!.Count && _outstanding[count].HasArrived)
        {
            Segment segment = _outstanding[count++];
            if (!segment.IsLast)
                continue;
            QueuedBytes -= Math.Max(1, segment.Message.Content.Length);
            segment.Message.Delivered();
        }

        _outstanding.RemoveRange(0, count);
    }

    private bool ReadSegment(ReadOnlySpan<byte> record, bool isLast)
    {
        _ackDue = true;
        uint id = BinaryPrimitives.ReadUInt32LittleEndian(record[1..]);
        uint ahead = id - _next;
        if ((int)ahead < 0)
            return true; // again, since our ack was lost or late
        if (ahead >= Window)
            return false;
        if (ahead > 0)
        {
            ulong bit = 1UL << (int)(ahead - 1);
            if ((_earlyBits & bit) == 0)
            {
                _earlyBits |= bit;
                (_early ??= new Segment[Window])[id % Window] =
                    new Segment { Id = id, Content = record[SegmentHeaderBytes..].ToArray(), Message = FlowMessage.None, IsLast = isLast };
            }

            return true;
        }

        if (!Deliver(record[SegmentHeaderBytes..], isLast))
            return false;
        for (_next++; (_earlyBits & 1) != 0; _next++)
        {
            _earlyBits >>= 1;
            Segment early = _early![_next % Window];
            _early[_next % Window] = null!;
            if (End != FlowEnd.None || !Deliver(early.Content.Span, early.IsLast))
                return false;
        }

        _earlyBits >>= 1;
        return true;
    }

    private bool Deliver(ReadOnlySpan<byte> content, bool isLast)
    {
        long length = content.Length + (_partial?.Length ?? 0);
        if (length > options.MaxMessageBytes)
            return false;
        byte[] message;
        if (_partial is null && isLast)
        {
            message = content.ToArray();
        }
        else
        {
            (_partial ??= new MemoryStream()).Write(content);
            if (!isLast)
                return true;
            message = _partial.ToArray();
            _partial = null;
        }

        _unreadBytes += message.Length;
        Received?.Invoke(message);
        return true;
    }
}
