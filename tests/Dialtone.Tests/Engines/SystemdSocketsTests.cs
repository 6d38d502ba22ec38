using Dialtone.Engines;

namespace Dialtone.Tests;

public sealed class SystemdSocketsTests
{
    [Fact]
    public void Sockets_are_given_out_in_order_by_name_and_once()
    {
        SystemdSockets passed = SystemdSockets.Read(7, "7", "4", "web:admin:web:");
        Assert.Equal([4], passed.Take("admin"));
        Assert.Equal([3, 5], passed.Take("web"));
        Assert.Empty(passed.Take("web"));
        Assert.Equal([6], passed.Take(null));
    }

    [Theory]
    [InlineData("8", "2")]
    [InlineData(null, "2")]
    [InlineData("7", null)]
    [InlineData("7", "-1")]
    [InlineData("7", "1000000000")]
    public void Variables_meant_for_another_process_or_unreadable_give_nothing(string? pid, string? count) =>
        Assert.Empty(SystemdSockets.Read(7, pid, count, null).Take(null));

    [Fact]
    public void Names_may_be_missing() => Assert.Equal([3, 4], SystemdSockets.Read(7, "7", "2", "web").Take(null));
}
