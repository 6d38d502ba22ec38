using System.Net;
using System.Net.Sockets;

namespace Dialtone.Conformance.Tests;

/// <summary>A thread pool whose threads are blocked, as handlers under the Task policy may leave it.</summary>
[Collection(Alone.Name)]
public sealed class StarvationTests
{
    private const int Blocked = 200;
    private const int PatienceMilliseconds = 20_000;

    public static TheoryData<string> PoliciesWithThreadsOfTheirOwn => ["inline", "thread:8", "thread:8/blocking", "pool:4:8/blocking"];

    [Theory, MemberData(nameof(PoliciesWithThreadsOfTheirOwn))] // E20
    public async Task Two_hundred_blocked_pool_threads_do_not_silence_conversations_that_have_threads_of_their_own(string policy)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The portable engine completes on the thread pool.");
        using var gate = new ManualResetEventSlim();
        int entered = 0, said = 0;
        await using Rig blocks = await Rig.StartAsync(EngineKind.Epoll, Place.Tcp4, "task", _ =>
        {
            Interlocked.Increment(ref entered);
            gate.Wait();
            return Task.CompletedTask;
        });
        await using Rig talks = await Rig.StartAsync(EngineKind.Epoll, Place.Tcp4, policy, new Talk().For(policy));
        using Socket caller = Connect(talks.Address);
        Exchange();

        ThreadPool.GetMinThreads(out int workers, out int completions);
        Assert.True(ThreadPool.SetMinThreads(Blocked, completions)); // or the pool would take minutes to make them
        // On a thread of its own: whatever needs the pool may not go on before the gate is open.
        var talk = new Thread(() =>
        {
            var silent = new List<Socket>();
            try
            {
                for (int i = 0; i < Blocked; i++)
                    silent.Add(Connect(blocks.Address));
                SpinWait.SpinUntil(() => Volatile.Read(ref entered) >= Blocked - 8, PatienceMilliseconds);
                while (said < 100)
                    Exchange();
            }
            catch (SocketException)
            {
                // No answer in time: the count says so.
            }
            finally
            {
                gate.Set();
                silent.ForEach(static socket => socket.Dispose());
            }
        });
        talk.Start();
        await Task.Run(talk.Join);
        ThreadPool.SetMinThreads(workers, completions);
        Assert.InRange(entered, Blocked - 8, Blocked);
        Assert.Equal(100, said);

        void Exchange()
        {
            byte[] word = [(byte)said];
            caller.Send(word);
            if (caller.Receive(word) == 1 && word[0] == said)
                said++;
            else
                throw new SocketException((int)SocketError.ConnectionReset);
        }
    }

    [Theory] // E20
    [InlineData("inline")]
    [InlineData("thread:1")]
    [InlineData("thread:1/blocking")]
    [InlineData("sequential/blocking")]
    [InlineData("pool:2:0/blocking")]
    public async Task Newcomers_are_let_in_one_after_another_while_the_pool_has_no_thread_for_anybody(string policy)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The portable engine completes on the thread pool.");
        const int Most = 16, Newcomers = 20;
        using var gate = new ManualResetEventSlim();
        await using Rig talks = await Rig.StartAsync(EngineKind.Epoll, Place.Tcp4, policy, new Talk().For(policy));
        ThreadPool.GetMinThreads(out int least, out int leastCompletions);
        ThreadPool.GetMaxThreads(out int most, out int mostCompletions);
        Assert.True(ThreadPool.SetMinThreads(Most, leastCompletions) && ThreadPool.SetMaxThreads(Most, mostCompletions));
        int entered = 0, served = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // On a thread of its own: whatever needs the pool may not go on before the gate is open.
        var talk = new Thread(() =>
        {
            var newcomers = new List<Socket>();
            try
            {
                for (int i = 0; i < Most * 4; i++) // more than there are threads: what is queued now comes after all of them
                    ThreadPool.UnsafeQueueUserWorkItem(_ => { Interlocked.Increment(ref entered); gate.Wait(); }, null);
                SpinWait.SpinUntil(() => Volatile.Read(ref entered) >= Most, PatienceMilliseconds);
                // All at once: where there is one place, each is let in when the one before has given it back.
                newcomers.AddRange(Enumerable.Range(0, Newcomers).Select(_ => Connect(talks.Address)));
                foreach (Socket newcomer in newcomers)
                {
                    var word = new byte[1];
                    newcomer.Send(word);
                    served += newcomer.Receive(word);
                    newcomer.Dispose();
                }
            }
            catch (SocketException)
            {
                // No answer in time: the count says so.
            }
            finally
            {
                gate.Set();
                newcomers.ForEach(static socket => socket.Dispose());
                done.SetResult();
            }
        });
        talk.Start();
        await done.Task;
        Assert.True(ThreadPool.SetMaxThreads(most, mostCompletions) && ThreadPool.SetMinThreads(least, leastCompletions));
        Assert.Equal((Most, Newcomers), (Math.Min(entered, Most), served));
    }

    private static Socket Connect(Address address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = PatienceMilliseconds };
        socket.Connect(IPAddress.Loopback, address.Port);
        return socket;
    }
}
