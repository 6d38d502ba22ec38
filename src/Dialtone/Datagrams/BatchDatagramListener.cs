using System.Buffers;
using System.Net;
using System.Runtime.InteropServices;
using Dialtone.Engines;
using static Dialtone.Engines.LinuxDatagrams;

namespace Dialtone;

/// <summary>
/// Receives up to 64 datagrams with one system call (recvmmsg), and sends what handlers answered in their turn with another (sendmmsg). Linux only.
/// </summary>
/// <remarks>
/// Memory: 64 buffers of <see cref="ServerLimits.MaxDatagramBytes"/> (rounded up to 4, 16 or 64 KiB: 4 MiB at most) from the server's budget,
/// fewer where they would take more than an eighth of it; and 32 KiB for answers. Pages that no datagram ever reached cost nothing.
/// </remarks>
internal sealed unsafe class BatchDatagramListener : DatagramListener
{
    private const int LargestBatch = 64;
    private const int ArenaBytes = 32 * 1024;

    /// <summary>Longer answers leave at once instead of being copied.</summary>
    private const int LargestGathered = 4 * 1024;

    /// <summary>How long an answer may wait for others, as a part of a second: half a millisecond.</summary>
    private const int GatherFraction = 2000;

    private readonly SafeHandle _handle;
    private readonly int _descriptor;
    private readonly int _maxBytes;
    private readonly int _batch;
    private readonly int _sendFlags;
    private readonly long _gatherTicks;
    private readonly Datagram[] _slots;
    private readonly MemoryHandle[] _namePins;
    private readonly MemoryHandle[] _bufferPins;
    private readonly Message* _incoming;
    private readonly Part* _incomingParts;
    private readonly Message* _outgoing;
    private readonly Part* _outgoingParts;
    private readonly byte* _arena;
    private bool _gathers;
    private int _slot;         // whose turn it is
    private int _gathered;     // answers that wait to leave
    private int _arenaUsed;
    private long _gatheredAt;  // when the first of them was given

    public BatchDatagramListener(DatagramService service, BoundSocket socket)
        : base(service, socket)
    {
        _handle = socket.Socket.SafeHandle;
        _descriptor = socket.Descriptor;
        _ = Linux.fcntl(_descriptor, Linux.F_SETFL, Linux.fcntl(_descriptor, Linux.F_GETFL, 0) & ~Linux.O_NONBLOCK);
        _maxBytes = service.Host.Limits.MaxDatagramBytes;
        _sendFlags = IsUnix ? Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL : 0; // a Unix peer that does not read would stop the loop
        _gatherTicks = service.Host.Clock.Time.TimestampFrequency / GatherFraction;

        var slots = new List<Datagram>(LargestBatch);
        long mayTake = service.Host.Limits.MaxBufferBytes / 8;
        while (slots.Count < LargestBatch && (slots.Count == 0 || slots[0].Buffer.Length * (slots.Count + 1L) <= mayTake))
        {
            if (service.TryMakeReceiver(_maxBytes) is not { } slot)
                break;
            slots.Add(slot);
        }

        if (slots.Count == 0)
            throw new TransportException(TransportError.OutOfResources, $"The memory budget leaves no buffer to receive datagrams on {Address}.");
        _batch = slots.Count;
        _slots = [.. slots];
        _namePins = new MemoryHandle[_batch];
        _bufferPins = new MemoryHandle[_batch];
        nuint tables = (nuint)(LargestBatch * (sizeof(Message) + sizeof(Part)));
        _incoming = (Message*)NativeMemory.AllocZeroed((2 * tables) + ArenaBytes);
        _outgoing = _incoming + LargestBatch;
        _incomingParts = (Part*)(_outgoing + LargestBatch);
        _outgoingParts = _incomingParts + LargestBatch;
        _arena = (byte*)(_outgoingParts + LargestBatch);
        for (int i = 0; i < _batch; i++)
        {
            Attach(i);
            _outgoing[i].Header.Parts = _outgoingParts + i;
            _outgoing[i].Header.PartCount = 1;
        }
    }

    public override SendOutcome Reply(Datagram datagram, ReadOnlySpan<byte> payload)
    {
        if (!_gathers || !IsTurnOf(datagram))
            return Send(payload, datagram.Peer);
        fixed (byte* given = payload)
        {
            byte* bytes = given;
            byte* received = _incomingParts[_slot].Base;
            bool isInPlace = given >= received && given + payload.Length <= received + _maxBytes; // an echo needs no copy
            if (!isInPlace)
            {
                if (payload.Length > LargestGathered)
                {
                    Flush();
                    return Send(payload, datagram.Peer);
                }

                if (_arenaUsed + payload.Length > ArenaBytes)
                    Flush();
                bytes = _arena + _arenaUsed;
                payload.CopyTo(new Span<byte>(bytes, payload.Length));
                _arenaUsed += payload.Length;
            }

            Gather(bytes, payload.Length, datagram);
        }

        return SendOutcome.Sent;
    }

    private void Gather(byte* bytes, int length, Datagram datagram)
    {
        if (_gathered == 0)
            _gatheredAt = datagram.Started;
        ref Header header = ref _outgoing[_gathered].Header;
        header.Name = _incoming[_slot].Header.Name;
        header.NameLength = (uint)datagram.Peer.Size;
        _outgoingParts[_gathered].Base = bytes;
        _outgoingParts[_gathered].Length = (nuint)length;
        if (++_gathered == _batch)
            Flush();
    }

    public override void Flush()
    {
        SendAll(_outgoing, _gathered);
        _gathered = 0;
        _arenaUsed = 0;
    }

