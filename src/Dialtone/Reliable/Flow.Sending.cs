using System.Buffers.Binary;

namespace Dialtone;

/// <content>What goes out: segments, acks, pings, the end.</content>
internal sealed partial class Flow
{
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
            int segments = _busy is null ? 0 : WriteSegments(_busy, records[AckBytes..^1], now);
            if (segments > 0 || _ackDue || _busy?.AckAt <= now)
            {
                WriteAck(records);
                length = AckBytes + segments;
            }

            if (_pingDue)
            {
                records[length++] = (byte)Record.Ping;
                _pingDue = false;
            }
        }

        return length == 0 ? 0 : Seal(packet, length, now);
    }

    private int Seal(Span<byte> packet, int recordBytes, long now)
    {
        Busy busy = MakeBusy();
        _sentAt = now;
        (busy.TimesSent ??= new long[TimedPackets])[_nextNumber % TimedPackets] = now + 1;
        return FlowPacket.Seal(busy.Sealer ??= keys.Sealer(isServer), keys.SessionId, _nextNumber++, packet, recordBytes);
    }

    private bool HasRoom(Busy busy)
    {
        if (busy.Outstanding is not { Count: > 0 } outstanding)
            return _credit > 0;
        // The peer keeps at most Window segments from the first it lacks.
        return busy.BytesUnderWay < _congestionWindow * options.MaxDatagramBytes && _nextId - outstanding[0].Id < (uint)Math.Min(Window, (int)_credit);
    }

    private int WriteSegments(Busy busy, Span<byte> records, long now)
    {
        int length = WriteLost(busy, records, now, out bool isFull);
        if (isFull)
            return length;
        int firstNew = busy.Outstanding?.Count ?? 0;
        while (busy.Queue is { Count: > 0 } queue && HasRoom(busy))
        {
            int room = records.Length - length - SegmentHeaderBytes;
            FlowMessage message = queue.Peek();
            int rest = message.Content.Length - busy.Offset;
            // What fits whole shares a datagram; what does not begins one of its own.
            if (room < Math.Min(rest, records.Length - SegmentHeaderBytes))
                break;
            Segment segment = busy.Offset == 0 && queue.Count > 1 && Pack(queue, Math.Min(room, MaxManyBytes)) is { } many
                ? many : Cut(busy, queue, message, Math.Min(rest, room));
            if ((busy.Outstanding ??= new List<Segment>(4)).Count == 0)
                busy.ProgressAt = now;
            busy.Outstanding.Add(segment);
            length += Write(records[length..], segment, now);
            busy.BytesUnderWay += SegmentHeaderBytes + segment.Content.Length;
            busy.Unasked++;
        }

        if (length == 0)
            return 0;
        Ask(busy);
        return _lossy > 0 ? length + WriteCopies(busy.Outstanding!, records[length..], firstNew, now) : length;
    }

    private Segment Cut(Busy busy, Queue<FlowMessage> queue, FlowMessage message, int count)
    {
        int offset = busy.Offset;
        bool isLast = offset + count == message.Content.Length;
        busy.Offset = isLast ? 0 : offset + count;
        if (isLast)
            queue.Dequeue();
        return new Segment { Id = _nextId++, Content = message.Content.Slice(offset, count), Message = message, Kind = isLast ? Record.Last : Record.More };
    }

    // As many of the messages that wait as there is room for; null if that is fewer than two.
    private Segment? Pack(Queue<FlowMessage> queue, int room)
    {
        int count = 0, length = 0;
        foreach (FlowMessage message in queue)
        {
            if (length + SizeBytes + message.Content.Length > room)
                break;
            length += SizeBytes + message.Content.Length;
            count++;
        }

        if (count < 2)
            return null;
        var content = new byte[length];
        var messages = new FlowMessage[count];
        Span<byte> rest = content;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> message = (messages[i] = queue.Dequeue()).Content.Span;
            BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)message.Length);
            message.CopyTo(rest[SizeBytes..]);
            rest = rest[(SizeBytes + message.Length)..];
        }

        return new Segment { Id = _nextId++, Content = content, Messages = messages, Kind = Record.Many };
    }

    private int WriteLost(Busy busy, Span<byte> records, long now, out bool isFull)
    {
        int length = 0;
        bool isLateOne = false;
        isFull = false;
        foreach (Segment segment in busy.Outstanding ?? [])
        {
            if (segment.HasArrived)
                continue;
            bool isLate = now - segment.SentAt >= _roundTrip.Timeout;
            if (!isLate && segment.Passed < ResentAfterPassed)
                continue;
            if (length + SegmentHeaderBytes + segment.Content.Length > records.Length)
            {
                isFull = true;
                break;
            }

            if (segment.Id - busy.RecoveredAt < int.MaxValue)
            {
                // One loss per window counts, as in RFC 5681.
                _congestionWindow = (byte)Math.Max(LeastCongestionWindow, _congestionWindow / 2);
                _lossy = LossyFor;
                _cleanAcks = 0;
                busy.RecoveredAt = _nextId;
            }

            isLateOne |= isLate;
            length += Write(records[length..], segment, now);
            busy.Resent++;
        }

        if (isLateOne)
            _roundTrip.BackOff();
        return length;
    }

    // Acks are late by habit. Whoever would soon have to wait for one asks: a sender whose window fills, and a caller who has said all it had to say.
    private void Ask(Busy busy)
    {
        int most = Math.Min(Window, (int)_credit);
        bool isFilling = busy.Outstanding!.Count * 2 >= most && busy.Unasked * 4 >= most;
        isFilling |= busy.BytesUnderWay * 2 >= _congestionWindow * options.MaxDatagramBytes && busy.Unasked * 4 >= _congestionWindow;
        bool isDone = !isServer && busy.Queue is not { Count: > 0 };
        if (!isFilling && !isDone)
            return;
        _pingDue = true;
        busy.Unasked = 0;
    }

    // On a line that loses, short segments still unanswered ride along with new ones: it costs no packet and saves a timeout.
    private int WriteCopies(List<Segment> outstanding, Span<byte> records, int count, long now)
    {
        int length = 0;
        foreach (Segment segment in outstanding.Take(count))
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
        records[0] = (byte)segment.Kind;
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
        BinaryPrimitives.WriteUInt64LittleEndian(records[5..], _busy?.EarlyBits ?? 0);
        records[13] = (byte)credit;
        BinaryPrimitives.WriteUInt32LittleEndian(records[14..], (uint)_replay.Newest);
        _toldToPause = credit < Window / 2;
        _ackDue = false;
        if (_busy is { } busy)
            (busy.AckAt, busy.Unacked) = (long.MaxValue, 0);
    }

    private int Credit()
    {
        if (_busy?.Partial is { Length: > 0 })
            return Window; // a long message must be able to end, whatever else is unread
        return (int)Math.Clamp((options.MaxUnreadBytes - (long)_unreadBytes) / options.MaxDatagramBytes, 0, Window);
    }
}
