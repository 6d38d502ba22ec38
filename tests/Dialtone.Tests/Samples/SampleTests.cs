using System.Net;
using System.Net.Sockets;
using System.Text;
using Dialtone.Tests.Docs;

namespace Dialtone.Tests.Samples;

public sealed class SampleTests
{
    public static TheoryData<string> Programs => [.. Directory.GetDirectories(Path.Combine(Repository.Root, "samples"))
        .Where(folder => File.Exists(Path.Combine(folder, "Program.cs")))
        .Select(folder => Path.GetFileName(folder))];

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_sample_is_one_program_of_at_most_40_lines(string name)
    {
        Assert.InRange(File.ReadLines(Path.Combine(Repository.Root, "samples", name, "Program.cs")).Count(), 1, 40);
        Assert.Single(Directory.GetFiles(Path.Combine(Repository.Root, "samples", name), "*.cs"));
    }

    [Fact]
    public async Task Echo_sends_back_what_it_gets()
    {
        await using SampleProcess sample = await SampleProcess.StartAsync("Echo", "tcp://127.0.0.1:0");
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(sample.Address);
        byte[] message = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];

        await peer.SendAsync(message);

        Assert.Equal(message, await peer.ReceiveAsync(message.Length));
        peer.FinishSending();
        Assert.Equal(PeerEnding.Finished, await peer.WaitForEndAsync());
        Assert.Equal("0 finished, 0 cut", await sample.StopAsync());
    }

    [Fact]
    public async Task UpperLines_answers_line_by_line_and_says_goodbye_when_it_stops()
    {
        await using SampleProcess sample = await SampleProcess.StartAsync("UpperLines", "tcp://127.0.0.1:0");
        using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(sample.Address);

        await peer.SendByteByByteAsync("one\ntwo\r\n"u8.ToArray());

        Assert.Equal("ONE\nTWO\n", Encoding.UTF8.GetString(await peer.ReceiveAsync(8)));
        Assert.Equal("1 finished, 0 cut", await sample.StopAsync());
        Assert.Equal(PeerEnding.Finished, await peer.WaitForEndAsync());
    }

    [Fact]
    public async Task UdpTime_answers_in_the_format_it_is_asked_for()
    {
        await using SampleProcess sample = await SampleProcess.StartAsync("UdpTime", "udp://127.0.0.1:0");
        using var client = new UdpClient();
        client.Connect(IPAddress.Loopback, sample.Address.Port);

        Assert.Matches(@"^\d{4}-\d\d-\d\d$", await AskAsync("yyyy-MM-dd"));
        Assert.Matches(@"^\w{3} \w{3} \d\d ", await AskAsync(""));
        Assert.Equal("that is no format for a time", await AskAsync("%"));

        async Task<string> AskAsync(string format)
        {
            await client.SendAsync(Encoding.UTF8.GetBytes(format));
            return Encoding.UTF8.GetString((await client.ReceiveAsync().WaitAsync(TimeSpan.FromSeconds(10))).Buffer);
        }
    }

    [Fact]
    public async Task Pool128_serves_128_at_once_and_the_next_when_one_leaves()
    {
        await using SampleProcess sample = await SampleProcess.StartAsync("Pool128", "tcp://127.0.0.1:0");
        var peers = new List<UnpleasantPeer>();
        try
        {
            for (int i = 0; i < 129; i++)
            {
                peers.Add(await UnpleasantPeer.ConnectAsync(sample.Address));
                await peers[i].SendAsync("x"u8.ToArray());
            }

            for (int i = 0; i < 128; i++)
                await peers[i].ReceiveAsync(1);
            Assert.Equal(0, peers[128].Socket.Available);
            peers[0].Dispose();
            await peers[128].ReceiveAsync(1);
        }
        finally
        {
            peers.ForEach(peer => peer.Dispose());
        }
    }

    [Fact]
    public async Task ProcessPerConnection_survives_a_crash_of_one_conversation()
    {
        await using SampleProcess sample = await SampleProcess.StartAsync("ProcessPerConnection", "tcp://127.0.0.1:0");
        using UnpleasantPeer calm = await UnpleasantPeer.ConnectAsync(sample.Address);
        using UnpleasantPeer rash = await UnpleasantPeer.ConnectAsync(sample.Address);
        string first = await AskAsync(calm, "one");
        string second = await AskAsync(rash, "two");

        await rash.SendAsync("crash\n"u8.ToArray());
        Assert.NotEqual(PeerEnding.StillOpen, await rash.WaitForEndAsync());

        Assert.NotEqual(first.Replace("one", "", StringComparison.Ordinal), second.Replace("two", "", StringComparison.Ordinal));
        Assert.Equal(first, await AskAsync(calm, "one"));
    }

    private static async Task<string> AskAsync(UnpleasantPeer peer, string question)
    {
        await peer.SendAsync(Encoding.UTF8.GetBytes(question + "\n"));
        var answer = new List<byte>();
        while (answer.Count == 0 || answer[^1] != '\n')
            answer.AddRange(await peer.ReceiveAsync(1));
        return Encoding.UTF8.GetString([.. answer]);
    }
}
