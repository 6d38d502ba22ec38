using System.Net;

namespace Dialtone.Tests.Authentication;

public sealed class PenaltyTableTests
{
    private static readonly IPAddress Bad = IPAddress.Parse("127.0.0.2");
    private static readonly IPAddress Good = IPAddress.Parse("127.0.0.3");
    private readonly FakeTimeProvider _time = new();

    [Fact] // D22, D23, D27
    public void The_fourth_failure_in_a_row_keeps_that_address_out_and_no_other()
    {
        PenaltyTable table = Table();
        for (int i = 0; i < 3; i++)
            Assert.False(table.Charge(Bad, Penalty.AuthenticationFailed));
        Assert.False(table.IsRefused(Bad));
        Assert.True(table.Charge(Bad, Penalty.AuthenticationFailed));
        Assert.True(table.IsRefused(Bad));
        Assert.False(table.IsRefused(Good));
    }

    [Fact] // D24
    public void A_penalty_ends()
    {
        PenaltyTable table = Table();
        KeepOut(table, Bad);
        _time.Advance(TimeSpan.FromSeconds(19.9));
        Assert.True(table.IsRefused(Bad));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(table.IsRefused(Bad));
    }

    [Fact] // D28
    public void One_crash_is_enough()
    {
        PenaltyTable table = Table();
        Assert.True(table.Charge(Bad, Penalty.Crashed));
        _time.Advance(TimeSpan.FromSeconds(89));
        Assert.True(table.IsRefused(Bad));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(table.IsRefused(Bad));
    }

    [Fact]
    public void Slow_failures_never_add_up()
    {
        PenaltyTable table = Table();
        for (int i = 0; i < 100; i++)
        {
            Assert.False(table.Charge(Bad, Penalty.AuthenticationFailed));
            _time.Advance(TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public void Each_further_time_lasts_longer_up_to_the_cap()
    {
        PenaltyTable table = Table();
        var lengths = new List<double>();
        for (int round = 0; round < 8; round++)
        {
            while (!table.Charge(Bad, Penalty.AuthenticationFailed))
                Assert.False(table.IsRefused(Bad));
            int seconds = 0;
            for (; table.IsRefused(Bad); seconds++)
                _time.Advance(TimeSpan.FromSeconds(1));
            lengths.Add(seconds);
        }
        Assert.Equal([20, 20, 20, 40, 80, 160, 320, 600], lengths);
    }

    [Fact]
    public void Ten_quiet_minutes_are_forgotten()
    {
        PenaltyTable table = Table();
        KeepOut(table, Bad);
        KeepOut(table, Bad);
        _time.Advance(TimeSpan.FromMinutes(25));
        Assert.False(table.Charge(Bad, Penalty.AuthenticationFailed));
        Assert.False(table.Charge(Bad, Penalty.AuthenticationFailed));
        Assert.Equal(1, table.Count);
        _time.Advance(TimeSpan.FromMinutes(25));
        table.Charge(Good, Penalty.NoAuthentication);
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void A_mapped_address_is_the_IPv4_address_it_maps()
    {
        PenaltyTable table = Table();
        KeepOut(table, Bad.MapToIPv6());
        Assert.True(table.IsRefused(Bad));
        Assert.True(table.IsRefused(Bad.MapToIPv6()));
        Assert.False(table.IsRefused(Good.MapToIPv6()));
    }

    [Fact] // D26
    public void IPv6_addresses_of_one_64_count_together()
    {
        PenaltyTable table = Table();
        for (int i = 0; i < 4; i++)
            table.Charge(IPAddress.Parse($"2001:db8:1:2:{i}::1"), Penalty.AuthenticationFailed);
        Assert.True(table.IsRefused(IPAddress.Parse("2001:db8:1:2:ffff::9")));
        Assert.False(table.IsRefused(IPAddress.Parse("2001:db8:1:3::1")));
    }

    [Fact] // D25
    public void Memory_is_bounded_and_the_overflow_evicts_what_ends_soonest()
    {
        PenaltyTable table = Table();
        KeepOut(table, Bad);
        for (uint i = 0; i < 70_000; i++)
            table.Charge(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), Penalty.NoAuthentication);
        Assert.Equal(65_536, table.Count);
        Assert.True(table.IsRefused(Bad));
        Assert.False(table.IsRefused(Good));
        KeepOut(table, Good);
        Assert.True(table.IsRefused(Good));
    }

    [Fact] // D25
    public void A_full_table_may_refuse_everybody_instead()
    {
        PenaltyTable table = Table(new() { MaxEntries = 100, Overflow = PenaltyOverflow.RefuseAll });
        for (byte i = 0; i < 150; i++)
            table.Charge(new IPAddress([10, 0, 0, i]), Penalty.AuthenticationFailed);
        Assert.Equal(100, table.Count);
        Assert.True(table.IsRefused(Good));
        Assert.False(table.IsRefused(IPAddress.IPv6Loopback));
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(table.IsRefused(Good));
    }

    [Fact]
    public void Exempt_networks_and_callers_without_an_address_are_never_kept_out()
    {
        PenaltyTable table = Table(new() { Exempt = [IPNetwork.Parse("127.0.0.0/8")] });
        KeepOut(table, Bad);
        KeepOut(table, Bad.MapToIPv6());
        KeepOut(table, null);
        Assert.False(table.IsRefused(Bad));
        Assert.False(table.IsRefused(Bad.MapToIPv6()));
        Assert.False(table.IsRefused(null));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void Forgiven_is_forgotten()
    {
        PenaltyTable table = Table();
        KeepOut(table, Bad);
        table.Forgive(Bad);
        Assert.False(table.IsRefused(Bad));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void No_figure_overflows()
    {
        PenaltyTable table = Table(new() { AuthenticationFailed = TimeSpan.MaxValue, Cap = TimeSpan.MaxValue });
        _time.Advance(TimeSpan.FromDays(1));
        for (int i = 0; i < 30; i++)
            Assert.True(table.Charge(Bad, Penalty.AuthenticationFailed));
        _time.Advance(TimeSpan.FromDays(9_000));
        Assert.True(table.IsRefused(Bad));
        Assert.True(table.Charge(Bad, Penalty.AuthenticationFailed));
    }

    [Fact]
    public void Many_threads_may_use_it()
    {
        PenaltyTable table = Table(new() { MaxEntries = 64 });
        Parallel.For(0, 20_000, i =>
        {
            var address = new IPAddress([10, 0, 0, (byte)i]);
            table.Charge(address, (Penalty)(i % 4));
            table.IsRefused(address);
        });
        Assert.InRange(table.Count, 1, 64);
    }

    private static void KeepOut(PenaltyTable table, IPAddress? address)
    {
        for (int i = 0; i < 4; i++)
            table.Charge(address, Penalty.AuthenticationFailed);
    }

    private PenaltyTable Table(PenaltyOptions? options = null) => new(options, _time);
}
