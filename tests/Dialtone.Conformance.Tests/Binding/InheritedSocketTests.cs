using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dialtone.Conformance.Tests;

public sealed partial class InheritedSocketTests
{
    public static TheoryData<EngineKind> AllEngines => Engines.All;

    [Theory, MemberData(nameof(AllEngines))]
    public async Task A_listening_descriptor_is_served_under_its_real_address(EngineKind engine)
    {
        using var opened = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        opened.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        opened.Listen();
        await using Server server = await Servers.StartEchoAsync(engine, $"fd:{Dup(opened)}");
        Assert.Equal($"tcp://{opened.LocalEndPoint}", server.Addresses[0].ToString());
        Assert.Equal("hello", await Servers.AskAsync(opened.LocalEndPoint!));
    }

    [Fact]
    public async Task An_inherited_path_is_not_removed_at_the_end()
    {
        using var folder = new SocketFolder();
        using var opened = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        opened.Bind(new UnixDomainSocketEndPoint(folder["s"]));
        opened.Listen();
        await using (Server server = await Servers.StartEchoAsync(EngineKind.Auto, $"fd:{Dup(opened)}"))
        {
            Assert.Equal($"unix://{folder["s"]}", server.Addresses[0].ToString());
            Assert.Equal("hello", await Servers.AskAsync(opened.LocalEndPoint!));
        }

        Assert.True(File.Exists(folder["s"]));
    }

    [Fact]
    public async Task A_descriptor_that_is_none_is_refused()
    {
        Assert.Contains("is not open", await RefusalAsync(1_000_000), StringComparison.Ordinal);
        using FileStream file = File.OpenRead("/dev/null");
        Assert.Contains("is no socket", await RefusalAsync((int)file.SafeFileHandle.DangerousGetHandle()), StringComparison.Ordinal);
        using var idle = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Contains("does not listen", await RefusalAsync((int)idle.Handle), StringComparison.Ordinal);
        Assert.Contains("systemd passed no sockets", await RefusalAsync("systemd:"), StringComparison.Ordinal);
        Assert.Contains("FileDescriptorName=web", await RefusalAsync("systemd:web"), StringComparison.Ordinal);
    }

    private static Task<string> RefusalAsync(int descriptor) => RefusalAsync($"fd:{descriptor}");

    private static async Task<string> RefusalAsync(Address address)
    {
        var error = await Assert.ThrowsAsync<TransportException>(() => Servers.StartEchoAsync(EngineKind.Auto, address));
        Assert.Equal(TransportError.AddressNotAvailable, error.Reason);
        return error.Message;
    }

    internal static int Dup(Socket socket) => Duplicate((int)socket.Handle);

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);
}
