using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;

namespace Dialtone.Interop.Tests;

/// <summary>Every framing against peers that write it by hand in Python: both directions, whole, byte by byte, in odd pieces.</summary>
public sealed class FramingTests
{
    private const string Peer = "frames_peer.py";

    private static readonly byte[] Anything = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i % 251))];

    public static readonly TheoryData<string> WithRaw = new([.. FramingCases.Codecs, "raw"]);

    public static readonly TheoryData<string> Framed = new(FramingCases.Codecs);

    public static readonly TheoryData<string> WithJson = new([.. FramingCases.Codecs, "json"]);

    [Theory]
    [MemberData(nameof(WithRaw))]
    public async Task Their_client_gets_every_frame_back_from_our_server(string framing)
    {
        await using Server server = await StartAsync(Echo(framing));
        int expected = framing switch { "raw" => 1, "fixed" => 9, _ => 18 };
        Assert.Equal($"same {expected}", await DoorPeers.RunAsync(Peer, "client", PortOf(server), framing));
    }

    [Theory]
    [MemberData(nameof(Framed))]
    public async Task Our_client_gets_every_frame_back_from_their_server(string framing)
    {
        FrameCodec codec = FramingCases.CodecOf(framing);
        byte[][] messages = framing switch
        {
            "fixed" => ["sevenby"u8.ToArray(), "tes and"u8.ToArray()],
            "lf" or "crlf" or "delimiter" => ["hello"u8.ToArray(), [], "a line"u8.ToArray()],
            _ when codec.MaxFrameBytes < 255 => ["hello"u8.ToArray(), [], Anything[..codec.MaxFrameBytes]],
            _ => ["hello"u8.ToArray(), [], Anything[..Math.Min(codec.MaxFrameBytes, Anything.Length)]],
        };
        var whole = new ArrayBufferWriter<byte>();
        foreach (byte[] message in messages)
            codec.Write(whole, message);

        await using PythonPeer peer = DoorPeers.Start(Peer, "server", framing);
        await using (Connection connection = await peer.DialAsync())
        {
            foreach (int piece in new[] { whole.WrittenCount, 1, 3 })
            {
                for (int at = 0; at < whole.WrittenCount; at += piece)
                    await connection.SendAsync(whole.WrittenMemory.Slice(at, Math.Min(piece, whole.WrittenCount - at)));
                foreach (byte[] message in messages)
                    Assert.Equal(message, await connection.ReadFrameAsync(codec));
            }

            await connection.FinishSendingAsync();
            Assert.Null(await connection.ReadFrameAsync(codec));
        }

        Assert.Equal($"served {3 * messages.Length}", await peer.FinishAsync());
    }

    [Fact]
    public async Task Raw_bytes_come_back_from_their_server()
    {
        await using PythonPeer peer = DoorPeers.Start(Peer, "server", "raw");
        await using Connection connection = await peer.DialAsync();
        await connection.SendAsync(Anything);
        await connection.FinishSendingAsync();
        var received = new ArrayBufferWriter<byte>();
        while (await connection.ReadFrameAsync(Framing.Raw(1000), received))
            Assert.InRange(received.WrittenCount, 1, Anything.Length);
        Assert.Equal(Anything, received.WrittenSpan);
    }

    [Fact]
    public async Task Their_puts_arrive_and_our_answers_go_back()
    {
        await using Server server = await StartAsync(EchoPutsAsync);
        Assert.Equal("same 12", await DoorPeers.RunAsync(Peer, "client", PortOf(server), "json"));
    }

    [Fact]
    public async Task Our_puts_arrive_and_their_answers_come_back()
    {
        await using PythonPeer peer = DoorPeers.Start(Peer, "server", "json");
        await using (Connection connection = await peer.DialAsync())
        {
            foreach (byte[] body in new[] { "hello"u8.ToArray(), [], Anything, "x"u8.ToArray(), Anything, "last"u8.ToArray() })
            {
                await connection.SendAsync(new PutHeader("put", "ä.txt", body.Length), body);
                JsonMessage<DataHeader>? answer = await connection.ReceiveAsync<DataHeader>();
                Assert.NotNull(answer);
                Assert.Equal(body, await BytesOfAsync(answer.Body));
            }
        }

        Assert.Equal("served 6", await peer.FinishAsync());
    }

    [Theory] // E06
    [MemberData(nameof(WithJson))]
    public async Task A_client_that_leaves_inside_a_frame_is_reported_as_truncated(string framing)
    {
        var endings = new ConcurrentQueue<ProtocolError?>();
        ConnectionHandler echo = framing == "json" ? EchoPutsAsync : Echo(framing);
        await using Server server = await StartAsync(Recording(echo, endings));
        int cuts = int.Parse(await DoorPeers.RunAsync(Peer, "cut", PortOf(server), framing), CultureInfo.InvariantCulture);
        await server.StopAsync();
        Assert.Equal(Enumerable.Repeat<ProtocolError?>(ProtocolError.TruncatedFrame, cuts), endings);
    }

    [Theory]
    [MemberData(nameof(Framed))]
    public async Task A_server_that_leaves_inside_a_frame_is_reported_as_truncated(string framing)
    {
        await using PythonPeer peer = DoorPeers.Start(Peer, "cutting", framing);
        await using Connection connection = await peer.DialAsync();
        ProtocolException e = await Assert.ThrowsAsync<ProtocolException>(
            async () => await connection.ReadFrameAsync(FramingCases.CodecOf(framing)));
        Assert.Equal(ProtocolError.TruncatedFrame, e.Reason);
        Assert.Equal("left", await peer.FinishAsync());
    }

    [Fact]
    public async Task A_server_that_leaves_inside_a_header_is_reported_as_truncated()
    {
        await using PythonPeer peer = DoorPeers.Start(Peer, "cutting", "json");
        await using Connection connection = await peer.DialAsync();
        ProtocolException e = await Assert.ThrowsAsync<ProtocolException>(async () => await connection.ReceiveAsync<DataHeader>());
        Assert.Equal(ProtocolError.TruncatedFrame, e.Reason);
    }

    [Theory] // E01, E02, E11, E22: refused from what was sent, while the line is held open and another caller is served
    [InlineData("int32 -1", "prefix:<i,content", ProtocolError.NegativeLength)]
    [InlineData("int32 lowest", "prefix:<i,content", ProtocolError.NegativeLength)]
    [InlineData("int32 2^31-1", "prefix:<i,content", ProtocolError.FrameTooLarge)]
    [InlineData("int64 2^63", "prefix:<q,content", ProtocolError.NegativeLength)]
    [InlineData("int64 2^63", "prefix:<Q,content", ProtocolError.FrameTooLarge)]
    [InlineData("int64 2^63-1", "prefix:<q,self", ProtocolError.FrameTooLarge)]
    [InlineData("varint too long", "varint", ProtocolError.FrameTooLarge)]
    [InlineData("varint not shortest", "varint", ProtocolError.NonMinimalLength)]
    [InlineData("line without end", "lf", ProtocolError.FrameTooLarge)]
    [InlineData("json header of 10 MB", "json", ProtocolError.HeaderTooLarge)]
    [InlineData("json header -1", "json", ProtocolError.NegativeLength)]
    [InlineData("json nested 10000", "json", ProtocolError.BadHeader)]
    [InlineData("json key twice", "json", ProtocolError.BadHeader)]
    [InlineData("json bad utf-8", "json", ProtocolError.BadHeader)]
    [InlineData("json body -1", "json", ProtocolError.NegativeLength)]
    [InlineData("http", "prefix:<i,content", ProtocolError.FrameTooLarge)]
    [InlineData("http", "json", ProtocolError.HeaderTooLarge)]
    [InlineData("tls", "prefix:<i,content", ProtocolError.FrameTooLarge)]
    public async Task Hostile_bytes_close_their_connection_and_no_other(string name, string framing, ProtocolError reason)
    {
        var endings = new ConcurrentQueue<ProtocolError?>();
        ConnectionHandler echo = framing == "json" ? EchoPutsAsync : Echo(framing);
        await using Server server = await StartAsync(Recording(echo, endings));
        Assert.Equal("closed True True", await DoorPeers.RunAsync(Peer, "hostile", PortOf(server), name, framing));
        await server.StopAsync();
        Assert.Equal([reason, null], endings);
    }

    private static async Task<Server> StartAsync(ConnectionHandler handler)
    {
        Server server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Loops = 1 }).Handle(handler);
        await server.StartAsync();
        return server;
    }

    private static ConnectionHandler Echo(string framing)
    {
        FrameCodec codec = FramingCases.CodecOf(framing);
        return async connection =>
        {
            await foreach (ReadOnlySequence<byte> frame in connection.ReadFramesAsync(codec, flushBeforeWait: true))
                connection.WriteFrame(codec, frame);
        };
    }

    private static async Task EchoPutsAsync(Connection connection)
    {
        while (await connection.ReceiveAsync<PutHeader>() is { } put)
        {
            byte[] body = await BytesOfAsync(put.Body);
            await connection.SendAsync(new DataHeader(body.Length), body);
        }
    }

    /// <summary>Notes how each conversation ended; null is a goodbye.</summary>
    private static ConnectionHandler Recording(ConnectionHandler handler, ConcurrentQueue<ProtocolError?> endings) => async connection =>
    {
        try
        {
            await handler(connection);
            endings.Enqueue(null);
        }
        catch (ProtocolException e)
        {
            endings.Enqueue(e.Reason);
            throw;
        }
    };

    private static async Task<byte[]> BytesOfAsync(BodyStream body)
    {
        var bytes = new MemoryStream();
        await body.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    private static string PortOf(Server server) => server.Addresses[0].Port.ToString(CultureInfo.InvariantCulture);
}
