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
}
