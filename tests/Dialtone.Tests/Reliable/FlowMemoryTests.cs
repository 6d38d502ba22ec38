namespace Dialtone.Tests.Reliable;

/// <summary>What is measured is the heap of the process: nothing else may run beside it.</summary>
[CollectionDefinition(nameof(FlowMemoryTests), DisableParallelization = true)]
[Collection(nameof(FlowMemoryTests))]
public sealed class FlowMemoryTests
{
    [Fact]
    public void Ten_thousand_flows_at_rest_take_three_hundred_bytes_each()
    {
        const int Count = 10_000;
        var flows = new Flow[Count];
        var buffer = new byte[1200];
        var options = new FlowOptions();
        long before = 0;
        for (int i = -100; i < Count; i++)
        {
            if (i == 0)
                before = GC.GetTotalMemory(forceFullCollection: true);
            var keys = new FlowKeys((ulong)i, new byte[FlowKeys.SecretBytes]);
            var client = new Flow(keys, isServer: false, options, now: 0);
            var server = new Flow(keys, isServer: true, options, now: 0);
            client.Send(new FlowMessage("hello"u8.ToArray(), null), now: 0);
            Assert.True(server.Receive(buffer.AsSpan(0, client.Next(buffer, now: 0)), now: 0, out _));
            server.Taken(server.Take()!.Length);
            Assert.True(server.Next(buffer, now: 0) > 0);
            Assert.True(server.IsQuiet);
            server.Rest();
            client.Rest();
            if (i >= 0)
                flows[i] = server;
        }

        Assert.InRange((GC.GetTotalMemory(forceFullCollection: true) - before) / Count, 1, 300);
        GC.KeepAlive(flows);
    }
}
