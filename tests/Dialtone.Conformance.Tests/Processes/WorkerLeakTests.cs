namespace Dialtone.Conformance.Tests.Processes;

/// <summary>What workers leave behind: nothing.</summary>
[Collection(Alone.Name)]
public sealed class WorkerLeakTests
{
    [Fact]
    public async Task A_hundred_conversations_leave_no_process_and_no_descriptor()
    {
        await (await WorkerProgram.StartAsync("orders")).DisposeAsync();
        int descriptors = ProcessState.Descriptors, threads = ProcessState.LibraryThreads;
        await using Server server = await WorkerProgram.StartAsync("orders", new ServerOptions { Concurrency = WorkerProgram.Policy("orders", reuse: 10) });
        for (int i = 0; i < 100; i++)
        {
            using Caller caller = await Caller.ConnectAsync(server.Addresses[0]);
            Assert.NotNull(await caller.AskAsync(i % 25 == 24 ? "conversations" : "pid"));
            if (i % 25 == 24)
                await caller.SayAsync("exit");
        }

        await server.StopAsync();
        Assert.Empty(WorkerProgram.Workers());
        await ProcessState.SettlesAtAsync(descriptors, threads);
    }
}
