using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Dialtone;

/// <summary>The first byte of each message between a server and its workers. The numbers are the format's; version 1.</summary>
internal enum WorkerMessageKind : byte
{
    /// <summary>Worker: ready for its first caller. version:u8</summary>
    Ready = 1,

    /// <summary>Server: serve this one; its descriptor comes along. id:i64, tls:u8, address:utf8</summary>
    Serve = 2,

    /// <summary>Server: the drain begins.</summary>
    Closing = 3,

    /// <summary>Server: abort the conversation. reason:u8</summary>
    Abort = 4,

    /// <summary>Worker: the conversation was aborted here; its handler should end soon. id:i64, reason:u8</summary>
    Aborted = 5,

    /// <summary>Worker, while the drain lasts: how far it is. id:i64, received:i64, sent:i64, activity:utf8</summary>
    Progress = 6,

    /// <summary>Worker: charge this address. penalty:u8, address:4 or 16 bytes</summary>
    Charge = 7,

    /// <summary>Worker: the handler asks the server to stop. id:i64, deadline in milliseconds:i64, −1 for the default</summary>
    Stop = 8,

    /// <summary>Worker: the conversation has ended and its descriptor is closed. id:i64, reason:u8, received:i64, sent:i64</summary>
    Ended = 9,

    /// <summary>Server, to a worker that asked for the stop: all others have ended. finished:i64</summary>
    Stopped = 10,

    /// <summary>
    /// Server: handle this datagram; a copy of its socket's descriptor comes along.
    /// id:i64, truncated:u8, address length:u8, address:utf8, sender length:u8, sender:sockaddr, payload
    /// </summary>
    Datagram = 11,

    /// <summary>Worker: a trusted proxy's header names this caller; may it come in? id:i64, port:u16, address:4 or 16 bytes</summary>
    Caller = 12,

    /// <summary>Server: the answer. reason:u8, 0 for yes</summary>
    CallerAdmitted = 13,
}

/// <summary>Reads and writes those messages. Numbers are little-endian: both ends run on one machine.</summary>
internal static class WorkerMessage
{
    public const byte Version = 1;

    /// <summary>The longest message of a worker; an activity is cut to fit.</summary>
    public const int MaxBytes = 1024;

    /// <summary>The longest message of a server: the longest datagram and its names.</summary>
    public const int MaxServerBytes = 65_535 + 1024;

    private const int MaxTextBytes = 512;

    public static byte[] Of(WorkerMessageKind kind) => [(byte)kind];

    public static byte[] Of(WorkerMessageKind kind, byte value) => [(byte)kind, value];

    public static byte[] Of(WorkerMessageKind kind, long value)
    {
        var message = new byte[9];
        message[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(1), value);
        return message;
    }

    public static byte[] Serve(long id, Address address) =>
        [.. Of(WorkerMessageKind.Serve, id), address.IsTls ? (byte)1 : (byte)0, .. Encoding.UTF8.GetBytes(address.ToString())];

    public static (long Id, Address Address) ReadServe(ReadOnlySpan<byte> message) =>
        (ReadInt64(message, 1), Address.Parse(Encoding.UTF8.GetString(message[10..])) with { IsTls = message[9] == 1 });

    public static byte[] Datagram(long id, Datagram datagram)
    {
        byte[] address = Encoding.UTF8.GetBytes(datagram.Address.ToString());
        SocketAddress peer = datagram.Peer;
        return
        [
            .. Of(WorkerMessageKind.Datagram, id), datagram.Truncated ? (byte)1 : (byte)0, (byte)address.Length, .. address,
            (byte)peer.Size, .. peer.Buffer.Span[..peer.Size], .. datagram.Payload.Span,
        ];
    }

    public static Address ReadDatagramAddress(ReadOnlySpan<byte> message) => Address.Parse(Encoding.UTF8.GetString(message.Slice(11, message[10])));

    /// <summary>Fills a datagram that the service has made with its sender and its payload.</summary>
    /// <returns>The payload's length.</returns>
    public static int ReadDatagram(ReadOnlySpan<byte> message, Datagram datagram)
    {
        ReadOnlySpan<byte> peer = message[(11 + message[10])..];
        datagram.Peer.Size = peer[0];
        peer.Slice(1, peer[0]).CopyTo(datagram.Peer.Buffer.Span);
        ReadOnlySpan<byte> payload = peer[(1 + peer[0])..];
        payload.CopyTo(datagram.Buffer.Span);
        return payload.Length;
    }

    public static byte[] Charge(IPAddress address, Penalty penalty) => [(byte)WorkerMessageKind.Charge, (byte)penalty, .. address.GetAddressBytes()];

    public static (IPAddress Address, Penalty Penalty) ReadCharge(ReadOnlySpan<byte> message) => (new IPAddress(message[2..]), (Penalty)message[1]);

    public static byte[] Caller(long id, IPEndPoint caller) =>
        [.. Of(WorkerMessageKind.Caller, id), (byte)caller.Port, (byte)(caller.Port >> 8), .. caller.Address.GetAddressBytes()];

    public static IPEndPoint ReadCaller(ReadOnlySpan<byte> message) => new(new IPAddress(message[11..]), BinaryPrimitives.ReadUInt16LittleEndian(message[9..]));

    public static byte[] Aborted(long id, CloseReason reason) => [.. Of(WorkerMessageKind.Aborted, id), (byte)reason];

    public static byte[] Progress(Connection connection)
    {
        byte[] text = Encoding.UTF8.GetBytes(connection.Activity ?? connection.DescribeActivity());
        return
        [
            .. Of(WorkerMessageKind.Progress, connection.Id), .. Bytes(connection.BytesReceived), .. Bytes(connection.BytesSent),
            .. text.AsSpan(0, Math.Min(text.Length, MaxTextBytes)),
        ];
    }

    public static (long Received, long Sent, string Activity) ReadProgress(ReadOnlySpan<byte> message) =>
        (ReadInt64(message, 9), ReadInt64(message, 17), Encoding.UTF8.GetString(message[25..]));

    public static byte[] Stop(long id, TimeSpan? deadline) =>
        [.. Of(WorkerMessageKind.Stop, id), .. Bytes(deadline is { } time ? (long)time.TotalMilliseconds : -1)];

    public static TimeSpan? ReadStop(ReadOnlySpan<byte> message) =>
        ReadInt64(message, 9) is >= 0 and var milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;

    public static byte[] DatagramEnded(long id) =>
        [.. Of(WorkerMessageKind.Ended, id), (byte)CloseReason.HandlerFinished, .. Bytes(0), .. Bytes(0)];

    public static byte[] Ended(Connection connection) =>
        [.. Of(WorkerMessageKind.Ended, connection.Id), (byte)connection.CloseReason, .. Bytes(connection.BytesReceived), .. Bytes(connection.BytesSent)];

    public static (CloseReason Reason, long Received, long Sent) ReadEnded(ReadOnlySpan<byte> message) =>
        (ReadReason(message), ReadInt64(message, 10), ReadInt64(message, 18));

    /// <summary>The reason in <see cref="WorkerMessageKind.Aborted"/> and <see cref="WorkerMessageKind.Ended"/>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static CloseReason ReadReason(ReadOnlySpan<byte> message) =>
        (CloseReason)message[9] is not CloseReason.None and var reason && Enum.IsDefined(reason)
            ? reason : throw new FormatException("No reason has this number.");

    public static long ReadInt64(ReadOnlySpan<byte> message, int at) => BinaryPrimitives.ReadInt64LittleEndian(message[at..]);

    private static byte[] Bytes(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }
}
