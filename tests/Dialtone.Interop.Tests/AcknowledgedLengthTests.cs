using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Dialtone.Interop.Tests;

/// <summary>The length in digits and its <c>recv_ready</c> against the tutorials' programs, both directions.</summary>
public sealed class AcknowledgedLengthTests
{
    private const string Peer = "ack_peer.py";

    private static readonly AcknowledgedLength Lengths = Framing.AcknowledgedLength(1024 * 1024);

    [Fact]
    public async Task Their_client_is_answered_in_every_order_it_speaks()
    {
        Server server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"], Loops = 1 }).Handle(AnswerAsync);
        await using Server _ = server;
        await server.StartAsync();
        Assert.Equal("as expected", await DoorPeers.RunAsync(Peer, "client", server.Addresses[0].Port.ToString(CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Our_client_is_answered_by_their_server()
    {
        await using PythonPeer peer = DoorPeers.Start(Peer, "server");
        await using (Connection connection = await peer.DialAsync())
        {
            foreach (string command in new[] { "ls", "none", "big", "ls" })
                Assert.Equal(ContentOf(command), await AskAsync(connection, command));
        }

        Assert.Equal("served", await peer.FinishAsync());
    }

    private static async Task<byte[]> AskAsync(Connection connection, string command)
    {
        await connection.SendAsync(Encoding.UTF8.GetBytes(command));
        ReadResult result = await connection.Input.ReadAsync();
        ReadOnlySequence<byte> input = result.Buffer;
        Assert.Equal(FrameStatus.Whole, Lengths.ReadLength(ref input, out int length));
        connection.Input.AdvanceTo(input.Start);
        await connection.SendAsync(AcknowledgedLength.Acknowledgement.ToArray());
        var content = new byte[length];
        await connection.Stream.ReadExactlyAsync(content);
        return content;
    }

    /// <summary>A server of the tutorials' remote command: acknowledgements are literal prefixes, what follows is the next request.</summary>
    private static async Task AnswerAsync(Connection connection)
    {
        byte[]? waiting = null;
        while (await connection.Input.ReadAsync() is { Buffer: var input } result && !(input.IsEmpty && result.IsCompleted))
        {
            AcknowledgementStatus status = waiting is null ? AcknowledgementStatus.Absent : AcknowledgedLength.ReadAcknowledgement(ref input);
            if (status is AcknowledgementStatus.NeedMore)
            {
                connection.Input.AdvanceTo(input.Start, input.End);
                continue;
            }

            if (waiting is { Length: > 0 } && status is AcknowledgementStatus.Absent)
                throw new ProtocolException(ProtocolError.BadAcknowledgement, "Something else where recv_ready was due.");
            string request = Encoding.UTF8.GetString(input);
            byte[]? content = waiting;
            waiting = null;
            connection.Input.AdvanceTo(input.End);
            if (content is not null)
                await connection.SendAsync(content);
            if (request.Length == 0)
                continue;
            waiting = ContentOf(request);
            Lengths.WriteLength(connection.Output, waiting.Length);
            await connection.Output.FlushAsync();
        }
    }

    private static byte[] ContentOf(string command) => command switch
    {
        "ls" => "a\nb\n"u8.ToArray(),
        "big" => [.. Enumerable.Repeat((byte)'x', 100_000)],
        "none" => [],
        _ => throw new ProtocolException(ProtocolError.BadText, $"There is no command {command}."),
    };
}
