namespace Dialtone.Cli.Tests;

/// <summary>Sockets that somebody else has opened, in a process that inherits them: systemd's way, and by number.</summary>
public sealed class InheritedSocketTests
{
    [Theory]
    [InlineData("inline")]
    [InlineData("thread")]
    [InlineData("process")]
    public async Task Everything_systemd_passes_is_served_under_its_real_address(string policy)
    {
        using var folder = new Folder();
        await using ToolProcess tool = Inherit(
            $"web=tcp,talk=udp,local={folder["s"]}", "serve", "upper", "--listen", "systemd:", "--concurrency", policy);
        Address[] addresses = await tool.AddressesAsync(3);
        Assert.Equal([AddressScheme.Tcp, AddressScheme.Udp, AddressScheme.Unix], addresses.Select(address => address.Scheme));
        foreach (Address address in (Address[])[addresses[0], addresses[2]])
        {
            using Caller caller = await Caller.ConnectAsync(address);
            Assert.Equal("HELLO", await caller.AskAsync("hello"));
        }

        ToolResult call = await ToolProcess.FeedAsync("hello\n", "call", $"{addresses[1]}", "--wait", "2");
        Assert.Equal((0, "HELLO\n"), (call.ExitCode, call.Output));

        tool.Signal(ToolProcess.Terminate);
        Assert.Equal(0, (await tool.EndAsync()).ExitCode);
        Assert.True(File.Exists(folder["s"])); // systemd's to remove
    }

    [Fact]
    public async Task A_socket_is_found_by_its_name_in_the_socket_unit()
    {
        using var folder = new Folder();
        await using ToolProcess tool = Inherit($"web=tcp,local={folder["s"]}", "serve", "upper", "--listen", "systemd:local", "systemd:web");
        Address[] addresses = await tool.AddressesAsync(2);
        Assert.Equal([AddressScheme.Unix, AddressScheme.Tcp], addresses.Select(address => address.Scheme));
        using Caller caller = await Caller.ConnectAsync(addresses[1]);
        Assert.Equal("HELLO", await caller.AskAsync("hello"));
    }

    [Fact]
    public async Task A_descriptor_is_served_by_its_number()
    {
        await using ToolProcess tool = Inherit("one=tcp,two=udp", "serve", "echo", "--listen", "fd:4", "fd:3");
        Address[] addresses = await tool.AddressesAsync(2);
        Assert.Equal([AddressScheme.Udp, AddressScheme.Tcp], addresses.Select(address => address.Scheme));
        using Caller caller = await Caller.ConnectAsync(addresses[1]);
        Assert.Equal("hello", await caller.AskAsync("hello"));
    }

    [Fact]
    public async Task A_name_that_systemd_did_not_pass_is_an_error_that_says_so()
    {
        await using ToolProcess tool = Inherit("web=tcp", "serve", "echo", "--listen", "systemd:admin");
        ToolResult end = await tool.EndAsync();
        Assert.Equal((3, ""), (end.ExitCode, end.Output));
        Assert.Contains("FileDescriptorName=admin", end.Error, StringComparison.Ordinal);
    }

    private static ToolProcess Inherit(string sockets, params string[] words) =>
        ToolProcess.StartBy(Path.Combine(AppContext.BaseDirectory, "peers", "inherit.py"), sockets, words);
}
