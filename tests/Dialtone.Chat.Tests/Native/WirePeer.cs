using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Dialtone.Chat.Tests.Native;

/// <summary>A client written from PROTOCOL.md alone, which can say anything, rightly or wrongly sealed.</summary>
internal sealed class WirePeer
{
    private readonly byte[] _toServer;
    private readonly byte[] _toClient;
    private ulong _number;

    private WirePeer(ulong session, byte[] secret, int port)
    {
        (Session, Port) = (session, port);
        var salt = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(salt, session);
        _toServer = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, salt, "dialtone datagrams 1 to server"u8.ToArray());
        _toClient = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, salt, "dialtone datagrams 1 to client"u8.ToArray());
    }

    public ulong Session { get; }

    public int Port { get; }

    /// <summary>Joins and leaves the TLS connection.</summary>
    public static async Task<WirePeer> JoinAsync(Address address, string name, string room)
    {
        using JsonDocument joined = JsonDocument.Parse((await AskAsync(address, $$"""{"chat":1,"name":"{{name}}","rooms":[{"name":"{{room}}"}]}"""))[0]);
        return new WirePeer(
            ulong.Parse(joined.RootElement.GetProperty("session").GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            joined.RootElement.GetProperty("secret").GetBytesFromBase64(),
            joined.RootElement.GetProperty("port").GetInt32());
    }

    /// <summary>Says lines over TLS, one after each answer, and returns the answers until the server closes.</summary>
    public static async Task<string[]> AskAsync(Address address, params string[] lines)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, address.Port);
        await using var tls = new SslStream(client.GetStream(), false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync("localhost");
        using var reader = new StreamReader(tls);
        var answers = new List<string>();
        foreach (string line in lines)
        {
            await tls.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
            if (await reader.ReadLineAsync().WaitAsync(NativePlace.Patience) is not { } answer)
                return [.. answers];
            answers.Add(answer);
        }

        while (await reader.ReadLineAsync().WaitAsync(NativePlace.Patience) is { } rest)
            answers.Add(rest);
        return [.. answers];
    }

    public byte[] Ping() => Packet([4]);

    public byte[] Say(uint id, string json)
    {
        byte[] text = Encoding.UTF8.GetBytes(json);
        var record = new byte[7 + text.Length];
        record[0] = 3;
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(1), id);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(5), (ushort)text.Length);
        text.CopyTo(record, 7);
        return Packet(record);
    }

    public byte[] Packet(byte[] records)
    {
        var packet = new byte[18 + records.Length + 16];
        (packet[0], packet[1]) = (0xFF, 1);
        BinaryPrimitives.WriteUInt64LittleEndian(packet.AsSpan(2), Session);
        BinaryPrimitives.WriteUInt64LittleEndian(packet.AsSpan(10), _number);
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), _number++);
        using var cipher = new AesGcm(_toServer, 16);
        cipher.Encrypt(nonce, records, packet.AsSpan(18, records.Length), packet.AsSpan(18 + records.Length), packet.AsSpan(0, 18));
        return packet;
    }

    /// <summary>The records of a packet of the server's; null if it is not one.</summary>
    public byte[]? Open(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 34 || BinaryPrimitives.ReadUInt64LittleEndian(packet[2..]) != Session)
            return null;
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), BinaryPrimitives.ReadUInt64LittleEndian(packet[10..]));
        var records = new byte[packet.Length - 34];
        using var cipher = new AesGcm(_toClient, 16);
        cipher.Decrypt(nonce, packet[18..^16], packet[^16..], records, packet[..18]);
        return records;
    }

    /// <summary>A socket that sends to the server.</summary>
    public Socket Call()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, Port);
        return socket;
    }
}
