using System.Diagnostics;
using System.Text;

namespace Dialtone.Files.Tests.Dialects;

/// <summary>Both text dialects among peers that send anything.</summary>
public sealed class HostileTests
{
    private static readonly string[] Pieces =
    [
        "ftp_authentication|", "alex", "3714", "|", "||", "file_transfer|", "get|", "put|", "send_ready|", "list_file|", "switch_dir|", "delete_file|", "cd ", "..", "/",
        "../../../etc/passwd", "\\", "a", "a b", "keep", "'", "\"", "\\ ", "-1", "0", "3", "9223372036854775807", "99999999999999999999", "\n", " ", "\0", "é", "\uFFFD",
        "file_transfer::get_file::recv_ready", "message_transfer::ready::client", "FileTransfer|", "get|recv_ready", "FileTransfer|get|recv_ready", ".dialtone", "*", "$(x)", "`x`", ";",
        "-la", "%2e%2e%2f", new string('x', 300),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_is_sent_nobody_else_notices_and_nothing_outside_is_touched(bool text)
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        await using Share share = text
            ? await Share.StartAsync(options => options with { Anonymous = FileRights.Browse })
            : await Share.StartAsync(quota: new Quota(1_000_000));
        await share.WriteAsync("/home/alex2/secret", Share.Content(100));
        try
        {
            for (int i = 0; i < 150; i++)
            {
                using UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(share.Address);
                try
                {
                    if (random.Next(4) > 0)
                        await peer.SendAsync(text ? "FileTransfer|"u8.ToArray() : "ftp_authentication|alex|3714"u8.ToArray());
                    for (int burst = random.Next(1, 5); burst > 0; burst--)
                    {
                        await peer.SendAsync(Message(random));
                        if (random.Next(3) == 0)
                            await Task.Delay(random.Next(8));
                    }

                    if (random.Next(2) == 0)
                        peer.FinishSending();
                    else
                        peer.Reset();
                }
                catch (System.Net.Sockets.SocketException)
                {
                    // It was turned away before it had said everything.
                }
            }

            if (text)
                await share.WriteAsync("/home/alex/mine", Share.Content(50));
            Assert.Equal(Share.Content(100), await share.ReadAsync("/home/alex2/secret"));
            Assert.Equal(["alex", "alex2"], (await share.NamesAsync("/home")).Where(name => !name.Contains('/', StringComparison.Ordinal)));
            Assert.Equal(["home"], (await share.NamesAsync("/")).Where(name => !name.Contains('/', StringComparison.Ordinal)));
            string[] saw = text
                ? await share.RunAsync("text_client.py", "whole", "get\thome/alex/mine")
                : await share.RunAsync("sample_client.py", "whole", "login\talex\t3714", "put\tmine\t50", "get\tmine");
            Assert.Equal($"get {Share.Digest(Share.Content(50))}", saw[^1]);
            Assert.DoesNotContain(share.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
            // What the peer sent, passwords among it, is in no line.
            Assert.DoesNotContain(share.Log.Lines, line => line.Contains('|', StringComparison.Ordinal));
            await Share.TrueAsync(() => Task.FromResult(share.Server.ActiveConnections == 0), "everybody has left");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Failed with seed {seed}.", e);
        }
    }

    [Fact]
    public void A_grammar_never_finds_an_end_outside_what_is_there()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        foreach (Grammar grammar in new Grammar[] { SampleTongue.Look, TextTongue.Look })
        {
            for (int i = 0; i < 20_000; i++)
            {
                byte[] bytes = Message(random);
                if (bytes.Length == 0)
                    continue;
                Extent extent = grammar(bytes);
                if (extent.Certainty == Certainty.Whole)
                    Assert.True(extent.Length > 0 && extent.Length <= bytes.Length, $"Seed {seed}.");
                else if (extent.Certainty == Certainty.Foreign)
                    Assert.Equal(Certainty.Foreign, grammar([.. bytes, .. Message(random)]).Certainty); // more bytes never make it one
            }
        }
    }

    [Fact]
    public async Task A_hundred_clients_at_once_all_get_back_what_they_put()
    {
        await using Share share = await Share.StartAsync(options => options with { MaxSessionsPerUser = 200 }, quota: new Quota(100_000_000));
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => WorkAsync(share, i))));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(120));
        await Share.TrueAsync(() => Task.FromResult(share.Server.ActiveConnections == 0), "everybody has left");
        Assert.Equal(200, (await share.NamesAsync("/home/alex")).Length);
    }

    private static async Task WorkAsync(Share share, int number)
    {
        await using IDialectClient client = await DialectClient.ConnectAsync(Dialect.Sample, share.Address, new DialectClientOptions { User = "alex", Password = "3714" });
        for (int round = 0; round < 3; round++)
        {
            byte[] content = Share.Content(((number * 7919) + round) % 200_000);
            string name = $"/{number} {round}";
            using var source = new MemoryStream(content);
            await client.PutAsync(source, content.Length, name);
            using var received = new MemoryStream();
            await client.GetAsync(name, received);
            Assert.True(content.AsSpan().SequenceEqual(received.ToArray()));
        }

        await client.RemoveAsync($"/{number} 1");
    }

    private static byte[] Message(Random random)
    {
        var text = new StringBuilder();
        for (int count = random.Next(1, 7); count > 0; count--)
            text.Append(Pieces[random.Next(Pieces.Length)]);
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (bytes.Length > 0 && random.Next(5) == 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }
}
