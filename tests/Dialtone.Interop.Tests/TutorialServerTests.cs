using Dialtone.Cli.Tests;

namespace Dialtone.Interop.Tests;

/// <summary>The tutorials' clients against <c>dialtone serve upper</c>.</summary>
public sealed class TutorialServerTests
{
    private static readonly string[] Concurrencies = ["sequential", "inline", "task", "thread", "pool:4", "process"];

    private const string Saw = """
        one_message b'HELLO'
        every_byte True
        several_turns [b'ONE\n', b'TWO\n', b'THREE\n']
        sticky_sends b'HELLOWORLD'
        split_receive (b'HE', b'LLO, WORLD')
        reply_larger_than_recv (1024, 10240)
        half_close b'LAST WORDS'
        leaves_without_reading b'HELLO'
        leaves_at_once b'HELLO'
        resets b'HELLO'
        second_caller
        """;

    private const string SawOfDatagrams = """
        one_message b'HELLO'
        empty_message b''
        every_byte True
        cut_by_a_small_buffer b'HELLO' b'NEXT'
        large 60000
        each_at_its_own_address b'FROM ONE' b'FROM TWO'
        after_one_that_left b'HELLO'
        """;

    public static readonly TheoryData<string, string, string> Streams = new(
        from scheme in new[] { "tcp", "unix" }
        from concurrency in Concurrencies
        from engine in new[] { "epoll", "sockets" }
        select (scheme, concurrency, engine));

    public static readonly TheoryData<string, string> Datagrams = new(
        from scheme in new[] { "udp", "unixgram" }
        from concurrency in Concurrencies
        select (scheme, concurrency));

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Their_clients_see_what_their_servers_show_them(string scheme, string concurrency, string engine)
    {
        using var folder = new Folder();
        string listen = scheme == "unix" ? $"unix://{folder["s"]}" : "tcp://127.0.0.1:0";
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(
            1, "upper", "--listen", listen, "--concurrency", concurrency, "--engine", engine);
        await using ToolProcess _ = tool;
        bool isOneAtATime = concurrency == "sequential";
        string result = await DoorPeers.RunAsync("tutorial_client.py", $"{addresses[0]}", isOneAtATime ? "one-at-a-time" : "many");
        string second = isOneAtATime ? "(b'FIRST', 'waits', b'SECOND')" : "(b'FIRST', b'SECOND', b'FIRST AGAIN')";
        Assert.Equal($"{Saw} {second}", result);
        Assert.DoesNotContain(" error ", tool.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Datagrams))]
    public async Task Their_datagram_clients_see_what_their_servers_show_them(string scheme, string concurrency)
    {
        using var folder = new Folder();
        string listen = scheme == "unixgram" ? $"unixgram://{folder["s"]}" : "udp://127.0.0.1:0";
        (ToolProcess tool, Address[] addresses) = await ToolProcess.ServeAsync(1, "upper", "--listen", listen, "--concurrency", concurrency);
        await using ToolProcess _ = tool;
        Assert.Equal(SawOfDatagrams, await DoorPeers.RunAsync("tutorial_datagrams.py", $"{addresses[0]}"));
        Assert.DoesNotContain(" error ", tool.Error, StringComparison.Ordinal);
    }
}
