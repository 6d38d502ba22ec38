using System.Net.Sockets;
using System.Text;

namespace Dialtone.Conformance.Datagrams;

/// <summary>The calling side.</summary>
public sealed class DatagramClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory, InlineData("udp://127.0.0.1:0"), InlineData("udp://[::1]:0"), InlineData("unixgram:")]
    public async Task A_client_asks_and_is_answered_and_leaves_nothing_behind(string address)
    {
        await using var server = new Server(DatagramCase.Options("sockets", "task", address))
            .HandleDatagrams(static async datagram => await datagram.ReplyAsync(datagram.Payload));
        await server.StartAsync();
        string? replyPath;
        using (DatagramClient client = await DatagramClient.ConnectAsync(server.Addresses[0]))
        {
            using var limit = new CancellationTokenSource(Patience);
            replyPath = (client.LocalEndPoint as UnixDomainSocketEndPoint)?.ToString();
            foreach (string text in (string[])["hello", "", "again"])
            {
                await client.SendAsync(Encoding.UTF8.GetBytes(text), limit.Token);
                Assert.Equal(text, Encoding.UTF8.GetString((await client.ReceiveAsync(limit.Token)).Span));
            }

            Assert.False(client.Truncated);
            Assert.True(replyPath is null || File.Exists(replyPath));
        }

        Assert.False(File.Exists(replyPath));
    }

    [Fact]
    public async Task Waiting_in_vain_ends_with_the_token_and_the_client_stays_usable()
    {
        await using var server = new Server(DatagramCase.Options("sockets", "task")).HandleDatagrams(
            static async datagram =>
            {
                if (!datagram.Payload.IsEmpty)
                    await datagram.ReplyAsync(datagram.Payload);
            });
        await server.StartAsync();
        using DatagramClient client = await DatagramClient.ConnectAsync(server.Addresses[0]);
        await client.SendAsync(default);
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client.ReceiveAsync(soon.Token));
        await client.SendAsync("x"u8.ToArray());
        Assert.Equal("x"u8.ToArray(), (await client.ReceiveAsync(new CancellationTokenSource(Patience).Token)).ToArray());
    }

    [Fact]
    public async Task Nobody_at_the_port_is_told_as_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems tell it in other ways");
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        Address address = Address.Udp("127.0.0.1", ((System.Net.IPEndPoint)taken.LocalEndPoint!).Port);
        taken.Dispose();
        using DatagramClient client = await DatagramClient.ConnectAsync(address);
        await client.SendAsync("anybody?"u8.ToArray());
        var error = await Assert.ThrowsAsync<TransportException>(async () => await client.ReceiveAsync(new CancellationTokenSource(Patience).Token));
        Assert.Equal(TransportError.Refused, error.Reason);
    }

    [Fact]
    public async Task No_socket_at_the_path_is_told_as_refused()
    {
        var error = await Assert.ThrowsAsync<TransportException>(() => DatagramClient.ConnectAsync($"unixgram://{Path.GetTempPath()}{Guid.NewGuid():N}.sock"));
        Assert.Equal(TransportError.Refused, error.Reason);
    }

    [Fact]
    public async Task A_stream_address_is_not_for_it() =>
        await Assert.ThrowsAsync<ArgumentException>(() => DatagramClient.ConnectAsync("tcp://127.0.0.1:1"));
}
