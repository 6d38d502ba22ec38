namespace Dialtone.Conformance.Tests;

/// <summary>A read while another waits.</summary>
public sealed class SecondReaderTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_second_read_is_refused_and_the_first_gets_what_comes(bool firstIsDirect, bool secondIsDirect)
    {
        await using ConnectedPair pair = await ConnectedPair.CreateAsync();
        var into = new byte[16];
        Task<int> first = ReadAsync(firstIsDirect, into);
        Assert.False(first.IsCompleted);
        await Assert.ThrowsAsync<InvalidOperationException>(() => ReadAsync(secondIsDirect, new byte[16]));

        await pair.Client.SendAsync("first"u8.ToArray());
        Assert.Equal(5, await first);
        Assert.Equal("first"u8.ToArray(), into[..5]);

        await pair.Client.SendAsync("then"u8.ToArray());
        Assert.Equal(4, await ReadAsync(secondIsDirect, into));

        async Task<int> ReadAsync(bool isDirect, byte[] destination)
        {
            if (isDirect)
                return await pair.Server.ReceiveAsync(destination);
            var result = await pair.Server.Input.ReadAsync();
            result.Buffer.First.CopyTo(destination);
            var count = (int)result.Buffer.Length;
            pair.Server.Input.AdvanceTo(result.Buffer.End);
            return count;
        }
    }

    [Theory, MemberData(nameof(Matrix.Endings), MemberType = typeof(Matrix))]
    public async Task A_read_beside_another_threads_is_refused(EngineKind engine, Place place, string policy)
    {
        await using Rig rig = await Rig.StartAsync(engine, place, policy, async connection =>
        {
            var into = new byte[16];
            var reading = Task.Run(() => connection.ReceiveAsync(into).AsTask());
            await Eventually.TrueAsync(() => connection.DescribeActivity() == "reading", "the other thread reads");
            await Assert.ThrowsAsync<InvalidOperationException>(() => connection.ReceiveAsync(new byte[16]).AsTask());
            await Assert.ThrowsAsync<InvalidOperationException>(() => connection.Input.ReadAsync().AsTask());
            await connection.SendAsync("refused"u8.ToArray());
            await connection.SendAsync(into.AsMemory(0, await reading));
        });
        using Caller caller = await rig.CallAsync();
        Assert.Equal("refused", await caller.ReceiveAsync("refused".Length));
        await caller.SendAsync("first");
        Assert.Equal(("first", PeerEnding.Finished), await caller.ReceiveToEndAsync());
    }
}