    public override void SendMany(DatagramBatch batch)
    {
        Message* messages = stackalloc Message[DatagramBatch.Most];
        Part* parts = stackalloc Part[DatagramBatch.Most];
        for (int i = 0; i < batch.Count; i++)
        {
            SocketAddress peer = batch.Peer(i).Peer;
            peer.Buffer.Span[..peer.Size].CopyTo(new Span<byte>(batch.Name(i), Datagram.NameBytes));
            parts[i] = new Part { Base = batch.Bytes(i), Length = (nuint)batch.Length(i) };
            messages[i] = new Message { Header = new Header { Name = batch.Name(i), NameLength = (uint)peer.Size, Parts = parts + i, PartCount = 1 } };
        }

        bool isHeld = false;
        try
        {
            _handle.DangerousAddRef(ref isHeld);
            if (!IsClosed)
                SendAll(messages, batch.Count);
        }
        catch (ObjectDisposedException)
        {
            // The server has stopped.
        }
        finally
        {
            if (isHeld)
                _handle.DangerousRelease();
        }
    }

    private void SendAll(Message* messages, int count)
    {
        for (int done = 0; done < count;)
        {
            int sent = sendmmsg(_descriptor, messages + done, (uint)(count - done), _sendFlags);
            if (sent > 0)
            {
                done += sent;
            }
            else if (Marshal.GetLastPInvokeError() is var error && error != Linux.EINTR)
            {
                DatagramDrops.Reply(OutcomeOf(error));
                done++;
            }
        }
    }

    public override SendOutcome Send(ReadOnlySpan<byte> payload, SocketAddress peer)
    {
        bool isHeld = false;
        try
        {
            _handle.DangerousAddRef(ref isHeld);
            if (IsClosed)
                return SendOutcome.Failed;
            fixed (byte* bytes = payload, name = peer.Buffer.Span)
            {
                while (sendto(_descriptor, bytes, (nuint)payload.Length, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL, name, peer.Size) < 0)
                {
                    int error = Marshal.GetLastPInvokeError();
                    if (error == Linux.EMSGSIZE)
                        throw Linux.Error(error);
                    if (error != Linux.EINTR)
                        return OutcomeOf(error);
                }
            }

            return SendOutcome.Sent;
        }
        catch (ObjectDisposedException)
        {
            return SendOutcome.Failed;
        }
        finally
        {
            if (isHeld)
                _handle.DangerousRelease();
        }
    }

    protected override void ReceiveUntilStopped()
    {
        _gathers = Service.GathersReplies;
        while (!IsStopped)
        {
            int count = recvmmsg(_descriptor, _incoming, (uint)_batch, Linux.MSG_WAITFORONE, null);
            if (IsStopped)
                return;
            if (count < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (!IsHarmless(error))
                    throw Linux.Error(error);
                continue;
            }

            ReceivedSome();
            Deliver(count);
        }
    }

    private void Deliver(int count)
    {
        long bytes = 0;
        for (int i = 0; i < count; i++)
        {
            ref Message message = ref _incoming[i];
            Datagram datagram = _slots[i];
            datagram.Peer.Size = (int)message.Header.NameLength;
            datagram.Lend(this, (int)message.Length, (message.Header.Flags & Linux.MSG_TRUNC) != 0);
            bytes += message.Length;
            _slot = i;
            Datagram next = Service.Deliver(this, datagram);
            if (_gathered > 0 && datagram.Started - _gatheredAt > _gatherTicks)
                Flush();
            if (!ReferenceEquals(next, datagram))
                Replace(i, next);
            message.Header.NameLength = Datagram.NameBytes;
        }

        Flush();
        Instruments.Shared.Datagrams.Add(count);
        Instruments.Shared.Received.Add(bytes);
    }

    protected override void Wake() => _ = Linux.shutdown(_descriptor, Linux.SHUT_RD);

    protected override void ReturnBuffers()
    {
        for (int i = 0; i < _batch; i++)
        {
            Detach(i);
            Service.Return(_slots[i]);
        }

        NativeMemory.Free(_incoming);
    }

    private void Replace(int slot, Datagram next)
    {
        Detach(slot);
        _slots[slot] = next;
        Attach(slot);
    }

    private void Attach(int slot)
    {
        _namePins[slot] = _slots[slot].Peer.Buffer.Pin();
        _bufferPins[slot] = _slots[slot].Buffer.Pin();
        _incomingParts[slot].Base = (byte*)_bufferPins[slot].Pointer;
        _incomingParts[slot].Length = (nuint)_maxBytes;
        ref Header header = ref _incoming[slot].Header;
        header.Name = (byte*)_namePins[slot].Pointer;
        header.NameLength = Datagram.NameBytes;
        header.Parts = _incomingParts + slot;
        header.PartCount = 1;
    }

    private void Detach(int slot)
    {
        _namePins[slot].Dispose();
        _bufferPins[slot].Dispose();
    }

    /// <summary>Errors of earlier replies, and waits that were cut short: the next receive may well succeed.</summary>
    private static bool IsHarmless(int error) => error is Linux.EINTR or Linux.EAGAIN or Linux.ECONNREFUSED or Linux.ECONNRESET
        or Linux.EHOSTUNREACH or Linux.ENETUNREACH or Linux.EHOSTDOWN or Linux.ENETDOWN or Linux.EPROTO or Linux.ENOPROTOOPT or Linux.EMSGSIZE;

    private static SendOutcome OutcomeOf(int error) => error is Linux.EAGAIN or Linux.ENOBUFS ? SendOutcome.QueueFull : SendOutcome.Failed;
}
