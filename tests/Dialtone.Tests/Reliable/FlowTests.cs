using System.Security.Cryptography;
using System.Text;

namespace Dialtone.Tests.Reliable;

public sealed class FlowTests
{
    [Fact]
    public void A_message_arrives_and_its_sender_learns_it()
    {
        var line = new FlowLine(seed: 1);
        FlowLine.Sending sending = line.Client.Send("hello");
        line.Run();
        Assert.Equal(["hello"], line.Server.Texts);
        Assert.Equal(FlowEnd.None, sending.Outcome);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.2, 0.1, 0)]
    [InlineData(0.2, 0.1, 0.2)]
    [InlineData(0.5, 0.3, 0.3)]
    public void Everything_arrives_once_and_in_order_both_ways_whatever_the_line_does(double loss, double duplication, double reordering)
    {
        int seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        var line = new FlowLine(seed) { Loss = loss, Duplication = duplication, Reordering = reordering, Delay = 50_000 };
        string[] up = [.. Enumerable.Range(0, 1000).Select(i => $"up {i} {new string('u', i % 400)}")];
        string[] down = [.. Enumerable.Range(0, 1000).Select(i => $"down {i}")];
        FlowLine.Sending[] sendings = [.. up.Select(line.Client.Send), .. down.Select(line.Server.Send)];
        line.Run();
        Assert.True(line.Server.Texts.SequenceEqual(up), $"seed {seed}");
        Assert.True(line.Client.Texts.SequenceEqual(down), $"seed {seed}");
        Assert.All(sendings, sending => Assert.Equal(FlowEnd.None, sending.Outcome));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1137)]
    [InlineData(1138)]
    [InlineData(1146)]
    [InlineData(1147)]
    [InlineData(5000)]
    [InlineData(64 * 1024)]
    public void A_message_of_any_length_up_to_the_maximum_arrives_whole(int length)
    {
        var line = new FlowLine(seed: 3) { Loss = 0.1 };
        byte[] content = RandomNumberGenerator.GetBytes(length);
        line.Client.Send(content);
        line.Client.Send("after");
        line.Run();
        Assert.Equal(content, line.Server.Messages[0]);
        Assert.Equal("after", Encoding.UTF8.GetString(line.Server.Messages[1]));
    }

    [Fact]
    public void A_message_over_the_receivers_maximum_ends_the_flow_at_both_ends()
    {
        var line = new FlowLine(seed: 4, new FlowOptions { MaxMessageBytes = 1000 });
        FlowLine.Sending sending = line.Client.Send(new byte[1001]);
        line.Run();
        Assert.Empty(line.Server.Messages);
        Assert.Equal(FlowEnd.ProtocolError, line.Server.Flow.End);
        Assert.Equal(FlowEnd.ClosedByPeer, line.Client.Flow.End);
        Assert.Equal(FlowEnd.ClosedByPeer, sending.Outcome);
    }

    [Fact]
    public void Replayed_altered_and_foreign_packets_change_nothing()
    {
        var line = new FlowLine(seed: 5) { Keep = true };
        line.Client.Send("once");
        line.Run();
        foreach (byte[] packet in line.Kept.ToArray())
        {
            Assert.False(line.Server.Flow.Receive(packet, line.Now, out _));
            for (int i = 0; i < packet.Length; i++)
            {
                byte[] altered = [.. packet];
                altered[i] ^= 0x40;
                Assert.False(line.Server.Flow.Receive(altered, line.Now, out _));
                Assert.False(line.Server.Flow.Receive(packet.AsSpan(0, i), line.Now, out _));
            }
        }

        var stranger = new FlowLine(seed: 6) { Keep = true };
        stranger.Client.Send("forged");
        stranger.Run();
        Assert.All(stranger.Kept, packet => Assert.False(line.Server.Flow.Receive(packet, line.Now, out _)));
        Assert.Equal(["once"], line.Server.Texts);
    }

    [Fact]
    public void A_packet_cannot_be_reflected_to_its_sender()
    {
        var line = new FlowLine(seed: 7) { Keep = true };
        line.Client.Send("mine");
        line.Run();
        var twin = new Flow(line.Client.Flow.Keys, isServer: false, new FlowOptions(), now: 0);
        Assert.All(line.Kept.Where(packet => line.FromClient.Contains(packet)), packet => Assert.False(twin.Receive(packet, line.Now, out _)));
    }

    [Fact]
    public void Only_the_newest_packet_tells_where_the_peer_is()
    {
        var line = new FlowLine(seed: 8);
        var packets = new List<byte[]>();
        var buffer = new byte[1200];
        for (int i = 0; i < 3; i++)
        {
            line.Client.Flow.Greet();
            int length = line.Client.Flow.Next(buffer, line.Now);
            packets.Add(buffer[..length]);
        }

        Assert.True(line.Server.Flow.Receive(packets[1], line.Now, out bool isNewest) && isNewest);
        Assert.True(line.Server.Flow.Receive(packets[0], line.Now, out isNewest) && !isNewest);
        Assert.True(line.Server.Flow.Receive(packets[2], line.Now, out isNewest) && isNewest);
    }

    [Fact]
    public void A_line_that_is_dead_fails_what_waits_on_it_after_the_time_to_give_up()
    {
        var line = new FlowLine(seed: 9) { Loss = 1 };
        FlowLine.Sending[] sendings = [line.Client.Send("lost"), line.Client.Send(new byte[9000])];
        line.Run();
        Assert.All(sendings, sending => Assert.Equal(FlowEnd.Unanswered, sending.Outcome));
        Assert.InRange(line.Now, 30_000_000, 32_000_000);
        Assert.InRange(line.PacketsSent, 28, 300); // about one try a second of the first window, no storm
    }

    [Fact]
    public void A_reader_that_does_not_take_its_messages_pauses_the_sender_and_nothing_is_lost()
    {
        var line = new FlowLine(seed: 10) { Loss = 0.1, ServerTakes = false };
        for (int i = 0; i < 2000; i++)
            line.Client.Send(new byte[1000]);
        line.Run(until: 20_000_000);
        int arrived = line.Server.Messages.Count;
        Assert.InRange(line.Server.Messages.Sum(message => message.Length), 128 * 1024, (256 * 1024) + (Flow.Window * 1200));
        line.ServerTakes = true;
        line.Server.TakeAll();
        line.Run();
        Assert.True(arrived < 2000);
        Assert.Equal(2000, line.Server.Messages.Count);
    }

    [Fact]
    public void A_silent_client_says_that_it_is_there_and_stays()
    {
        var line = new FlowLine(seed: 11);
        line.Client.Send("hello");
        line.Run(until: 600_000_000);
        Assert.Equal(FlowEnd.None, line.Server.Flow.End);
        Assert.InRange(line.PacketsSent, 2 * (600 / 25) - 4, 2 * (600 / 25) + 6);
    }

    [Fact]
    public void A_peer_that_has_gone_without_a_word_is_given_up_when_idle()
    {
        var line = new FlowLine(seed: 12);
        line.Client.Send("hello");
        line.Run();
        line.Loss = 1;
        line.Run(until: line.Now + 200_000_000);
        Assert.Equal(FlowEnd.Idle, line.Server.Flow.End);
        Assert.Equal(FlowEnd.Idle, line.Client.Flow.End);
    }

    [Fact]
    public void Closing_tells_the_peer_and_fails_what_was_not_acknowledged()
    {
        var line = new FlowLine(seed: 13);
        FlowLine.Sending sending = line.Client.Send("never mind");
        line.Client.Flow.Close();
        line.Run();
        Assert.Equal(FlowEnd.Closed, sending.Outcome);
        Assert.Equal(FlowEnd.ClosedByPeer, line.Server.Flow.End);
        Assert.Empty(line.Server.Messages);
    }

    [Fact]
    public void Under_the_chaos_of_a_bad_line_messages_take_few_round_trips()
    {
        var line = new FlowLine(seed: 14) { Loss = 0.2, Duplication = 0.1, Reordering = 0.1, Delay = 200_000 };
        var latencies = new List<long>();
        for (int i = 0; i < 2000; i++)
        {
            FlowLine.Sending sending = line.Client.Send($"message {i}");
            sending.Done = at => latencies.Add(at - sending.Begun);
            line.Run(until: line.Now + 300_000);
        }

        line.Run();
        latencies.Sort();
        Assert.Equal(2000, line.Server.Messages.Count);
        Assert.InRange(latencies[1000], 400_000, 3 * 400_000);
        Assert.InRange(latencies[1998], 0, 8_000_000);
    }

    [Fact]
    public void A_packet_is_what_the_protocols_vector_says()
    {
        byte[] secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        var client = new Flow(new FlowKeys(0x0102030405060708, secret), isServer: false, new FlowOptions(), now: 0);
        client.Send(new FlowMessage("hi"u8.ToArray(), null), now: 0);
        var packet = new byte[1200];
        int length = client.Next(packet, now: 0);
        Assert.Equal(
            "ff0108070605040302010000000000000000bd8ed91db6108b06ec61987e31d5f7faf7f9d5b22b58f4e8cb2f825ef32d1cd2e60787af1259813b2af48bc3",
            Convert.ToHexStringLower(packet.AsSpan(0, length)));
    }

    [Fact]
    public void An_answer_is_what_the_protocols_vector_says()
    {
        byte[] secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        var server = new Flow(new FlowKeys(0x0102030405060708, secret), isServer: true, new FlowOptions(), now: 0);
        Assert.True(server.Receive(Convert.FromHexString(
            "ff0108070605040302010000000000000000bd8ed91db6108b06ec61987e31d5f7faf7f9d5b22b58f4e8cb2f825ef32d1cd2e60787af1259813b2af48bc3"), now: 0, out _));
        Assert.Equal("hi"u8.ToArray(), server.Take());
        server.Send(new FlowMessage("hello"u8.ToArray(), null), now: 0);
        var packet = new byte[1200];
        int length = server.Next(packet, now: 0);
        Assert.Equal(
            "ff0108070605040302010000000000000000330cf20b84b03127278d441364ffa9fcf13e8a8357474e00ada06c687600cfe351e2d446dfcf45075fbb36a1e0f8",
            Convert.ToHexStringLower(packet.AsSpan(0, length)));
    }

    [Fact]
    public void An_ack_waits_for_company_unless_somebody_asks_or_something_is_missing()
    {
        var line = new FlowLine(seed: 15);
        line.Client.Send("hello");
        line.Run();
        var buffer = new byte[1200];
        var packets = new List<byte[]>();
        for (int i = 0; i < 3; i++)
        {
            line.Server.Send($"{i}");
            packets.Add(buffer[..line.Server.Flow.Next(buffer, line.Now)]);
        }

        Flow client = line.Client.Flow;
        Assert.True(client.Receive(packets[0], line.Now, out _));
        Assert.Equal(0, client.Next(buffer, line.Now));
        Assert.InRange(client.WakeAt() - line.Now, 1000, 25_000);
        Assert.True(client.Receive(packets[2], line.Now, out _));
        Assert.True(client.Next(buffer, line.Now) > 0); // the second is missing
        Assert.True(client.Receive(packets[1], line.Now, out _));
        Assert.True(client.Next(buffer, line.Now) > 0); // and has come
        Assert.Equal(0, client.Next(buffer, line.Now + 100_000));
    }

    [Fact]
    public void Many_messages_to_a_good_reader_cost_few_packets()
    {
        var line = new FlowLine(seed: 16);
        line.Client.Send("hello");
        line.Run();
        int before = line.PacketsSent;
        for (int i = 0; i < 1000; i++)
        {
            line.Server.Send(new string('m', 64));
            line.Run(until: line.Now + 1000); // a thousand a second, each by itself
        }

        line.Run();
        Assert.Equal(1000, line.Client.Messages.Count);
        Assert.InRange(line.PacketsSent - before, 1000, 1300); // not an ack each
    }

    [Fact]
    public void A_busy_room_on_a_bad_line_is_heard_in_time()
    {
        var line = new FlowLine(seed: 19) { Loss = 0.2, Duplication = 0.1, Reordering = 0.1, Delay = 200_000 };
        var latencies = new List<long>();
        for (int i = 0; i < 6000; i++)
        {
            FlowLine.Sending sending = line.Server.Send($"{i} {new string('m', 120)}");
            sending.Done = at => latencies.Add(at - sending.Begun);
            if (i % 6 == 0)
                line.Client.Send($"answer {i}");
            line.Run(until: line.Now + 10_000);
        }

        line.Run();
        latencies.Sort();
        Assert.Equal(6000, line.Client.Messages.Count);
        Assert.InRange(latencies[3000], 400_000, 3 * 400_000);
        Assert.InRange(latencies[5994], 0, 8_000_000);
    }

    [Fact]
    public void A_call_whose_first_packets_are_lost_is_repeated_until_it_is_answered()
    {
        var line = new FlowLine(seed: 17) { Loss = 1 };
        line.Client.Flow.Greet();
        line.Run(until: 3_500_000);
        Assert.InRange(line.PacketsSent, 3, 5);
        line.Loss = 0;
        line.Run(until: 6_000_000);
        int answered = line.PacketsSent;
        line.Run(until: 20_000_000);
        Assert.Equal(answered, line.PacketsSent);
    }

    [Fact]
    public void A_flow_that_rests_goes_on_as_if_it_had_not()
    {
        var line = new FlowLine(seed: 18) { Keep = true };
        for (int i = 0; i < 20; i++)
        {
            line.Client.Send($"up {i}");
            line.Server.Send($"down {i}");
            line.Run();
            line.Server.Flow.Rest();
            line.Client.Flow.Rest();
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"up {i}"), line.Server.Texts);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"down {i}"), line.Client.Texts);
        Assert.All(line.Kept.Where(line.FromClient.Contains), packet => Assert.False(line.Server.Flow.Receive(packet, line.Now, out _)));
    }

    private static readonly FlowOptions FlowOptions = new();
}
