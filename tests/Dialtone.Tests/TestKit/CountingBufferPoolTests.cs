using System.Buffers;

namespace Dialtone.Tests.TestKit;

public sealed class CountingBufferPoolTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);
    private readonly CountingBufferPool _pool = new();

    [Fact]
    public async Task A_pool_whose_buffers_all_came_back_is_clean()
    {
        IMemoryOwner<byte> owner = _pool.Rent(100);
        Assert.Equal(1, _pool.Rented);
        Assert.Equal(100, _pool.RentedBytes);
        owner.Memory.Span.Clear();
        owner.Dispose();

        await _pool.AssertCleanAsync();
        Assert.Equal((0, 0L, 1L), (_pool.Rented, _pool.RentedBytes, _pool.TotalRents));
    }

    [Fact]
    public void A_fresh_buffer_holds_no_zeros_and_is_as_long_as_asked()
    {
        using IMemoryOwner<byte> owner = _pool.Rent(10);
        using IMemoryOwner<byte> unasked = _pool.Rent();

        Assert.Equal(Enumerable.Repeat(CountingBufferPool.FreshByte, 10), owner.Memory.ToArray());
        Assert.Equal(4096, unasked.Memory.Length);
    }

    [Fact]
    public async Task A_leak_fails_and_says_how_much_and_by_whom()
    {
        var pool = new CountingBufferPool(traces: true);
        _ = pool.Rent(64);

        TestKitException error = await Assert.ThrowsAsync<TestKitException>(() => pool.AssertCleanAsync(Soon));

        Assert.Equal(TestKitError.Leak, error.Reason);
        Assert.Contains("64 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(A_leak_fails_and_says_how_much_and_by_whom), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_buffer_that_is_late_is_waited_for()
    {
        IMemoryOwner<byte> owner = _pool.Rent();
        Task clean = _pool.AssertCleanAsync();
        Assert.False(clean.IsCompleted);

        owner.Dispose();

        await clean;
    }

    [Fact]
    public async Task A_double_return_fails()
    {
        IMemoryOwner<byte> owner = _pool.Rent();
        owner.Dispose();
        owner.Dispose();

        TestKitException error = await Assert.ThrowsAsync<TestKitException>(() => _pool.AssertCleanAsync());
        Assert.Equal(TestKitError.DoubleReturn, error.Reason);
    }

    [Fact]
    public async Task Touching_memory_after_its_return_fails_there_and_at_the_end()
    {
        IMemoryOwner<byte> owner = _pool.Rent();
        Memory<byte> kept = owner.Memory[10..20];
        owner.Dispose();

        Assert.Equal(TestKitError.UseAfterReturn, Assert.Throws<TestKitException>(() => kept.Span[0]).Reason);
        Assert.Equal(TestKitError.UseAfterReturn, Assert.Throws<TestKitException>(() => kept.Pin()).Reason);
        await Assert.ThrowsAsync<TestKitException>(() => _pool.AssertCleanAsync());
    }

    [Fact]
    public async Task Writing_through_a_span_kept_after_the_return_is_found_at_the_end()
    {
        WriteThroughKeptSpan();

        TestKitException error = await Assert.ThrowsAsync<TestKitException>(() => _pool.AssertCleanAsync());
        Assert.Equal(TestKitError.UseAfterReturn, error.Reason);
        Assert.Contains("written", error.Message, StringComparison.Ordinal);

        void WriteThroughKeptSpan()
        {
            IMemoryOwner<byte> owner = _pool.Rent();
            Span<byte> kept = owner.Memory.Span;
            owner.Dispose();
            kept[7] = 1;
        }
    }

    [Fact]
    public async Task A_server_returns_every_buffer()
    {
        await using var server = new Server(new ServerOptions { Listen = [Address.Parse("tcp://127.0.0.1:0")], BufferPool = _pool })
            .Handle(static async call =>
            {
                await foreach (string line in call.Input.ReadLinesAsync())
                    await call.Output.WriteLineAsync(line.ToUpperInvariant());
            });
        await server.StartAsync();
        using (UnpleasantPeer peer = await UnpleasantPeer.ConnectAsync(server.Addresses[0]))
        {
            await peer.SendByteByByteAsync("hello\nwor"u8.ToArray());
            Assert.Equal("HELLO\n"u8.ToArray(), await peer.ReceiveAsync(6));
            peer.Reset();
        }

        await server.StopAsync(TimeSpan.FromSeconds(5));

        Assert.True(_pool.TotalRents > 0);
        await _pool.AssertCleanAsync();
    }
}
