using System.Buffers.Binary;

namespace Dialtone;

/// <content>What comes in: packets that prove themselves, their acks and segments.</content>
internal sealed partial class Flow
{
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
        bool wasResting = _busy is null;
        Busy busy = MakeBusy();
        if (FlowPacket.Open(busy.Opener ??= keys.Opener(isServer), number, packet, opened) < 0)
        {
            if (wasResting)
                Rest(); // a forger keeps nobody awake
            return false;
        }

        isNewest = _replay.Accept(number);
        _heardAt = now;
        _isGreeting = false;
        if (End == FlowEnd.None && !ReadRecords(busy, opened[..length], now) && End == FlowEnd.None)
        {
            _closeDue = 1;
            Finish(FlowEnd.ProtocolError);
        }

        return true;
    }

    private bool ReadRecords(Busy busy, ReadOnlySpan<byte> records, long now)
    {
        while (records.Length > 0)
        {
            var kind = (Record)records[0];
            int length = kind switch
            {
                Record.Ack => AckBytes,
                Record.More or Record.Last or Record.Many when records.Length >= SegmentHeaderBytes =>
                    SegmentHeaderBytes + BinaryPrimitives.ReadUInt16LittleEndian(records[5..]),
                Record.Ping => 1,
                Record.Close => 2,
                _ => int.MaxValue,
            };
            if (length > records.Length)
                return false;
            ReadOnlySpan<byte> record = records[..length];
            records = records[length..];
            switch (kind)
            {
                case Record.Ack:
                    ReadAck(busy, record, now);
                    break;
                case Record.More or Record.Last or Record.Many:
                    if (!ReadSegment(busy, record, kind, now))
                        return false;
                    break;
                case Record.Ping:
                    _ackDue = true;
                    break;
                case Record.Close:
                    Finish(FlowEnd.ClosedByPeer);
                    return true;
            }
        }

        return true;
    }

    private void ReadAck(Busy busy, ReadOnlySpan<byte> record, long now)
    {
        uint next = BinaryPrimitives.ReadUInt32LittleEndian(record[1..]);
        ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(record[5..]);
        uint first = busy.Outstanding is { Count: > 0 } ? busy.Outstanding[0].Id : _nextId;
        // A late ack says nothing new, and one beyond what was sent nothing true.
        if (next - first > _nextId - first)
            return;
        _credit = Math.Min(record[13], (byte)Window);
        Time(busy, BinaryPrimitives.ReadUInt32LittleEndian(record[14..]), now);
        if (busy.Outstanding is not { } outstanding)
            return;
        uint newest = 0;
        int arrived = 0;
        foreach (Segment segment in outstanding)
        {
            bool has = (int)(segment.Id - next) < 0 || (segment.Id - next - 1 < 64 && (bits >> (int)(segment.Id - next - 1) & 1) != 0);
            if (!has || segment.HasArrived)
                continue;
            segment.HasArrived = true;
            busy.BytesUnderWay -= SegmentHeaderBytes + segment.Content.Length;
            newest = segment.Id;
            arrived++;
        }

        if (arrived == 0)
            return;
        busy.ProgressAt = now;
        _lossy = (byte)Math.Max(0, _lossy - arrived);
        foreach (Segment segment in outstanding)
        {
            if (!segment.HasArrived && (int)(newest - segment.Id) > 0 && now - segment.SentAt >= _roundTrip.Smoothed * 3L / 4)
                segment.Passed++;
        }

        Grow(arrived);
        Retire(busy, outstanding);
    }

    // A packet has a number of its own however often its content was sent, so the first answer that names it is a true sample.
    private void Time(Busy busy, uint newest, long now)
    {
        uint age = (uint)_nextNumber - newest;
        if (busy.TimesSent is null || age is 0 or > TimedPackets)
            return;
        ref long sent = ref busy.TimesSent[newest % TimedPackets];
        if (sent != 0)
            _roundTrip.Sample(now + 1 - sent);
        sent = 0;
    }

    private void Grow(int arrived)
    {
        if (_congestionWindow >= Window)
            return;
        _cleanAcks += (byte)arrived;
        if (_cleanAcks < _congestionWindow / 2)
            return;
        _congestionWindow++;
        _cleanAcks = 0;
    }

    private static void Retire(Busy busy, List<Segment> outstanding)
    {
        int count = 0;
        while (count < outstanding.Count && outstanding[count].HasArrived)
        {
            Segment segment = outstanding[count++];
            if (segment.Kind == Record.Last)
                Acknowledged(busy, segment.Message!);
            foreach (FlowMessage message in segment.Messages ?? [])
                Acknowledged(busy, message);
        }

        outstanding.RemoveRange(0, count);
    }

    private static void Acknowledged(Busy busy, FlowMessage message)
    {
        busy.QueuedBytes -= Math.Max(1, message.Content.Length);
        Finish(busy, message, FlowEnd.None);
    }

    private bool ReadSegment(Busy busy, ReadOnlySpan<byte> record, Record kind, long now)
    {
        uint id = BinaryPrimitives.ReadUInt32LittleEndian(record[1..]);
        uint ahead = id - _next;
        // What came in order can wait for an ack that tells of several, or rides on an answer; whatever else came means that something was lost.
        if (ahead != 0 || busy.EarlyBits != 0 || ++busy.Unacked >= Window / 2)
            _ackDue = true;
        else
            busy.AckAt = Math.Min(busy.AckAt, now + AckDelay);
        if ((int)ahead < 0)
            return true; // again, since our ack was lost or late
        if (ahead >= Window)
            return false;
        if (ahead > 0)
        {
            ulong bit = 1UL << (int)(ahead - 1);
            if ((busy.EarlyBits & bit) == 0)
            {
                busy.EarlyBits |= bit;
                (busy.Early ??= new Segment[Window])[id % Window] = new Segment { Id = id, Content = record[SegmentHeaderBytes..].ToArray(), Kind = kind };
            }

            return true;
        }

        if (!Deliver(busy, record[SegmentHeaderBytes..], kind))
            return false;
        for (_next++; (busy.EarlyBits & 1) != 0; _next++)
        {
            busy.EarlyBits >>= 1;
            Segment early = busy.Early![_next % Window]!;
            busy.Early[_next % Window] = null;
            if (!Deliver(busy, early.Content.Span, early.Kind))
                return false;
        }

        busy.EarlyBits >>= 1;
        if (busy.EarlyBits == 0)
            busy.Early = null;
        return true;
    }

    private bool Deliver(Busy busy, ReadOnlySpan<byte> content, Record kind)
    {
        if (kind == Record.Many)
            return DeliverMany(busy, content);
        if (content.Length + (busy.Partial?.Length ?? 0) > options.MaxMessageBytes)
            return false;
        if (kind == Record.Last && busy.Partial is null)
        {
            Deliver(busy, content.ToArray());
            return true;
        }

        (busy.Partial ??= new MemoryStream()).Write(content);
        if (kind == Record.Last)
        {
            Deliver(busy, busy.Partial.ToArray());
            busy.Partial = null;
        }

        return true;
    }

    private bool DeliverMany(Busy busy, ReadOnlySpan<byte> content)
    {
        if (busy.Partial is not null)
            return false;
        while (content.Length >= SizeBytes)
        {
            int size = BinaryPrimitives.ReadUInt16LittleEndian(content);
            content = content[SizeBytes..];
            if (size > content.Length || size > options.MaxMessageBytes)
                return false;
            Deliver(busy, content[..size].ToArray());
            content = content[size..];
        }

        return content.IsEmpty;
    }

    private void Deliver(Busy busy, byte[] message)
    {
        _unreadBytes += message.Length;
        (busy.Arrived ??= new Queue<byte[]>(4)).Enqueue(message);
    }
}
