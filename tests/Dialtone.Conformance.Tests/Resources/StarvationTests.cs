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

    private static Socket Connect(Address address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = PatienceMilliseconds };
        socket.Connect(IPAddress.Loopback, address.Port);
        return socket;
    }
}
